//! Clients: which of them would refuse what a bundle holds, and why.
//!
//! Knows what each was measured to do (`tests/cases/clients.rs` asks Go, OpenSSL and rustls-webpki
//! again on every run), from facts alone: no client is linked in, and the DER is long gone when this
//! is asked. Takes for granted that the client trusts the issuer, or pins a self-signed
//! certificate, and asks for a host that the certificate is for. Refuses to say how bad it is: that
//! is the rules' business.

mod encoding;
mod issuers;
mod keys;
mod problem;

use crate::gke::limits::MAX_CHAIN;
use crate::instant;
use crate::inventory::bundle::Bundle;
use crate::x509::cert::{Certificate, HostMatch};
use crate::x509::chain;
use crate::x509::dates::DateForm;
use crate::x509::key::Pairing;
use crate::x509::key_purpose::KeyPurpose;
use crate::x509::name;
use crate::x509::oid::{self, Oid, OidBuf};
use crate::x509::pem::PemReader;
use crate::x509::san::{OtherSan, San};
pub use problem::Problem;
use problem::Problems;
use time::OffsetDateTime;

/// Somebody who looks at a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// rustls with rustls-webpki 0.103 and ring.
    Rustls,
    /// Go's crypto/x509 and crypto/tls, from 1.24 on.
    Go,
    /// OpenSSL 3 at security level 2, as Debian and Ubuntu set it up: curl, Python, nginx.
    OpenSsl,
    /// Chrome, Firefox and Safari: refused when one of them refuses.
    Browsers,
    /// Google's load balancer, which takes the certificate for serving (reference: ingress-gce).
    GkeLoadBalancer,
    /// gRPC's Python package with its `BoringSSL`: `PyMilvus`.
    GrpcPython,
}

impl Client {
    /// Every client, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Rustls,
        Self::Go,
        Self::OpenSsl,
        Self::Browsers,
        Self::GkeLoadBalancer,
        Self::GrpcPython,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::Go => "Go",
            Self::OpenSsl => "OpenSSL",
            Self::Browsers => "browsers",
            Self::GkeLoadBalancer => "GKE load balancer",
            Self::GrpcPython => "gRPC Python (PyMilvus)",
        }
    }
}

/// What one client makes of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The client.
    pub client: Client,
    /// Why it refuses; empty when it accepts. May hold names from outside.
    pub reasons: Vec<String>,
}

use Client::{Browsers, GkeLoadBalancer, Go, GrpcPython, OpenSsl, Rustls};

/// All that make handshakes and check names; the load balancer only serves.
const HANDSHAKES: &[Client] = &[Rustls, Go, OpenSsl, Browsers, GrpcPython];

/// What every client makes of certificate and key at `now`; nothing for bundles that hold no
/// certificate for a server, such as a file of roots.
#[must_use]
pub fn verdicts(bundle: &Bundle, now: OffsetDateTime) -> Vec<Verdict> {
    let Some(problems) = judged(bundle, now) else { return Vec::new() };
    Client::ALL.into_iter().map(|client| problems.of(client)).collect()
}

/// Each reason for which anybody refuses certificate and key at `now`, as [`verdicts`] has them.
#[must_use]
pub fn problems(bundle: &Bundle, now: OffsetDateTime) -> Vec<Problem> {
    judged(bundle, now).map(|problems| problems.0).unwrap_or_default()
}

/// What is wrong with the pair; none for bundles that hold no certificate for a server.
fn judged(bundle: &Bundle, now: OffsetDateTime) -> Option<Problems> {
    let first = bundle.leaf().filter(|_| bundle.leaf_position() == 0);
    let Some(leaf) = first.filter(|leaf| !leaf.is_ca || leaf.is_for_hosts()) else {
        return of_a_later_leaf(bundle);
    };
    let mut problems = Problems::default();
    about_the_pair(bundle, &mut problems);
    about_lifetime(leaf, now, &mut problems);
    issuers::about_issuers(bundle, now, &mut problems);
    about_names(leaf, &mut problems);
    about_form(leaf, &mut problems);
    about_use(leaf, &mut problems);
    keys::about_key(leaf, &mut problems);
    keys::about_signatures(bundle, &mut problems);
    Some(problems)
}

/// Servers take the first certificate for theirs, whichever it is: when it is a CA's and that of a
/// server stands behind it, nobody gets a connection.
fn of_a_later_leaf(bundle: &Bundle) -> Option<Problems> {
    let arrangement = chain::arrange(&bundle.certificates, bundle.key_position());
    let position = arrangement.path.first().copied().unwrap_or_default();
    // X.509 of the first version does not say what is a CA: a file of old roots is no chain.
    let is_for_servers = |leaf: &Certificate| {
        position > 0 && (leaf.is_for_hosts() || bundle.key_position() == Some(position))
    };
    if !bundle.certificates.get(position).is_some_and(|leaf| is_for_servers(leaf)) {
        return None;
    }
    let mut problems = Problems::default();
    let place = position + 1;
    let why = format!("the first certificate is not the server's, which is certificate {place}");
    problems.add(&Client::ALL, why).told_by(&["chain-out-of-order", "key-mismatch", "ca-as-leaf"]);
    Some(problems)
}

