//! The faults, one after the other, and how a run ends that meets them.
//!
//! A fault that passes is met once; the others are met at every try.

use crate::support::spoilt::{Fault, Spoil};

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As if nothing had been.
    Heals,
    /// With what could be read, told to be a part.
    Part,
    /// With an error, and nothing shown.
    Fails,
}

/// A fault, how often it is met, and the end.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    pub name: &'static str,
    pub times: usize,
    pub fault: Fault,
    pub end: End,
}

impl Mode {
    const fn once(name: &'static str, fault: Fault) -> Self {
        Self { name, times: 1, fault, end: End::Heals }
    }

    const fn always(name: &'static str, fault: Fault, end: End) -> Self {
        Self { name, times: usize::MAX, fault, end }
    }

    /// It befalls these requests.
    pub const fn spoil(&self, at: &'static [&'static [&'static str]]) -> Spoil {
        let Self { times, fault, .. } = *self;
        Spoil { at, after: 0, times, arrives: false, fault }
    }
}

const JSON: &str = "Content-Type: application/json\r\n";
const HTML: &str = "Content-Type: text/html\r\n";
const PROTOBUF: &str = "Content-Type: application/vnd.kubernetes.protobuf\r\n";

pub const fn busy(fields: &'static str) -> Fault {
    Fault::Said(429, fields, b"Too many requests, please try again later.")
}

const TROUBLE: Fault = Fault::Said(500, HTML, b"<html><body>Internal Server Error</body></html>");
const GATEWAY: Fault = Fault::Said(502, HTML, b"<html><body>Bad Gateway</body></html>");
const AWAY: Fault = Fault::Said(503, HTML, b"");
const SLOW: Fault = Fault::Said(
    504,
    JSON,
    br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"timed out","reason":"Timeout","code":504}"#,
);
const GONE: Fault = Fault::Said(
    410,
    JSON,
    br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the continue token is too old","reason":"Expired","code":410}"#,
);
const CONFLICT: Fault = Fault::Said(
    409,
    JSON,
    br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the object has been modified","reason":"Conflict","code":409}"#,
);
pub const STRANGER: Fault = Fault::Said(
    401,
    JSON,
    br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
);
pub const FORBIDDEN: Fault = Fault::Said(
    403,
    JSON,
    br#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"secrets is forbidden: User \"jane\" cannot list resource \"secrets\" in API group \"\" in the namespace \"shop\"","reason":"Forbidden","code":403}"#,
);
const NO_OBJECT: Fault = Fault::Said(200, JSON, br#"{"status":"ok"}"#);
const LOGIN_PAGE: Fault = Fault::Said(200, HTML, b"<html><body>Log in</body></html>");
const OTHER_LIST: Fault =
    Fault::Said(200, JSON, br#"{"kind":"Status","apiVersion":"v1","status":"Success","items":[]}"#);
const GARBAGE: Fault = Fault::Said(200, PROTOBUF, b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff");
const NO_LIST: Fault = Fault::Said(200, PROTOBUF, b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Status");
const MAGIC_ALONE: Fault = Fault::Said(200, PROTOBUF, b"k8s\0");
const ELSEWHERE: Fault = Fault::Said(302, "Location: http://127.0.0.1:1/login\r\n", b"");
const NOTHING: Fault = Fault::Said(200, JSON, b"");

/// What may befall any read.
pub fn of_objects() -> Vec<Mode> {
    use Mode as M;
    vec![
        M::once("429 without a word", busy("")),
        M::once("429, in a second", busy("Retry-After: 1\r\n")),
        M::once(
            "429, at a date",
            busy(
                "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
            ),
        ),
        M::once("429, at once", busy("Retry-After: 0\r\n")),
        M::once("429, in an hour", busy("Retry-After: 3600\r\n")),
        M::once("500 with a page", TROUBLE),
        M::once("502 with a page", GATEWAY),
        M::once("503", AWAY),
        M::once("504", SLOW),
        M::once("a byte at a time", Fault::Trickled),
        M { times: usize::MAX, ..M::once("each a byte at a time", Fault::Trickled) },
        M::once("cut off", Fault::Cut),
        M::once("cut off between chunks", Fault::CutInChunks),
        M::once("halved in JSON or protobuf", Fault::Halved),
        M::once("reset", Fault::Reset),
        M::once("hung up", Fault::HangUp),
        M::once("200 and nothing", NOTHING),
        M::always("headers never come", Fault::Stalled, End::Fails),
        M::always("the body stalls", Fault::StalledBody, End::Fails),
        M::always("cut off always", Fault::Cut, End::Fails),
        M::always("cut off between chunks always", Fault::CutInChunks, End::Fails),
        M::always("halved always", Fault::Halved, End::Fails),
        M::always("reset always", Fault::Reset, End::Fails),
        M::always("hung up always", Fault::HangUp, End::Fails),
        M::always("401", STRANGER, End::Fails),
        M::always("no object", NO_OBJECT, End::Fails),
        M::always("a login page", LOGIN_PAGE, End::Fails),
        M::always("garbage as protobuf", GARBAGE, End::Fails),
        M::always("302", ELSEWHERE, End::Fails),
        M::always("200 and nothing always", NOTHING, End::Fails),
    ]
}

/// What may befall a list, of which a part was read.
pub fn of_lists() -> Vec<Mode> {
    use Mode as M;
    let far = format!(
        r#"{{"kind":"List","apiVersion":"v1","metadata":{{"continue":"{}"}},"items":[]}}"#,
        "x".repeat(70_000)
    );
    let far = Fault::Said(200, JSON, far.leak().as_bytes());
    let mut modes = of_objects();
    modes.extend([
        M::once("410", GONE),
        M::always("410 always", GONE, End::Part),
        M::always("the same page again and again", Fault::SamePage, End::Part),
        M::always("two pages by turns", Fault::TwoPages, End::Part),
        M::always("a token without end", far, End::Part),
        M::always("429 always", busy(""), End::Part),
        M::always("429, in an hour, always", busy("Retry-After: 3600\r\n"), End::Part),
        M::always("500 always", TROUBLE, End::Part),
        M::always("502 always", GATEWAY, End::Part),
        M::always("503 always", AWAY, End::Part),
        M::always("504 always", SLOW, End::Part),
        M::once("403 on the second page", FORBIDDEN),
        M::always("403 on every second page", FORBIDDEN, End::Part),
        M::always("another kind", OTHER_LIST, End::Fails),
        M::once("protobuf without its list", Fault::Headless),
        M::always("protobuf of another kind", NO_LIST, End::Fails),
        M::always("protobuf's first four bytes", MAGIC_ALONE, End::Fails),
    ]);
    modes
}

/// What may befall a write, which is then done all the same or (not `arrives`) is not.
pub fn of_writes(arrives: bool) -> Vec<Mode> {
    use Mode as M;
    let end = if arrives { End::Heals } else { End::Fails };
    let mut modes = vec![
        M::always("hung up", Fault::HangUp, end),
        M::always("headers never come", Fault::Stalled, end),
        M::always("500 with a page", TROUBLE, end),
        M::always("502 with a page", GATEWAY, end),
        M::always("503", AWAY, end),
        M::always("504", SLOW, end),
        M::always("no object", NO_OBJECT, end),
        M::always("a login page", LOGIN_PAGE, end),
        M::always("garbage as protobuf", GARBAGE, end),
        M::always("302", ELSEWHERE, end),
        M::always("200 and nothing", NOTHING, end),
    ];
    if arrives {
        modes.extend([
            M::always("the body stalls", Fault::StalledBody, end),
            M::always("cut off", Fault::Cut, end),
            M::always("cut off between chunks", Fault::CutInChunks, end),
            M::always("halved", Fault::Halved, end),
            M::always("a byte at a time", Fault::Trickled, end),
        ]);
    } else {
        modes.extend([
            M::once("429 without a word", busy("")),
            M::once("429, at once", busy("Retry-After: 0\r\n")),
            M::once("429, in an hour", busy("Retry-After: 3600\r\n")),
            M::always("429 always", busy(""), end),
            M::once("409", CONFLICT),
            M::always("reset", Fault::Reset, end),
            M::always("401", STRANGER, end),
            M::always("403", FORBIDDEN, end),
        ]);
    }
    modes
}
