//! Command lines, as they are printed and as a shell reads them.

use super::*;

fn stage() -> Target {
    Target {
        context: Some("stage".into()),
        impersonate: Some("system:serviceaccount:ops:robot".into()),
        impersonate_groups: vec!["ops".into(), "on call".into()],
        address: Some("127.0.0.1:8443".into()),
        ..Target::default()
    }
}

const FLAGS: &str =
    "--context=stage --as=system:serviceaccount:ops:robot --as-group=ops --as-group='on call'";

#[test]
fn every_command_of_a_line_reaches_the_cluster_that_the_facts_are_from() {
    let line = CommandLine::local("certwright import web --cert")
        .output_of(CommandLine::on_cluster("certwright inspect secret/web --fix-chain"))
        .text(" --replace")
        .and(CommandLine::with_handshakes("certwright verify web"));
    assert_eq!(
        Remedy::from(line).aimed(&stage()).to_string(),
        format!(
            "certwright import web --cert <(certwright inspect secret/web --fix-chain {FLAGS}) --replace \
                 && certwright verify web {FLAGS} --address 127.0.0.1:8443"
        )
    );
}

#[test]
fn where_nothing_was_said_nothing_is_repeated() {
    let rotate = Remedy::from(CommandLine::on_cluster("certwright rotate secret/web -n shop"));
    let plain = "certwright rotate secret/web -n shop --force";
    assert_eq!(rotate.clone().with("--force").to_string(), plain);
    assert_eq!(rotate.aimed(&Target::default()).with("--force").to_string(), plain);
}

#[test]
fn only_the_first_aim_counts() {
    let rotate = Remedy::from(CommandLine::on_cluster("kubectl get secrets"));
    let other = Target { context: Some("other".into()), ..Target::default() };
    let aimed = rotate.aimed(&stage()).aimed(&other).to_string();
    assert_eq!(aimed, format!("kubectl get secrets {FLAGS}"));
}

#[test]
fn what_is_to_be_known_beside_a_remedy_is_said_with_the_message() {
    let mut remedy = Remedy::from(CommandLine::local("openssl version")).note("Helm owns it");
    let mut message = "it expired".to_owned();
    remedy.settle(&mut message, &Target::default());
    assert_eq!(
        (message.as_str(), remedy.to_string().as_str()),
        ("it expired; Helm owns it", "openssl version")
    );
    assert_eq!(remedy.take_note(), None);
}

#[test]
fn a_file_is_rewritten_where_it_is_and_only_when_it_can_be() {
    let rotate = || {
        let line = CommandLine::local("certwright rotate secret/web").of_namespace("shop");
        Remedy::from(line.rewriting(("shop", "web"), "a.yaml").text(" --in-place"))
    };
    let stuck = |object: (&str, &str)| {
        let key = (object.0.to_owned(), object.1.to_owned());
        Files { stuck: [(key, "write it out".to_owned())].into(), ..Files::default() }
    };
    let links = [("a.yaml".to_owned(), "-real dir/a.yaml".to_owned())].into();
    for (files, told) in [
        (Files::default(), "certwright rotate secret/web -f a.yaml --in-place"),
        (
            Files { links, ..Files::default() },
            "certwright rotate secret/web -f './-real dir/a.yaml' --in-place",
        ),
        (stuck(("shop", "web")), "write it out"),
        (stuck(("shop", "api")), "certwright rotate secret/web -f a.yaml --in-place"),
    ] {
        let aimed = rotate().aimed(&Target { files, ..Target::default() });
        assert_eq!(
            (aimed.to_string().as_str(), aimed.is_command()),
            (told, told.starts_with("cert"))
        );
    }
}

#[test]
fn a_word_of_a_shell_is_quoted_where_it_must() {
    for (text, quoted) in [("a.b/c", "a.b/c"), ("", "''"), ("*.a", "'*.a'"), ("it's", "'it'\\''s'")]
    {
        assert_eq!(word(text), quoted);
    }
}
