//! The ServiceAccount, its roles and their bindings: the least that a way of running needs.
//!
//! Refuses to know which rights those are: [`crate::rights`] does.

use super::metadata;
use crate::rights::{Granted, Mode, Part, Reach, granted};
use serde_json::{Value, json};

/// Who is to have the rights, and where.
#[derive(Debug)]
pub struct Rbac<'r> {
    /// What the ServiceAccount is called; roles and bindings are called so too.
    pub name: &'r str,
    /// The ServiceAccount's namespace.
    pub namespace: &'r str,
    /// The namespaces that it may look at; none: all.
    pub within: Option<&'r [String]>,
    /// What it runs.
    pub modes: &'r [Mode],
    /// What the cluster has.
    pub parts: &'r [Part],
}

impl Rbac<'_> {
    /// The objects, in the order in which they are created.
    #[must_use]
    pub fn manifests(&self) -> Vec<Value> {
        let mut objects = vec![self.account()];
        let [namespaced, of_cluster, own] = [Reach::Within, Reach::Everywhere, Reach::Own]
            .map(|reach| granted(self.modes, self.parts, reach));
        match self.within {
            None => objects.extend(self.everywhere(&[namespaced, of_cluster].concat())),
            Some(namespaces) => {
                objects.extend(self.everywhere(&of_cluster));
                for namespace in namespaces {
                    objects.extend(self.role((self.name, &namespaced), namespace));
                }
            }
        }
        if !own.is_empty() {
            let name = format!("{}-state", self.name);
            objects.extend(self.role((&name, &own), self.namespace));
        }
        objects
    }

    /// Its token is put into the Pods that ask for it, and into no others.
    fn account(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(self.name, Some(self.namespace)),
            "automountServiceAccountToken": false,
        })
    }

    /// A ClusterRole is everybody's: its name says whose it is.
    fn everywhere(&self, rules: &[Granted]) -> [Value; 2] {
        let name = format!("{}-{}", self.namespace, self.name);
        let role = json!({
            "apiVersion": RBAC,
            "kind": "ClusterRole",
            "metadata": metadata(&name, None),
            "rules": rules.iter().map(rule).collect::<Vec<_>>(),
        });
        [role, self.binding("ClusterRole", &name, None)]
    }

    fn role(&self, (name, rules): (&str, &[Granted]), namespace: &str) -> [Value; 2] {
        let role = json!({
            "apiVersion": RBAC,
            "kind": "Role",
            "metadata": metadata(name, Some(namespace)),
            "rules": rules.iter().map(rule).collect::<Vec<_>>(),
        });
        [role, self.binding("Role", name, Some(namespace))]
    }

    fn binding(&self, kind: &str, role: &str, namespace: Option<&str>) -> Value {
        json!({
            "apiVersion": RBAC,
            "kind": format!("{kind}Binding"),
            "metadata": metadata(role, namespace),
            "roleRef": { "apiGroup": GROUP, "kind": kind, "name": role },
            "subjects": [
                { "kind": "ServiceAccount", "name": self.name, "namespace": self.namespace },
            ],
        })
    }
}

const GROUP: &str = "rbac.authorization.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io/v1";

fn rule(granted: &Granted) -> Value {
    json!({
        "apiGroups": [granted.group],
        "resources": granted.resources,
        "verbs": granted.verbs,
    })
}
