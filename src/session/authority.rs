//! The CA that `--ca` names, read from files or a Secret, and checked before anything is made.
//!
//! Shared by the commands that sign. Refuses to know what is signed.

use super::{CommandError, Result, Run, read_file};
use crate::cli::targets;
use crate::cluster::error::Failure;
use crate::converge::gather::Source;
use crate::inventory::bundle::Bundle;
use crate::object_ref::{KindName, ObjectRef};
use crate::observation::{Observation, SecretSeen};
use crate::observe::{cluster, files};
use crate::plan::previous::{self, Place};
use crate::redact::Redacted;
use crate::remedy::{CommandLine, Remedy, word};
use crate::x509::authority::{Authority, Unreadable};
use crate::x509::cert::Certificate;
use crate::x509::key_purpose::Usage;
use std::path::{Path, PathBuf};

/// Reads the CA of `--ca` and `--ca-key` and checks that it may sign now, for this usage.
///
/// A Secret stands in the manifests, where those are the `source`, and else in the cluster.
pub(crate) async fn read(
    (ca, key): (&str, Option<&Path>),
    source: Option<&Source>,
    usage: Usage,
    run: Run<'_>,
) -> Result<Authority> {
    let (certificates, own_key) = if let Some(named) = secret_named(ca) {
        match source {
            Some(Source::Files { paths, namespace, .. }) => {
                of_files(named, (paths, namespace), run)?
            }
            Some(Source::Cluster { .. }) | None => of_secret(named, run).await?,
        }
    } else {
        let bytes = file_named(ca)?;
        (bytes.clone(), bytes)
    };
    let own_key = key.map(read_file).transpose()?.unwrap_or(own_key);
    let authority =
        Authority::read(certificates.expose(), own_key.expose(), run.now(), run.world.random())
            .map_err(|error| unreadable(&error, ca, key))?;
    authority.check(run.now(), usage).map_err(|why| {
        CommandError::failed(
            format!("{ca} cannot sign: {why}"),
            "name another CA, or renew this one",
        )
    })?;
    Ok(authority)
}

/// The CAs that stood in this Secret of a cluster before, as far as they are kept beside it: what they signed
/// is for the one that followed to make again.
pub(crate) async fn predecessors(
    ca: &str,
    source: &Source,
    run: Run<'_>,
) -> Result<Vec<Certificate>> {
    let (Some(named), Source::Cluster { client, .. }) = (secret_named(ca), source) else {
        return Ok(Vec::new());
    };
    let namespace = named.namespace.unwrap_or_else(|| run.namespace(client));
    let object = ObjectRef::secret(namespace, named.name);
    let kept = match cluster::named(client, &previous::beside(&object)).await {
        Ok(Observation::Secret(kept)) => kept,
        Ok(_) => return Ok(Vec::new()),
        Err(error) if error.failure == Failure::Forbidden || error.failure.is_absence() => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error.into()),
    };
    let (labels, annotations) = (&kept.meta.labels, &kept.meta.annotations);
    let kind = Some(kept.secret_type.as_str());
    if !previous::is_of(&object.name, kind, Some(labels), Some(annotations)) {
        return Ok(Vec::new());
    }
    let leaf = |place: Place| {
        let value = |key: &str| kept.data.get(&place.key(key)).map(Redacted::expose);
        let bundle = Bundle::of_pair(value("tls.crt"), value("tls.key"), &run.world.random);
        bundle.leaf().filter(|leaf| leaf.is_ca).cloned()
    };
    Ok([Place::First, Place::Second].into_iter().filter_map(leaf).collect())
}

/// What is wrong with the file that is wrong, and what to do about that one.
fn unreadable(error: &Unreadable, ca: &str, key: Option<&Path>) -> CommandError {
    let of_key = key.map_or_else(|| ca.to_owned(), |key| key.display().to_string());
    let (of, remedy): (&str, Remedy) = match error {
        Unreadable::Certificates(_) | Unreadable::NoCertificate => {
            (ca, "name the CA's certificate with --ca, PEM or DER".into())
        }
        Unreadable::Key(_) => (&of_key, "name the CA's private key with --ca-key".into()),
        Unreadable::Encrypted if key.is_none() && secret_named(ca).is_some() => {
            (&of_key, "decrypt it with openssl pkey, and name the key with --ca-key".into())
        }
        Unreadable::Encrypted => (&of_key, in_the_clear(&of_key)),
        Unreadable::OtherKey => (ca, "name the CA's own private key with --ca-key".into()),
        Unreadable::KeyKind(_) => (&of_key, "name another CA".into()),
    };
    CommandError::failed(format!("{of} cannot sign: {error}"), remedy)
}

