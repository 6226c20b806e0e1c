//! What certwright makes, judged by others: OpenSSL, Python, Go and webpki.
//!
//! Knows what was asked for, and so what each witness must say. Refuses to take certwright's own
//! reader for a witness. One set of pairs is made, by the binary, and every witness judges it.

use crate::support::binary::Certwright;
use crate::support::witness::{self, OpenSsl};
use certwright::x509::issue;
use certwright::x509::key::PrivateKey;
use certwright::x509::key_kind::KeyType;
use certwright::x509::profile::Profile;
use certwright::x509::san::San;
use k8s_openapi::api::core::v1::Secret;
use ring::rand::SystemRandom;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const OID_COMMON_NAME: &str = "2.5.4.3";
const OID_ORGANIZATION: &str = "2.5.4.10";
const OID_SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// A name that no certificate here covers; the judges ask for it too.
const STRANGER: &str = "stranger.invalid";
/// notBefore lies this far before the instant of making: design, "New certificates".
const BACKDATE: Duration = Duration::minutes(5);

/// What a certificate was asked to name, and how that was asked.
struct Names {
    label: &'static str,
    arguments: &'static [&'static str],
    sans: &'static [&'static str],
    subject: (&'static str, &'static str),
    /// Hosts that it must be good for.
    hosts: &'static [&'static str],
    /// The lifetime that the arguments say.
    lifetime: Duration,
}

const ONE: Names = Names {
    label: "one",
    arguments: &["shop.example"],
    sans: &["shop.example"],
    subject: (OID_COMMON_NAME, "shop.example"),
    hosts: &["shop.example"],
    lifetime: Duration::days(365),
};

const MANY: Names = Names {
    label: "many",
    arguments: &[
        "a.shop.example",
        "B.Shop.Example",
        "c.shop.example",
        "a.shop.example",
        "xn--mnchen-3ya.example",
        "x",
        "1.2.3.4.example",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.shop.example",
        "--lifetime",
        "90d",
    ],
    sans: &[
        "a.shop.example",
        "b.shop.example",
        "c.shop.example",
        "xn--mnchen-3ya.example",
        "x",
        "1.2.3.4.example",
        "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.shop.example",
    ],
    subject: (OID_COMMON_NAME, "a.shop.example"),
    hosts: &["a.shop.example", "b.shop.example", "xn--mnchen-3ya.example", "1.2.3.4.example"],
    lifetime: Duration::days(90),
};

