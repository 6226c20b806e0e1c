//! The pages of documentation that need no cluster, run; and that every page is run somewhere.

use crate::support::binary::run;
use crate::support::name_server::NameServer;
use crate::support::pages::{Page, Place, is_the_same};
use crate::support::witness;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What the pages call the DNS server.
const NAME_SERVER: &str = "8.8.8.8:53";

/// What is in no page's power to run here, with the reason it gives.
const NOT_RUN: &[&str] = &[
    "README.md: installs",
    // With its kinds nobody could say there which Secrets are unused.
    "check.md: the cluster of these pages has no Gateways",
    "schedule.md: installs",
    "schedule.md: there are no nodes",
    "schedule.md: nobody listens",
];

#[test]
fn every_page_is_run_and_what_is_not_run_is_known() {
    let pages = Page::all();
    for page in &pages {
        let known = ["files", "cluster", "gke"].contains(&page.beside.as_str());
        assert!(
            known || page.name() == "rules.md",
            "{} does not say what it is run beside",
            page.name()
        );
    }
    let not_run: Vec<String> = pages.iter().flat_map(Page::not_run).collect();
    assert_eq!(not_run, NOT_RUN);
}

#[test]
fn links_between_pages_lead_somewhere() {
    for page in Page::all() {
        let folder = page.path.parent().expect("it is in a folder");
        let targets = page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.path.clone() } else { folder.join(file) };
            let text = fs::read_to_string(&path);
            assert!(text.is_ok() || path.is_dir(), "{}: {target}", page.name());
            let slug = |line: &str| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                let kept = |c: char| c.is_alphanumeric() || c == '-' || c == ' ' || c == '_';
                title.chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-")
            };
            let text = text.unwrap_or_default();
            let mut headings = text.lines().filter(|line| line.starts_with('#')).map(slug);
            assert!(
                heading.is_empty() || headings.any(|it| it == heading),
                "{}: {target}",
                page.name()
            );
        }
    }
}

#[test]
fn pages_that_need_no_cluster_say_what_is_printed() {
    if !witness::succeeds(Command::new("jq").arg("--version")) {
        witness::skip("pages_that_need_no_cluster", "needs jq (Debian: apt-get install jq)");
        return;
    }
    let zone = scenario("dns-stuck").join("dns/example.zone");
    let zone = fs::read_to_string(zone).expect("its zone is there");
    let Some(server) = NameServer::start("pages_that_need_no_cluster", &[("example", &zone)])
    else {
        return;
    };
    let pages = Page::beside("files");
    assert!(!pages.is_empty());
    for page in pages {
        let folder = with_manifests();
        let stands_for = vec![(NAME_SERVER, server.address())];
        page.run(&Place { folder: folder.path(), stands_for });
    }
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(name)
}

/// A folder with the manifests that the pages speak of.
fn with_manifests() -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    for (name, from, files) in [
        ("guide", "guide", &["secret.yaml", "ingress.yaml"][..]),
        ("stuck", "dns-stuck", &["ingress.yaml", "managed.yaml", "service.yaml"]),
    ] {
        fs::create_dir(folder.path().join(name)).expect("a folder can be made");
        for file in files {
            let from = scenario(from).join("in").join(file);
            fs::copy(from, folder.path().join(name).join(file)).expect("it can be copied");
        }
    }
    folder
}

#[test]
fn the_page_of_rules_is_what_the_rules_say() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let printed = run(&["explain", "-o", "markdown"]).expect_code(0).stdout;
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&page, &printed).expect("it can be written");
    }
    assert_eq!(fs::read_to_string(&page).expect("the page is there"), printed);
}

#[test]
fn only_dates_and_counts_of_days_may_move_and_only_by_the_days_that_passed() {
    let written = "until 2027-11-21; 24 days, p256";
    assert!(is_the_same("until 2027-11-28; 24 days, p256", written, 7));
    assert!(is_the_same("until 2027-11-21; 17 days, p256", written, 7));
    assert!(is_the_same("until 2027-11-21; 16 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-27; 24 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-28; 24 days, p384", written, 7));
    assert!(!is_the_same("until 2027-11-28; 15 days, p256", written, 7));
    assert!(!is_the_same("until 2027-11-28; 24 days", written, 7));
    assert!(!is_the_same("3 skipped", "2 skipped", 0), "no other count may move");
    assert!(!is_the_same("3 skipped", "10 skipped", 7));
}
