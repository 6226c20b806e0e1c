//! What rustls reads of PEM: its decoder of base64, and for tests its reading of whole blocks.
//!
//! `rustls-pemfile` lives here and nowhere else.

use crate::redact::Redacted;

/// The base64 body of a block as DER. The label handed to rustls-pemfile is always PKCS#8's, so that
/// every label, known to it or not, goes through the same decoder.
pub(super) fn decode(body: &[u8]) -> Option<Redacted> {
    const BEGIN: &[u8] = b"-----BEGIN PRIVATE KEY-----\n";
    const END: &[u8] = b"\n-----END PRIVATE KEY-----\n";
    let pem = Redacted::new([BEGIN, body, END].concat());
    match rustls_pemfile::read_one_from_slice(pem.expose()) {
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
