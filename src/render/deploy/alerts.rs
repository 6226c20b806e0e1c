//! Alert rules for Prometheus, over the metrics of `check -o prometheus` and of x509-certificate-exporter.
//!
//! Knows expressions, and says in each alert what to do. Refuses to know how the metrics come to Prometheus.

use super::metadata;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One alert.
struct Alert {
    name: &'static str,
    expr: &'static str,
    /// How long it must hold: a rotation that is under way is nobody's alarm.
    hold: &'static str,
    severity: &'static str,
    summary: &'static str,
    description: &'static str,
}

/// Names of the Secret, or of the file where there is none.
macro_rules! which {
    () => {
        "{{ $labels.secret_namespace }}/{{ $labels.secret_name }}{{ $labels.filepath }}"
    };
}

/// The alerts. Times are compared with `time()`, so that a series that is not renewed goes on telling the
/// truth; what tells nothing any more has an alert of its own.
const ALERTS: &[Alert] = &[
    Alert {
        name: "CertificateExpired",
        expr: "x509_cert_not_after - time() <= 0",
        hold: "0m",
        severity: "critical",
        summary: concat!("Certificate ", which!(), " has expired"),
        description: "Clients refuse it. certwright check names who serves it and what to do.",
    },
    Alert {
        name: "CertificateExpiresInAWeek",
        expr: "0 < x509_cert_not_after - time() < 7 * 86400",
        hold: "1h",
        severity: "critical",
        summary: concat!("Certificate ", which!(), " expires in {{ $value | humanizeDuration }}"),
        description: "Whoever renews it has not. certwright rotate --due renews what is self-signed.",
    },
    Alert {
        name: "CertificateExpiresInThreeWeeks",
        // cert-manager renews a certificate of 90 days 30 days before its end.
        expr: "7 * 86400 <= x509_cert_not_after - time() < 21 * 86400",
        hold: "1h",
        severity: "warning",
        summary: concat!("Certificate ", which!(), " expires in {{ $value | humanizeDuration }}"),
        description: "Whoever renews it should have by now. certwright check tells who that is.",
    },
    Alert {
        name: "CertificateNotYetValid",
        expr: "x509_cert_not_before - time() > 0",
        hold: "15m",
        severity: "warning",
        summary: concat!("Certificate ", which!(), " is not valid yet"),
        description: "Clients refuse it until then. Look at the clock of whoever issued it.",
    },
    Alert {
        name: "CertificateRotationOverdue",
        expr: "time() - certwright_rotation_due_timestamp_seconds > 2 * 86400",
        hold: "1h",
        severity: "warning",
        summary: concat!(
            "Certificate ",
            which!(),
            " has been due for {{ $value | humanizeDuration }}"
        ),
        description: "A daily certwright rotate --due would have renewed it: look at the job's log.",
    },
    Alert {
        name: "IngressHostNotCovered",
        expr: "certwright_ingress_host_covered == 0",
        hold: "15m",
        severity: "critical",
        summary: "No certificate covers {{ $labels.host }}",
        description: "Clients get a certificate of another name. certwright check tells which Secret lacks it.",
    },
    Alert {
        name: "ServedCertificateDiffers",
        expr: "certwright_served_matches_stored == 0",
        hold: "30m",
        severity: "warning",
        summary: "{{ $labels.host }} serves another certificate than its Secret holds",
        description: "The load balancer did not take the new one up. certwright verify shows both.",
    },
    Alert {
        name: "CertwrightErrors",
        expr: "sum(certwright_findings{severity=\"error\"}) by (rule) > 0",
        hold: "1h",
        severity: "warning",
        summary: "certwright finds {{ $value }} errors of rule {{ $labels.rule }}",
        description: "certwright explain {{ $labels.rule }} tells what it means and what to do.",
    },
    Alert {
        name: "CertificateMetricsAbsent",
        expr: "absent(x509_cert_not_after)",
        hold: "2h",
        severity: "warning",
        summary: "No metrics of certificates",
        description: "None of these alerts can fire. Look at whoever writes them.",
    },
    Alert {
        name: "CertwrightJobFailed",
        expr: "kube_job_status_failed{job_name=~\"certwright.*\"} > 0",
        hold: "0m",
        severity: "warning",
        summary: "Job {{ $labels.namespace }}/{{ $labels.job_name }} has failed",
        description: "Somebody must act, or it could not look. kubectl logs job/{{ $labels.job_name }} tells.",
    },
    Alert {
        name: "CertwrightJobNotRun",
        expr: "time() - kube_cronjob_status_last_successful_time{cronjob=~\"certwright.*\"} > 2 * 86400",
        hold: "1h",
        severity: "warning",
        summary: "CronJob {{ $labels.namespace }}/{{ $labels.cronjob }} has not succeeded for {{ $value | humanizeDuration }}",
        description: "Nobody looks at certificates. kubectl describe cronjob/{{ $labels.cronjob }} tells why.",
    },
];

/// The rules as Prometheus reads them from a file.
#[must_use]
pub fn rules() -> Value {
    let rules: Vec<Value> = ALERTS.iter().map(Alert::rule).collect();
    json!({ "groups": [{ "name": "certwright", "rules": rules }] })
}

/// The same as Prometheus Operator's `PrometheusRule`, with labels by which a Prometheus selects it.
#[must_use]
pub fn operator(name: &str, namespace: &str, labels: &BTreeMap<String, String>) -> Value {
    let mut metadata = metadata(name, Some(namespace));
    for (key, value) in labels {
        metadata["labels"][key] = json!(value);
    }
    json!({
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata,
        "spec": rules(),
    })
}

impl Alert {
    fn rule(&self) -> Value {
        json!({
            "alert": self.name,
            "expr": self.expr,
            "for": self.hold,
            "labels": { "severity": self.severity },
            "annotations": { "summary": self.summary, "description": self.description },
        })
    }
}
