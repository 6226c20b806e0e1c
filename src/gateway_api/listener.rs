//! Listeners: where a Gateway ends TLS, for which hosts, and with which certificates.

use super::{group, list, text};
use crate::object_ref::Kind;
use serde_json::Value;
use std::collections::BTreeMap;

/// One entry of `spec.listeners[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// `name`.
    pub name: String,
    /// `hostname`; none for every host.
    pub hostname: Option<String>,
    /// `port`.
    pub port: i64,
    /// `protocol`, as written: `HTTPS`, `TLS`, `HTTP`.
    pub protocol: String,
    /// `tls.mode` is another than `Terminate`.
    passes_through: bool,
    /// `tls.certificateRefs[]`.
    pub certificates: Vec<Certificate>,
    /// The keys of `tls.options` with their values: extensions of an implementation.
    pub options: BTreeMap<String, String>,
    /// `allowedRoutes`.
    pub allowed: AllowedRoutes,
}

/// One entry of `tls.certificateRefs[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// A Secret: its namespace, none for that of the Gateway, and its name.
    Secret(Option<String>, String),
    /// An object that only its implementation reads: kind and name, for people.
    Other(String),
}

/// `allowedRoutes` of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRoutes {
    /// `namespaces`.
    pub from: Namespaces,
    /// `kinds[]`, those with hosts; none for all that the protocol takes.
    pub kinds: Option<Vec<Kind>>,
}

/// From which namespaces routes may attach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// From that of the Gateway alone.
    Same,
    /// From every one.
    All,
    /// From those of these names, by the label that every namespace bears.
    Named(Vec<String>),
    /// From those with labels, which are not looked at.
    Labelled,
    /// From none.
    None,
}

impl Listener {
    pub(super) fn of(value: &Value) -> Self {
        let tls = value.get("tls").unwrap_or(&Value::Null);
        let options = tls.get("options").and_then(Value::as_object).into_iter().flatten();
        let options = options.filter_map(|(key, value)| Some((key.clone(), value.as_str()?)));
        Self {
            name: text(value, "name").unwrap_or_default(),
            hostname: text(value, "hostname"),
            port: value.get("port").and_then(Value::as_i64).unwrap_or_default(),
            protocol: text(value, "protocol").unwrap_or_default(),
            passes_through: text(tls, "mode").is_some_and(|mode| mode != "Terminate"),
            certificates: list(tls, "certificateRefs").filter_map(Certificate::of).collect(),
            options: options.map(|(key, value)| (key, value.to_owned())).collect(),
            allowed: AllowedRoutes::of(value.get("allowedRoutes").unwrap_or(&Value::Null)),
        }
    }

    /// Whether TLS ends here, with a certificate of the listener's.
    #[must_use]
    pub fn ends_tls(&self) -> bool {
        matches!(self.protocol.as_str(), "HTTPS" | "TLS") && !self.passes_through
    }

    /// Whether routes of this kind may attach.
    #[must_use]
    pub fn takes(&self, kind: Kind) -> bool {
        match &self.allowed.kinds {
            Some(kinds) => kinds.contains(&kind),
            None if self.protocol == "TLS" => kind == Kind::TlsRoute,
            None => matches!(kind, Kind::HttpRoute | Kind::GrpcRoute),
        }
    }
}

impl Certificate {
    fn of(value: &Value) -> Option<Self> {
        let name = text(value, "name")?;
        let kind = text(value, "kind").unwrap_or_else(|| "Secret".to_owned());
        let group = group(value).unwrap_or_default();
        Some(match (group.as_str(), kind.as_str()) {
            ("", "Secret") => Self::Secret(text(value, "namespace"), name),
            ("", _) => Self::Other(format!("{kind} {name}")),
            _ => Self::Other(format!("{kind}.{group} {name}")),
        })
    }
}

/// The label of every namespace that is its name: KEP-2161.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

impl AllowedRoutes {
    fn of(value: &Value) -> Self {
        let namespaces = value.get("namespaces").unwrap_or(&Value::Null);
        let from = match text(namespaces, "from").as_deref() {
            Some("All") => Namespaces::All,
            Some("Selector") => selected(namespaces.get("selector").unwrap_or(&Value::Null)),
            Some("None") => Namespaces::None,
            _ => Namespaces::Same,
        };
        let kind = |kind: &Value| {
            let name = text(kind, "kind");
            super::ROUTES.into_iter().find(|known| Some(known.as_str()) == name.as_deref())
        };
        let kinds: Vec<Kind> = list(value, "kinds").filter_map(kind).collect();
        Self { from, kinds: list(value, "kinds").next().map(|_| kinds) }
    }
}

