//! Ownership: who else writes a Secret's pair, told by the marks they leave.
//!
//! Knows the labels, annotations, owner references and field managers of the tools that issue,
//! copy, sync or deploy Secrets (the tables are in `marks`). Refuses to decide what follows:
//! refusing and skipping is the plan's.

mod marks;
pub(super) mod templates;

use crate::object_ref::{Kind, OUR_NAME, ObjectRef, check_object_name};
use crate::observation::{FieldManager, MetaSeen};
use crate::remedy::{CommandLine, Remedy, word};
use marks::{COPIES, FLUX_LETS_GO, HELM, Mark, OWNER_KINDS, OWNERS, Origin, SOURCES};
use std::collections::BTreeMap;

/// Somebody who writes the pair and will write it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who, as people call it: `cert-manager`, `Helm release shop`.
    pub name: String,
    /// The mark that tells it, as evidence.
    pub mark: String,
    /// What to do instead of rotating here.
    pub remedy: Remedy,
    /// The object that keeps writing as long as it is there; then even an override is refused.
    pub live_while: Option<ObjectRef>,
    /// Whether the mark does not tell which object that is, and it is named as the Secret by a guess.
    pub guessed: bool,
    /// The Secret that this one is a copy of, where the mark tells it.
    pub copy_of: Option<ObjectRef>,
    /// What it does to the Secret.
    pub role: Role,
}

/// What an owner does to a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Copies another Secret over it.
    Copies,
    /// Makes the pair and renews it before it ends.
    Renews,
    /// Writes a pair that somebody renews elsewhere.
    Fills,
    /// Applies a manifest that somebody wrote.
    Deploys,
}

impl Owner {
    /// Whether a certificate near its end is renewed without anybody's doing. Who copies, fills or
    /// deploys waits for somebody to renew it elsewhere.
    #[must_use]
    pub fn renews(&self) -> bool {
        self.role == Role::Renews
    }

    /// Whether what stands in the Secret before the owner has been there is only a placeholder.
    #[must_use]
    pub fn fills(&self) -> bool {
        self.role != Role::Deploys
    }

    /// Who owns it and why that is known, and of what it is a copy: a clause.
    #[must_use]
    pub fn told(&self) -> String {
        let copy = self.copy_of.as_ref().map_or_else(String::new, |original| {
            format!(
                ": it is a copy of secret/{} in namespace {}",
                original.name,
                original.namespace()
            )
        });
        format!("{} owns it ({}){copy}", self.name, self.mark)
    }
}

/// The owner of the pair in a Secret, if any mark tells one. Copies come before what issues, for a
/// copy may carry the labels and annotations of its original; only cert-manager's owner reference
/// is never copied.
#[must_use]
pub fn owner_of(secret: &ObjectRef, meta: &MetaSeen) -> Option<Owner> {
    let marks = Marks { secret, meta };
    marks
        .certificate_reference()
        .or_else(|| marks.by_table(COPIES))
        .or_else(|| marks.cert_manager())
        .or_else(|| marks.external_secrets())
        .or_else(|| marks.by_table(OWNERS))
        .or_else(|| marks.owner_reference())
        .or_else(|| marks.apply_manager())
}

/// Who deploys an object that is no Secret, by its marks or by the manager of its fields, and puts
/// back what is changed.
#[must_use]
pub(super) fn owner_of_object(object: &ObjectRef, meta: &MetaSeen) -> Option<Owner> {
    owner_of(object, meta).or_else(|| {
        let marks = Marks { secret: object, meta };
        let flux = !marks.flux_lets_go();
        let found = meta.field_managers.iter().find_map(|manager| {
            let name = known_tool(&manager.manager)?;
            (name != "Flux" || flux).then_some((name, manager))
        });
        found.map(|(name, manager)| Owner {
            name: name.to_owned(),
            mark: format!("field manager {:?}", manager.manager),
            remedy: format!("change it where {name} gets it from, and apply that again").into(),
            live_while: None,
            guessed: false,
            copy_of: None,
            role: Role::Deploys,
        })
    })
}

/// Who copies this Secret to other places, and the mark that tells it.
#[must_use]
pub fn copier_of(meta: &MetaSeen) -> Option<(&'static str, String)> {
    let maps = [("annotation", &meta.annotations), ("label", &meta.labels)];
    SOURCES.iter().find_map(|(key, wanted, who)| {
        let fits = |value: &String| wanted.is_none_or(|wanted| value.eq_ignore_ascii_case(wanted));
        let (what, _) = maps.iter().find(|(_, map)| map.get(*key).is_some_and(fits))?;
        Some((*who, format!("{what} {key}")))
    })
}

/// What cert-manager owns: the Certificate renews it.
pub(super) fn cert_manager(secret: &ObjectRef, certificate: String, mark: String) -> Owner {
    let namespace = secret.namespace();
    let renew = format!("cmctl renew {} -n {}", word(&certificate), word(namespace));
    Owner {
        name: "cert-manager".to_owned(),
        mark,
        remedy: CommandLine::on_cluster(renew).into(),
        live_while: Some(ObjectRef::namespaced(Kind::Certificate, namespace, certificate)),
        guessed: false,
        copy_of: None,
        role: Role::Renews,
    }
}

