//! The certificates above a server's own: what clients refuse about them.
//!
//! Knows path validation (RFC 5280 §6.1), which every client does, and where they differ. Refuses
//! to look at the root that ends a path: clients have their own copy, and ask nothing of it.

use super::{
    Browsers, Go, GrpcPython, HANDSHAKES, OpenSsl, Problems, Rustls, encoding, listed,
    who_does_not_know,
};
use crate::instant;
use crate::inventory::bundle::Bundle;
use crate::x509::cert::Certificate;
use crate::x509::chain::{self, Arrangement};
use crate::x509::key_kind::{Curve, KeyKind};
use crate::x509::key_purpose::KeyPurpose;
use std::sync::Arc;
use time::OffsetDateTime;

/// What is wrong with the path above the first certificate.
pub(super) fn about_issuers(bundle: &Bundle, now: OffsetDateTime, problems: &mut Problems) {
    let chain = &bundle.certificates;
    let arrangement = chain::arrange(chain, Some(0));
    for (place, pair) in arrangement.path.windows(2).enumerate() {
        let (below, issuer) = (&chain[pair[0]], &chain[pair[1]]);
        about_the_link(below, issuer, problems);
        about_its_dates(issuer, now, problems);
        check_issuer_may_sign(issuer, problems);
        encoding::about_encoding(issuer, Some(&issuer.subject), problems);
        about_its_key(issuer, problems);
        about_its_limits(chain, &arrangement, place + 1, problems);
    }
    check_same_name_issuers(chain, &arrangement, now, problems);
}

/// Name and key identifier, where they are not written alike.
fn about_the_link(below: &Certificate, issuer: &Certificate, problems: &mut Problems) {
    if issuer.subject_name.exact != below.issuer_name.exact {
        problems.add(
            &[Rustls, Go],
            format!(
                "the issuer \"{}\" is written in other bytes than in the issuer's own certificate",
                below.issuer
            ),
        );
    }
    if chain::key_ids_differ(issuer, below) {
        problems.add(
            &[OpenSsl, GrpcPython],
            format!(
                "the certificate of {} has another key identifier than that of its issuer {}",
                below.subject, issuer.subject
            ),
        );
    }
}

fn about_its_dates(issuer: &Certificate, now: OffsetDateTime, problems: &mut Problems) {
    let subject = &issuer.subject;
    if issuer.not_after < now {
        let when = instant::show_date(issuer.not_after);
        problems
            .add(HANDSHAKES, format!("its issuer {subject} expired on {when}"))
            .told_by(&["expired", "chain-expires-first"]);
    } else if issuer.not_before > now {
        let from = instant::show_date(issuer.not_before);
        problems
            .add(HANDSHAKES, format!("its issuer {subject} is not valid before {from}"))
            .told_by(&["not-yet-valid"]);
    }
}

/// Whether it may issue certificates, and those of servers.
fn check_issuer_may_sign(issuer: &Certificate, problems: &mut Problems) {
    let subject = &issuer.subject;
    if issuer.version < 3 {
        let version = issuer.version;
        let why = format!("its issuer {subject} is of X.509 version {version}, and so no CA");
        problems.add(HANDSHAKES, why);
    } else if !issuer.is_ca {
        problems.add(HANDSHAKES, format!("its issuer {subject} is not a CA (basicConstraints)"));
    } else if !issuer.may_sign_certificates() {
        // webpki does not look at keyUsage.
        let why = format!("its issuer {subject} may not sign certificates (keyUsage)");
        problems.add(&[Go, OpenSsl, Browsers, GrpcPython], why);
    }
    about_its_usages(issuer, problems);
    if !issuer.unusual_critical.is_empty() {
        let who = who_does_not_know(&issuer.unusual_critical);
        let oids = listed(&issuer.unusual_critical);
        let why = format!("its issuer {subject} has a critical extension they do not know: {oids}");
        problems.add(who, why);
    }
}

