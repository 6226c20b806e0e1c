//! `inspect --fix-chain`: the certificates of what was looked at, in the order of servers, printed or
//! written; and their bytes, which `-o pem` prints too.

use super::over_input;
use crate::apply::files::{NewFile, replace, write_set};
use crate::apply::manifests;
use crate::cli::InspectArgs;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::bundle::KeyAmong;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Observation;
use crate::output::Output;
use crate::redact::Redacted;
use crate::session::{CommandError, Result, Run};
use crate::x509::key::PrivateKey;
use crate::x509::pkcs12::Store;
use crate::x509::{chain, pem, stray};
use std::io::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

/// What one object holds, for output that is made of the bytes themselves.
#[derive(Clone)]
pub(super) struct Text {
    pub(super) object: ObjectRef,
    /// Certificates, PEM, perhaps with other things around.
    pub(super) certificates: Redacted,
    /// Whatever may hold a private key.
    key: Redacted,
}

impl Text {
    pub(super) fn of(seen: &Observation) -> Option<Self> {
        let (object, certificates, key) = match seen {
            Observation::PemFile { object, bytes } => {
                let text = pem::of_file(bytes.expose());
                (object, text.clone(), text)
            }
            Observation::Secret(secret) => {
                let value = |key: &str| secret.data.get(key).cloned().unwrap_or_default();
                (&secret.object, value("tls.crt"), value("tls.key"))
            }
            Observation::Inspected(seen) => {
                let pem = |der: &Vec<u8>| pem::encode("CERTIFICATE", der).to_string();
                let chain: String = seen.chain.iter().map(pem).collect();
                return Some(Self {
                    object: ObjectRef::endpoint(seen.endpoint.to_string()),
                    certificates: Redacted::from(Zeroizing::new(chain.into_bytes())),
                    key: Redacted::default(),
                });
            }
            _ => return None,
        };
        let key = PrivateKey::from_pem(key.expose()).map(|_| key).unwrap_or_default();
        Some(Self { object: object.clone(), certificates, key })
    }

    pub(super) fn of_store(object: &ObjectRef, store: &Store, run: Run<'_>) -> Option<Self> {
        let bytes = store.to_pem(run.world.random());
        Self::of(&Observation::PemFile { object: object.clone(), bytes })
    }

    /// Whether nothing but certificates belongs there: a file may hold a key with them.
    fn is_of_secret(&self) -> bool {
        self.object.kind == Kind::Secret
    }

    pub(super) fn certificates_only(&self) -> Vec<u8> {
        pem::certificates_only(self.certificates.expose())
    }
}

/// The chain of the targets that hold certificates, in order; a key may come from another.
pub(super) fn fix_chain(
    args: &InspectArgs,
    (inventory, texts): (&Inventory, &[Text]),
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let chain = &one_chain(args, inventory, texts)?;
    let key = texts.iter().find_map(|text| PrivateKey::from_pem(text.key.expose()).ok());
    let fixed = chain::fixed(chain.certificates.expose(), key.as_ref(), run.world.random())
        .map_err(|why| CommandError::failed(format!("{}: {why}", chain.object), FIX_CHAIN))?;
    if args.in_place && !args.force {
        refuse_loss(inventory, &chain.object)?;
    }
    let strays = stray::among_certificates(&pem::blocks(chain.certificates.expose()));
    let exclusion = (!strays.is_empty()).then(|| format!("left out: {}", stray::listed(&strays)));
    for note in fixed.notes.iter().chain(exclusion.iter().filter(|_| chain.is_of_secret())) {
        output.say(note);
    }
    if args.in_place {
        return into_manifest(&chain.object, &fixed.pem, output);
    }
    let Some(path) = &args.out else {
        output.data().write_all(fixed.pem.as_bytes())?;
        return Ok(Exit::Done);
    };
    over_input::refuse_loss(args, (inventory, texts), (path, &fixed.pem))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = NewFile::text(name, &fixed.pem, false);
    write_set(folder, &[file], (args.force, "--out"))?;
    Ok(Exit::Done)
}

/// The certificates of the one target that holds any, or of several files: CAs send leaf,
/// intermediates and root each in its own. Files with several leaves are several chains.
fn one_chain(args: &InspectArgs, inventory: &Inventory, texts: &[Text]) -> Result<Text> {
    let holders: Vec<&Text> =
        texts.iter().filter(|text| !text.certificates_only().is_empty()).collect();
    if let [chain] = holders.as_slice() {
        return Ok((*chain).clone());
    }
    let places: Vec<String> = holders.iter().map(|text| text.object.to_string()).collect();
    let places = places.join(", ");
    let of_files = holders.iter().all(|text| text.object.kind == Kind::File) && !args.in_place;
    let leaves = inventory.bundles().flat_map(|(_, bundle)| &bundle.certificates);
    let mut leaves: Vec<_> =
        leaves.filter(|one| !one.is_ca).map(|leaf| (leaf.sha256, &leaf.subject)).collect();
    leaves.sort_unstable_by_key(|(sha256, _)| *sha256);
    leaves.dedup_by_key(|(sha256, _)| *sha256);
    if of_files && !holders.is_empty() && leaves.len() <= 1 {
        let together = holders.iter().flat_map(|text| text.certificates_only()).collect();
        return Ok(Text {
            object: ObjectRef::file(places),
            certificates: Redacted::new(together),
            key: Redacted::default(),
        });
    }
    let message = if of_files && leaves.len() > 1 {
        let names: Vec<&str> = leaves.iter().map(|(_, subject)| subject.as_ref()).collect();
        format!(
            "--fix-chain is for one chain, and {places} hold several leaves: {}",
            names.join(", ")
        )
    } else {
        format!("--fix-chain is for one chain, and these hold others: {places}")
    };
    Err(CommandError::usage(
        message,
        "name the files of one chain (and perhaps its key), one secret/NAME, or one HOST:PORT",
    ))
}

/// What else stands in `tls.crt` would be gone from the file.
fn refuse_loss(inventory: &Inventory, object: &ObjectRef) -> Result<()> {
    let Some(secret) = inventory.secret(object.namespace(), &object.name) else { return Ok(()) };
    let Some(lost) = secret.beside_the_chain() else { return Ok(()) };
    let remedy = match secret.bundle.key_among {
        KeyAmong::Own => {
            "move the private key into tls.key first: it is the certificate's own, and the only one"
        }
        KeyAmong::None | KeyAmong::Copy | KeyAmong::Other => {
            "move what is needed to where it belongs (a private key into tls.key, another \
             certificate into a Secret of its own), then add --force, which drops the rest"
        }
    };
    Err(CommandError::failed(
        format!("{object}: there is more than one chain in it, and it would be lost: {lost}"),
        remedy,
    ))
}

/// Writes the chain where it stood, and nothing else.
fn into_manifest(secret: &ObjectRef, pem: &str, output: &mut Output) -> Result<Exit> {
    let (path, text) = manifests::with_certificates(secret, pem.as_bytes())?;
    replace(Path::new(&path), &text.to_bytes())?;
    output.say(&format!("written: tls.crt of {secret}"));
    Ok(Exit::Done)
}

const FIX_CHAIN: &str = "name a file with the certificate and its intermediates, and its own key";
