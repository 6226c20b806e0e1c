//! Chains: the order in which the certificates of one `tls.crt` stand (RFC 8446 §4.4.2).
//!
//! Knows subject and issuer names only. Refuses to know trust: no root store, no signatures.

use super::cert::Certificate;

/// Where the order of a chain breaks: the certificate at `position` (from 0) was not issued by
/// the one that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfOrder {
    /// Position of the certificate, from 0.
    pub position: usize,
    /// The issuer it names.
    pub expected: String,
    /// The subject of the certificate behind it.
    pub found: String,
}

/// Checks that every certificate is followed by its issuer, as servers must send them.
///
/// # Errors
/// The first place where that is not so.
pub fn check_order(chain: &[Certificate]) -> Result<(), OutOfOrder> {
    for (position, pair) in chain.windows(2).enumerate() {
        if pair[0].issuer != pair[1].subject {
            return Err(OutOfOrder {
                position,
                expected: pair[0].issuer.clone(),
                found: pair[1].subject.clone(),
            });
        }
    }
    Ok(())
}