/// Why the client would refuse `leaf` for this host at `now`, though it was told to trust it: the
/// first reason; none when it takes it.
#[must_use]
pub fn refusal(
    client: Client,
    leaf: &Certificate,
    host: &str,
    now: OffsetDateTime,
) -> Option<String> {
    let mut problems = Problems::default();
    about_lifetime(leaf, now, &mut problems);
    match leaf.match_host(host) {
        HostMatch::San(_) => {}
        HostMatch::CommonNameOnly(_) => about_names(leaf, &mut problems),
        HostMatch::None => {
            problems.add(HANDSHAKES, format!("it does not name {host}"));
        }
    }
    about_use(leaf, &mut problems);
    keys::about_key(leaf, &mut problems);
    about_form(leaf, &mut problems);
    problems.of(client).reasons.into_iter().next()
}

/// A server that has the wrong key cannot be talked to by anybody.
fn about_the_pair(bundle: &Bundle, problems: &mut Problems) {
    if bundle.pairing == Pairing::Differs {
        problems
            .add(&Client::ALL, "the private key is not the first certificate's")
            .told_by(&["key-mismatch", "chain-out-of-order"]);
    }
    // Those of its issuers count too, where every block is a certificate of which the place is known.
    let path = chain::arrange(&bundle.certificates, Some(0)).path;
    let counts = |index: usize| index == 0 || bundle.damaged.is_empty() && path.contains(&index);
    for odd in bundle.odd.iter().filter(|odd| counts(odd.index)) {
        let who: Vec<Client> = odd.what.unread_by().iter().map(|one| who_reads_by(*one)).collect();
        let whose = if odd.index == 0 { "its block" } else { "an issuer's block" };
        problems
            .add(&who, format!("they ignore {whose}: {}", odd.what.what()))
            .told_by(&["cert-unreadable"]);
    }
    if !bundle.damaged.is_empty() {
        problems
            .add(&[Go, OpenSsl, GrpcPython], "a certificate beside it cannot be read")
            .told_by(&["cert-unreadable"]);
    }
    let count = bundle.certificates.len() + bundle.damaged.len();
    if count > MAX_CHAIN {
        let why = format!("it takes at most {MAX_CHAIN} certificates, and there are {count}");
        problems.add(&[GkeLoadBalancer], why).told_by(&["gke-chain-too-long"]);
    }
}

/// The client that reads its pinned certificate so.
const fn who_reads_by(reader: PemReader) -> Client {
    match reader {
        PemReader::Rustls => Rustls,
        PemReader::Go => Go,
        PemReader::OpenSsl => OpenSsl,
        PemReader::BoringSsl => GrpcPython,
    }
}

fn about_lifetime(leaf: &Certificate, now: OffsetDateTime, problems: &mut Problems) {
    if leaf.not_after < now {
        let why = format!("it expired on {}", instant::show_date(leaf.not_after));
        problems.add(HANDSHAKES, why).told_by(&["expired"]);
    } else if leaf.not_before > now {
        let from = instant::show_date(leaf.not_before);
        problems
            .add(HANDSHAKES, format!("it is not valid before {from}"))
            .told_by(&["not-yet-valid"]);
    }
    if leaf.not_after == now {
        // RFC 5280 counts the last second in; OpenSSL does not.
        problems.add(&[OpenSsl], "it is in its last second").told_by(&["expired", "expires-soon"]);
    }
}

fn about_names(leaf: &Certificate, problems: &mut Problems) {
    let lives = |name: &San| match name {
        San::Dns(text) => name::dead_dns_name(text).is_none(),
        San::Ip(_) => true,
        San::Email(_) | San::Uri(_) | San::Other(_) => false,
    };
    let malformed = leaf.names.contains(&San::Other(OtherSan::MalformedIp));
    if !leaf.san_is_readable {
        problems
            .add(HANDSHAKES, "its subjectAltName cannot be parsed")
            .told_by(NAMELESS)
            .not_loaded_by_go(true);
    } else if leaf.names.iter().any(lives) {
        if malformed {
            problems
                .add(&[Go, Browsers, GrpcPython], "its subjectAltName has a malformed name")
                .told_by(NAMELESS)
                .not_loaded_by_go(true);
        }
    } else {
        let (who, why) = who_finds_no_name(leaf);
        problems.add(who, why).told_by(NAMELESS);
    }
}

/// Rules that tell of names nobody can match.
const NAMELESS: &[&str] = &["cn-only", "san-malformed", "host-not-covered"];

