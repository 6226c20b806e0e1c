//! What plugins answer, and what is taken of it.

use super::*;

fn plugin(args: &[&str]) -> Plugin {
    Plugin {
        command: "login-helper".into(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        env: Vec::new(),
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        interactive: Interactive::Never,
        install_hint: None,
        provide_cluster_info: false,
    }
}

fn answered(answer: &str) -> Result<HandedOver, String> {
    read(&plugin(&[]), &Redacted::new(answer.as_bytes().to_vec()))
}

#[test]
fn what_a_flag_calls_a_secret_is_not_in_the_command_line() {
    let args = ["get", "--client-secret=s3cr3t", "--password", "s3cr3t", "--cluster", "prod"];
    let shown = "login-helper get --client-secret=… --password … --cluster prod";
    assert_eq!(command_line(&plugin(&args)), shown);
    let long = "x".repeat(5000);
    assert!(command_line(&plugin(&[&long])).chars().count() <= MOST_COMMAND + 1);
}

#[test]
fn last_words_are_one_line_without_colours() {
    let words = b"\x1b[31mERROR\x1b[0m: session expired\r\n\n  run: aws sso login\n";
    assert_eq!(one_line(words), "ERROR: session expired / run: aws sso login");
    assert_eq!(one_line(b"\x1b["), "");
}

#[test]
fn an_answer_that_is_no_credential_is_refused_without_being_shown() {
    let head = r#""apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential""#;
    for (answer, expected) in [
            ("s3cr3t".to_owned(), "did not print"),
            (format!("noise s3cr3t\n{{{head}}}"), "did not print"),
            (format!("{{{head}}}"), "without status"),
            (format!("{{{head},\"status\":{{}}}}"), "neither"),
            (format!("{{{head},\"status\":{{\"token\":\"\"}}}}"), "neither"),
            (format!("{{{head},\"status\":{{\"token\":\"s3cr3t\\n\"}}}}"), "line break"),
            (format!("{{{head},\"status\":{{\"token\":\"s3cr3t\\u0001\"}}}}"), "no header"),
            (format!("{{{head},\"status\":{{\"clientKeyData\":\"s3cr3t\"}}}}"), "without its key"),
            (format!("{{{head},\"status\":{{\"token\":\"s3cr3t\",\"expirationTimestamp\":\"soon\"}}}}"), "expirationTimestamp"),
            (r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"s3cr3t"}}"#.to_owned(), "asks for"),
            (format!("{{{head},\"status\":[\"s3cr3t\"]}}"), "did not print"),
        ] {
            let error = answered(&answer).expect_err(&answer);
            assert!(error.contains(expected) && !error.contains("s3cr3t"), "{answer}: {error}");
        }
}

#[test]
fn tokens_certificates_and_the_end_of_time_are_taken() {
    let head = "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\n";
    let token = answered(&format!(
        "{head}status: {{token: t, expirationTimestamp: '9999-12-31T23:59:59Z'}}"
    ));
    let token = token.expect("YAML is taken too");
    assert_eq!(token.header, Some(HeaderValue::from_static("Bearer t")));
    assert_eq!(token.expires.map(OffsetDateTime::year), Some(9999));
    let certificate = format!("{head}status: {{clientCertificateData: c, clientKeyData: k}}");
    assert!(answered(&certificate).expect("a certificate will do").identity.is_some());
}
