//! The page of `-o html` in a browser: headless Chromium clicks, types and prints.
//!
//! Knows what people do with it. Refuses to know Chromium: `witness/page.py` drives it.

use super::AT;
use crate::support::binary::Certwright;
use crate::support::witness;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The instant of [`AT`].
const NOW: OffsetDateTime = datetime!(2026-11-21 0:00 UTC);

/// So many Secrets in ten namespaces: half of them with a certificate that has ended or ends soon.
fn secrets(count: usize) -> Value {
    let key = KeyPair::generate().expect("a key can be made");
    let secret = |number: usize| {
        let days = i64::try_from(number % 200).expect("it is small") * 4 - 380;
        let name = format!("web-{number:05}");
        let mut params =
            CertificateParams::new(vec![format!("{name}.example.com")]).expect("a name");
        params.distinguished_name = DistinguishedName::new();
        params.not_before = NOW - Duration::days(400);
        params.not_after = NOW + Duration::days(days);
        let certificate = params.self_signed(&key).expect("a certificate can be made");
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": { "name": name, "namespace": format!("team-{}", number % 10) },
            "stringData": { "tls.crt": certificate.pem(), "tls.key": key.serialize_pem() },
        })
    };
    let items: Vec<Value> = (0..count).map(secret).collect();
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
}

/// Manifests of so many Secrets in a folder `in`.
pub(super) fn write_secrets(folder: &Path, count: usize) {
    fs::create_dir_all(folder.join("in")).expect("a folder can be made");
    fs::write(folder.join("in/list.json"), secrets(count).to_string()).expect("it is written");
}

/// The report on this list, as a file in the folder.
fn report(folder: &Path, list: &Value) {
    fs::write(folder.join("list.json"), list.to_string()).expect("it is written");
    let certwright = Certwright::new().folder(folder);
    let ran = certwright.args(&["check", "--at", AT, "-f", "list.json", "-o", "html"]).run();
    fs::write(folder.join("report.html"), ran.expect_code(1).stdout).expect("it is written");
}

/// How many rows a heading says are shown, and of how many.
fn shown(title: &Value) -> (usize, usize) {
    let title = title.as_str().expect("it is text");
    let counts = title.split_once('(').expect("it counts").1.trim_end_matches(')');
    let (shown, all) = counts.split_once(" of ").unwrap_or((counts, counts));
    (shown.parse().expect("a number"), all.parse().expect("a number"))
}

#[test]
fn the_page_is_filtered_by_mouse_and_keyboard_and_looks_right_in_the_dark_and_on_paper() {
    let test = "the_page_is_filtered_by_mouse_and_keyboard";
    let folder = TempDir::new().expect("a temp folder can be made");
    report(folder.path(), &secrets(400));
    let page = folder.path().join("report.html");
    let Some(told) = witness::of_page(test, &page, "team-3") else { return };
    assert_eq!((&told["requests"], &told["complaints"]), (&json!(0), &json!([])), "{told:#}");

    let all = shown(&told["title"]["certificates"]);
    assert_eq!(all, (400, 400));
    // Only what fits on some screens is made.
    assert!(told["drawn"].as_u64().is_some_and(|drawn| drawn < 400), "{told:#}");
    let (less, of) = shown(&told["without warnings"]["title"]);
    assert!(0 < less && less < of && told["without warnings"]["rows"] == 0, "{told:#}");
    assert_eq!(told["with warnings"], told["title"]["findings"]);
    let (of_month, _) = shown(&told["of a month"]);
    assert!(0 < of_month && of_month < 400, "{told:#}");
    assert_eq!(shown(&told["of all months"]), all);
    assert_eq!(told["first by name"], json!(["secret/web-00000", "secret/web-00399"]));

    assert_eq!(told["searching"], "text");
    assert_eq!(told["found"]["text"], "team-3");
    assert_eq!(shown(&told["found"]["title"]), (40, 400));
    let places = ["tabbed to", "down", "up"].map(|name| told[name].clone());
    assert_eq!(places, [json!(0), json!(1), json!(0)], "{told:#}");
    assert_eq!(told["only one object"], true);
    assert_eq!(shown(&told["cleared"]), all);

    assert_ne!(told["light"], told["dark"]);
    assert_eq!(told["asked for dark"], told["dark"]);
    assert_eq!(told["paper"], told["light"]);
    assert_eq!(told["filters on paper"], "none");
    assert_eq!(told["printed"], "JVBERi", "it is no PDF");
    assert_eq!(told["rows printed"], 400);
}

#[test]
fn a_page_of_ten_thousand_opens_and_is_filtered() {
    let test = "a_page_of_ten_thousand";
    let folder = TempDir::new().expect("a temp folder can be made");
    report(folder.path(), &secrets(10_000));
    let page = folder.path().join("report.html");
    let Some(told) = witness::of_page(test, &page, "team-3") else { return };
    assert_eq!(shown(&told["title"]["certificates"]), (10_000, 10_000));
    assert_eq!(shown(&told["found"]["title"]), (1_000, 10_000));
    assert_eq!(told["complaints"], json!([]));
    witness::say(&format!("10,000 certificates were open after {} ms", told["opened"]));
}

#[test]
fn hostile_names_are_text_on_the_page_and_run_nothing() {
    let test = "hostile_names_are_text_on_the_page";
    let folder = TempDir::new().expect("a temp folder can be made");
    let mut items = Vec::new();
    for name in super::HOSTILE {
        items.extend(super::objects_named(name));
    }
    report(folder.path(), &json!({ "apiVersion": "v1", "kind": "List", "items": items }));
    let page = folder.path().join("report.html");
    let Some(told) = witness::of_page(test, &page, "team #12") else { return };
    assert_eq!((&told["requests"], &told["complaints"]), (&json!(0), &json!([])), "{told:#}");
    let (found, all) = shown(&told["found"]["title"]);
    assert!(0 < found && found < all, "{told:#}");
}
