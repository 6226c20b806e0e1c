//! The calendar, read back: by a reader of RFC 5545 that takes nothing on trust, by JSON's, and by eye.

use super::{CalendarReport, ics, json, table};
use crate::audit::calendar::{Entry, entries};
use crate::audit::policy::Policy;
use crate::audit::{Context, Platform, Source};
use crate::inventory::Inventory;
use crate::inventory::testing::{Pair, of_secrets};
use crate::render::model::Looked;
use crate::render::page::Page;
use std::collections::BTreeSet;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
const KEY: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");

/// So many certificates for these hosts, which end a day after each other.
fn seen(number: usize, names: &[&str]) -> Inventory {
    let key = rcgen::KeyPair::from_pem(KEY).expect("the key is good");
    let titles: Vec<String> = (0..number).map(|at| format!("web-{at}")).collect();
    let pair = |(at, name): (usize, &String)| {
        let mut params = rcgen::CertificateParams::default();
        let san = |name: &&str| rcgen::SanType::DnsName((*name).try_into().expect("IA5"));
        params.subject_alt_names = names.iter().map(san).collect();
        let days = i64::try_from(at).expect("a few");
        params.not_before = NOW - Duration::days(300);
        params.not_after = NOW + Duration::days(days * 5 - 10) + Duration::hours(1);
        params.self_signed(&key).map(|it| (name.clone(), it.pem())).expect("it can be made")
    };
    let made: Vec<(String, String)> = titles.iter().enumerate().map(pair).collect();
    let pairs = made.iter().map(|(name, crt)| Pair { name, crt: crt.clone(), ..Pair::default() });
    of_secrets(&pairs.collect::<Vec<_>>())
}

type Write = fn(&CalendarReport<'_>, &mut Page<'_>) -> std::io::Result<()>;

fn written(inventory: &Inventory, now: OffsetDateTime, write: Write) -> String {
    let policy = Policy::default();
    let (platform, source) = (Platform::Other, Source::Cluster);
    let context = Context { now, policy: &policy, platform, source };
    let entries: Vec<Entry<'_>> = entries(inventory, &context, None);
    let looked = Looked { place: "everywhere".to_owned(), ..Looked::default() };
    let report = CalendarReport {
        entries: &entries,
        now,
        source,
        complete: true,
        looked: &looked,
        namespaces: true,
        no_headers: false,
    };
    let mut out = Vec::new();
    write(&report, &mut Page::unwrapped(&mut out)).expect("a Vec takes all");
    String::from_utf8(out).expect("it is text")
}

/// The content lines of RFC 5545 §3.1, unfolded, each as its name, parameters and value.
fn lines(text: &str) -> Vec<(String, String, String)> {
    assert!(text.ends_with("\r\n"), "the last line ends too");
    let physical: Vec<&str> = text.strip_suffix("\r\n").expect("it ends").split("\r\n").collect();
    let mut whole: Vec<String> = Vec::new();
    for line in physical {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']) && !line.chars().any(char::is_control), "{line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => {
                whole.last_mut().expect("the first line is no continuation").push_str(rest);
            }
            None => whole.push(line.to_owned()),
        }
    }
    let parts = |line: String| {
        let (head, value) = line.split_once(':').expect("a name, a colon and a value");
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        assert!(name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-'), "{line}");
        (name.to_owned(), parameters.to_owned(), value.to_owned())
    };
    whole.into_iter().map(parts).collect()
}

/// A TEXT value (§3.3.11), or why it is none.
fn unescaped(value: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = value.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                Some(escaped @ ('\\' | ';' | ',')) => text.push(escaped),
                Some('n' | 'N') => text.push('\n'),
                other => return Err(format!("escape {other:?} in {value}")),
            },
            ',' | ';' => return Err(format!("{character} is not escaped in {value}")),
            other => text.push(other),
        }
    }
    Ok(text)
}

