//! Private bytes: what must never be printed and must be wiped when it is dropped.
//!
//! Knows nothing of keys or Secrets; it only keeps bytes out of logs, errors and `Debug`.

use std::fmt;
use zeroize::{Zeroizing, optimization_barrier};

/// Bytes that may hold a private key. `Debug` and `Display` say `[redacted]`; the memory is wiped
/// on drop, all that was taken for them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redacted(Vec<u8>);

impl Redacted {
    /// Takes over `bytes`; the caller keeps no copy.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Nothing yet, with room for so many bytes: what grows beyond leaves copies behind.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds these bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The bytes themselves. Whoever calls this must not print or keep them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, no longer wiped: of what has turned out to be public, as a certificate is.
    #[must_use]
    pub fn into_public(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Zeroizing<Vec<u8>>> for Redacted {
    fn from(mut bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(std::mem::take(&mut *bytes))
    }
}

impl Drop for Redacted {
    /// As a whole and not byte by byte, as `Zeroizing` does: lists of Secrets are megabytes.
    fn drop(&mut self) {
        self.0.fill(0);
        self.0.resize(self.0.capacity(), 0);
        optimization_barrier(self.0.as_slice());
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_bytes_are_shown_neither_by_debug_nor_by_display() {
        let secret = Redacted::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?} {secret}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), b"hunter2");
    }
}
