//! What the value of each argument is: a table of those that name something, and for the rest what
//! the parser knows of them.

use crate::audit::RULES;
use crate::object_ref::Kind;
use crate::render::completion::Candidate;
use clap::{Arg, ValueHint};

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Whatever people think of: a host, a time, a number.
    Free,
    /// A file or folder.
    Path,
    /// A folder.
    Folder,
    /// One of these.
    Words(Vec<Candidate>),
    /// A context of the kubeconfig.
    Contexts,
    /// A namespace.
    Namespaces,
    /// The name of an object of the kind, and nothing in front of it.
    Named(Kind),
    /// Objects in one of the forms in which they are named.
    Objects(Shape),
}

/// In which forms an argument names objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `KIND/NAME` of several kinds, a kind and then its names, a namespace in front.
    Any(&'static [Kind]),
    /// The same of one kind; a bare name is one of it.
    KindName(Kind),
    /// A bare name, where the kind may stand in front.
    Name(Kind),
    /// A file, or `secret/NAME`.
    FileOrSecret,
}

/// Arguments whose values name something: the command, where it matters, and the argument.
const VALUES: &[(&str, &str, Named)] = &[
    ("", "context", Named::Contexts),
    ("", "namespace", Named::Namespaces),
    ("check", "contexts", Named::Contexts),
    ("manifests rbac", "look_in", Named::Namespaces),
    ("manifests cronjob", "notify_secret", Named::Of(Kind::Secret)),
    ("check", "objects", Named::Objects(Shape::Any(NAMED_KINDS))),
    ("check", "rule", Named::Rules),
    ("explain", "rule", Named::Rules),
    ("verify", "ingresses", Named::Objects(Shape::Name(Kind::Ingress))),
    ("rotate", "secrets", Named::Objects(Shape::KindName(Kind::Secret))),
    ("rollback", "secrets", Named::Objects(Shape::KindName(Kind::Secret))),
    ("", "ca", Named::Objects(Shape::FileOrSecret)),
    ("inspect", "targets", Named::Objects(Shape::FileOrSecret)),
    ("import", "name", Named::Objects(Shape::Name(Kind::Secret))),
    ("", "secret", Named::Objects(Shape::Name(Kind::Secret))),
    ("", "tls_secret", Named::Objects(Shape::Name(Kind::Secret))),
    ("", "ingress", Named::Of(Kind::Ingress)),
    ("", "ingress_class", Named::Of(Kind::IngressClass)),
    ("bootstrap", "service", Named::Of(Kind::Service)),
    ("bootstrap", "backend_config", Named::Of(Kind::BackendConfig)),
    ("managed status", "name", Named::Of(Kind::ManagedCertificate)),
    ("managed wait", "name", Named::Of(Kind::ManagedCertificate)),
    ("managed set-domains", "name", Named::Of(Kind::ManagedCertificate)),
    ("managed set-domains", "dry_run", Named::Words(&["client", "none"])),
    ("convert", "dry_run", Named::Words(&["client", "none"])),
    ("", "out_dir", Named::Folder),
    ("", "backup_dir", Named::Folder),
    ("rotate", "out", Named::Folder),
    ("man", "folder", Named::Folder),
];

/// The kinds of which objects are named where several are taken.
const NAMED_KINDS: &[Kind] = &[Kind::Secret, Kind::Ingress, Kind::Gateway, Kind::Route];

/// A row's last column.
#[derive(Clone, Copy, Debug)]
enum Named {
    Contexts,
    Namespaces,
    Rules,
    Folder,
    Of(Kind),
    Objects(Shape),
    Words(&'static [&'static str]),
}

/// What the value of the argument of a command (`managed status`) is.
pub(super) fn value(path: &str, arg: &Arg) -> Value {
    let is_row = |(command, id, _): &&(&str, &str, Named)| {
        arg.get_id() == *id && (command.is_empty() || *command == path)
    };
    let Some((.., named)) = VALUES.iter().find(is_row) else { return known_to_parser(arg) };
    match *named {
        Named::Contexts => Value::Contexts,
        Named::Namespaces => Value::Namespaces,
        Named::Folder => Value::Folder,
        Named::Of(kind) => Value::Named(kind),
        Named::Objects(shape) => Value::Objects(shape),
        Named::Words(words) => Value::Words(words.iter().copied().map(Candidate::bare).collect()),
        Named::Rules => Value::Words(
            RULES.iter().map(|rule| Candidate::told(rule.code, rule.severity.as_str())).collect(),
        ),
    }
}

fn known_to_parser(arg: &Arg) -> Value {
    let words: Vec<Candidate> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| Candidate {
            word: value.get_name().to_owned(),
            about: value.get_help().map(ToString::to_string),
        })
        .collect();
    if !words.is_empty() {
        return Value::Words(words);
    }
    match arg.get_value_hint() {
        ValueHint::AnyPath | ValueHint::FilePath => Value::Path,
        ValueHint::DirPath => Value::Folder,
        _ => Value::Free,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::{Command, CommandFactory as _};

    /// Every argument with a value, of every command: its command, its name and what it is.
    fn all(command: &Command, path: &str, found: &mut Vec<(String, String, Value)>) {
        for arg in command
            .get_arguments()
            .filter(|arg| arg.get_num_args().is_some_and(|number| number.takes_values()))
        {
            let found_value = value(path, arg);
            found.push((path.to_owned(), arg.get_id().to_string(), found_value));
        }
        for below in
            command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help")
        {
            let gap = if path.is_empty() { "" } else { " " };
            all(below, &format!("{path}{gap}{}", below.get_name()), found);
        }
    }

    #[test]
    fn every_argument_is_completed_or_is_what_people_think_of() {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        all(&command, "", &mut found);
        for (path, id, _) in VALUES {
            let is_there =
                found.iter().any(|(of, name, _)| name == id && (path.is_empty() || of == path));
            assert!(is_there, "no argument is the row {path} {id}");
        }
        let mut free: Vec<String> = found
            .into_iter()
            .filter(|(.., value)| matches!(value, Value::Free))
            .map(|(_, name, _)| name)
            .collect();
        free.sort();
        free.dedup();
        let thought_of = [
            "add_host",
            "address",
            "all_namespaces",
            "arguments",
            "at",
            "cn",
            "dns_server",
            "domains",
            "email",
            "expires_within",
            "health_check",
            "host",
            "image",
            "impersonate",
            "impersonate_groups",
            "ip",
            "key",
            "label",
            "lifetime",
            "max",
            "name",
            "notify",
            "notify_state",
            "recursive",
            "renew_before",
            "request_timeout",
            "schedule",
            "selector",
            "servername",
            "service_account",
            "soak",
            "static_ip",
            "timeout",
            "trust",
            "uri",
        ];
        assert_eq!(free, thought_of);
    }
}