/// What an ExternalSecret owns: it writes what the store holds.
pub(super) fn external_secrets(secret: &ObjectRef, name: String, mark: String) -> Owner {
    Owner {
        name: "External Secrets".to_owned(),
        mark,
        remedy: Remedy::from(CommandLine::on_cluster(format!(
            "kubectl annotate --overwrite externalsecret {} -n {} force-sync=\"$(date +%s)\"",
            word(&name),
            word(secret.namespace())
        )))
        .note("the new one has to be in its store first"),
        live_while: Some(ObjectRef::namespaced(Kind::ExternalSecret, secret.namespace(), name)),
        guessed: false,
        copy_of: None,
        role: Role::Renews,
    }
}

struct Marks<'m> {
    secret: &'m ObjectRef,
    meta: &'m MetaSeen,
}

impl Marks<'_> {
    fn maps(&self) -> [(&'static str, &BTreeMap<String, String>); 2] {
        [("annotation", &self.meta.annotations), ("label", &self.meta.labels)]
    }

    fn find(&self, test: impl Fn(&str, &str) -> bool) -> Option<(String, String)> {
        self.maps().into_iter().find_map(|(what, map)| {
            let (key, value) = map.iter().find(|(key, value)| test(key, value))?;
            Some((format!("{what} {key}"), value.clone()))
        })
    }

    fn value(&self, key: &str) -> Option<&str> {
        let value = self.maps().into_iter().find_map(|(_, map)| map.get(key))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    fn reference(&self, kind: &str) -> Option<&str> {
        let references = self.meta.owner_references.iter();
        references.into_iter().find(|(known, _)| known == kind).map(|(_, name)| name.as_str())
    }

    fn certificate_reference(&self) -> Option<Owner> {
        let name = self.reference("Certificate")?;
        Some(cert_manager(
            self.secret,
            name.to_owned(),
            format!("ownerReference Certificate/{name}"),
        ))
    }

    fn cert_manager(&self) -> Option<Owner> {
        let ours = |key: &str| {
            matches!(
                key,
                "cert-manager.io/certificate-name"
                    | "certmanager.k8s.io/certificate-name"
                    | "cert-manager.io/issuer-name"
                    | "certmanager.k8s.io/issuer-name"
                    | "controller.cert-manager.io/fao"
                    | "cert-manager.io/next-private-key"
            )
        };
        let (mark, _) = self.find(|key, _| ours(key))?;
        let name = self
            .find(|key, _| key.ends_with("/certificate-name") && ours(key))
            .map(|(_, value)| value);
        Some(cert_manager(self.secret, name.unwrap_or_else(|| self.secret.name.clone()), mark))
    }

    fn external_secrets(&self) -> Option<Owner> {
        let referenced = self.reference("ExternalSecret");
        let marked = self.find(|key, _| key.starts_with("reconcile.external-secrets.io/"));
        let mark = match (referenced, marked) {
            (Some(name), _) => format!("ownerReference ExternalSecret/{name}"),
            (None, Some((mark, _))) => mark,
            (None, None) => return None,
        };
        let known =
            referenced.map(|name| external_secrets(self.secret, name.to_owned(), mark.clone()));
        Some(known.unwrap_or_else(|| Owner {
            guessed: true,
            remedy:
                "have the new one in the store of its ExternalSecret, and that read again".into(),
            ..external_secrets(self.secret, self.secret.name.clone(), mark)
        }))
    }

    fn by_table(&self, table: &[Mark]) -> Option<Owner> {
        table.iter().find_map(|mark| {
            let (found, value) = self.find(|key, value| mark.fits(key, value))?;
            if mark.owner == "Flux" && self.flux_lets_go() {
                return None;
            }
            let release = mark.owner == HELM && found.ends_with("release-name");
            let name =
                if release { format!("{HELM} release {value}") } else { mark.owner.to_owned() };
            let copy_of = self.original(mark.origin, &value);
            Some(Owner {
                name,
                mark: found,
                remedy: copy_of.as_ref().map_or_else(|| mark.remedy.into(), rotate_original),
                live_while: None,
                guessed: false,
                copy_of,
                role: self.vault_role(mark),
            })
        })
    }

    /// The Vault operator's own marks do not tell what it syncs; its owner reference does.
    fn vault_role(&self, mark: &Mark) -> Role {
        let issues = mark.owner == "Vault Secrets Operator"
            && self.reference(Kind::VaultPkiSecret.as_str()).is_some();
        if issues { Role::Renews } else { mark.role }
    }

    fn flux_lets_go(&self) -> bool {
        FLUX_LETS_GO.iter().any(|(key, wanted)| {
            self.value(key).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        })
    }

    /// The Secret that this one is a copy of. What names itself, or cannot be a name, tells nothing.
    fn original(&self, origin: Origin, value: &str) -> Option<ObjectRef> {
        let own = self.secret.namespace();
        let (namespace, name) = match origin {
            Origin::Untold => return None,
            Origin::Value => match value.trim().split_once('/') {
                Some((namespace, name)) => (namespace, name),
                None => (own, value.trim()),
            },
            Origin::Labels { namespace, name } => {
                (self.value(namespace)?, self.value(name).unwrap_or(&self.secret.name))
            }
        };
        let original = ObjectRef::secret(namespace, name);
        let names = [namespace, name].iter().all(|name| check_object_name(name).is_ok());
        (names && !original.same_object(self.secret)).then_some(original)
    }

    fn owner_reference(&self) -> Option<Owner> {
        let (kind, name) = self.meta.owner_references.first()?;
        let known = OWNER_KINDS.iter().find(|(known, ..)| known == kind);
        let (who, role, remedy) = match known {
            Some((_, who, role, remedy)) => ((*who).to_owned(), *role, (*remedy).into()),
            None => (
                format!("{kind}/{name}"),
                Role::Deploys,
                format!("change {kind}/{name}, which owns the Secret").into(),
            ),
        };
        Some(Owner {
            name: who,
            mark: format!("ownerReference {kind}/{name}"),
            remedy,
            live_while: None,
            guessed: false,
            copy_of: None,
            role,
        })
    }

    /// A foreign *Apply* manager of the pair puts its own value back at the next apply.
    fn apply_manager(&self) -> Option<Owner> {
        let manager = self.meta.field_managers.iter().find(|manager| applies_the_pair(manager))?;
        let name = tool_behind(&manager.manager);
        Some(Owner {
            name: name.to_owned(),
            mark: format!("field manager {:?} applies the certificate and key", manager.manager),
            remedy: format!("rotate it where {name} gets it from, and apply that again").into(),
            live_while: None,
            guessed: false,
            copy_of: None,
            role: Role::Deploys,
        })
    }
}

/// Without a command: whether the original is there, and whose it is in turn, is not known here
/// ([`crate::audit::remedy::from_owner`]).
fn rotate_original(original: &ObjectRef) -> Remedy {
    let (namespace, name) = (original.namespace(), &original.name);
    format!("rotate the original, secret/{name} in namespace {namespace}").into()
}

fn applies_the_pair(manager: &FieldManager) -> bool {
    manager.applies
        && manager.manager != OUR_NAME
        && manager.data_keys.iter().any(|key| key == "tls.crt" || key == "tls.key")
}

fn tool_behind(manager: &str) -> &str {
    known_tool(manager).unwrap_or(manager)
}

/// The tool that writes under this name, where it is a known one. The name is one that the tool
/// states, or the file name of its program: then more may follow behind it (`helm-v3`, `helm.exe`).
fn known_tool(manager: &str) -> Option<&'static str> {
    let lower = manager.to_ascii_lowercase();
    let begins = |name: &str| {
        let rest = lower.strip_prefix(name);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    };
    let fits = |(name, how, _): &&(&str, Name, _)| match how {
        Name::Whole => lower == *name,
        Name::Begins => begins(name),
    };
    MANAGERS.iter().find(fits).map(|(_, _, tool)| *tool)
}

