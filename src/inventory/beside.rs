//! What else stands in `tls.crt` and `tls.key`, and would go with the certificate and key when they
//! are replaced: a combined PEM (`HAProxy` style), a second key, Diffie-Hellman parameters, the
//! certificate of somebody else.
//!
//! Knows what a replacement does not write again. Refuses to know why it is there. A chain is no
//! such thing: the new certificate brings its own.

use super::SecretFacts;
use super::bundle::KeyAmong;
use crate::x509::chain;
use crate::x509::stray::{self, Stray, StrayKind};

impl SecretFacts {
    /// What would be lost, in words: `a private key in tls.crt`; none where nothing is. May hold
    /// names from outside.
    #[must_use]
    pub fn beside_the_pair(&self) -> Option<String> {
        let bundle = &self.bundle;
        // What stands alone in the place of a certificate is no loss, unless it is a key, or in
        // `tls.key` a certificate.
        let is_loss = |stray: &Stray| {
            let is_half = matches!(stray.kind, StrayKind::PrivateKey | StrayKind::Certificate);
            !bundle.certificates.is_empty() || is_half
        };
        let strays = [("tls.crt", &bundle.among_certificates), ("tls.key", &bundle.beside_key)];
        let strays = strays.into_iter().filter(|(_, strays)| strays.iter().any(is_loss));
        let mut lost: Vec<String> =
            strays.map(|(key, strays)| format!("{} in {key}", stray::listed(strays))).collect();
        lost.extend(self.broken());
        lost.extend(self.strangers());
        (!lost.is_empty()).then(|| lost.join(", and "))
    }

    /// What of `tls.crt` would be lost when its chain alone is written in its place, in words; none
    /// where nothing is. A root is no loss, nor a second copy, nor a key that `tls.key` has too.
    #[must_use]
    pub fn beside_the_chain(&self) -> Option<String> {
        let bundle = &self.bundle;
        let is_copy = |stray: &Stray| {
            stray.kind == StrayKind::PrivateKey && bundle.key_among == KeyAmong::Copy
        };
        let strays = bundle.among_certificates.iter().filter(|stray| !is_copy(stray));
        let strays: Vec<Stray> = strays.cloned().collect();
        let strays = (!strays.is_empty()).then(|| format!("{} in tls.crt", stray::listed(&strays)));
        let lost: Vec<String> =
            strays.into_iter().chain(self.broken()).chain(self.strangers()).collect();
        (!lost.is_empty()).then(|| lost.join(", and "))
    }

    /// Blocks beside the certificates that cannot be read: what they were, nobody knows any more.
    fn broken(&self) -> Option<String> {
        let bundle = &self.bundle;
        match bundle.damaged.as_slice() {
            _ if bundle.certificates.is_empty() => None,
            [] => None,
            [one] => {
                Some(format!("certificate {} of tls.crt, which cannot be read", one.index + 1))
            }
            several => {
                Some(format!("{} certificates of tls.crt that cannot be read", several.len()))
            }
        }
    }