/// `openssl pkey -in ca.key -out ca-clear.key`, which asks for the password.
fn in_the_clear(key: &str) -> Remedy {
    Remedy::from(CommandLine::local(format!("openssl pkey -in {} -out ca-clear.key", word(key))))
        .note("decrypt it and name the new file with --ca-key")
}

/// The Secret that `--ca` names, when it is no file.
pub(crate) fn secret_named(ca: &str) -> Option<KindName> {
    targets::one_secret(ca, &|text: &str| files::is_there(Path::new(text)))
}

/// The file that `--ca` names. What is not there is told how it may have been meant.
fn file_named(ca: &str) -> Result<Redacted> {
    let path = Path::new(ca);
    let meant = if files::is_there(path) { None } else { targets::meant_secret(ca) };
    read_file(path).map_err(|error| match meant {
        Some(meant) => CommandError { remedy: meant.into(), ..error },
        None => error,
    })
}

/// The same of the one Secret of that name among manifests.
fn of_files(
    named: KindName,
    (paths, namespace): (&[PathBuf], &str),
    run: Run<'_>,
) -> Result<(Redacted, Redacted)> {
    if paths.iter().any(|path| path.as_os_str() == files::STDIN) {
        return Err(CommandError::usage(
            format!(
                "--ca secret/{} cannot be read from standard input beside what is rotated",
                named.name
            ),
            "name files with -f, or the CA's certificate and key with --ca and --ca-key",
        ));
    }
    let namespace_said = named.namespace.or_else(|| run.global.namespace.clone());
    let named = KindName { namespace: namespace_said, ..named };
    let mut found: Vec<SecretSeen> = Vec::new();
    let mut take = |seen: Observation| match seen {
        Observation::Secret(secret) if named.names(&secret.object) => found.push(secret),
        _ => {}
    };
    let reading = files::Reading { below: files::Below::default(), allow_empty: true };
    files::manifests(paths, reading, namespace, &mut take)?;
    match found.as_slice() {
        [secret] => Ok(values(secret)),
        [] => Err(CommandError::failed(
            format!(
                "there is no {} among the files read, which --ca names",
                named.object().apart()
            ),
            "name its file with -f too, or the CA's certificate and key with --ca and --ca-key",
        )),
        several => {
            let places: Vec<String> = several.iter().map(|it| it.object.to_string()).collect();
            Err(CommandError::failed(
                format!("--ca secret/{} is each of these: {}", named.name, places.join(", ")),
                "write NAMESPACE/secret/NAME, or name the CA's certificate and key with --ca and --ca-key",
            ))
        }
    }
}

/// `tls.crt` (and `ca.crt`, which may hold the root) and `tls.key`.
fn values(secret: &SecretSeen) -> (Redacted, Redacted) {
    let value = |key: &str| secret.data.get(key).cloned().unwrap_or_default();
    let certificates = [value("tls.crt").expose(), b"\n", value("ca.crt").expose()].concat();
    (Redacted::new(certificates), value("tls.key"))
}

/// The values of a Secret in the cluster.
async fn of_secret(named: KindName, run: Run<'_>) -> Result<(Redacted, Redacted)> {
    let client = run.client().await?;
    let namespace = named.namespace.unwrap_or_else(|| run.namespace(&client));
    let object = ObjectRef::secret(namespace, named.name);
    match cluster::named(&client, &object).await? {
        Observation::Secret(secret) => Ok(values(&secret)),
        Observation::Unseen { message, .. } => {
            Err(CommandError::failed(message, "RBAC: needs get on secrets"))
        }
        _ => Err(CommandError::failed(
            format!("{object} does not exist"),
            "make a CA with issue --make-ca --cn NAME --secret NAME",
        )),
    }
}
