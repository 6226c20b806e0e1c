//! Labels of a series, written so that nothing in a value ends it.

use crate::object_ref::Kind;
use crate::render::harmless;
use crate::render::model::CertificateRow;
use std::fmt;

/// The key that holds a TLS Secret's certificates.
const TLS_CRT: &str = "tls.crt";

/// The labels of one series, as they are written. A label without a value is no label.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Labels(String);

impl Labels {
    /// The same with one label more.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            return self;
        }
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(name);
        self.0.push_str("=\"");
        for character in harmless::line(value).chars() {
            if matches!(character, '\\' | '"') {
                self.0.push('\\');
            }
            self.0.push(character);
        }
        self.0.push('"');
        self
    }

    /// Those of x509-certificate-exporter: where the certificate stands, and what it is.
    pub fn of_certificate(row: &CertificateRow<'_>) -> Self {
        let certificate = row.certificate;
        let subject = certificate.common_names().next().unwrap_or_default();
        let labels = Self::default().and("serial_number", &certificate.serial);
        let labels = labels.and("subject_CN", subject);
        let labels = labels.and("issuer_CN", common_name(&certificate.issuer));
        let object = row.object;
        let (namespace, name) = (object.namespace(), object.name.as_str());
        let key = object.key.as_deref();
        match object.kind {
            Kind::Secret => labels
                .and("secret_namespace", namespace)
                .and("secret_name", name)
                .and("secret_key", key.unwrap_or(TLS_CRT)),
            Kind::ConfigMap => labels
                .and("configmap_namespace", namespace)
                .and("configmap_name", name)
                .and("configmap_key", key.unwrap_or_default()),
            Kind::File => {
                let file = name.rsplit('/').next().unwrap_or(name);
                labels.and("filename", file).and("filepath", name)
            }
            kind @ (Kind::ValidatingWebhookConfiguration
            | Kind::MutatingWebhookConfiguration
            | Kind::ApiService
            | Kind::CustomResourceDefinition) => labels
                .and("cabundle_resource_kind", kind.as_str())
                .and("cabundle_resource_name", name)
                .and("cabundle_entry", key.unwrap_or_default()),
            kind => labels
                .and("kind", kind.as_str())
                .and("namespace", namespace)
                .and("name", name)
                .and("key", key.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "{{{}}}", self.0) }
    }
}

/// The common name in a name as it is shown: up to a comma that is not escaped.
fn common_name(shown: &str) -> &str {
    let mut begins = 0;
    let mut escaped = false;
    let mut ends = shown.char_indices().filter(|(_, character)| {
        let is_end = *character == ',' && !escaped;
        escaped = *character == '\\' && !escaped;
        is_end
    });
    loop {
        let end = ends.next().map(|(at, _)| at);
        let part = shown.get(begins..end.unwrap_or(shown.len())).unwrap_or_default();
        match (part.trim_start().strip_prefix("CN="), end) {
            (Some(name), _) => return name,
            (None, Some(end)) => begins = end + 1,
            (None, None) => return "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_no_label_and_an_empty_one_is_none() {
        let labels = Labels::default().and("a", "x\"} 1\n# HELP").and("b", "").and("c", "\\");
        assert_eq!(labels.to_string(), r#"{a="x\"} 1\\n# HELP",c="\\"}"#);
        assert_eq!(Labels::default().to_string(), "");
    }

    #[test]
    fn the_common_name_is_found_in_a_name_as_it_is_shown() {
        for (shown, name) in [
            ("CN=web", "web"),
            ("O=Acme, CN=web", "web"),
            ("CN=web,O=Acme", "web"),
            ("O=Acme\\, CN=no, CN=web", "web"),
            ("CN=a\\, b, O=Acme", "a\\, b"),
            ("O=Acme", ""),
            ("", ""),
        ] {
            assert_eq!(common_name(shown), name, "{shown}");
        }
    }
}
