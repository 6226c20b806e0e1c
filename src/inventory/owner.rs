//! Ownership: who else writes a Secret's pair, told by the marks they leave.
//!
//! Knows the labels, annotations, owner references and field managers of the tools that issue or
//! sync Secrets. Refuses to decide what follows: refusing and skipping is the plan's.

use crate::object_ref::{Kind, OUR_NAME, ObjectRef};
use crate::observation::{FieldManager, MetaSeen};
use crate::remedy::{CommandLine, Remedy, word};
use std::collections::BTreeMap;

/// Somebody who writes the pair and will write it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who, as people call it: `cert-manager`, `Helm release shop`.
    pub name: String,
    /// The mark that tells it, as evidence.
    pub mark: String,
    /// What to do instead of rotating here.
    pub way_out: Remedy,
    /// The object that keeps writing as long as it is there; then even an override is refused.
    pub live_while: Option<ObjectRef>,
}

/// The owner of the pair in a Secret, if any mark tells one.
#[must_use]
pub fn owner_of(secret: &ObjectRef, meta: &MetaSeen) -> Option<Owner> {
    let marks = Marks { secret, meta };
    marks
        .cert_manager()
        .or_else(|| marks.external_secrets())
        .or_else(|| marks.by_table())
        .or_else(|| marks.owner_reference())
        .or_else(|| marks.apply_manager())
}

struct Marks<'m> {
    secret: &'m ObjectRef,
    meta: &'m MetaSeen,
}

/// One tool known by a label or annotation.
struct Mark {
    /// Exact key, or a prefix when it ends in `/` or `-`.
    key: &'static str,
    /// The value it must have; none for any.
    value: Option<&'static str>,
    owner: &'static str,
    way_out: &'static str,
}

const MARKS: &[Mark] = &[
    Mark {
        key: "sealedsecrets.bitnami.com/",
        value: None,
        owner: "Sealed Secrets",
        way_out: "seal a new pair with kubeseal and commit it",
    },
    Mark {
        key: "service.beta.openshift.io/originating-service-",
        value: None,
        owner: "OpenShift service-ca",
        way_out: "delete the Secret and service-ca makes a new one",
    },
    Mark {
        key: "service.alpha.openshift.io/originating-service-",
        value: None,
        owner: "OpenShift service-ca",
        way_out: "delete the Secret and service-ca makes a new one",
    },
    Mark {
        key: "auth.openshift.io/certificate-",
        value: None,
        owner: "an OpenShift operator",
        way_out: "the operator renews it",
    },
    Mark {
        key: "reflector.v1.k8s.emberstack.com/reflects",
        value: None,
        owner: "Reflector",
        way_out: "rotate the Secret it is a copy of",
    },
    Mark {
        key: "meta.helm.sh/release-name",
        value: None,
        owner: "Helm",
        way_out: "change the values of the release, or take the Secret out of the chart",
    },
    Mark {
        key: "app.kubernetes.io/managed-by",
        value: Some("Helm"),
        owner: "Helm",
        way_out: "change the values of the release, or take the Secret out of the chart",
    },
    Mark {
        key: "argocd.argoproj.io/tracking-id",
        value: None,
        owner: "Argo CD",
        way_out: "rotate it in the repository that Argo CD syncs, with -f and --in-place",
    },
    Mark {
        key: "argocd.argoproj.io/instance",
        value: None,
        owner: "Argo CD",
        way_out: "rotate it in the repository that Argo CD syncs, with -f and --in-place",
    },
    Mark {
        key: "kustomize.toolkit.fluxcd.io/",
        value: None,
        owner: "Flux",
        way_out: "rotate it in the repository that Flux syncs, with -f and --in-place",
    },
    Mark {
        key: "helm.toolkit.fluxcd.io/",
        value: None,
        owner: "Flux",
        way_out: "rotate it in the repository that Flux syncs, with -f and --in-place",
    },
    Mark {
        key: "cnrm.cloud.google.com/",
        value: None,
        owner: "Config Connector",
        way_out: "change the Config Connector resource",
    },
    Mark {
        key: "app.terraform.io/",
        value: None,
        owner: "Terraform",
        way_out: "rotate it in the Terraform configuration",
    },
];

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
        let name = name.unwrap_or_else(|| self.secret.name.clone());
        let namespace = self.secret.namespace();
        Some(Owner {
            name: "cert-manager".to_owned(),
            mark,
            way_out: CommandLine::on_cluster(format!(
                "cmctl renew {} -n {}",
                word(&name),
                word(namespace)
            ))
            .into(),
            live_while: Some(ObjectRef::namespaced(Kind::Certificate, namespace, name)),
        })
    }

    fn external_secrets(&self) -> Option<Owner> {
        let referenced =
            self.meta.owner_references.iter().find(|(kind, _)| kind == "ExternalSecret");
        let marked = self.find(|key, _| key.starts_with("reconcile.external-secrets.io/"));
        let mark = match (referenced, marked) {
            (Some((_, name)), _) => format!("ownerReference ExternalSecret/{name}"),
            (None, Some((mark, _))) => mark,
            (None, None) => return None,
        };
        let name = referenced.map_or_else(|| self.secret.name.clone(), |(_, name)| name.clone());
        let namespace = self.secret.namespace();
        Some(Owner {
            name: "External Secrets".to_owned(),
            mark,
            way_out: Remedy::from(CommandLine::on_cluster(format!(
                "kubectl annotate --overwrite externalsecret {} -n {} force-sync=\"$(date +%s)\"",
                word(&name),
                word(namespace)
            )))
            .note("the new one has to be in its store first"),
            live_while: Some(ObjectRef::namespaced(Kind::ExternalSecret, namespace, name)),
        })
    }

    fn by_table(&self) -> Option<Owner> {
        MARKS.iter().find_map(|mark| {
            let (found, value) = self.find(|key, value| mark.fits(key, value))?;
            let release = mark.owner == "Helm" && found.ends_with("release-name");
            let name =
                if release { format!("Helm release {value}") } else { mark.owner.to_owned() };
            Some(Owner { name, mark: found, way_out: mark.way_out.into(), live_while: None })
        })
    }

    fn owner_reference(&self) -> Option<Owner> {
        let (kind, name) = self.meta.owner_references.first()?;
        let sealed = kind == "SealedSecret";
        Some(Owner {
            name: if sealed { "Sealed Secrets".to_owned() } else { format!("{kind}/{name}") },
            mark: format!("ownerReference {kind}/{name}"),
            way_out: if sealed {
                "seal a new pair with kubeseal and commit it".into()
            } else {
                format!("change {kind}/{name}, which owns the Secret").into()
            },
            live_while: None,
        })
    }

    /// A foreign *Apply* manager of the pair puts its own value back at the next apply.
    fn apply_manager(&self) -> Option<Owner> {
        let manager = self.meta.field_managers.iter().find(|manager| applies_the_pair(manager))?;
        let name = tool_behind(&manager.manager);
        Some(Owner {
            name: name.to_owned(),
            mark: format!("field manager {:?} applies the pair", manager.manager),
            way_out: format!("rotate it where {name} gets it from, and apply that again").into(),
            live_while: None,
        })
    }
}