/// Who does not find a host in a certificate that has none among its names, and why.
fn who_finds_no_name(leaf: &Certificate) -> (&'static [Client], &'static str) {
    if leaf.dns().any(name::is_wildcard_of_one_label) {
        let who: &[Client] = &[Rustls, OpenSsl, Browsers, GrpcPython];
        return (who, "its wildcard has only one label after it");
    }
    if leaf.dns().next().is_some() || !falls_back(leaf) {
        return (HANDSHAKES, "it names no host or address that can be matched");
    }
    let why = if leaf.has_san {
        "its subjectAltName names no host"
    } else {
        "it has no subjectAltName, and its common name does not count"
    };
    (&[Rustls, Go, Browsers], why)
}

/// Whether clients that fall back to the common name find a host there.
fn falls_back(leaf: &Certificate) -> bool {
    leaf.common_names().any(name::is_host_name)
}

fn about_form(leaf: &Certificate, problems: &mut Problems) {
    match leaf.date_form {
        DateForm::Plain => {}
        DateForm::Offset => {
            problems.add(
                &[Rustls, OpenSsl, Browsers],
                "a date of it is not written in UTC to the second",
            );
        }
        DateForm::Fraction => {
            problems.add(HANDSHAKES, "a date of it is not written to the second");
        }
    }
    if leaf.version < 3 {
        problems
            .add(&[Rustls], format!("it is of X.509 version {}", leaf.version))
            .told_by(NAMELESS);
    }
    encoding::about_encoding(leaf, None, problems);
    if !leaf.unusual_critical.is_empty() {
        let who = who_does_not_know(&leaf.unusual_critical);
        let oids = listed(&leaf.unusual_critical);
        problems.add(who, format!("it has a critical extension that they do not know: {oids}"));
    }
    if leaf.trailing_bytes > 0 {
        problems
            .add(&[Rustls, Go, OpenSsl, GrpcPython], "bytes follow it in its block")
            .told_by(&["trailing-data"])
            .not_loaded_by_go(true);
    }
    if leaf.serial.starts_with('-') {
        problems
            .add(&[Go], "its serial number is negative")
            .told_by(&["bad-serial"])
            .not_loaded_by_go(true);
    }
    if leaf.lifetime_seconds() > crate::x509::profile::MAX_ROTATED_LIFETIME.whole_seconds() {
        problems
            .add(&[Browsers], "Safari: it lives for more than 825 days")
            .told_by(&["lifetime-too-long"]);
    }
}

/// Who does not know one of these critical extensions.
fn who_does_not_know(critical: &[OidBuf]) -> &'static [Client] {
    let are_policies = critical.iter().all(|oid| oid::POLICIES.contains(&oid.oid()));
    if are_policies { &[Rustls] } else { HANDSHAKES }
}

fn listed(critical: &[OidBuf]) -> String {
    critical.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

const DIGITAL_SIGNATURE: u16 = 1;
const KEY_ENCIPHERMENT: u16 = 1 << 2;
const KEY_AGREEMENT: u16 = 1 << 4;

fn about_use(leaf: &Certificate, problems: &mut Problems) {
    if leaf.is_ca {
        problems.add(&[Rustls], "it says that it is a CA").told_by(&["ca-as-leaf"]);
        problems.add(&[Browsers], "Firefox: it says that it is a CA").told_by(&["ca-as-leaf"]);
    }
    about_usages(leaf, problems);
    let Some(usage) = leaf.key_usage else { return };
    // That of a CA comes with being one.
    let told_by: &[_] = if leaf.is_ca { &["ca-as-leaf"] } else { &[] };
    if usage & (DIGITAL_SIGNATURE | KEY_ENCIPHERMENT | KEY_AGREEMENT) == 0 {
        problems
            .add(&[OpenSsl], "its key usage allows nothing that a server does")
            .told_by(told_by);
    }
    if usage & DIGITAL_SIGNATURE == 0 {
        problems
            .add(&[Browsers, GrpcPython], "its key usage lacks digitalSignature")
            .told_by(told_by);
    }
}

fn about_usages(leaf: &Certificate, problems: &mut Problems) {
    let Some(usages) = &leaf.extended_key_usage else { return };
    if usages.contains(&KeyPurpose::ServerAuth) {
        return;
    }
    let mut add = |who: &[Client], why: &str| {
        problems.add(who, why).told_by(&["missing-server-auth"]);
    };
    let why = if usages.contains(&KeyPurpose::Any) {
        let why = "its extended key usage says \"any\" instead of serverAuth";
        add(&[Rustls, OpenSsl], why);
        why
    } else {
        let why = "its extended key usage does not name serverAuth";
        add(&[Rustls, Browsers], why);
        // Go takes an empty list for no limit, OpenSSL the gated cryptography of the nineties.
        if !usages.is_empty() {
            add(&[Go], why);
        }
        if !usages.iter().any(|usage| GATED.contains(&usage.oid())) {
            add(&[OpenSsl], why);
        }
        why
    };
    // gRPC's Python package was measured to connect where the certificate is pinned.
    if !leaf.self_signed {
        add(&[GrpcPython], why);
    }
}

/// Server Gated Cryptography, of Microsoft and of Netscape.
const GATED: [Oid<'static>; 2] = [oid::MICROSOFT_GATED, oid::NETSCAPE_GATED];

#[cfg(test)]
mod tests;
