//! The CA that `--ca` names, read from files or a Secret, and checked before anything is made.
//!
//! Shared by the commands that sign. Refuses to know what is signed.

use super::{CommandError, Result, client, namespace, read_file};
use crate::cli::Global;
use crate::object_ref::{Kind, KindName, ObjectRef};
use crate::observation::Observation;
use crate::observe::cluster;
use crate::redact::Redacted;
use crate::world::World;
use crate::x509::authority::Authority;
use std::path::Path;

/// Reads the CA of `--ca` and `--ca-key` and checks that it may sign now.
pub(crate) async fn read(
    (ca, key): (&str, Option<&Path>),
    global: &Global,
    world: &World,
) -> Result<Authority> {
    let unusable = |why: String| {
        CommandError::failed(
            format!("{ca} cannot sign: {why}"),
            "name another CA, or renew this one",
        )
    };
    let (certificates, own_key) = if let Some(name) = secret_named(ca) {
        of_secret(&name, global, world).await?
    } else {
        let bytes = read_file(Path::new(ca))?;
        (bytes.clone(), bytes)
    };
    let key = key.map(read_file).transpose()?.unwrap_or(own_key);
    let authority =
        Authority::read(certificates.expose(), key.expose(), world.random()).map_err(&unusable)?;
    authority.check(world.now).map_err(&unusable)?;
    Ok(authority)
}

/// The Secret that `--ca` names, when it is no file.
pub(crate) fn secret_named(ca: &str) -> Option<String> {
    ca.parse::<KindName>().ok().filter(|named| named.kind == Kind::Secret).map(|named| named.name)
}

/// `tls.crt` (and `ca.crt`, which may hold the root) and `tls.key` of a Secret.
async fn of_secret(name: &str, global: &Global, world: &World) -> Result<(Redacted, Redacted)> {
    let client = client(global, world).await?;
    let object = ObjectRef::secret(namespace(global, &client), name);
    match cluster::named(&client, &object).await? {
        Observation::Secret(secret) => {
            let value = |key: &str| secret.data.get(key).cloned().unwrap_or_default();
            let certificates =
                [value("tls.crt").expose(), b"\n", value("ca.crt").expose()].concat();
            Ok((Redacted::new(certificates), value("tls.key")))
        }
        Observation::Unseen { message, .. } => {
            Err(CommandError::failed(message, "ask for the right to read the Secret"))
        }
        _ => Err(CommandError::failed(
            format!("{object} does not exist"),
            "make a CA: certwright issue --make-ca --cn NAME --secret NAME",
        )),
    }
}
