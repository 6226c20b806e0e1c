//! Which keys Google's load balancers take. Source: Google's list for self-managed SSL certificates
//! (RSA-2048 and P-256 everywhere; RSA-3072, RSA-4096 and P-384 on regional load balancers), and what the
//! global ones were seen to take beyond it.

use crate::x509::key_kind::{Curve, KeyKind};

/// Where Google's load balancers take a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// On all of them.
    Everywhere,
    /// What Google promises only of regional ones; global ones take it.
    OnlyRegionally,
    /// It is not on Google's list; load balancers take it.
    NotListed,
    /// On none.
    Nowhere,
}

/// Where a key of this type is taken.
#[must_use]
pub const fn taken(kind: &KeyKind) -> Taken {
    match kind {
        KeyKind::Rsa { bits: 2048, pss: false } | KeyKind::Ec(Curve::P256) => Taken::Everywhere,
        KeyKind::Rsa { bits: 3072 | 4096, pss: false } | KeyKind::Ec(Curve::P384) => {
            Taken::OnlyRegionally
        }
        KeyKind::Rsa { bits: 2049.., pss: false } => Taken::NotListed,
        _ => Taken::Nowhere,
    }
}

/// Whether any of Google's load balancers takes a key of this type.
#[must_use]
pub const fn google_takes(kind: &KeyKind) -> bool {
    !matches!(taken(kind), Taken::Nowhere)
}
