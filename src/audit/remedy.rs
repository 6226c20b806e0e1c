//! Remedies: the command that mends an object, complete enough to be pasted into a shell.
//!
//! Knows how certwright is called. Refuses to know what is wrong.

use crate::object_ref::ObjectRef;

/// `certwright rotate secret/web -n shop`, or with `-f` for what was read from a file.
#[must_use]
pub fn rotate(secret: &ObjectRef) -> String {
    match &secret.place {
        Some(place) => {
            format!(
                "certwright rotate {} -f {} --in-place",
                word(&secret.short()),
                word(&place.path)
            )
        }
        None => format!("certwright rotate {}{}", word(&secret.short()), namespace(secret)),
    }
}

/// `certwright import web -n shop --cert FILE --key FILE --replace`.
#[must_use]
pub fn import(secret: &ObjectRef) -> String {
    import_files(secret, "FILE", "FILE")
}

/// The same with a certificate or a key that a command before it has written.
#[must_use]
pub fn import_files(secret: &ObjectRef, certificate: &str, key: &str) -> String {
    format!(
        "certwright import {}{} --cert {certificate} --key {key} --replace",
        word(&secret.name),
        namespace(secret)
    )
}

/// `certwright issue shop.example --secret web -n shop --force`, or, for what was read from a file,
/// the same as a manifest. `names` are arguments of `issue`; none stands for the user's.
#[must_use]
pub fn issue_anew(secret: &ObjectRef, names: &[String]) -> String {
    let plain = |name: &String| name.split(' ').map(word).collect::<Vec<_>>().join(" ");
    let names: Vec<String> = names.iter().map(plain).collect();
    let names = if names.is_empty() { "DOMAIN".to_owned() } else { names.join(" ") };
    let issue =
        format!("certwright issue {names} --secret {}{}", word(&secret.name), namespace(secret));
    match secret.place {
        Some(_) => format!("{issue} --dry-run=client -o yaml"),
        None => format!("{issue} --force"),
    }
}

/// The same after a renewed certificate has come from its issuer.
#[must_use]
pub fn import_renewed(secret: &ObjectRef) -> String {
    format!("get a renewed certificate from its issuer, then: {}", import(secret))
}

/// `certwright check --dns ingress/web -n shop`: what DNS says of its hosts.
#[must_use]
pub fn check_dns(ingress: &ObjectRef) -> String {
    format!("certwright check --dns {}{}", word(&ingress.short()), namespace(ingress))
}

fn namespace(object: &ObjectRef) -> String {
    object.namespace.as_deref().map_or_else(String::new, |namespace| format!(" -n {namespace}"))
}

/// The text as one word of a POSIX shell.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,:=@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_ref::Place;

    #[test]
    fn a_remedy_names_the_namespace_or_the_file() {
        let secret = ObjectRef::secret("shop", "web");
        assert_eq!(rotate(&secret), "certwright rotate secret/web -n shop");
        let place =
            Place { path: "my files/a.yaml".into(), document: 0, of_many: false, item: None };
        assert_eq!(
            rotate(&secret.at(Some(place))),
            "certwright rotate secret/web -f 'my files/a.yaml' --in-place"
        );
    }
}