const NAMES: &[Names] = &[
    ONE,
    MANY,
    Names {
        label: "wildcard",
        arguments: &["*.shop.example", "shop.example", "--lifetime", "1h30m"],
        sans: &["*.shop.example", "shop.example"],
        subject: (OID_COMMON_NAME, "*.shop.example"),
        hosts: &["www.shop.example", "shop.example"],
        lifetime: Duration::minutes(90),
    },
    Names {
        label: "addresses",
        arguments: &["db.example", "--ip", "10.0.0.7", "--ip", "2001:db8::7", "--lifetime", "2w"],
        sans: &["db.example", "10.0.0.7", "2001:db8::7"],
        subject: (OID_COMMON_NAME, "db.example"),
        hosts: &["db.example", "10.0.0.7", "2001:db8::7"],
        lifetime: Duration::weeks(2),
    },
    Names {
        label: "address-only",
        arguments: &["--ip", "192.0.2.1"],
        sans: &["192.0.2.1"],
        subject: (OID_COMMON_NAME, "192.0.2.1"),
        hosts: &["192.0.2.1"],
        lifetime: Duration::days(365),
    },
    Names {
        label: "address-6-only",
        arguments: &["--ip", "2001:db8::1"],
        sans: &["2001:db8::1"],
        subject: (OID_COMMON_NAME, "2001:db8::1"),
        hosts: &["2001:db8::1"],
        lifetime: Duration::days(365),
    },
    Names {
        label: "long-label",
        arguments: &["a23456789-123456789-123456789-123456789-123456789-123456789-123.example"],
        sans: &["a23456789-123456789-123456789-123456789-123456789-123456789-123.example"],
        // Too long for a common name, and an issuer must have a name.
        subject: (OID_ORGANIZATION, "certwright"),
        hosts: &["a23456789-123456789-123456789-123456789-123456789-123456789-123.example"],
        lifetime: Duration::days(365),
    },
    Names {
        label: "long-label-first",
        arguments: &[
            "a23456789-123456789-123456789-123456789-123456789-123456789-123.example",
            "b.example",
        ],
        sans: &[
            "a23456789-123456789-123456789-123456789-123456789-123456789-123.example",
            "b.example",
        ],
        subject: (OID_COMMON_NAME, "b.example"),
        hosts: &["a23456789-123456789-123456789-123456789-123456789-123456789-123.example"],
        lifetime: Duration::days(365),
    },
    Names {
        label: "common-name",
        arguments: &["shop.example", "--cn", "Käse & Söhne, ☕ <1>"],
        sans: &["shop.example"],
        subject: (OID_COMMON_NAME, "Käse & Söhne, ☕ <1>"),
        hosts: &["shop.example"],
        lifetime: Duration::days(365),
    },
    Names {
        // The guide's lifetime: its end is in the year 2300.
        label: "past-2050",
        arguments: &["shop.example", "--lifetime", "99999d"],
        sans: &["shop.example"],
        subject: (OID_COMMON_NAME, "shop.example"),
        hosts: &["shop.example"],
        lifetime: Duration::days(99_999),
    },
];

/// A pair that was made, and what it was asked to be.
struct Pair {
    label: String,
    names: Vec<String>,
    subject: (String, String),
    hosts: Vec<String>,
    key_type: KeyType,
    /// Seconds since 1970 between which notBefore lies.
    not_before: RangeInclusive<i64>,
    /// From notBefore to notAfter.
    window: Duration,
}

/// The pairs, each in a folder of its own as [`witness`] wants it.
struct Made {
    folder: TempDir,
    pairs: Vec<Pair>,
}

impl Made {
    /// Every key type with one name and with many; the types that are quick to make with every set
    /// of names. Then what `rotate` makes of the guide's certificate, and dates at the borders.
    fn new() -> Self {
        let mut made =
            Self { folder: TempDir::new().expect("a temp folder can be made"), pairs: Vec::new() };
        for key_type in KeyType::ALL {
            let is_slow = matches!(key_type, KeyType::Rsa3072 | KeyType::Rsa4096);
            for names in if is_slow { &NAMES[..2] } else { NAMES } {
                made.issue(key_type, names);
            }
        }
        made.rotate_the_guide();
        for (label, not_after) in [
            ("last-second-of-2049", datetime!(2049-12-31 23:59:59 UTC)),
            ("first-second-of-2050", datetime!(2050-01-01 00:00:00 UTC)),
            ("last-second-of-9999", datetime!(9999-12-31 23:59:59 UTC)),
        ] {
            made.sign(label, datetime!(2024-02-29 00:00 UTC), not_after);
        }
        made
    }

