//! A report of thousands on a screen, and whole.

use super::{lines, table};
use crate::audit::finding::{Finding, Severity};
use crate::audit::policy::Policy;
use crate::audit::{RULES, Report, Source};
use crate::inventory::Inventory;
use crate::inventory::testing::{Pair, of_secrets};
use crate::object_ref::ObjectRef;
use crate::render::model::{Looked, Model, SortBy, TableOptions};
use crate::render::page::Page;
use time::Duration;
use time::macros::datetime;

const NOW: time::OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
/// Seventy Secrets, each served for a host, and the certificate of the guide in every one.
const SECRETS: usize = 70;

fn inventory() -> Inventory {
    let names: Vec<String> = (0..SECRETS).map(|at| format!("shop-{at:02}-tls")).collect();
    let hosts: Vec<String> =
        (0..SECRETS).map(|at| format!("shop-{at:02}.a-rather-long-domain.example")).collect();
    let crt = include_str!("../../../testdata/pki/guide.crt.pem");
    let pairs: Vec<Pair<'_>> = names
        .iter()
        .zip(&hosts)
        .map(|(name, host)| Pair {
            name,
            crt: crt.to_owned(),
            served: Some(host),
            ..Pair::default()
        })
        .collect();
    of_secrets(&pairs)
}

/// So many findings, of every rule in turn.
fn report(findings: usize) -> Report {
    let finding = |at: usize| {
        let rule = RULES[at % RULES.len()];
        let object = ObjectRef::secret("shop", format!("shop-{:02}-tls", at % SECRETS));
        rule.on(
            &object,
            format!("it is wrong in the way number {at}, which takes some words to say"),
        )
        .remedy("certwright rotate secret/shop-tls -n shop".to_owned())
    };
    let mut findings: Vec<Finding> = (0..findings).map(finding).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Report {
        now: NOW,
        source: Source::Cluster,
        policy: Policy::default(),
        findings,
        others: Vec::new(),
        is_narrowed: false,
        complete: true,
        problems: Vec::new(),
        notes: Vec::new(),
        compared: None,
    }
}

fn written(
    (inventory, report): (&Inventory, &Report),
    look: TableOptions,
    width: Option<usize>,
    write: fn(&Model<'_>, &mut Page<'_>) -> std::io::Result<()>,
) -> String {
    let looked = Looked { place: "all namespaces of context prod".to_owned(), ..Looked::default() };
    let mut out = Vec::new();
    let model = Model { inventory, report, looked: &looked, look };
    write(&model, &mut Page::new(&mut out, width)).expect("a Vec takes all");
    anstream::adapter::strip_str(&String::from_utf8(out).expect("it is text")).to_string()
}

const WIDTHS: [Option<usize>; 4] = [None, Some(80), Some(120), Some(200)];

#[test]
fn a_report_of_thousands_fits_on_sixty_lines_and_says_what_it_leaves_out() {
    let inventory = inventory();
    for findings in [0, 20, 21, 300, 15_000] {
        let report = report(findings);
        for width in WIDTHS {
            let look = TableOptions { namespaces: true, ..TableOptions::default() };
            let text = written((&inventory, &report), look, width, table::write);
            let lines = text.lines().count();
            if width.is_some() {
                // Up to twenty are told one by one, on as many lines as each takes.
                assert!(findings == 20 || lines <= 60, "{findings} at {width:?}: {lines}\n{text}");
                assert!(text.contains("and 50 more; --all shows them"), "{text}");
            } else {
                let row = |at| format!("shop-{at:02}-tls");
                assert!((0..SECRETS).all(|at| text.contains(&row(at))), "{text}");
            }
            assert!(text.contains("looked at all namespaces of context prod"), "{text}");
            assert!(findings == 0 || text.contains("expired"), "{text}");
        }
    }
}

