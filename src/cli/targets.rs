//! What `inspect` and `--ca` are given: Secrets in every form in which they are named, and paths and
//! servers, which look alike. Where both could be meant, a file that is there goes first.

use super::objects::{is_file, looks_like_namespace};
use crate::object_ref::{Kind, KindName, check_object_name, named_kind};

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A Secret, in its namespace or in that of `-n`.
    Secret(KindName),
    /// A path or a server.
    Other(String),
}

/// The targets that words name; `is_there` says whether there is such a file.
#[must_use]
pub fn inspected(words: &[String], is_there: impl Fn(&str) -> bool) -> Vec<Wanted> {
    let mut targets = Vec::new();
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        let is_kind = named_kind(word) == Some(Kind::Secret) && !is_there(word);
        let mut names = Vec::new();
        while let Some(list) = words.next_if(|next| is_kind && are_names(next)) {
            names.extend(list.split(',').map(|name| Wanted::Secret(secret(None, name))));
        }
        if names.is_empty() {
            targets.extend(of_word(word, &is_there));
        }
        targets.append(&mut names);
    }
    targets
}

fn secret(namespace: Option<&str>, name: &str) -> KindName {
    KindName { kind: Kind::Secret, namespace: namespace.map(str::to_owned), name: name.to_owned() }
}

/// Bare names, which may stand behind a kind.
fn are_names(list: &str) -> bool {
    list.split(',').all(|name| check_object_name(name).is_ok() && !is_file(name))
}

fn of_word(word: &str, is_there: &impl Fn(&str) -> bool) -> Vec<Wanted> {
    let named: Option<Vec<Wanted>> =
        word.split(',').map(|piece| one_secret(piece, is_there).map(Wanted::Secret)).collect();
    named.unwrap_or_else(|| vec![Wanted::Other(word.to_owned())])
}

/// The one Secret that a text names, if it does: `secret/NAME`, which as a file is written with `./`, and
/// `NAMESPACE/secret/NAME`.
#[must_use]
pub fn one_secret(text: &str, is_there: &impl Fn(&str) -> bool) -> Option<KindName> {
    let of = |namespace, kind, name: &str| {
        let fits = named_kind(kind) == Some(Kind::Secret) && check_object_name(name).is_ok();
        fits.then(|| secret(namespace, name))
    };
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => of(None, kind, name),
        [namespace, kind, name] if looks_like_namespace(namespace) => {
            of(Some(namespace), kind, name).filter(|_| !is_file(text) && !is_there(text))
        }
        _ => None,
    }
}

/// In which form what is not a file can be named, if it can: what to do about a path that is not there.
#[must_use]
pub fn meant(text: &str) -> Option<String> {
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [host] if host.contains(':') => Some(
            "check the path, or name a server as HOST:PORT such as shop.example:443".to_owned(),
        ),
        [name] if is_name(name) && name.contains('.') => {
            Some(format!("check the path; a Secret is named secret/{name}, a server {name}:443"))
        }
        [kind, name] if named_kind(kind) == Some(Kind::Ingress) && is_name(name) => Some(format!(
            "an Ingress holds no certificates; to see what it serves, run certwright verify {name}"
        )),
        _ => meant_secret(text),
    }
}

/// The same where a file or a Secret is expected.
#[must_use]
pub fn meant_secret(text: &str) -> Option<String> {
    let form = match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] if is_name(name) => format!("secret/{name}"),
        [namespace, name] if looks_like_namespace(namespace) && is_name(name) => {
            format!("{namespace}/secret/{name}")
        }
        _ => return None,
    };
    Some(format!("check the path; a Secret is named {form}"))
}

fn is_name(name: &str) -> bool {
    check_object_name(name).is_ok() && !is_file(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let there = ["secret", "certs/secrets/web", "a,b"];
        let shown =
            inspected(&words, |path| there.contains(&path)).into_iter().map(|it| match it {
                Wanted::Secret(KindName { namespace: None, name, .. }) => format!("<{name}>"),
                Wanted::Secret(KindName { namespace: Some(namespace), name, .. }) => {
                    format!("<{name} of {namespace}>")
                }
                Wanted::Other(text) => text,
            });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn secrets_are_named_in_every_form_and_files_go_first_where_both_are_meant() {
        for (line, expected) in [
            ("secret/web", "<web>"),
            ("shop/secret/web", "<web of shop>"),
            ("secret/a,shop/secret/b", "<a> <b of shop>"),
            ("secrets web api", "<web> <api>"),
            ("secrets web,api tls.crt", "<web> <api> tls.crt"),
            ("secrets secret/web", "secrets <web>"),
            ("secrets", "secrets"),
            ("secret web", "secret web"),
            ("certs/secrets/web", "certs/secrets/web"),
            ("certs/secrets/tls.crt", "certs/secrets/tls.crt"),
            ("a,b", "a,b"),
            ("web", "web"),
            ("./secret/web", "./secret/web"),
            ("shop.example:443 -", "shop.example:443 -"),
        ] {
            assert_eq!(read(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_file_is_answered_by_the_nearest_form() {
        for (text, told) in [
            ("shop-web-tls", Some("secret/shop-web-tls")),
            ("shop/web-tls", Some("shop/secret/web-tls")),
            ("shop.example", Some("shop.example:443")),
            ("ingress/web", Some("certwright verify web")),
            ("shop.example:https", Some("HOST:PORT")),
            ("tls.crt", None),
            ("certs/a/b/c", None),
            ("/etc/tls", None),
        ] {
            let said = meant(text);
            assert_eq!(said.is_some(), told.is_some(), "{text}: {said:?}");
            assert!(said.unwrap_or_default().contains(told.unwrap_or_default()), "{text}");
        }
    }
}
