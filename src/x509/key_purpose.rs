//! Extended key usages (RFC 5280 §4.2.1.12): what a certificate says it is for.
//!
//! Knows the purposes that have names, and which of them TLS is about. Refuses to know who asks for
//! which.

use super::oid::{self, Oid, OidBuf};
use std::borrow::Cow;
use std::fmt;
use x509_parser::extensions::ExtendedKeyUsage;

/// One purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPurpose {
    /// anyExtendedKeyUsage.
    Any,
    /// TLS servers.
    ServerAuth,
    /// TLS clients.
    ClientAuth,
    /// Signing of programs.
    CodeSigning,
    /// S/MIME.
    EmailProtection,
    /// Time stamps.
    TimeStamping,
    /// Answers of OCSP.
    OcspSigning,
    /// Another.
    Other(OidBuf),
}

impl KeyPurpose {
    /// Every purpose of the extension: those with names in the order of their numbers, then the
    /// others as they stand.
    #[must_use]
    pub fn all_of(usage: &ExtendedKeyUsage<'_>) -> Vec<Self> {
        let named = [
            (usage.any, Self::Any),
            (usage.server_auth, Self::ServerAuth),
            (usage.client_auth, Self::ClientAuth),
            (usage.code_signing, Self::CodeSigning),
            (usage.email_protection, Self::EmailProtection),
            (usage.time_stamping, Self::TimeStamping),
            (usage.ocsp_signing, Self::OcspSigning),
        ];
        let named = named.into_iter().filter(|(is_set, _)| *is_set).map(|(_, purpose)| purpose);
        let other = usage.other.iter().map(|other| Self::Other(Oid::of(other.as_bytes()).into()));
        named.chain(other).collect()
    }

    /// Its identifier.
    #[must_use]
    pub fn oid(&self) -> Oid<'_> {
        match self {
            Self::Any => oid::ANY_USAGE,
            Self::ServerAuth => oid::SERVER_AUTH,
            Self::ClientAuth => oid::CLIENT_AUTH,
            Self::CodeSigning => oid::CODE_SIGNING,
            Self::EmailProtection => oid::EMAIL_PROTECTION,
            Self::TimeStamping => oid::TIME_STAMPING,
            Self::OcspSigning => oid::OCSP_SIGNING,
            Self::Other(other) => other.oid(),
        }
    }

    /// Its name in RFC 5280; the identifier, dotted, where it has none there.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Any => "anyExtendedKeyUsage",
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::CodeSigning => "codeSigning",
            Self::EmailProtection => "emailProtection",
            Self::TimeStamping => "timeStamping",
            Self::OcspSigning => "OCSPSigning",
            Self::Other(oid) => return oid.to_string().into(),
        })
    }
}

/// Which end of a TLS connection a certificate that is made here is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// Servers.
    #[default]
    Server,
    /// Clients that show a certificate (mTLS).
    Client,
    /// What is both, such as a node among its peers.
    Both,
}

impl Usage {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Server, Self::Client, Self::Both];

    /// The extended key usages of such a certificate.
    #[must_use]
    pub const fn purposes(self) -> &'static [KeyPurpose] {
        match self {
            Self::Server => &[KeyPurpose::ServerAuth],
            Self::Client => &[KeyPurpose::ClientAuth],
            Self::Both => &[KeyPurpose::ServerAuth, KeyPurpose::ClientAuth],
        }
    }

    /// The usage that has all of `asked` which is about TLS; none where nothing of it is.
    #[must_use]
    pub fn taking(asked: &[KeyPurpose]) -> Option<Self> {
        let asks = |purpose| asked.contains(&purpose);
        match (asks(KeyPurpose::ServerAuth), asks(KeyPurpose::ClientAuth)) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Server),
            (false, true) => Some(Self::Client),
            (false, false) => None,
        }
    }

    /// As `--usage` takes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Both => "both",
        }
    }
}

impl fmt::Display for KeyPurpose {
    /// The identifier, dotted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.oid().fmt(f)
    }
}
