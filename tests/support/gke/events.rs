//! How Google's controllers write Events: one a message, counted, and only so many an object.
//!
//! Knows the limits of client-go's recorder. Refuses to know what is told.

use super::api::{Api, Kind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// So many Events an object has at once …
const BURST: f64 = 25.0;
/// … and one more in each such time, in seconds.
const ONE_MORE_IN: f64 = 300.0;

/// Who tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Teller {
    /// gke-managed-certs: it has one allowance for all Events of an object.
    ManagedCertificates,
    /// ingress-gce: it has one for each type.
    LoadBalancer,
}

impl Teller {
    const fn component(self) -> &'static str {
        match self {
            Self::ManagedCertificates => "managed-certificate-controller",
            Self::LoadBalancer => "loadbalancer-controller",
        }
    }
}

/// Whom the allowance is for: who tells, of which object (kind and name), and the type where each has
/// its own.
type Allowed = (Teller, String, &'static str);

/// The Events of one namespace.
#[derive(Default)]
pub(super) struct Recorder {
    allowances: BTreeMap<Allowed, (f64, Instant)>,
    /// Name and count of the Event for who tells, of what, and the text.
    written: BTreeMap<(Teller, String, String), (String, u64)>,
}

impl Recorder {
    /// Writes an Event, or counts it on the one that says the same; beyond the allowance it is lost.
    pub fn tell(
        &mut self,
        api: &Api,
        teller: Teller,
        about: &Value,
        (kind, reason, message): (&'static str, &str, &str),
    ) {
        let text = |key: &str| about["metadata"][key].as_str().unwrap_or_default().to_owned();
        let (name, of) = (text("name"), about["kind"].as_str().unwrap_or_default());
        let object = format!("{of}/{name}");
        if !self.may_tell(teller, &object, kind) {
            return;
        }
        let now = OffsetDateTime::now_utc();
        let at = now.replace_nanosecond(0).expect("none is a number");
        let at = at.format(&Rfc3339).expect("a date can be shown");
        let said = (teller, object, format!("{kind} {reason} {message}"));
        if let Some((event, count)) = self.written.get_mut(&said) {
            *count += 1;
            let again = json!({ "count": *count, "lastTimestamp": at });
            if api.patch(Kind::Event, event, teller.component(), &again).is_some() {
                return;
            }
        }
        let event = format!("{name}.{:x}", now.unix_timestamp_nanos());
        api.create(
            Kind::Event,
            &json!({
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": { "name": event, "namespace": api.namespace() },
                "involvedObject": {
                    "apiVersion": about["apiVersion"],
                    "kind": of,
                    "name": name,
                    "namespace": api.namespace(),
                    "uid": text("uid"),
                    "resourceVersion": text("resourceVersion"),
                },
                "type": kind,
                "reason": reason,
                "message": message,
                "source": { "component": teller.component() },
                "reportingComponent": teller.component(),
                "count": 1,
                "firstTimestamp": at,
                "lastTimestamp": at,
            }),
        );
        self.written.insert(said, (event, 1));
    }

    fn may_tell(&mut self, teller: Teller, object: &str, kind: &'static str) -> bool {
        let kind = if teller == Teller::LoadBalancer { kind } else { "" };
        let now = Instant::now();
        let allowance = self.allowances.entry((teller, object.to_owned(), kind));
        let (left, since) = allowance.or_insert((BURST, now));
        *left = (*left + (now - *since).as_secs_f64() / ONE_MORE_IN).min(BURST);
        *since = now;
        let may = *left >= 1.0;
        if may {
            *left -= 1.0;
        }
        may
    }
}