/// What a label selector chooses, where namespaces' names tell it.
fn selected(selector: &Value) -> Namespaces {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let labels: Vec<(&String, &Value)> = labels.into_iter().flatten().collect();
    let expressions: Vec<&Value> = list(selector, "matchExpressions").collect();
    match (labels.as_slice(), expressions.as_slice()) {
        ([], []) => Namespaces::All,
        ([(key, value)], []) if *key == NAME_LABEL => {
            Namespaces::Named(value.as_str().map(str::to_owned).into_iter().collect())
        }
        ([], [one]) if names_by(one) => {
            let names = list(one, "values").filter_map(Value::as_str);
            Namespaces::Named(names.map(str::to_owned).collect())
        }
        _ => Namespaces::Labelled,
    }
}

fn names_by(expression: &Value) -> bool {
    text(expression, "key").as_deref() == Some(NAME_LABEL)
        && text(expression, "operator").as_deref() == Some("In")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tls_ends_at_listeners_that_terminate_it_which_is_what_they_do_unless_they_say_otherwise() {
        for (protocol, tls, ends) in [
            ("HTTPS", json!({}), true),
            ("HTTPS", json!({"mode": "Terminate"}), true),
            ("TLS", json!({"mode": "Terminate"}), true),
            ("TLS", json!({"mode": "Passthrough"}), false),
            ("HTTP", json!({}), false),
            ("TCP", json!({}), false),
        ] {
            let listener = Listener::of(&json!({"protocol": protocol, "tls": tls}));
            assert_eq!(listener.ends_tls(), ends, "{protocol} {tls}");
        }
    }

    #[test]
    fn routes_come_from_the_gateways_own_namespace_unless_it_lets_others_in() {
        let by_name = json!({"matchExpressions": [
            {"key": NAME_LABEL, "operator": "In", "values": ["a", "b"]},
        ]});
        for (namespaces, from) in [
            (json!({}), Namespaces::Same),
            (json!({"from": "Same"}), Namespaces::Same),
            (json!({"from": "All"}), Namespaces::All),
            (json!({"from": "None"}), Namespaces::None),
            (json!({"from": "Selector", "selector": {}}), Namespaces::All),
            (
                json!({"from": "Selector", "selector": {"matchLabels": {NAME_LABEL: "a"}}}),
                Namespaces::Named(vec!["a".to_owned()]),
            ),
            (
                json!({"from": "Selector", "selector": by_name}),
                Namespaces::Named(vec!["a".to_owned(), "b".to_owned()]),
            ),
            (
                json!({"from": "Selector", "selector": {"matchLabels": {"team": "a"}}}),
                Namespaces::Labelled,
            ),
        ] {
            let shown = namespaces.to_string();
            let listener = Listener::of(&json!({"allowedRoutes": {"namespaces": namespaces}}));
            assert_eq!(listener.allowed.from, from, "{shown}");
        }
    }

    #[test]
    fn routes_of_the_kinds_that_its_protocol_takes_attach_or_of_those_that_it_names() {
        let takes = |listener: Value| {
            let listener = Listener::of(&listener);
            super::super::ROUTES.map(|kind| listener.takes(kind))
        };
        assert_eq!(takes(json!({"protocol": "HTTPS"})), [true, true, false]);
        assert_eq!(takes(json!({"protocol": "TLS"})), [false, false, true]);
        let kinds = json!({"kinds": [{"kind": "GRPCRoute"}, {"kind": "TCPRoute"}]});
        assert_eq!(
            takes(json!({"protocol": "HTTPS", "allowedRoutes": kinds})),
            [false, true, false]
        );
    }

    #[test]
    fn a_certificate_is_a_secret_unless_its_kind_or_group_is_another() {
        for (reference, shown) in [
            (json!({"name": "a"}), "Secret(None, \"a\")"),
            (json!({"name": "a", "group": "", "kind": "Secret"}), "Secret(None, \"a\")"),
            (json!({"name": "a", "namespace": "certs"}), "Secret(Some(\"certs\"), \"a\")"),
            (
                json!({"name": "a", "group": "acme.example", "kind": "Cert"}),
                "Other(\"Cert.acme.example a\")",
            ),
            (json!({"name": "a", "group": "acme.example"}), "Other(\"Secret.acme.example a\")"),
            (json!({"name": "a", "kind": "ConfigMap"}), "Other(\"ConfigMap a\")"),
        ] {
            let found = Certificate::of(&reference).expect("it has a name");
            assert_eq!(format!("{found:?}"), shown);
        }
    }
}