/// How much of a manager's name is the tool's.
#[derive(Clone, Copy)]
enum Name {
    /// All of it.
    Whole,
    /// Its beginning, up to a character that is neither a letter nor a digit.
    Begins,
}

/// Names under which tools that deploy manage fields, in lower case; the first that fits counts.
const MANAGERS: &[(&str, Name, &str)] = &[
    // fluxcd/helm-controller internal/action: it lends Helm its own name
    ("helm-controller", Name::Whole, "Flux"),
    // helm/helm pkg/kube/client.go getManagedFieldsManager: the program's file name
    ("helm", Name::Begins, "Helm"),
    ("helm3", Name::Begins, "Helm"),
    // argoproj/argo-cd common/common.go ArgoCDSSAManager; before that the program's file name
    ("argocd", Name::Begins, "Argo CD"),
    // fluxcd/kustomize-controller main.go controllerName; fluxcd/flux2 the command line's `flux`
    ("kustomize-controller", Name::Whole, "Flux"),
    ("flux", Name::Begins, "Flux"),
    ("fluxcd", Name::Begins, "Flux"),
    // hashicorp/terraform-provider-kubernetes: `Terraform` by server-side apply; else the head of the
    // user agent `HashiCorp/1.0 Terraform/…`, or the program's file name
    ("terraform", Name::Whole, "Terraform"),
    ("hashicorp", Name::Whole, "Terraform"),
    ("terraform-provider", Name::Begins, "Terraform"),
    // GoogleCloudPlatform/k8s-config-connector pkg/k8s/constants.go ControllerManagedFieldManager
    ("cnrm", Name::Begins, "Config Connector"),
    ("configconnector", Name::Begins, "Config Connector"),
];

#[cfg(test)]
mod tests;