/// The events, each as (UID, day, summary), after everything that the RFC demands of them was looked at.
fn events(text: &str) -> Vec<(String, String, String)> {
    let lines = lines(text);
    let named: Vec<&str> = lines.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(named.first().zip(named.last()), Some((&"BEGIN", &"END")));
    for needed in ["VERSION", "PRODID"] {
        assert_eq!(named.iter().filter(|name| **name == needed).count(), 1, "{needed}");
    }
    let (mut open, mut components, mut events) = (Vec::new(), 0, Vec::new());
    let mut event: Vec<(String, String, String)> = Vec::new();
    for (name, parameters, value) in lines {
        match name.as_str() {
            "BEGIN" => {
                open.push(value);
                event.clear();
            }
            "END" => {
                assert_eq!(
                    open.pop().as_deref(),
                    Some(value.as_str()),
                    "what ends is what is open"
                );
                components += usize::from(open.len() == 1);
                if value == "VEVENT" {
                    let one = |wanted: &str| {
                        let mut all = event.iter().filter(|(name, ..)| name == wanted);
                        let found = all.next().expect(wanted);
                        assert!(all.next().is_none(), "{wanted} stands once");
                        (found.1.clone(), found.2.clone())
                    };
                    let stamp = one("DTSTAMP").1;
                    assert!(stamp.len() == 16 && stamp.ends_with('Z'), "{stamp}");
                    let (parameters, day) = one("DTSTART");
                    assert_eq!(parameters, "VALUE=DATE");
                    assert!(day.len() == 8 && day.bytes().all(|it| it.is_ascii_digit()), "{day}");
                    unescaped(&one("DESCRIPTION").1).expect("a text");
                    let summary = unescaped(&one("SUMMARY").1).expect("a text");
                    events.push((one("UID").1, day, summary));
                }
            }
            _ => event.push((name, parameters, value)),
        }
    }
    assert!(open.is_empty() && components > 0, "a calendar has a component at least");
    let uids: BTreeSet<&String> = events.iter().map(|(uid, ..)| uid).collect();
    assert_eq!(uids.len(), events.len(), "each has a UID of its own");
    events
}

#[test]
fn each_certificate_is_two_days_of_a_calendar_that_the_rfc_allows() {
    for number in [0, 1, 40] {
        let found = events(&written(&seen(number, &["a.example", "b.example"]), NOW, ics::write));
        assert_eq!(found.len(), number * 2);
        let summary = "Renew secret/web-0 in namespace shop (a.example, b.example)";
        assert_eq!(found.iter().any(|(.., it)| it == summary), number > 0);
    }
}

#[test]
fn an_event_keeps_its_uid_and_its_day_while_the_certificate_stays() {
    let inventory = seen(3, &["a.example"]);
    let key = |now| {
        let found = events(&written(&inventory, now, ics::write));
        found.into_iter().map(|(uid, day, _)| (uid, day)).collect::<BTreeSet<_>>()
    };
    assert_eq!(key(NOW), key(NOW + Duration::days(7)));
}

#[test]
fn nothing_that_came_from_outside_breaks_a_line_or_hides_in_one() {
    let hostile = ["a;b,c\\n.example", "x\r\nBEGIN:VEVENT", "\u{1b}[31m", &"long".repeat(60)];
    let inventory = seen(2, &hostile);
    let text = written(&inventory, NOW, ics::write);
    let found = events(&text);
    assert_eq!(found.len(), 4, "{text}");
    assert!(found.iter().all(|(.., summary)| summary.contains("a;b,c\\n.example")), "{found:?}");
    let shown = written(&inventory, NOW, table::write);
    assert!(!shown.contains('\u{1b}') && !shown.contains("\nBEGIN"), "{shown}");
    let document: serde_json::Value =
        serde_json::from_str(&written(&inventory, NOW, json::write)).expect("JSON");
    assert_eq!(document["summary"]["certificates"], 2);
}

#[test]
fn weeks_count_what_falls_due_and_what_ends_in_them() {
    let document: serde_json::Value =
        serde_json::from_str(&written(&seen(12, &["a.example"]), NOW, json::write)).expect("JSON");
    assert_eq!(document["schema"], "certwright.dev/calendar/v1");
    let weeks = document["weeks"].as_array().expect("a list");
    let sum = |field: &str| weeks.iter().filter_map(|week| week[field].as_u64()).sum::<u64>();
    let ended = document["summary"]["ended"].as_u64().expect("a number");
    assert_eq!((sum("due"), sum("ends") + ended), (12, 12));
    assert_eq!(weeks[0]["week"], "ended");
    assert_eq!(weeks[1]["week"], "due");
    assert_eq!(weeks[0]["from"], serde_json::Value::Null);
    let last = weeks.last().expect("one");
    assert!(last["week"].as_str().is_some_and(|it| it.starts_with("202") && it.contains("-W")));
    assert!(last["from"].as_str() < last["to"].as_str());
}

#[test]
fn a_table_has_a_line_for_each_and_says_who_renews() {
    let text = written(&seen(12, &["a.example", "b.example", "c.example"]), NOW, table::write);
    let heads = "WEEK DUE ENDS CERTIFICATE NAMES RENEWED BY";
    let first = text.lines().next().unwrap_or_default();
    assert_eq!(first.split_whitespace().collect::<Vec<_>>().join(" "), heads);
    for at in 0..12 {
        assert!(text.contains(&format!("  shop/secret/web-{at}  ")), "{text}");
    }
    assert!(text.contains("a.example, b.example, +1") && text.contains("<none>"), "{text}");
    assert!(text.contains("ended: 2\n"), "{text}");
    assert!(
        text.ends_with("looked at everywhere\n12 certificates, 12 of them renewed by hand\n"),
        "{text}"
    );
    let empty = written(&seen(0, &[]), NOW, table::write);
    assert_eq!(empty, "looked at everywhere\n0 certificates, 0 of them renewed by hand\n");
}