impl Mark {
    fn fits(&self, key: &str, value: &str) -> bool {
        let fits = if self.key.ends_with(['/', '-']) {
            key.starts_with(self.key)
        } else {
            key == self.key
        };
        fits && self.value.is_none_or(|wanted| wanted == value)
    }
}

fn applies_the_pair(manager: &FieldManager) -> bool {
    manager.applies
        && manager.manager != OUR_NAME
        && manager.data_keys.iter().any(|key| key == "tls.crt" || key == "tls.key")
}

fn tool_behind(manager: &str) -> &str {
    let lower = manager.to_ascii_lowercase();
    let known = [
        ("helm", "Helm"),
        ("argocd", "Argo CD"),
        ("kustomize-controller", "Flux"),
        ("flux", "Flux"),
        ("terraform", "Terraform"),
        ("hashicorp", "Terraform"),
        ("cnrm", "Config Connector"),
        ("configconnector", "Config Connector"),
    ];
    known.iter().find(|(part, _)| lower.contains(part)).map_or(manager, |(_, tool)| tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    /// Marks in, owner's name out; `-` when nobody owns it.
    fn check(meta: &MetaSeen) -> String {
        let secret = ObjectRef::secret("shop", "web");
        owner_of(&secret, meta).map_or_else(|| "-".to_owned(), |owner| owner.name)
    }

    #[test]
    fn every_known_mark_tells_its_owner() {
        for (key, value, owner) in [
            ("cert-manager.io/certificate-name", "web", "cert-manager"),
            ("cert-manager.io/issuer-name", "ca", "cert-manager"),
            ("reconcile.external-secrets.io/data-hash", "x", "External Secrets"),
            ("sealedsecrets.bitnami.com/cluster-wide", "true", "Sealed Secrets"),
            ("service.beta.openshift.io/originating-service-name", "web", "OpenShift service-ca"),
            ("reflector.v1.k8s.emberstack.com/reflects", "a/b", "Reflector"),
            ("meta.helm.sh/release-name", "shop", "Helm release shop"),
            ("argocd.argoproj.io/tracking-id", "x", "Argo CD"),
            ("kustomize.toolkit.fluxcd.io/name", "x", "Flux"),
            ("cnrm.cloud.google.com/project-id", "x", "Config Connector"),
        ] {
            let annotated = MetaSeen { annotations: map(&[(key, value)]), ..MetaSeen::default() };
            assert_eq!(check(&annotated), owner, "{key}");
            let labelled = MetaSeen { labels: map(&[(key, value)]), ..MetaSeen::default() };
            assert_eq!(check(&labelled), owner, "{key}");
        }
    }

    #[test]
    fn plain_labels_and_update_managers_own_nothing() {
        let update = FieldManager {
            manager: "kubectl-create".into(),
            applies: false,
            data_keys: vec!["tls.crt".into(), "tls.key".into()],
        };
        let meta = MetaSeen {
            labels: map(&[
                ("app.kubernetes.io/instance", "shop"),
                ("app.kubernetes.io/managed-by", "certwright"),
            ]),
            field_managers: vec![update],
            ..MetaSeen::default()
        };
        assert_eq!(check(&meta), "-");
    }

    #[test]
    fn an_apply_manager_owns_the_pair_but_not_by_other_keys_or_when_it_is_us() {
        let manager = |name: &str, key: &str| MetaSeen {
            field_managers: vec![FieldManager {
                manager: name.into(),
                applies: true,
                data_keys: vec![key.into()],
            }],
            ..MetaSeen::default()
        };
        assert_eq!(check(&manager("kubectl", "tls.crt")), "kubectl");
        assert_eq!(check(&manager("argocd-controller", "tls.key")), "Argo CD");
        assert_eq!(check(&manager("labeller", "note")), "-");
        assert_eq!(check(&manager(OUR_NAME, "tls.crt")), "-");
    }

    #[test]
    fn any_owner_reference_owns_it() {
        let meta = MetaSeen {
            owner_references: vec![("Widget".into(), "w".into())],
            ..MetaSeen::default()
        };
        assert_eq!(check(&meta), "Widget/w");
    }
}
