//! In which file and on which line programs look for what is found in manifests.

use crate::object_ref::ObjectRef;

/// A file and a line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileLine<'o> {
    /// Its path, as it was given or found.
    pub path: &'o str,
    /// From 1.
    pub line: usize,
}

/// Where the object is written by people: in the template that Helm says it was rendered from, whose lines
/// nobody knows here; else in the manifest. None for a cluster's.
pub(super) fn of(object: &ObjectRef) -> Option<FileLine<'_>> {
    let place = object.place.as_deref()?;
    let of_template = place.source.as_deref().map(|path| FileLine { path, line: 1 });
    of_template.or_else(|| in_manifest(object))
}

/// Where it was read. None on standard input, and for a cluster's.
pub(super) fn in_manifest(object: &ObjectRef) -> Option<FileLine<'_>> {
    let place = object.place.as_deref()?;
    (place.path != "-").then_some(FileLine { path: &place.path, line: place.line })
}
