//! Unfinished lines, and what is offered at their end.

use super::*;
use crate::cli::Cli;
use clap::CommandFactory as _;

fn ask(line: &str) -> Asked {
    let mut command = Cli::command();
    command.build();
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    asked(&command, &words)
}

/// What is offered: words, and names in every form as `FORM<of what>`.
fn offered(line: &str) -> String {
    let asked = ask(line);
    let words = asked.words.iter().map(|candidate| candidate.word.clone());
    let names = asked.names.iter().flat_map(|names| {
        let of = match &names.of {
            NamesOf::Contexts => "contexts".to_owned(),
            NamesOf::Namespaces => "namespaces".to_owned(),
            NamesOf::Objects(kind, None) => kind.plural().to_owned(),
            NamesOf::Objects(kind, Some(namespace)) => format!("{} of {namespace}", kind.plural()),
        };
        names.forms.iter().map(move |form| format!("{form}<{of}>"))
    });
    let paths = match asked.paths {
        Paths::None => None,
        Paths::Any => Some("files".to_owned()),
        Paths::Folders => Some("folders".to_owned()),
    };
    words.chain(names).chain(paths).collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_stand_where_a_command_is_missing_and_flags_behind_a_dash() {
    assert_eq!(
        offered(""),
        "issue import convert check verify inspect bootstrap managed rotate renew rollback explain manifests completion man help"
    );
    assert_eq!(offered("ma"), "managed manifests man");
    assert_eq!(offered("-n shop rot"), "rotate");
    assert_eq!(offered("managed s"), "status set-domains");
    assert_eq!(offered("help man"), "managed manifests man");
    assert_eq!(offered("rotate --ca"), "--ca --ca-key");
    assert_eq!(offered("check --no-h"), "--no-headers");
    assert!(offered("rotate -").contains("--context") && offered("rotate -").contains(" -n "));
    assert!(offered("rotate --").starts_with("--due --all --all-namespaces"));
    assert_eq!(offered("rotate --due --du"), "", "it was given");
    assert_eq!(offered("rotate --add-host a.example --add-"), "--add-host", "it may be repeated");
}

#[test]
fn objects_are_offered_in_the_forms_in_which_they_are_named() {
    for (line, expected) in [
        ("rotate ", "secret/<secrets>"),
        ("rotate w", "secret/<secrets> <secrets>"),
        ("rotate secret/", "secret/<secrets>"),
        ("renew secrets/w", "secrets/<secrets>"),
        ("rotate secret w", "<secrets>"),
        ("rotate shop/", "shop/secret/"),
        ("rotate shop/secret/w", "shop/secret/<secrets of shop>"),
        ("rotate secret/a,", "secret/a,secret/<secrets>"),
        ("rotate secret/a secret/", "secret/<secrets>"),
        ("rotate ingress/", ""),
        ("verify ", "<ingresses>"),
        ("verify ing/", "ing/<ingresses>"),
        ("check ", "secret/ ingress/ gateway/ route/"),
        ("check g", "gateway/"),
        ("check gateway/", "gateway/<gateways>"),
        ("check i", "ingress/"),
        ("check ingress ", "<ingresses>"),
        ("check secret/a,ing/", "secret/a,ing/<ingresses>"),
        ("check shop/i", "shop/ingress/"),
        ("import ", "<secrets>"),
        ("issue a.example --secret ", "<secrets>"),
        ("issue a.example --secret=w", "--secret=<secrets> --secret=secret/<secrets>"),
        ("managed status ", "<managedcertificates>"),
        ("managed create x a.example --ingress ", "<ingresses>"),
        ("bootstrap a.example --service ", "<services>"),
        ("bootstrap a.example --ingress-class ", "<ingressclasses>"),
        ("check -A secret/", ""),
        ("check -A=false secret/", "secret/<secrets>"),
        ("rotate -f manifests secret/", ""),
    ] {
        assert_eq!(offered(line), expected, "{line}");
    }
}

#[test]
fn values_of_flags_are_offered_in_every_spelling_of_the_flag() {
    for (line, expected) in [
        ("check -n ", "<namespaces>"),
        ("check -ns", "-n<namespaces>"),
        ("check -n=s", "-n=<namespaces>"),
        ("--namespace=s", "--namespace=<namespaces>"),
        ("check --context ", "<contexts>"),
        ("check --context=arn:aws:e", "--context=<contexts>"),
        ("check --color=a", "--color=auto --color=always"),
        ("check --rule expired,expires", "expired,expires-soon"),
        ("explain expire", "expired expires-soon"),
        ("rotate --dry-run=", "--dry-run=none --dry-run=client --dry-run=server"),
        ("managed set-domains x a.example --dry-run=", "--dry-run=client --dry-run=none"),
        ("rotate --dry-run secret/", "secret/<secrets>"),
        ("issue --key-type p", "p256 p384"),
        ("completion ", "bash elvish fish powershell zsh kubectl"),
        ("issue ", ""),
        ("issue --lifetime ", ""),
        ("check --nonsense=", ""),
    ] {
        assert_eq!(offered(line), expected, "{line}");
    }
}

#[test]
fn files_stand_where_files_are_meant() {
    for (line, expected) in [
        ("check -f ", "files"),
        ("check -Rf ", "files"),
        ("check -f=m", "files"),
        ("--kubeconfig ", "files"),
        ("inspect ", "files"),
        ("inspect certs/sh", "files"),
        ("inspect secret/", "secret/<secrets>"),
        ("inspect shop/secret/", "shop/secret/<secrets of shop>"),
        ("rotate --ca secret/", "secret/<secrets>"),
        ("rotate --ca ca", "files"),
        ("issue a.example --out-dir ", "folders"),
        ("man ", "folders"),
    ] {
        assert_eq!(offered(line), expected, "{line}");
    }
}

#[test]
fn the_line_says_which_cluster_is_asked() {
    let line =
        "--kubeconfig a.yaml check -n one --context=x --as bob --as-group=ops -nshop secret/";
    let reach = ask(line).reach;
    assert_eq!(reach.kubeconfig.as_deref(), Some("a.yaml"));
    assert_eq!((reach.context.as_deref(), reach.namespace.as_deref()), (Some("x"), Some("shop")));
    assert_eq!(
        (reach.impersonate.as_deref(), reach.impersonate_groups),
        (Some("bob"), vec!["ops".into()])
    );
    assert_eq!(ask("check -n  secret/").reach.namespace, None, "an empty one is none");
    assert_eq!(ask("issue -- -n shop ").reach, Reach::default());
}

#[test]
fn names_that_fit_are_offered_once() {
    let names = |line: &str| {
        let known = ["web", "api", "web-old"].map(|name| (name.to_owned(), None));
        let asked = ask(line).names.map(|names| names.candidates(&known)).unwrap_or_default();
        asked.into_iter().map(|candidate| candidate.word).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("rotate "), "secret/web secret/api secret/web-old");
    assert_eq!(names("rotate w"), "web web-old");
    assert_eq!(names("rotate sec"), "secret/web secret/api secret/web-old");
    assert_eq!(names("rotate secret/web secret/w"), "secret/web-old");
    assert_eq!(names("rotate secret/web,secret/w"), "secret/web,secret/web-old");
    assert_eq!(names("check secret web api "), "web-old");
    assert_eq!(names("-na"), "-napi");
}

#[test]
fn texts_know_every_command_that_is_offered() {
    let mut offered: Vec<String> = offered("").split(' ').map(str::to_owned).collect();
    offered.retain(|command| command != "help");
    let mut known = crate::remedy::COMMANDS.to_vec();
    offered.sort();
    known.sort_unstable();
    assert_eq!(offered, known);
}