fn about_its_usages(issuer: &Certificate, problems: &mut Problems) {
    let Some(usages) = &issuer.extended_key_usage else { return };
    if usages.contains(&KeyPurpose::ServerAuth) {
        return;
    }
    let subject = &issuer.subject;
    if usages.contains(&KeyPurpose::Any) {
        let why = format!("its issuer {subject} says \"any\" instead of serverAuth");
        problems.add(&[Rustls, OpenSsl, GrpcPython], why);
    } else {
        let why = format!("its issuer {subject} may not issue for servers (extendedKeyUsage)");
        problems.add(HANDSHAKES, why);
    }
}

fn about_its_key(issuer: &Certificate, problems: &mut Problems) {
    let key = &issuer.key_type;
    let why = format!("its issuer {} has a key of type {key}", issuer.subject);
    let who: &[_] = match key {
        KeyKind::Rsa { bits: ..1024, pss: false } => HANDSHAKES,
        // Apple asks 2048 bits of issuers too (support.apple.com/en-us/103769).
        KeyKind::Rsa { bits: 1024..2048, pss: false } => &[Rustls, OpenSsl, Browsers],
        KeyKind::Rsa { bits: 8193.., pss: false } => &[Rustls, Go, Browsers],
        KeyKind::Ec(Curve::P521 | Curve::P224) => &[Rustls, Browsers],
        // Of Ed25519 and Ed448 the signatures tell, wherever their issuer is.
        KeyKind::Ec(Curve::P256 | Curve::P384)
        | KeyKind::Ed25519
        | KeyKind::Ed448
        | KeyKind::Rsa { .. } => return,
        _ => &[Rustls, Go, Browsers, GrpcPython],
    };
    problems.add(who, why).told_by(&["weak-key"]);
}

/// How far down and for which names it may issue.
fn about_its_limits(
    chain: &[Arc<Certificate>],
    arrangement: &Arrangement,
    place: usize,
    problems: &mut Problems,
) {
    let Some((issuer, leaf)) = arrangement.path.get(place).zip(arrangement.path.first()) else {
        return;
    };
    let (issuer, leaf) = (&chain[*issuer], &chain[*leaf]);
    let between = arrangement.path.get(1..place).unwrap_or_default();
    let below = between.iter().filter(|position| !chain[**position].issuer_is_subject).count();
    if issuer.path_length.is_some_and(|most| u64::try_from(below).unwrap_or(u64::MAX) > most.into())
    {
        problems.add(
            HANDSHAKES,
            format!("its issuer {} has more CAs below it than it may have", issuer.subject),
        );
    }
    let limits = issuer.name_limits.as_deref();
    if let Some(name) = limits.and_then(|limits| limits.broken_by(&leaf.names)) {
        let why = format!("its issuer {} may not issue for {name}", issuer.subject);
        problems.add(HANDSHAKES, why);
    }
}

/// Certificates that bear the name of an issuer and are it not: by the signature, which does not
/// verify. Clients that try every one pass over them; OpenSSL takes the first that looks right.
fn check_same_name_issuers(
    chain: &[Arc<Certificate>],
    arrangement: &Arrangement,
    now: OffsetDateTime,
    problems: &mut Problems,
) {
    let all = || chain.iter().map(Arc::as_ref);
    for position in &arrangement.path {
        let certificate = &chain[*position];
        let false_one = |other: &&Certificate| certificate.is_signed_by(other) == Some(false);
        let bearers = || all().filter(|other| chain::issuer_name_matches(other, certificate));
        let Some(wrong) = bearers().find(false_one) else { continue };
        let why = format!(
            "the signature of {} does not verify under the key of {}, which is beside it",
            certificate.subject, wrong.subject
        );
        let looks_right = |other: &&Certificate| !chain::key_ids_differ(other, certificate);
        let in_date = |other: &&Certificate| other.not_before <= now && now <= other.not_after;
        let first = bearers().filter(looks_right).find(in_date);
        let is_alone = bearers().all(|other| false_one(&other));
        if is_alone {
            problems.add(HANDSHAKES, why);
        } else if first.is_some_and(|first| false_one(&first)) {
            problems.add(&[OpenSsl, GrpcPython], format!("{why} before the right one"));
        }
    }
}