#[test]
fn all_shows_every_row_and_every_finding_and_breaks_no_name() {
    let (inventory, report) = (inventory(), report(300));
    for width in WIDTHS {
        let look = TableOptions { all: true, ..TableOptions::default() };
        let text = written((&inventory, &report), look, width, table::write);
        for at in 0..SECRETS {
            let host = format!("shop-{at:02}.a-rather-long-domain.example");
            assert!(text.contains(&host), "{host} at {width:?}:\n{text}");
            let row = format!("  shop-{at:02}-tls  ");
            assert!(text.contains(&row), "{row} at {width:?}:\n{text}");
        }
        let told = text.lines().filter(|line| {
            ["error ", "warning ", "info "].iter().any(|word| line.starts_with(word))
        });
        assert_eq!(told.count(), 300, "{width:?}");
    }
}

#[test]
fn what_is_no_terminal_gets_a_line_for_each_finding_with_whom_it_hurts() {
    let (inventory, report) = (inventory(), report(3));
    let text = written((&inventory, &report), TableOptions::default(), None, table::write);
    let line = text.lines().find(|line| line.starts_with("error ")).expect("there is one");
    assert!(line.contains("serves shop-0") && line.contains("(ingress/shop-0"), "{line}");
    let lines = written((&inventory, &report), TableOptions::default(), None, lines::write);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(lines.lines().all(|line| line.contains(": secret/shop-0")), "{lines}");
    let names = written((&inventory, &report), TableOptions::default(), None, lines::write_names);
    assert_eq!(names, "secret/shop-00-tls\nsecret/shop-02-tls\nsecret/shop-01-tls\n");
}

#[test]
fn columns_go_where_there_is_no_room_and_rows_stay_a_line_each() {
    let (inventory, report) = (inventory(), report(0));
    let heads = |width| {
        let text = written((&inventory, &report), TableOptions::default(), width, table::write);
        text.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(heads(Some(60)), "STATUS SECRET NAMES EXPIRES");
    assert_eq!(heads(None), "STATUS SECRET NAMES EXPIRES DAYS USED BY OWNER KEY");
    assert_eq!(heads(Some(200)), heads(None));
}

#[test]
fn rows_are_sorted_as_asked_and_only_what_ends_in_time_is_shown() {
    let inventory = inventory();
    let mut report = report(0);
    let broken = RULES.iter().find(|rule| rule.code == "key-mismatch").expect("it is there");
    report.findings = vec![broken.on(&ObjectRef::secret("shop", "shop-42-tls"), "wrong")];
    let first = |look| {
        let text = written((&inventory, &report), look, None, table::write);
        text.lines().nth(1).unwrap_or_default().to_owned()
    };
    assert!(first(TableOptions::default()).starts_with("WRONG-KEY  shop-42-tls"));
    let options = TableOptions::default();
    let on_a_terminal = written((&inventory, &report), options, Some(200), table::write);
    assert!(on_a_terminal.contains("\nWRONG KEY  shop-42-tls"), "{on_a_terminal}");
    let by_name = TableOptions { sort_by: SortBy::Name, ..TableOptions::default() };
    assert!(first(by_name).contains("  shop-00-tls  "));
    let soon = TableOptions { ends_by: Some(NOW + Duration::days(30)), ..TableOptions::default() };
    assert!(!first(soon).contains("shop-"), "the guide's certificate ends in 2299");
    assert_eq!(report.count(Severity::Error), 1);
}

#[test]
fn a_group_that_renewing_mends_has_one_command_where_everything_was_looked_at() {
    let inventory = inventory();
    let mut report = report(0);
    let expired = RULES.iter().find(|rule| rule.code == "expired").expect("it is there");
    let finding = |at: usize| {
        let object = ObjectRef::secret("shop", format!("shop-{at:02}-tls"));
        let remedy = format!("certwright rotate secret/shop-{at:02}-tls -n shop");
        expired.on(&object, "it has expired").remedy(remedy)
    };
    report.findings = (0..30).map(finding).collect();
    for (namespaces, command) in
        [(false, "certwright rotate --due -n shop"), (true, "certwright rotate --due -A")]
    {
        let look = TableOptions { namespaces, ..TableOptions::default() };
        let text = written((&inventory, &report), look, Some(80), table::write);
        assert!(text.lines().any(|line| line.trim() == command), "{command}:\n{text}");
    }
}
