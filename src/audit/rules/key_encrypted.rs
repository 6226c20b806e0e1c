//! `key-encrypted`: the private key is under a password, which no Ingress controller asks for.

use super::{key_place, rotate_or_import};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::bundle::KeyState;
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "key-encrypted",
    severity: Severity::Error,
    remedy: "decrypt it with openssl pkey, and put the result in its place",
    explain: "A TLS Secret has no place for a password, so servers cannot open such a key: nginx stops \
              at \"cannot load certificate key\", Go's controllers drop the Secret, Google's load \
              balancer refuses the upload. Both forms are recognised: PKCS#8 (ENCRYPTED PRIVATE \
              KEY) and the older one with Proc-Type: 4,ENCRYPTED.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (object, bundle) in inventory.bundles() {
        if bundle.key == KeyState::Encrypted {
            let message = format!("{} is encrypted with a password", what(object));
            let other = rotate_or_import(inventory, object, bundle);
            let remedy = if other.is_command() { other } else { RULE.remedy.into() };
            found.push(RULE.on(&key_place(object), message).remedy(remedy));
        }
    }
}

/// How the private key is called: by its key in a Secret.
pub(super) fn what(object: &ObjectRef) -> &'static str {
    if object.kind == Kind::Secret { "tls.key" } else { "the private key" }
}
