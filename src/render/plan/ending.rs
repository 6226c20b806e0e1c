//! How a command that worked towards a goal has ended, beside its steps.

use crate::plan::managed::Awaited;
use crate::plan::step::Step;
use crate::remedy::Advice;
use crate::render::wire::{WireManaged, WireRef};
use serde::Serialize;
use std::net::IpAddr;

/// How it ended, and how everything stood then.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Why it went on no further.
    pub word: Ended,
    /// The Ingress's address, where there is one: an IP or a host name.
    pub address: Option<String>,
    /// The domains that are to lead there.
    pub domains: Vec<String>,
    /// The ManagedCertificate that was waited for.
    pub managed: Option<Awaited>,
    /// What was waited for last, for people; none once it has come about.
    pub waiting: Option<String>,
    /// Why it has not come about, and what to do.
    pub advice: Option<Advice>,
    /// Steps of a batch that was cut off: all but the last were carried out, that one perhaps.
    pub under_way: Vec<Step>,
    /// The command line that goes on, where another run of it does.
    pub again: Option<String>,
}

/// Why a command went on no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its goal is reached.
    Done,
    /// What stands in the way was there before.
    Refused,
    /// Nothing but a person can help.
    Hopeless,
    /// A step failed, or nobody wanted to wait.
    Stopped,
    /// The time was up.
    TimedOut,
}

impl Ended {
    const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Hopeless => "hopeless",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed-out",
        }
    }
}

/// A record that DNS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord<'e> {
    /// The domain, without the dot at its end.
    pub name: &'e str,
    /// `A`, `AAAA` or `CNAME`.
    pub kind: &'static str,
    /// Where it leads.
    pub value: &'e str,
}

impl Ending {
    /// What DNS needs for every domain; nothing while there is no address.
    pub fn records(&self) -> impl Iterator<Item = DnsRecord<'_>> {
        let address = self.address.iter();
        address.flat_map(|value| {
            let kind = record_kind(value);
            self.domains.iter().map(move |name| DnsRecord { name, kind, value })
        })
    }
}

/// The type of the DNS record that leads to this address.
#[must_use]
pub fn record_kind(address: &str) -> &'static str {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => "A",
        Ok(IpAddr::V6(_)) => "AAAA",
        Err(_) => "CNAME",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireEnding<'a> {
    ended: &'static str,
    address: Option<&'a str>,
    dns_records: Vec<WireRecord<'a>>,
    managed: Option<WireAwaited<'a>>,
    waiting_for: Option<&'a str>,
    cause: Option<&'a str>,
    remedy: Option<String>,
    under_way: Vec<WireRef<'a>>,
    again: Option<&'a str>,
}

#[derive(Serialize)]
struct WireRecord<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireAwaited<'a> {
    #[serde(flatten)]
    managed: WireManaged<'a>,
    certificate_name: Option<&'a str>,
    attached: bool,
}

impl<'a> WireEnding<'a> {
    pub(super) fn of(ending: &'a Ending) -> Self {
        let records = ending.records();
        Self {
            ended: ending.word.code(),
            address: ending.address.as_deref(),
            dns_records: records
                .map(|DnsRecord { name, kind, value }| WireRecord { name, kind, value })
                .collect(),
            managed: ending.managed.as_ref().map(wire_awaited),
            waiting_for: ending.waiting.as_deref(),
            cause: ending.advice.as_ref().map(|advice| advice.message.as_str()),
            remedy: ending.advice.as_ref().map(|advice| advice.remedy.to_string()),
            under_way: ending.under_way.iter().map(|step| WireRef::of(step.object())).collect(),
            again: ending.again.as_deref(),
        }
    }
}

fn wire_awaited(awaited: &Awaited) -> WireAwaited<'_> {
    WireAwaited {
        managed: WireManaged::of(&awaited.object, &awaited.managed),
        certificate_name: awaited.managed.certificate_name.as_deref(),
        attached: awaited.attached,
    }
}
