//! Subject alternative names (RFC 5280 §4.2.1.6): what a certificate is for.
//!
//! Knows the forms that are written here, and those that are only shown. Refuses to know which
//! host a name covers ([`name`]).

use super::name;
use std::fmt;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;

/// One subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San {
    /// dNSName.
    Dns(String),
    /// iPAddress.
    Ip(IpAddr),
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// Any other form, which certwright shows and cannot write.
    Other(OtherSan),
}

/// A name of a form that is not written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSan {
    /// directoryName.
    DirectoryName,
    /// registeredID.
    RegisteredId,
    /// otherName.
    OtherName,
    /// x400Address.
    X400Address,
    /// ediPartyName.
    EdiPartyName,
    /// An iPAddress that is neither of 4 nor of 16 bytes.
    MalformedIp,
    /// A name that is none of its form.
    Malformed,
}

impl OtherSan {
    /// Its form, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DirectoryName => "directoryName",
            Self::RegisteredId => "registeredID",
            Self::OtherName => "otherName",
            Self::X400Address => "x400Address",
            Self::EdiPartyName => "ediPartyName",
            Self::MalformedIp => "malformed iPAddress",
            Self::Malformed => "malformed name",
        }
    }

    /// Whether it is no name at all.
    #[must_use]
    pub const fn is_malformed(self) -> bool {
        matches!(self, Self::MalformedIp | Self::Malformed)
    }
}

impl fmt::Display for OtherSan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl San {
    /// The name as it stands in a certificate or a request.
    #[must_use]
    pub fn of(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::DNSName(text) => Self::Dns((*text).to_owned()),
            GeneralName::RFC822Name(text) => Self::Email((*text).to_owned()),
            GeneralName::URI(text) => Self::Uri((*text).to_owned()),
            GeneralName::IPAddress(bytes) => {
                address(bytes).map_or(Self::Other(OtherSan::MalformedIp), Self::Ip)
            }
            GeneralName::DirectoryName(_) => Self::Other(OtherSan::DirectoryName),
            GeneralName::RegisteredID(_) => Self::Other(OtherSan::RegisteredId),
            GeneralName::OtherName(..) => Self::Other(OtherSan::OtherName),
            GeneralName::X400Address(_) => Self::Other(OtherSan::X400Address),
            GeneralName::EDIPartyName(_) => Self::Other(OtherSan::EdiPartyName),
            GeneralName::Invalid(..) => Self::Other(OtherSan::Malformed),
        }
    }

    /// The name as people read it: see [`name::shown`].
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Dns(text) => name::shown(text),
            Self::Ip(_) | Self::Email(_) | Self::Uri(_) | Self::Other(_) => self.to_string(),
        }
    }
}

/// The address of 4 or 16 bytes, version 4 or 6.
pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

impl fmt::Display for San {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) => f.write_str(text),
            Self::Ip(address) => write!(f, "{address}"),
            Self::Other(form) => write!(f, "({form})"),
        }
    }
}
