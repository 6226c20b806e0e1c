//! A TLS handshake as it was seen: what the server showed, or how far it came and what stopped it.
//!
//! Knows bytes, numbers and stages. Refuses to judge: whether a certificate is the right one, or
//! signed by whoever it names, is asked elsewhere.

use std::fmt;
use std::net::SocketAddr;

/// A place to connect to, before its name is looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// An IP address or a DNS name, without brackets.
    pub address: String,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.contains(':') {
            write!(f, "[{}]:{}", self.address, self.port)
        } else {
            write!(f, "{}:{}", self.address, self.port)
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip().to_string(), port: address.port() }
    }
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    /// Reads `HOST:PORT`, `1.2.3.4:443` or `[::1]:443`.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected HOST:PORT such as shop.example:443, found {text:?}");
        let (address, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?;
        let bracketed = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let fine = match bracketed {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !address.is_empty() && address.chars().all(plain),
        };
        if !fine {
            return Err(wrong());
        }
        Ok(Self { address: bracketed.unwrap_or(address).to_owned(), port })
    }
}

/// One handshake, with one address, for one host.
#[derive(Clone, Debug)]
pub struct HandshakeSeen {
    /// The name that was sent as SNI (RFC 6066 §3); none when none was.
    pub host: Option<String>,
    /// Where it was to be made.
    pub endpoint: Endpoint,
    /// The address that was connected to; none when the endpoint's name has none.
    pub address: Option<SocketAddr>,
    /// The certificates the server sent, DER, in its order.
    pub chain: Vec<Vec<u8>>,
    /// What the server signed to prove that it has the first one's key.
    pub signed: Option<Signed>,
    /// What was agreed on; none when it did not come to an end.
    pub agreed: Option<Agreed>,
    /// What stopped it.
    pub failure: Option<HandshakeFailure>,
    /// Whether the server asked for a certificate of the client's; none was sent.
    pub asks_client_certificate: bool,
}

/// A signature over the handshake (RFC 8446 §4.4.3, RFC 5246 §7.4.3).
#[derive(Clone, Debug)]
pub struct Signed {
    /// The `SignatureScheme` (RFC 8446 §4.2.3).
    pub scheme: u16,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// What both sides agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The protocol chosen by ALPN (RFC 7301) among `h2` and `http/1.1`; none when the server
    /// does not take part.
    pub alpn: Option<String>,
    /// The cipher suite, by its IANA name.
    pub cipher: String,
}

/// What stopped a handshake, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeFailure {
    /// How far it had come.
    pub stage: Stage,
    /// What happened.
    pub kind: FailureKind,
    /// The same in words, with the evidence.
    pub message: String,
}

/// How far a handshake came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The name was being looked up.
    Resolving,
    /// The TCP connection was being made.
    Connecting,
    /// The `ClientHello` was sent and nothing had come back.
    Hello,
    /// The server had answered, and not to the end.
    Handshake,
}

impl Stage {
    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolving => "resolving",
            Self::Connecting => "connecting",
            Self::Hello => "hello",
            Self::Handshake => "handshake",
        }
    }

    /// For people, behind "while".
    #[must_use]
    pub const fn doing(self) -> &'static str {
        match self {
            Self::Resolving => "looking up its name",
            Self::Connecting => "connecting",
            Self::Hello => "waiting for the first byte of its answer",
            Self::Handshake => "in the middle of the handshake",
        }
    }
}

/// What stopped a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The name has no address, or cannot be sent as SNI.
    NoAddress,
    /// The connection was refused, or there is no way to the address.
    Refused,
    /// The connection was reset.
    Reset,
    /// The server closed the connection without a word.
    Closed,
    /// The time was over.
    Timeout,
    /// The server sent this fatal alert (RFC 8446 §6).
    Alert(u8),
    /// The server speaks HTTP without TLS there.
    PlainHttp,
    /// The server speaks something else there.
    NotTls,
    /// No TLS version in common: it has neither 1.2 nor 1.3.
    Version,
    /// It sent more than a handshake may take.
    TooLarge,
    /// The server broke the protocol, or wants what nobody here can do.
    Protocol,
    /// The time for all handshakes was over before this one.
    NotTried,
}

impl FailureKind {
    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Alert(_) => "alert",
            Self::PlainHttp => "plain-http",
            Self::NotTls => "not-tls",
            Self::Version => "tls-version",
            Self::TooLarge => "too-large",
            Self::Protocol => "protocol",
            Self::NotTried => "not-tried",
        }
    }

    /// The number of the alert that was sent (RFC 8446 §6).
    #[must_use]
    pub const fn alert(self) -> Option<u8> {
        match self {
            Self::Alert(code) => Some(code),
            Self::NoAddress
            | Self::Version
            | Self::Refused
            | Self::Reset
            | Self::Closed
            | Self::Timeout
            | Self::PlainHttp
            | Self::NotTls
            | Self::TooLarge
            | Self::Protocol
            | Self::NotTried => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_as_it_is_written() {
        for (text, address, port) in [
            ("shop.example:443", "shop.example", 443),
            ("10.0.0.1:8443", "10.0.0.1", 8443),
            ("[::1]:443", "::1", 443),
            ("localhost:1", "localhost", 1),
        ] {
            let read: Endpoint = text.parse().expect(text);
            assert_eq!((read.address.as_str(), read.port), (address, port));
            assert_eq!(read.to_string(), text);
        }
        for text in [
            "",
            "shop.example",
            ":443",
            "a:0",
            "a:70000",
            "::1:443",
            "[::1]",
            "[a]:443",
            "a b:1",
            "a:b",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