    /// The one set of this process; made again when every test that held it is over.
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Made>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().expect("no test failed while it made the pairs");
        shared.upgrade().unwrap_or_else(|| {
            let made = Arc::new(Self::new());
            *shared = Arc::downgrade(&made);
            made
        })
    }

    fn issue(&mut self, key_type: KeyType, names: &Names) {
        let label = format!("{key_type}-{}", names.label);
        let folder = self.folder.path().join(&label);
        let issue = Certwright::new()
            .args(&["issue", "--key-type", key_type.as_str(), "--out-dir"])
            .args(&[&folder])
            .args(names.arguments);
        let start = now();
        issue.run().expect_code(0);
        self.add(Pair {
            label,
            names: owned(names.sans),
            subject: (names.subject.0.to_owned(), names.subject.1.to_owned()),
            hosts: owned(names.hosts),
            key_type,
            not_before: (start - BACKDATE).unix_timestamp()..=(now() - BACKDATE).unix_timestamp(),
            window: names.lifetime + BACKDATE,
        });
    }

    /// `rotate -f --in-place` on a copy of the guide's manifests.
    fn rotate_the_guide(&mut self) {
        let manifests = TempDir::new().expect("a temp folder can be made");
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios/guide/in");
        for name in ["ingress.yaml", "secret.yaml"] {
            fs::copy(guide.join(name), manifests.path().join(name)).expect("it can be copied");
        }
        let rotate = Certwright::new().folder(manifests.path()).args(&[
            "rotate",
            "secret/my-release-milvus-tls",
            "-f",
            ".",
            "--in-place",
        ]);
        let start = now();
        rotate.run().expect_code(0);
        let end = now();
        let text = fs::read_to_string(manifests.path().join("secret.yaml")).expect("it is there");
        let secret: Secret = serde_saphyr::from_str(&text).expect("it is a Secret");
        let folder = self.folder.path().join("guide-rotated");
        fs::create_dir(&folder).expect("it can be made");
        for (name, value) in secret.data.expect("it has data") {
            fs::write(folder.join(name), value.0).expect("it can be written");
        }
        self.add(Pair {
            label: "guide-rotated".to_owned(),
            names: owned(&["my-release.milvus.io"]),
            subject: (OID_COMMON_NAME.to_owned(), "my-release.milvus.io".to_owned()),
            hosts: owned(&["my-release.milvus.io"]),
            key_type: KeyType::Rsa2048,
            not_before: (start - BACKDATE).unix_timestamp()..=(end - BACKDATE).unix_timestamp(),
            window: Duration::days(825),
        });
    }

    /// A certificate with these dates, by the library: the binary takes the clock's.
    fn sign(&mut self, label: &str, not_before: OffsetDateTime, not_after: OffsetDateTime) {
        let folder = self.folder.path().join(label);
        let key = fresh_ed25519();
        write_pair(&folder, &key, (not_before, not_after));
        self.add(Pair {
            label: label.to_owned(),
            names: owned(ONE.sans),
            subject: (ONE.subject.0.to_owned(), ONE.subject.1.to_owned()),
            hosts: owned(ONE.hosts),
            key_type: KeyType::Ed25519,
            not_before: not_before.unix_timestamp()..=not_before.unix_timestamp(),
            window: not_after - not_before,
        });
    }

    fn add(&mut self, pair: Pair) {
        let hosts = self.folder.path().join(&pair.label).join("hosts");
        fs::write(hosts, pair.hosts.join("\n")).expect("it can be written");
        self.pairs.push(pair);
    }

    fn certificate(&self, pair: &Pair) -> PathBuf {
        self.folder.path().join(&pair.label).join("tls.crt")
    }

    fn key(&self, pair: &Pair) -> PathBuf {
        self.folder.path().join(&pair.label).join("tls.key")
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The clock to the second, as certwright reads it.
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).expect("0 is in range")
}

fn fresh_ed25519() -> PrivateKey {
    PrivateKey::generate(KeyType::Ed25519, &SystemRandom::new()).expect("the random source works")
}

/// Writes the key and a certificate for [`ONE`] that the library makes, with its hosts.
fn write_pair(folder: &Path, key: &PrivateKey, dates: (OffsetDateTime, OffsetDateTime)) {
    let names = ONE.sans.iter().map(|name| San::Dns((*name).to_owned())).collect();
    let profile = Profile::server(names, None, KeyType::Ed25519, dates).expect("it is good");
    let made = issue::self_signed(&profile, key, &SystemRandom::new()).expect("it can be made");
    fs::create_dir(folder).expect("it can be made");
    for (name, text) in [("tls.key", key.to_pem().as_str()), ("tls.crt", &made.pem), ("hosts", "")]
    {
        fs::write(folder.join(name), text).expect("it can be written");
    }
}

