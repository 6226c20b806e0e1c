//! What is rarely other than usual, kept in the room of one pointer.
//!
//! Facts are kept by the ten thousand, and most of what may be odd about an object is not. Refuses to
//! know what is usual of what: each type says so itself.

use std::ops::{Deref, DerefMut};

/// A type with a value that most of its kind have.
pub trait Usual: Default + PartialEq + 'static {
    /// That value, the one of `Default`.
    const USUAL: &'static Self;
}

impl<T: PartialEq + 'static> Usual for Vec<T> {
    const USUAL: &'static Self = &Self::new();
}

/// A value that takes room of its own only where it is not [`Usual::USUAL`]. Reads as the value.
#[derive(Clone, Default)]
pub struct Rarely<T>(Option<Box<T>>);

impl<T: Usual> From<T> for Rarely<T> {
    fn from(value: T) -> Self {
        Self((value != *T::USUAL).then(|| Box::new(value)))
    }
}

impl<T: Usual> Deref for Rarely<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::USUAL)
    }
}

impl<T: Usual> DerefMut for Rarely<T> {
    /// Makes room, whatever is then written.
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

// A value that was written and is as usual is no other than one that has no room.
impl<T: Usual> PartialEq for Rarely<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Usual + Eq> Eq for Rarely<T> {}

impl<T: Usual + std::fmt::Debug> std::fmt::Debug for Rarely<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_usual_takes_room() {
        let (none, one) = (Rarely::from(Vec::<u8>::new()), Rarely::from(vec![1_u8]));
        assert!(none.0.is_none() && none.is_empty());
        assert_eq!((one.as_slice(), format!("{one:?}").as_str()), (&[1_u8][..], "[1]"));
        assert_ne!(none, one);
        let mut changed = one.clone();
        changed.clear();
        assert_eq!(changed, none, "whether it has room or not");
        changed.push(1);
        assert_eq!(changed, one);
        assert_eq!(size_of_val(&none), size_of::<usize>());
    }
}
