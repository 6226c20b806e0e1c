//! Words of other tools, and what they are called here: people type `list`, `get` and `--days` first.
//!
//! Knows kubectl's, step's, cmctl's and openssl's words. Refuses to guess where it does not know.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Commands that there are not, each with what does it.
const COMMANDS: &[(&[&str], &str, &str)] = &[
    (
        &["list", "ls", "get", "show-all", "secrets", "certificates"],
        "every certificate with its dates, users and owner",
        "certwright check -A --all",
    ),
    (
        &["expiry", "expiring", "expires", "expiration", "due"],
        "what ends soon, whoever renews it",
        "certwright check -A --expires-within 30d",
    ),
    (
        &["status", "audit", "lint", "scan", "doctor"],
        "what is wrong and whom it hurts",
        "certwright check -A",
    ),
    (
        &["describe", "show", "view", "decode", "print", "x509", "certificate"],
        "what a certificate says",
        "certwright inspect FILE",
    ),
    (
        &["create", "new", "generate", "gen", "make", "req", "selfsign"],
        "a key and a certificate",
        "certwright issue shop.example",
    ),
    (&["ca", "init", "root"], "a CA of your own", "certwright issue --make-ca --cn NAME"),
    (
        &["p12", "pkcs12", "export", "pfx", "keystore"],
        "a certificate and key in another form",
        "certwright convert tls.crt tls.key --to p12 --out tls.p12",
    ),
    (
        &["sign", "approve"],
        "a certificate for a request",
        "certwright issue --from-csr FILE --ca FILE --ca-key FILE",
    ),
    (
        &["csr", "request"],
        "a key and a request for somebody else to sign",
        "certwright issue shop.example --csr",
    ),
    (
        &["update", "replace", "reissue", "regenerate"],
        "a new key and certificate in place of the old ones",
        "certwright rotate secret/NAME",
    ),
    (
        &["test", "connect", "probe", "s_client"],
        "what an Ingress serves",
        "certwright verify INGRESS",
    ),
    (&["version"], "the version", "certwright --version"),
    (
        &["delete", "rm", "remove"],
        "nothing here deletes Secrets; kubectl does",
        "kubectl delete secret NAME",
    ),
];

/// Flags that there are not, each with the one that does it.
const FLAGS: &[(&[&str], &str)] = &[
    (
        &["--days", "--expires-in", "--expiring", "--expires", "--within", "--expiry"],
        "--lifetime 30d where a certificate is made, check --expires-within 30d to look",
    ),
    (
        &["--valid-for", "--validity", "--duration", "--not-after", "--ttl"],
        "--lifetime 365d, where a certificate is made",
    ),
    (&["--user", "--impersonate"], "--as"),
    (&["--all-ns", "--allnamespaces"], "-A"),
    (&["--label", "--labels", "--selectors"], "-l"),
    (&["--file", "--files", "--manifest", "--manifests"], "-f"),
    (&["--format", "--out"], "-o"),
    (&["--sort", "--order", "--order-by"], "--sort-by, of check"),
    (&["--level", "--min-severity"], "--severity, of check"),
    (
        &["--ignore", "--skip", "--exclude"],
        "the annotation certwright.dev/ignore on the object, or check --rule",
    ),
    (&["--quiet", "-q", "--silent"], "-o name or -o lines, of check"),
    (
        &["--san", "--dns", "--host", "--hosts", "--domain"],
        "the domains themselves (certwright issue a.example b.example), or --host of check",
    ),
    (&["--subject", "--subj", "--common-name"], "--cn"),
    (
        &["--p12", "--pfx", "--pkcs12"],
        "import NAME --cert FILE.p12, or convert FILE --to p12 and --to pem",
    ),
    (
        &["--password", "--passin", "--passout", "--storepass"],
        "--password-file FILE, or none to be asked on the terminal",
    ),
    (
        &["--key-size", "--bits", "--kty", "--curve", "--algorithm"],
        "--key-type rsa-2048|rsa-3072|rsa-4096|p256|p384|ed25519",
    ),
    (&["--plan", "--preview", "--diff"], "--dry-run"),
    (&["--confirm", "--assume-yes", "-y"], "--yes"),
];

/// The error with what was probably meant, and without hints about how to pass a flag as a value.
pub(super) fn explained(mut error: Error) -> Error {
    let typed = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            typed(ContextKind::InvalidSubcommand).and_then(|word| of_command(&word))
        }
        ErrorKind::UnknownArgument => {
            typed(ContextKind::InvalidArg).and_then(|flag| of_flag(&flag))
        }
        _ => None,
    };
    if let Some(message) = message {
        return Error::raw(error.kind(), format!("{message}\n"));
    }
    // "to pass '--x' as a value, use '-- --x'" is what nobody wants.
    error.remove(ContextKind::Suggested);
    error
}

fn of_command(word: &str) -> Option<String> {
    let known = COMMANDS.iter().find(|(words, ..)| words.contains(&word))?;
    let (_, what, command) = known;
    Some(format!("there is no command {word} ({what}); use:\n  {command}"))
}

fn of_flag(flag: &str) -> Option<String> {
    let bare = flag.split('=').next().unwrap_or(flag);
    let (_, instead) = FLAGS.iter().find(|(flags, _)| flags.contains(&bare))?;
    Some(format!("there is no flag {bare} here; use {instead}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use crate::remedy::Program;
    use clap::CommandFactory as _;

    fn said(args: &str) -> String {
        let args = std::iter::once("certwright").chain(args.split(' ')).map(Into::into);
        Cli::read(args, Program::Itself).expect_err("it is refused").to_string()
    }

    #[test]
    fn words_of_other_tools_are_answered_by_what_they_are_called_here() {
        for (typed, told) in [
            ("list", "\n  certwright check -A --all"),
            ("get secrets", "\n  certwright check -A --all"),
            ("sign x.csr", "\n  certwright issue --from-csr FILE"),
            ("version", "\n  certwright --version"),
            ("check --days 30", "check --expires-within 30d to look"),
            ("check --days=30", "use --lifetime 30d where a certificate is made"),
            ("issue a.example --validity 30d", "use --lifetime"),
            ("check --user bob", "use --as"),
            ("check --hosts a.example", "or --host of check"),
        ] {
            assert!(said(typed).contains(told), "{typed}: {}", said(typed));
        }
    }

    #[test]
    fn what_nobody_knows_is_refused_without_noise() {
        let told = said("check --frobnicate");
        assert!(told.contains("--frobnicate") && !told.contains("as a value"), "{told}");
        assert!(said("frobnicate").contains("frobnicate"));
    }

    #[test]
    fn no_word_of_a_table_is_one_that_is_there() {
        let cli = Cli::command();
        let names: Vec<&str> =
            cli.get_subcommands().flat_map(|it| it.get_name_and_visible_aliases()).collect();
        for (words, ..) in COMMANDS {
            assert!(words.iter().all(|word| !names.contains(word)), "{words:?}");
        }
    }
}
