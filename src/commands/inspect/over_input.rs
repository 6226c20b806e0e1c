//! `inspect --fix-chain --out FILE --force` where FILE is one of the files that were read: what stands
//! in it beside the chain may stand nowhere else, and is not written over.

use super::fix_chain::Text;
use crate::apply::files::{beside_certificates, is_same_file};
use crate::cli::InspectArgs;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::session::{CommandError, Result};
use crate::x509::{cert, chain, pem};
use std::path::Path;

/// Refuses to write `fixed`, the chain, over a file that was read and holds more than that chain. A
/// root and a second copy may go: they are what the order of servers leaves out.
pub(super) fn refuse_loss(
    args: &InspectArgs,
    (inventory, texts): (&Inventory, &[Text]),
    (out, fixed): (&Path, &str),
) -> Result<()> {
    let is_out = |path: &str| is_same_file(Path::new(path), out);
    let was_read = |object: &ObjectRef| match &object.place {
        Some(place) => is_out(&place.path),
        None => object.kind == Kind::File && is_out(&object.name),
    };
    let refuse = |lost: &str| {
        Err(CommandError::failed(
            format!(
                "{} is one of the files read, and more than the chain would be lost: {lost}; \
                 nothing was written",
                out.display()
            ),
            "choose another --out, or leave it out, and the chain is printed",
        ))
    };
    if args.password_file.as_deref().is_some_and(|file| is_same_file(file, out)) {
        return refuse("the password");
    }
    let problems = inventory.problems().iter().map(|problem| &problem.object);
    let mut read = texts.iter().map(|text| &text.object).chain(problems).filter(|it| was_read(it));
    if read.clone().any(|object| object.place.is_some()) {
        return refuse("a manifest");
    }
    if read.next().is_none() {
        return Ok(());
    }
    match beside_certificates(out).or_else(|| beside_the_chain(inventory, is_out, fixed)) {
        Some(lost) => refuse(&lost),
        None => Ok(()),
    }
}

/// The first certificate in the file that is of another chain, or that cannot be read.
fn beside_the_chain(
    inventory: &Inventory,
    is_out: impl Fn(&str) -> bool,
    fixed: &str,
) -> Option<String> {
    let blocks = pem::blocks(fixed.as_bytes());
    let ders = blocks.iter().filter_map(|block| block.der.as_ref().ok());
    let kept: Vec<[u8; 32]> =
        ders.filter_map(|der| cert::read(der.expose()).ok()).map(|(one, _)| one.sha256).collect();
    let mut files = inventory.files().filter(|file| is_out(&file.object.name));
    files.find_map(|file| {
        if !file.bundle.damaged.is_empty() {
            return Some("a certificate that cannot be read".to_owned());
        }
        let all = &file.bundle.certificates;
        let leaf = all.iter().position(|one| kept.first() == Some(&one.sha256));
        let lost = match leaf {
            Some(leaf) => chain::strangers(all, leaf).first().map(|place| &all[*place]),
            None => all.iter().find(|one| !kept.contains(&one.sha256)),
        };
        lost.map(|lost| format!("the certificate of {}", lost.subject))
    })
}
