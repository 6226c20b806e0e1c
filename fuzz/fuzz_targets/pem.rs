//! PEM in every shape: what is read is written again, and reads back as the same.
#![no_main]

use certwright_fuzz::x509::{chain, foreign, pem};
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;

fuzz_target!(|bytes: &[u8]| {
    for block in pem::blocks(bytes) {
        let Ok(der) = block.der else { continue };
        let written = pem::encode("CERTIFICATE", der.expose());
        let again = pem::blocks(written.as_bytes()).remove(0).der;
        assert_eq!(again.as_ref().map(|der| der.expose()), Ok(der.expose()));
    }
    let _ = (pem::certificates_only(bytes), pem::key_only(bytes), pem::of_file(bytes));
    let _ = foreign::what(bytes);
    let _ = chain::fixed(bytes, None, &SystemRandom::new());
});