/// What differs between what a pair was asked to be and what a judge (Python or Go) says it is.
fn complaints(pair: &Pair, verdict: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut want = |field: &str, told: &Value, wanted: &Value| {
        if told != wanted {
            found.push(format!("{}: {field} is {told}, asked for was {wanted}", pair.label));
        }
    };
    let (oid, text) = &pair.subject;
    let usages: &[&str] = match pair.key_type {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            &["digital_signature", "key_encipherment"]
        }
        KeyType::P256 | KeyType::P384 | KeyType::Ed25519 => &["digital_signature"],
    };
    for (field, wanted) in [
        ("certificates", json!(1)),
        ("version", json!(3)),
        ("subject", json!([[oid, text]])),
        ("issuer", json!([[oid, text]])),
        ("names", json!(pair.names)),
        ("ca", json!(false)),
        ("keyUsage", json!(usages)),
        ("extendedKeyUsage", json!([OID_SERVER_AUTH])),
        ("keyType", json!(pair.key_type.as_str())),
        ("keyFile", json!("PRIVATE KEY 0")),
        ("isPair", json!(true)),
        ("signed", json!(true)),
        // Each with whether it is critical: subjectKeyIdentifier, keyUsage, subjectAltName,
        // basicConstraints, authorityKeyIdentifier, extKeyUsage.
        (
            "extensions",
            json!({
                "2.5.29.14": false, "2.5.29.15": true, "2.5.29.17": false,
                "2.5.29.19": true, "2.5.29.35": false, "2.5.29.37": false,
            }),
        ),
    ] {
        want(field, &verdict[field], &wanted);
    }
    want("authorityKeyId", &verdict["authorityKeyId"], &verdict["subjectKeyId"]);
    let id = verdict["subjectKeyId"].as_str().unwrap_or_default();
    want("length of subjectKeyId", &json!(id.len()), &json!(40));
    let serial = verdict["serial"].as_str().unwrap_or_default();
    // Twenty bytes, the first of them 0x40 to 0x7f: positive, with 158 random bits.
    let is_good = serial.len() == 40 && ('4'..'8').contains(&serial.chars().next().unwrap_or('0'));
    want("serial", &json!(is_good), &json!(true));
    let instant = |field: &str| verdict[field].as_i64().unwrap_or_default();
    let (from, to) = pair.not_before.clone().into_inner();
    let nearest = instant("notBefore").clamp(from, to);
    want("notBefore", &verdict["notBefore"], &json!(nearest));
    let window = instant("notAfter") - instant("notBefore");
    want("window", &json!(window), &json!(pair.window.whole_seconds()));
    for trial in ["handshakes", "verifies"] {
        // Go has no path validation beside the handshake's.
        let Some(hosts) = verdict[trial].as_object() else { continue };
        let asked: BTreeSet<_> = hosts.keys().map(String::as_str).collect();
        let wanted: BTreeSet<_> = pair.hosts.iter().map(String::as_str).chain([STRANGER]).collect();
        want(&format!("{trial} for"), &json!(asked), &json!(wanted));
        for (host, told) in hosts {
            let told = if host == STRANGER { &json!(told != true) } else { told };
            want(&format!("{trial} for {host}"), told, &json!(true));
        }
    }
    found
}

fn expect_all_accepted(made: &Made, verdicts: &[Value]) {
    let judged: BTreeSet<_> = verdicts.iter().filter_map(|told| told["pair"].as_str()).collect();
    let asked: BTreeSet<_> = made.pairs.iter().map(|pair| pair.label.as_str()).collect();
    assert_eq!(judged, asked, "every pair is judged");
    let verdict_of = |pair: &Pair| {
        let told = verdicts.iter().find(|told| told["pair"] == pair.label.as_str());
        told.expect("every pair was judged")
    };
    let all: Vec<String> =
        made.pairs.iter().flat_map(|pair| complaints(pair, verdict_of(pair))).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
    let serials: BTreeSet<_> = verdicts.iter().map(|told| told["serial"].to_string()).collect();
    assert_eq!(serials.len(), made.pairs.len(), "no serial number is used twice");
    let keys: BTreeSet<_> = verdicts.iter().map(|told| told["subjectKeyId"].to_string()).collect();
    assert_eq!(keys.len(), made.pairs.len(), "no key is made twice");
}

