//! DER by hand (ITU-T X.690), for certificates that no library agrees to make.
//!
//! Knows tags, lengths and the order of a certificate's fields. Refuses to know whether what it
//! puts together makes sense, and makes signatures up: it is for readers, not for verifiers.

/// One value: tag, length, and the parts one after the other.
pub fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut whole = vec![tag];
    if content.len() < 0x80 {
        whole.push(u8::try_from(content.len()).expect("it is below 0x80"));
    } else {
        let length = content.len().to_be_bytes();
        let digits = &length[length.iter().take_while(|byte| **byte == 0).count()..];
        whole.push(0x80 | u8::try_from(digits.len()).expect("at most eight"));
        whole.extend_from_slice(digits);
    }
    whole.extend_from_slice(&content);
    whole
}

/// A SEQUENCE.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, parts)
}

/// An OBJECT IDENTIFIER.
pub fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let mut content = Vec::new();
    for arc in [&[arcs[0] * 40 + arcs[1]], &arcs[2..]].concat() {
        let digits: Vec<u8> = (0..10).map(|place| ((arc >> (7 * place)) & 0x7f) as u8).collect();
        let last = digits.iter().rposition(|digit| *digit != 0).unwrap_or(0);
        content.extend((0..=last).rev().map(|at| digits[at] | if at > 0 { 0x80 } else { 0 }));
    }
    tlv(6, &[&content])
}

/// An extension of a certificate.
pub fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical { tlv(1, &[&[0xff]]) } else { Vec::new() };
    sequence(&[&oid(id), &flag, &tlv(4, &[value])])
}

/// A distinguished name of (dotted OID, encoded value) pairs, each an RDN of its own.
pub fn name(attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let set = |(id, value): &(&str, Vec<u8>)| tlv(0x31, &[&sequence(&[&oid(id), value])]);
    sequence(&[&attributes.iter().flat_map(set).collect::<Vec<u8>>()])
}

/// What a certificate says, each part encoded already.
pub struct Parts {
    /// 0, 1 or 2; `None` leaves the field out, which means the same as 0.
    pub version: Option<u8>,
    /// The content of the serial number.
    pub serial: Vec<u8>,
    /// The issuer's name.
    pub issuer: Vec<u8>,
    /// notBefore and notAfter, one after the other.
    pub dates: Vec<u8>,
    /// The subject's name.
    pub subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`.
    pub key: Vec<u8>,
    /// The extensions, one after the other; empty for none.
    pub extensions: Vec<u8>,
}

/// ecdsa-with-SHA256.
pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";

/// What is signed, for a signature of this algorithm.
pub fn to_be_signed(parts: &Parts, algorithm: &[u8]) -> Vec<u8> {
    let version = parts.version.map(|number| tlv(0xa0, &[&tlv(2, &[&[number]])]));
    let extensions = match parts.extensions.as_slice() {
        [] => Vec::new(),
        listed => tlv(0xa3, &[&sequence(&[listed])]),
    };
    sequence(&[
        &version.unwrap_or_default(),
        &tlv(2, &[&parts.serial]),
        algorithm,
        &parts.issuer,
        &sequence(&[&parts.dates]),
        &parts.subject,
        &parts.key,
        &extensions,
    ])
}

/// The certificate, under a signature that verifies nowhere.
pub fn certificate(parts: &Parts) -> Vec<u8> {
    let algorithm = sequence(&[&oid(ECDSA_SHA256)]);
    let made_up = sequence(&[&tlv(2, &[&[1]]), &tlv(2, &[&[2]])]);
    let to_be_signed = to_be_signed(parts, &algorithm);
    sequence(&[&to_be_signed, &algorithm, &tlv(3, &[&[0], &made_up])])
}
