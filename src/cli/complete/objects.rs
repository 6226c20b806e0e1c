//! Names of objects at the cursor, in each form in which `cli::objects` reads them.

use super::line::Line;
use super::value::Shape;
use super::{Asked, Names, NamesOf};
use crate::object_ref::{Kind, check_object_name, named_kind};
use crate::render::completion::{Candidate, Paths};

/// What may stand there: `head` stands in front of it in the same word, and `said` of that are the
/// names of a list.
pub(super) fn asked(
    line: &Line<'_>,
    shape: Shape,
    (head, said): (&str, &str),
    typed: &str,
) -> Asked {
    let files = shape == Shape::FileOrSecret;
    let parts: Vec<&str> = typed.split('/').collect();
    let of = |kind, namespace: Option<&str>, forms: Vec<String>| {
        let forms = forms.into_iter().map(|form| format!("{head}{form}")).collect();
        let names = Names {
            of: NamesOf::Objects(kind, namespace.map(str::to_owned)),
            forms,
            typed: format!("{head}{typed}"),
            without: named_before(line, head, said),
        };
        Asked { names: Some(names), ..Asked::default() }
    };
    if !files && looks_elsewhere(line) {
        return Asked::default();
    }
    match parts.as_slice() {
        [_] if files => Asked { paths: Paths::Any, ..Asked::default() },
        [one] => match (kind_behind(line, said), shape) {
            (Some(kind), _) if fits(shape, kind) => of(kind, None, vec![String::new()]),
            (_, Shape::Any(kinds)) => kinds_of(kinds, head, "", one),
            (_, Shape::Name(kind)) => of(kind, None, forms("", &slashed(kind), one)),
            (_, Shape::KindName(kind)) => of(kind, None, forms(&slashed(kind), "", one)),
            (_, Shape::FileOrSecret) => Asked::default(),
        },
        [word, _] => match named_kind(word) {
            Some(kind) if fits(shape, kind) => of(kind, None, vec![format!("{word}/")]),
            None if !files && is_namespace(word) => kinds_in(shape, head, word, typed),
            _ if files => Asked { paths: Paths::Any, ..Asked::default() },
            _ => Asked::default(),
        },
        [namespace, word, _] if is_namespace(namespace) => match named_kind(word) {
            Some(kind) if fits(shape, kind) => {
                of(kind, Some(namespace), vec![format!("{namespace}/{word}/")])
            }
            _ if files => Asked { paths: Paths::Any, ..Asked::default() },
            _ => Asked::default(),
        },
        _ if files => Asked { paths: Paths::Any, ..Asked::default() },
        _ => Asked::default(),
    }
}

/// Whether names cannot be looked up: those of files, or beside -A, which takes none.
fn looks_elsewhere(line: &Line<'_>) -> bool {
    line.has("all_namespaces") || line.has("filename")
}

fn slashed(kind: Kind) -> String {
    format!("{}/", kind.word())
}

/// The form that is offered first; the other one too, once something is typed that may be of it.
fn forms(first: &str, other: &str, typed: &str) -> Vec<String> {
    let both = [first, other].map(str::to_owned).to_vec();
    if typed.is_empty() { both.into_iter().take(1).collect() } else { both }
}

fn fits(shape: Shape, kind: Kind) -> bool {
    match shape {
        Shape::Any(kinds) => kinds.contains(&kind),
        Shape::KindName(only) | Shape::Name(only) => kind == only,
        Shape::FileOrSecret => kind == Kind::Secret,
    }
}

fn is_namespace(word: &str) -> bool {
    check_object_name(word).is_ok() && !word.contains('.')
}

/// `secret/` and `ingress/`, of which a name is to follow.
fn kinds_of(kinds: &[Kind], head: &str, before: &str, typed: &str) -> Asked {
    let word = |kind: &Kind| format!("{before}{}", slashed(*kind));
    let words = kinds.iter().map(word).filter(|word| word.starts_with(typed));
    let words = words.map(|word| Candidate::bare(format!("{head}{word}"))).collect();
    Asked { words, ..Asked::default() }
}

fn kinds_in(shape: Shape, head: &str, namespace: &str, typed: &str) -> Asked {
    let before = format!("{namespace}/");
    match shape {
        Shape::Any(kinds) => kinds_of(kinds, head, &before, typed),
        Shape::KindName(kind) | Shape::Name(kind) => kinds_of(&[kind], head, &before, typed),
        Shape::FileOrSecret => Asked::default(),
    }
}

/// The kind that stands alone in front of the cursor, as in `secret NAME`.
fn kind_behind(line: &Line<'_>, said: &str) -> Option<Kind> {
    let words = line.positionals.iter().map(String::as_str).chain([said]);
    words.flat_map(|word| word.split(',')).filter_map(named_kind).next_back()
}

/// The words of the line, and of the list at the cursor, that would name an object twice.
fn named_before(line: &Line<'_>, head: &str, said: &str) -> Vec<String> {
    let words = line.positionals.iter().map(String::as_str).chain([said]);
    let pieces = words.flat_map(|word| word.split(',')).filter(|piece| !piece.is_empty());
    pieces.map(|piece| format!("{head}{piece}")).collect()
}
