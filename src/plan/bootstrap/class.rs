//! Which class the Ingress is of, where the user names none.
//!
//! Decides from what the cluster shows: an Ingress that is there keeps its class, GKE's own is taken only
//! where GKE's kinds are, and anywhere else the cluster's IngressClasses tell. Refuses to guess between
//! several.

use super::Class;
use crate::audit::Platform;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};

/// A class, and why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenClass {
    /// The class.
    pub class: Class,
    /// Why; none where the user named it.
    pub why: Option<&'static str>,
}

/// Why no class is chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClass {
    /// There is none.
    #[error("the cluster has no IngressClass, and none of GKE's own kinds")]
    None,
    /// They may not be read.
    #[error("IngressClasses could not be listed (RBAC: needs list on ingressclasses)")]
    Unseen,
    /// None of them is the default, or several are.
    #[error("the cluster has several Ingress classes and no one default: {}", .0.join(", "))]
    Several(Vec<String>),
}

impl ChosenClass {
    /// The class that the user names.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { class: Class::of(name), why: None }
    }

    /// GKE's own, for this reason.
    #[must_use]
    pub const fn gce(why: &'static str) -> Self {
        Self { class: Class::Gce, why: Some(why) }
    }

    /// Chooses for this Ingress by what was seen: it, the cluster's IngressClasses, and whether Google's
    /// own kinds are there.
    ///
    /// # Errors
    /// [`NoClass`], where nothing tells.
    pub fn of(seen: &Inventory, ingress: &ObjectRef, platform: Platform) -> Result<Self, NoClass> {
        let there = seen.ingress_at(ingress).and_then(|there| there.frontend.class.as_deref());
        if let Some(class) = there.filter(|class| !class.is_empty()) {
            return Ok(Self { class: Class::of(class), why: Some("the Ingress has it") });
        }
        let is_google = match platform {
            Platform::Gke => true,
            Platform::Other => false,
            Platform::Auto => seen.is_beside_google_kinds(ingress),
        };
        if is_google {
            let by_flag = platform == Platform::Gke;
            let why = if by_flag { "--platform gke" } else { "the cluster has GKE's own kinds" };
            return Ok(Self::gce(why));
        }
        let classes = seen.ingress_classes();
        let defaults: Vec<&str> =
            classes.iter().filter(|(_, is_default)| *is_default).map(|(name, _)| *name).collect();
        match (defaults.as_slice(), classes.as_slice()) {
            ([default], _) => {
                Ok(Self { class: Class::of(default), why: Some("the cluster's default") })
            }
            (_, [(only, _)]) => {
                Ok(Self { class: Class::of(only), why: Some("the cluster's only one") })
            }
            (_, []) if seen.is_unseen(&ObjectRef::all(Kind::IngressClass, None)) => {
                Err(NoClass::Unseen)
            }
            (_, []) => Err(NoClass::None),
            (_, several) => {
                Err(NoClass::Several(several.iter().map(|(name, _)| (*name).to_owned()).collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{googles, of_nginx, of_objects};
    use serde_json::{Value, json};

    #[test]
    fn the_class_is_what_the_cluster_shows() {
        let ingress = ObjectRef::ingress("shop", "web");
        let is_default = [("ingressclass.kubernetes.io/is-default-class", "true")];
        let old_way = [("kubernetes.io/ingress.class", "haproxy")];
        let (nginx, traefik) = (("nginx", false), ("traefik", false));
        let several = "several Ingress classes and no one default: nginx, traefik";
        for (what, platform, has_google, classes, there, expected) in [
            ("nothing", Platform::Auto, false, &[][..], None, "no IngressClass"),
            ("one", Platform::Auto, false, &[nginx], None, "nginx: the cluster's only one"),
            ("several", Platform::Auto, false, &[nginx, traefik], None, several),
            (
                "one of them the default",
                Platform::Auto,
                false,
                &[nginx, ("traefik", true)],
                None,
                "traefik: the cluster's default",
            ),
            (
                "two defaults",
                Platform::Auto,
                false,
                &[("nginx", true), ("traefik", true)],
                None,
                several,
            ),
            (
                "GKE",
                Platform::Auto,
                true,
                &[("nginx", true)],
                None,
                "gce: the cluster has GKE's own kinds",
            ),
            ("GKE, denied", Platform::Other, true, &[nginx], None, "nginx: the cluster's only one"),
            ("GKE, said", Platform::Gke, false, &[nginx], None, "gce: --platform gke"),
            (
                "it is there",
                Platform::Gke,
                true,
                &[nginx],
                Some("traefik"),
                "traefik: the Ingress has it",
            ),
            (
                "by the annotation",
                Platform::Auto,
                true,
                &[],
                Some(""),
                "haproxy: the Ingress has it",
            ),
        ] {
            let classes = classes.iter().map(|(name, marked)| {
                let object = ObjectRef {
                    namespace: None,
                    ..ObjectRef::namespaced(Kind::IngressClass, "", *name)
                };
                let annotations = if *marked { &is_default[..] } else { &[] };
                (
                    object,
                    annotations,
                    json!({ "controller": format!("example.com/{name}") }),
                    Value::Null,
                )
            });
            let there = there.map(|class| {
                let annotations = if class.is_empty() { &old_way[..] } else { &[] };
                (ingress.clone(), annotations, json!({ "ingressClassName": class }), Value::Null)
            });
            let mut seen = of_objects(classes.chain(there).collect());
            if has_google {
                googles(&mut seen);
            }
            let told = match ChosenClass::of(&seen, &ingress, platform) {
                Ok(chosen) => {
                    format!("{}: {}", chosen.class.name(), chosen.why.unwrap_or_default())
                }
                Err(why) => why.to_string(),
            };
            assert!(told.contains(expected), "{what}: {told}");
        }
    }
    #[test]
    fn classes_that_may_not_be_listed_are_not_said_to_be_none() {
        let seen = of_nginx(&[], None, Some(ObjectRef::all(Kind::IngressClass, None)));
        let ingress = ObjectRef::ingress("shop", "another");
        assert_eq!(ChosenClass::of(&seen, &ingress, Platform::Auto), Err(NoClass::Unseen));
    }
}
