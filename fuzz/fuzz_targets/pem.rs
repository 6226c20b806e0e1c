//! PEM in every shape: what is read is written again, and reads back as the same; what stands there
//! instead or beside it is called by some name, and no input is too odd for that.
#![no_main]

use certwright_fuzz::x509::{chain, foreign, pem, stray};
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
    for known in [foreign::what, foreign::instead_of_certificates, foreign::instead_of_key] {
        let told = known(bytes).map(|it| (it.what(), it.remedy()));
        assert!(told.is_none_or(|(what, remedy)| !what.is_empty() && !remedy.is_empty()));
    }
    let blocks = pem::blocks(bytes);
    let _ = (stray::listed(&stray::among_certificates(&blocks)), stray::beside_key(&blocks));
    let _ = chain::fixed(bytes, None, &SystemRandom::new());
});