    /// Certificates in `tls.crt` that are no part of the leaf's chain.
    fn strangers(&self) -> Option<String> {
        let certificates = &self.bundle.certificates;
        let strangers = chain::strangers(certificates, self.bundle.leaf_position());
        let first = certificates.get(*strangers.first()?)?;
        let more = match strangers.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        Some(format!(
            "the certificate of {}{more} in tls.crt, which is not in the chain",
            first.subject
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Pair, of_secrets};
    use super::KeyAmong;
    use crate::x509::pem;
    use rcgen::{CertificateParams, DnType, KeyPair};

    const ONE: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const TWO: &str = include_str!("../../testdata/pki/ec-p256-02.pem");

    fn made(host: &str, key: &str) -> String {
        let key = KeyPair::from_pem(key).expect("the key is good");
        let mut params = CertificateParams::new([host.to_owned()]).expect("the name is good");
        params.distinguished_name.push(DnType::CommonName, host);
        params.self_signed(&key).expect("it can be made").pem()
    }

    #[test]
    fn a_chain_in_order_leaves_out_only_what_is_there_elsewhere() {
        let (web, api) = (made("web.example", ONE), made("api.example", TWO));
        let dh = pem::encode("DH PARAMETERS", b"0\0").to_string();
        for (what, crt, key, among, lost) in [
            ("alone", web.clone(), ONE, KeyAmong::None, None),
            ("twice", format!("{web}{web}"), ONE, KeyAmong::None, None),
            ("its key", format!("{web}{ONE}"), ONE, KeyAmong::Copy, None),
            (
                "its only key",
                format!("{ONE}{web}"),
                "",
                KeyAmong::Own,
                Some("a private key in tls.crt"),
            ),
            (
                "another key",
                format!("{web}{TWO}"),
                ONE,
                KeyAmong::Other,
                Some("a private key in tls.crt"),
            ),
            (
                "two keys",
                format!("{web}{ONE}{TWO}"),
                "",
                KeyAmong::Other,
                Some("a private key in tls.crt"),
            ),
            (
                "a stranger",
                format!("{web}{api}"),
                ONE,
                KeyAmong::None,
                Some("the certificate of CN=api.example in tls.crt, which is not in the chain"),
            ),
            (
                "parameters",
                format!("{web}{dh}"),
                ONE,
                KeyAmong::None,
                Some("Diffie-Hellman parameters in tls.crt"),
            ),
            (
                "a broken one",
                format!("{web}{}", api.chars().take(99).collect::<String>()),
                ONE,
                KeyAmong::None,
                Some("certificate 2 of tls.crt, which cannot be read"),
            ),
        ] {
            let inventory = of_secrets(&[Pair { name: "x", crt, key, ..Pair::default() }]);
            let secret = inventory.secret("shop", "x").expect("it was seen");
            assert_eq!(secret.bundle.key_among, among, "{what}");
            assert_eq!(secret.beside_the_chain().as_deref(), lost, "{what}");
        }
    }

    #[test]
    fn a_certificate_alone_in_the_place_of_the_key_is_lost_unless_it_is_in_its_own_place_too() {
        let (web, api) = (made("web.example", ONE), made("api.example", TWO));
        let encoded = |pem: &str| {
            let lines = pem.lines().filter(|line| !line.starts_with('-'));
            lines.collect::<Vec<_>>().join("\n")
        };
        for (what, crt, key, lost) in [
            ("the same", web.clone(), web.clone(), false),
            ("the same twice", web.clone(), format!("{web}{web}"), false),
            ("one of the chain", format!("{web}{api}"), api.clone(), false),
            ("another", web.clone(), api.clone(), true),
            ("the same and another", web.clone(), format!("{web}{api}"), true),
            ("the only one", String::new(), web.clone(), true),
            ("base64 of another in DER", web.clone(), encoded(&api), true),
            ("nothing", web.clone(), String::new(), false),
            ("a word", web.clone(), "later".to_owned(), false),
        ] {
            let pair = Pair { name: "x", crt, key: &key, ..Pair::default() };
            let inventory = of_secrets(&[pair]);
            let secret = inventory.secret("shop", "x").expect("it was seen");
            let told = secret.beside_the_pair().unwrap_or_default();
            assert_eq!(told.contains("a certificate in tls.key"), lost, "{what}: {told}");
        }
    }

    #[test]
    fn the_first_key_counts_and_one_behind_it_may_be_the_leafs() {
        let web = made("web.example", ONE);
        let two = format!("{TWO}{ONE}");
        for (what, key, behind) in [
            ("its own", ONE.to_owned(), false),
            ("another", TWO.to_owned(), false),
            ("its own first", format!("{ONE}{TWO}"), false),
            ("its own behind another", two.clone(), true),
            ("its own behind two and a certificate", format!("{TWO}{web}{two}"), true),
            ("another twice", format!("{TWO}{TWO}"), false),
        ] {
            let (name, crt) = ("x", web.clone());
            let inventory = of_secrets(&[Pair { name, crt, key: &key, ..Pair::default() }]);
            let secret = inventory.secret("shop", "x").expect("it was seen");
            assert_eq!(secret.bundle.own_key_behind, behind, "{what}");
        }
    }
}