#[test]
fn python_accepts_every_pair_and_sees_what_was_asked_for() {
    let made = Made::shared();
    let test = "python_accepts_every_pair_and_sees_what_was_asked_for";
    let Some(verdicts) = witness::python(test, made.folder.path(), now().unix_timestamp()) else {
        return;
    };
    expect_all_accepted(&made, &verdicts);
}

#[test]
fn go_accepts_every_pair_and_sees_what_was_asked_for() {
    let made = Made::shared();
    let test = "go_accepts_every_pair_and_sees_what_was_asked_for";
    let Some(verdicts) = witness::go(test, made.folder.path(), now().unix_timestamp()) else {
        return;
    };
    expect_all_accepted(&made, &verdicts);
}

#[test]
fn openssl_accepts_every_pair_and_sees_what_was_asked_for() {
    let made = Made::shared();
    let test = "openssl_accepts_every_pair_and_sees_what_was_asked_for";
    let Some(openssl) = witness::openssl(test) else { return };
    for pair in &made.pairs {
        openssl_accepts(&openssl, &made, pair);
    }
}

fn openssl_accepts(openssl: &OpenSsl, made: &Made, pair: &Pair) {
    let (certificate, key) = (made.certificate(pair), made.key(pair));
    let (certificate, key) = (certificate.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let label = &pair.label;
    let ask = |args: &[&str]| {
        openssl.ask(args).unwrap_or_else(|error| panic!("{label}: openssl {args:?}: {error}"))
    };
    let x509 = |args: &[&str]| ask(&[&["x509", "-noout", "-in", certificate], args].concat());

    assert_eq!(x509(&["-pubkey"]), ask(&["pkey", "-in", key, "-pubout"]), "{label} is a pair");
    assert!(ask(&["pkey", "-in", key, "-noout", "-check"]).contains("Key is valid"), "{label}");

    let said = x509(&["-dates", "-dateopt", "iso_8601", "-ext", "subjectAltName"]);
    let date = |name: &str| {
        let text = said.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        let text = text.replacen(' ', "T", 1);
        certwright::instant::parse(&text).unwrap_or_else(|error| panic!("{label}: {error}"))
    };
    assert_eq!(date("notAfter=") - date("notBefore="), pair.window, "{label}");
    assert!(pair.not_before.contains(&date("notBefore=").unix_timestamp()), "{label}");
    let names = said.lines().last().unwrap_or_default().trim().split(", ").map(|name| {
        let address = name.strip_prefix("IP Address:").map(|address| {
            address.parse::<IpAddr>().expect("OpenSSL writes addresses that can be read")
        });
        let dns = name.strip_prefix("DNS:").unwrap_or(name).to_owned();
        address.map_or(dns, |address| address.to_string())
    });
    assert_eq!(names.collect::<Vec<_>>(), pair.names, "{label}");

    let verify = |host: &str| {
        let by = if host.parse::<IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
        let strict = ["verify", "-x509_strict", "-check_ss_sig", "-purpose", "sslserver"];
        openssl.ask(&[&strict[..], &["-CAfile", certificate, by, host, certificate]].concat())
    };
    for host in &pair.hosts {
        assert_eq!(verify(host), Ok(format!("{certificate}: OK\n")), "{label} for {host}");
    }
    let refused = verify(STRANGER).expect_err("it is not good for a stranger");
    assert!(refused.contains("hostname mismatch"), "{label}: {refused}");
}

#[test]
fn webpki_accepts_every_pair_for_its_hosts() {
    let made = Made::shared();
    for pair in &made.pairs {
        let label = &pair.label;
        let certificate = CertificateDer::from_pem_file(made.certificate(pair)).expect("PEM");
        let anchor = webpki::anchor_from_trusted_cert(&certificate);
        let anchors = [anchor.unwrap_or_else(|error| panic!("{label}: {error}"))];
        let leaf = webpki::EndEntityCert::try_from(&certificate);
        let leaf = leaf.unwrap_or_else(|error| panic!("{label}: {error}"));
        let verified = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &[],
            UnixTime::now(),
            webpki::KeyUsage::server_auth(),
            None,
            None,
        );
        if let Err(error) = verified {
            panic!("{label}: {error}");
        }
        let good_for = |host: &str| {
            let name = ServerName::try_from(host).expect("a host or an address");
            leaf.verify_is_valid_for_subject_name(&name)
        };
        for host in &pair.hosts {
            good_for(host).unwrap_or_else(|error| panic!("{label} for {host}: {error}"));
        }
        assert!(good_for(STRANGER).is_err(), "{label} for {STRANGER}");
    }
}

