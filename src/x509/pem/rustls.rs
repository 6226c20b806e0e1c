//! What rustls reads of PEM: its decoder of base64, and for tests its reading of whole blocks.
//!
//! `rustls-pemfile` lives here and nowhere else.

use crate::redact::Redacted;
use zeroize::Zeroizing;

/// The base64 body of a block as DER. The label handed to rustls-pemfile is always PKCS#8's, so that
/// every label, known to it or not, goes through the same decoder.
pub(super) fn decode(body: &str) -> Option<Redacted> {
    let pem =
        Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"));
    match rustls_pemfile::read_one_from_slice(pem.as_bytes()) {
        Ok(Some((rustls_pemfile::Item::Pkcs8Key(der), _))) => {
            let der = der.secret_pkcs8_der();
            (!der.is_empty()).then(|| Redacted::new(der.to_vec()))
        }
        _ => None,
    }
}

/// The certificate that rustls finds first.
#[cfg(test)]
pub(super) fn first_certificate(text: &[u8]) -> Option<Vec<u8>> {
    match rustls_pemfile::read_one_from_slice(text) {
        Ok(Some((rustls_pemfile::Item::X509Certificate(der), _))) => Some(der.to_vec()),
        _ => None,
    }
}
