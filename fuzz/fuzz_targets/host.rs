//! A pattern and a host, on a line each: case plays no part, a name that may be signed covers
//! itself, and nothing covers what is empty.
#![no_main]

use certwright_fuzz::x509::name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (pattern, host) = text.split_once('\n').unwrap_or((text, text));
    let covered = name::covers(pattern, host);
    assert_eq!(covered, name::covers(&pattern.to_ascii_uppercase(), &host.to_ascii_lowercase()));
    assert!(!(covered && (host.is_empty() || pattern.is_empty())));
    if name::check_dns_name(pattern).is_ok() {
        assert!(name::covers(pattern, pattern), "{pattern}");
    }
    if let Ok(ascii) = name::to_ascii(pattern) {
        assert_eq!(name::to_ascii(&ascii), Ok(ascii.clone()), "{pattern:?}");
    }
    let _ = (name::shown(pattern), name::address(host), name::dead_dns_name(pattern));
    let _ = (name::check_email(host), name::check_uri(host));
});