#[test]
fn a_serial_number_has_158_random_bits_in_the_eyes_of_python() {
    const CERTIFICATES: usize = 200;
    let test = "a_serial_number_has_158_random_bits_in_the_eyes_of_python";
    let folder = TempDir::new().expect("a temp folder can be made");
    let key = fresh_ed25519();
    let dates = (datetime!(2024-02-29 00:00 UTC), datetime!(2100-01-01 00:00 UTC));
    for number in 0..CERTIFICATES {
        write_pair(&folder.path().join(format!("{number:03}")), &key, dates);
    }
    let Some(verdicts) = witness::python(test, folder.path(), now().unix_timestamp()) else {
        return;
    };
    let serials: BTreeSet<Vec<u8>> = verdicts
        .iter()
        .map(|told| hex(told["serial"].as_str().expect("a serial number")))
        .collect();
    assert_eq!(serials.len(), CERTIFICATES, "no serial number is used twice");
    for bit in 0..160 {
        let ones = serials.iter().filter(|serial| serial[bit / 8] & (0x80 >> (bit % 8)) != 0);
        let expected = match bit {
            0 => 0..=0,                       // positive
            1 => CERTIFICATES..=CERTIFICATES, // and twenty bytes long
            _ => 50..=150,                    // seven standard deviations: once in 10¹⁰ runs
        };
        assert!(expected.contains(&ones.count()), "bit {bit} is not random");
    }
}

fn hex(text: &str) -> Vec<u8> {
    assert_eq!(text.len(), 40, "{text} is twenty bytes");
    let digit = |digit: u8| char::from(digit).to_digit(16).expect("a hex digit");
    let byte = |two: &[u8]| u8::try_from(digit(two[0]) * 16 + digit(two[1])).expect("a byte");
    text.as_bytes().chunks(2).map(byte).collect()
}

#[test]
fn the_judges_notice_a_key_that_is_not_the_certificates() {
    let test = "the_judges_notice_a_key_that_is_not_the_certificates";
    let folder = TempDir::new().expect("a temp folder can be made");
    let dates = (datetime!(2024-02-29 00:00 UTC), datetime!(2100-01-01 00:00 UTC));
    let pair = folder.path().join("pair");
    write_pair(&pair, &fresh_ed25519(), dates);
    fs::write(pair.join("tls.key"), fresh_ed25519().to_pem().as_str()).expect("it can be written");
    for judge in [witness::python, witness::go] {
        let Some(verdicts) = judge(test, folder.path(), now().unix_timestamp()) else { continue };
        let [verdict] = verdicts.as_slice() else { panic!("{verdicts:?}") };
        assert_ne!(verdict["isPair"], true, "{verdict}");
        assert_eq!(verdict["signed"], true, "{verdict}");
    }
}
