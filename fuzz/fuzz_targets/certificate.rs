//! The DER of one certificate: every fact can be asked for, and no host is covered by nothing.
#![no_main]

use certwright_fuzz::x509::cert::{self, HostMatch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|der: &[u8]| {
    let Ok((facts, public)) = cert::read(der) else { return };
    let _ = (facts.lifetime_seconds(), facts.fingerprint(), public.id(), public.key_type());
    let _ = (facts.is_for_hosts(), facts.common_name_host(), facts.may_sign_certificates());
    let _ = (facts.key_type.to_string(), facts.signature.to_string());
    assert_eq!(facts.match_host(""), HostMatch::None);
    for name in &facts.names {
        let _ = facts.match_host(&name.to_string());
    }
});
