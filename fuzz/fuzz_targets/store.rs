//! PKCS#12, PKCS#7 and requests: what protects a store, what a CA sent and what is asked for is told
//! without a panic, and no work is done that the store's writer chose.
#![no_main]

use certwright_fuzz::x509::key_purpose::Usage;
use certwright_fuzz::x509::pkcs12::{self, MOST_ROUNDS};
use certwright_fuzz::x509::pkcs7;
use certwright_fuzz::x509::request::{self, Asked, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(protection) = pkcs12::protection(bytes) {
        let rounds = protection.ciphers.iter().filter_map(|cipher| cipher.rounds);
        assert!(rounds.sum::<u64>() <= MOST_ROUNDS && !protection.to_string().is_empty());
    }
    let _ = pkcs7::certificates(bytes);
    for der in request::all_in(bytes).blocks.into_iter().flatten() {
        let Ok(request) = Asked::read(&der).and_then(Request::of) else { continue };
        for usage in Usage::ALL {
            let _ = (request.ignored(usage), request.common_name(usage));
        }
    }
});
