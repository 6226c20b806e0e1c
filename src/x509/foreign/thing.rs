//! Things that people take for a certificate or a key: what each is called, and the way out of it.
//!
//! Refuses to know how one is recognised.

/// What people take for a certificate or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// PEM as it should be, but for the base64 around it.
    Pem,
    /// PEM where it should be in base64.
    NotEncoded,
    /// Base64 of PEM with blanks in it.
    SpacedBase64,
    /// Base64 of PEM whose end is missing.
    CutBase64,
    /// Base64 of PEM in the alphabet for URLs (RFC 4648 §5).
    UrlBase64,
    /// PEM of a certificate, where a key was expected.
    CertificatePem,
    /// PEM of a private key, where certificates were expected.
    KeyPem,
    CertificateDer,
    KeyDer,
    Request,
    Revoked,
    Pkcs7,
    Pkcs12,
    PublicKey,
    DhParameters,
    DsaParameters,
    EcParameters,
    JavaStore,
    Ssh,
    Pgp,
    Utf16,
    Archive,
    Html,
    Json,
    VaultAnswer,
    Manifest,
    CertificateText,
    Path,
    Placeholder,
    Reference,
    Encrypted,
    DamagedMarks,
}

impl Thing {
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::NotEncoded => "PEM as it is",
            Self::SpacedBase64 => {
                "base64 with blanks in it, as YAML makes of lines that are folded by >"
            }
            Self::CutBase64 => {
                "base64 whose end is missing: its last characters, or the = after them"
            }
            Self::UrlBase64 => "base64 in the alphabet for URLs, with - and _",
            Self::CertificatePem => "a certificate",
            Self::KeyPem => "a private key",
            Self::CertificateDer => "a certificate in DER, not PEM",
            Self::KeyDer => "a private key in DER, not PEM",
            Self::Request => "a certificate request (PKCS#10)",
            Self::Revoked => "a list of revoked certificates (CRL)",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "a PKCS#12 store",
            Self::PublicKey => "a public key",
            Self::DhParameters => "Diffie-Hellman parameters",
            Self::DsaParameters => "parameters of DSA, without a key",
            Self::EcParameters => "the name of a curve, without a key",
            Self::JavaStore => "a Java key store",
            Self::Ssh => "a key of SSH",
            Self::Pgp => "a block of OpenPGP",
            Self::Utf16 => "text in UTF-16",
            Self::Archive => "a compressed archive",
            Self::Html => "a web page (HTML), perhaps of a failed download",
            Self::Json => "JSON",
            Self::VaultAnswer => "a JSON answer of Vault",
            Self::Manifest => "a manifest (YAML)",
            Self::CertificateText => "the text that openssl x509 -text shows, without the PEM",
            Self::Path => "the path of a file, not what is in it",
            Self::Placeholder => "a placeholder that nobody filled in",
            Self::Reference => "a reference that nobody replaced by what it stands for",
            Self::Encrypted => "encrypted text, not decrypted",
            Self::DamagedMarks => "PEM whose BEGIN or END line is damaged",
        }
    }

    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Pem => "take it as it is",
            Self::NotEncoded => "move it from data to stringData, or encode it in base64",
            Self::SpacedBase64 => "write it on one line, or on several after | instead of >",
            Self::CutBase64 => "copy it again, to its end",
            Self::UrlBase64 => "encode the PEM again, with base64 -w0",
            Self::CertificatePem => "put the private key there; the certificate belongs in tls.crt",
            Self::KeyPem => "put the certificate there; the private key belongs in tls.key",
            Self::CertificateDer => "make PEM of it with openssl x509 -inform DER",
            Self::KeyDer => "make PEM of it with openssl pkey -inform DER",
            Self::Request => "have a CA sign it; issue --from-csr does it for a private one",
            Self::Revoked => "put the certificate itself there",
            Self::Pkcs7 => {
                "extract the certificates with openssl pkcs7 -print_certs (-inform DER where it is DER)"
            }
            Self::Pkcs12 => {
                "extract certificate and key with certwright convert --to pem, or import the store \
                 itself with import --cert"
            }
            Self::PublicKey | Self::DhParameters | Self::DsaParameters | Self::EcParameters => {
                "put the PEM that was meant there"
            }
            Self::JavaStore => {
                "make PKCS#12 of it with keytool -importkeystore -deststoretype PKCS12, and extract certificate and key from that with certwright convert --to pem"
            }
            Self::Ssh | Self::Pgp => "put a certificate and a key for TLS there",
            Self::Utf16 => "write it as UTF-8: iconv -f UTF-16 -t UTF-8",
            Self::Archive => "unpack it",
            Self::Html => "download it again, and look at what came",
            Self::Json => "extract the PEM from it, with jq -r",
            Self::VaultAnswer => {
                "extract the PEM from it: certificate, ca_chain and private_key of its data, with jq -r"
            }
            Self::Manifest => "put the PEM there, not the manifest",
            Self::CertificateText => "put the PEM there, which openssl x509 without -noout prints",
            Self::Path => {
                "put the content of that file there, with --from-file or --cert of kubectl"
            }
            Self::Placeholder | Self::Reference => "fill in the PEM",
            Self::Encrypted => "decrypt it before it is applied",
            Self::DamagedMarks => {
                "write -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- with five hyphens at \
                 each side, on lines of their own"
            }
        }
    }
}
