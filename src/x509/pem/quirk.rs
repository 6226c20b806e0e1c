//! Quirks: ways of writing PEM that are read here, and not by everybody.
//!
//! Knows who passes over which, as it was measured. Refuses to know how each is found: the reader
//! and `marks` do.

/// A way of writing a block that is read here, and not by every server. Measured with OpenSSL
/// 3.0, Go's `encoding/pem` and rustls-pemfile: who does not see an oddly written block says
/// nothing of it, and takes the next one for the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemQuirk {
    /// A byte order mark stands before the BEGIN line: OpenSSL reads it, Go and rustls do not.
    ByteOrderMark,
    /// The BEGIN or END line is indented: nobody else reads it.
    Misplaced,
    /// A byte order mark stands in the base64 or before END: nobody else reads it.
    InnerMark,
    /// Lines end in a bare CR: of the others, rustls alone reads it.
    BareCr,
    /// The label is an old spelling (`TRUSTED CERTIFICATE`): OpenSSL reads it, Go and rustls do not.
    OldLabel,
    /// The END line has another label than the BEGIN line: nobody else reads it.
    OtherEnd,
    /// The last bytes lack their `=`: of the others, rustls alone reads it.
    NoPadding,
    /// A blank line stands behind the first line of base64: OpenSSL takes what is before it for
    /// headers.
    BlankLines,
    /// There are headers in it (RFC 1421 §4.4), as nothing but an encrypted key has them today.
    Headers,
    /// A no-break space ends a line, or a form feed the BEGIN: OpenSSL reads it, Go and rustls do
    /// not.
    StrangeBlanks,
    /// A second CR or a form feed ends a line: Go does not read it.
    StrangeEnds,
    /// A tab stands behind the BEGIN: rustls does not read it.
    TrailingTab,
    /// A PKCS#8 key under the label of the older form of its algorithm: OpenSSL and Go take it.
    OldKeyLabel,
    /// A key under a label that is for another kind: Go goes by what is in it, as `openssl pkey`
    /// does and OpenSSL's servers do not.
    OtherKeyLabel,
    /// Its END and the BEGIN of another block share a line: nobody else reads either of the two,
    /// but for rustls, which reads the first.
    Glued,
    /// Its base64 stands on the line of its BEGIN or END: nobody else reads it.
    OneLine,
    /// Its line breaks are written out as `\\n`: nobody else reads it.
    Escaped,
    /// Quotation marks stand around it: nobody else reads it.
    Quoted,
}

impl PemQuirk {
    /// What is odd, for people.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "a byte order mark precedes its BEGIN line",
            Self::Misplaced => "its BEGIN and END do not begin a line",
            Self::InnerMark => "a byte order mark is inside it",
            Self::BareCr => "its lines end in a bare carriage return",
            Self::StrangeEnds => "its lines end in a second carriage return or a form feed",
            Self::TrailingTab => "a tab follows its BEGIN",
            Self::OldLabel => "its label is an old spelling of CERTIFICATE",
            Self::OtherEnd => "its END line has another label than its BEGIN line",
            Self::NoPadding => "its base64 lacks the = at the end",
            Self::BlankLines => "a blank line is within its base64",
            Self::Headers => "it has header lines before its base64",
            Self::StrangeBlanks => "its lines end in white space that is no blank, tab or line end",
            Self::OldKeyLabel => "it is PKCS#8, and its label is that of an older form",
            Self::OtherKeyLabel => "its label is that of another kind of key",
            Self::Glued => "a line break is missing between it and the next block",
            Self::OneLine => {
                "its line breaks are missing, and its base64 is on the line of BEGIN or END"
            }
            Self::Escaped => "its line breaks are written out as \\n",
            Self::Quoted => "it is in quotation marks",
        }
    }

    /// Who passes over such a block: the one table of it, which all else is told by.
    #[must_use]
    pub const fn unread_by(self) -> &'static [PemReader] {
        use PemReader::{BoringSsl, Go, OpenSsl, Rustls};
        match self {
            Self::Misplaced
            | Self::InnerMark
            | Self::OtherEnd
            | Self::Glued
            | Self::OneLine
            | Self::Escaped
            | Self::Quoted => &[Rustls, Go, OpenSsl, BoringSsl],
            Self::BareCr | Self::NoPadding => &[Go, OpenSsl, BoringSsl],
            Self::ByteOrderMark | Self::OldLabel => &[Rustls, Go, BoringSsl],
            Self::BlankLines => &[OpenSsl, BoringSsl],
            Self::Headers => &[Rustls, OpenSsl, BoringSsl],
            Self::StrangeBlanks => &[Rustls, Go],
            Self::StrangeEnds => &[Go],
            // Labels of keys, which no client but a server reads.
            Self::OtherKeyLabel => &[Rustls, OpenSsl],
            Self::TrailingTab | Self::OldKeyLabel => &[Rustls],
        }
    }

    /// The same in words, of those that servers are made with: `Go and rustls`.
    #[must_use]
    pub fn unseen_by(self) -> String {
        let of_servers = [PemReader::OpenSsl, PemReader::Go, PemReader::Rustls].into_iter();
        let all: Vec<&str> = of_servers
            .filter(|reader| self.unread_by().contains(reader))
            .map(PemReader::as_str)
            .collect();
        match all.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            Some((last, _)) => (*last).to_owned(),
            None => String::new(),
        }
    }

    /// Whether Go passes over such a block, and a controller written in Go finds none in its place.
    #[must_use]
    pub fn is_unseen_by_go(self) -> bool {
        self.unread_by().contains(&PemReader::Go)
    }

    /// Whether it is the lines that were lost, or put in quotation marks: nobody writes PEM so on
    /// purpose.
    #[must_use]
    pub const fn lost_its_lines(self) -> bool {
        matches!(self, Self::Glued | Self::OneLine | Self::Escaped | Self::Quoted)
    }

    /// Whether neither OpenSSL nor Go reads such a block: no controller serves it then.
    #[must_use]
    pub fn is_as_good_as_broken(self) -> bool {
        self.is_unseen_by_go() && self.unread_by().contains(&PemReader::OpenSsl)
    }
}

/// The oddity that hides a block from more readers; of two that hide it from as many, the first.
pub(super) fn worse(one: Option<PemQuirk>, other: Option<PemQuirk>) -> Option<PemQuirk> {
    match (one, other) {
        (Some(one), Some(other)) if !one.is_as_good_as_broken() && other.is_as_good_as_broken() => {
            Some(other)
        }
        (one, other) => one.or(other),
    }
}

/// Somebody who reads PEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemReader {
    /// rustls-pemfile.
    Rustls,
    /// Go's `encoding/pem`.
    Go,
    /// OpenSSL 3.0.
    OpenSsl,
    /// The `BoringSSL` of gRPC's Python package.
    BoringSsl,
}

impl PemReader {
    /// Its name, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::Go => "Go",
            Self::OpenSsl => "OpenSSL",
            Self::BoringSsl => "BoringSSL",
        }
    }
}
