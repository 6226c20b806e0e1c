//! The house rules of `src/`, held: who may use whom, and what a pure module must never see.
//!
//! The table is `tidy/table.rs`, the rules are `tidy/rules.rs`; here they meet the real tree and
//! the planted samples. Refuses to know Rust's syntax (`support/source_tree.rs`) and where clock,
//! RNG, files and printing are called by method (`clippy.toml` holds that, and `clippy_guard.rs`
//! shows that it does).
//!
//! The planted samples in `testdata/breach/` show that every rule fires: `//@ PATH` begins a file
//! as if it stood at PATH, `//~ RULE` marks a line that must be reported, and nothing else may be.

mod rules;
mod table;

use crate::support::source_tree::{self, SourceFile};
use rules::{Breach, Rule, breaches};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use table::{Ours, Purity, Row, TABLE};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn listing(breaches: &[Breach]) -> String {
    let lines: Vec<_> = breaches.iter().map(Breach::to_string).collect();
    format!("\n  {}", lines.join("\n  "))
}

/// What `source`, standing at `path`, is reported for, as `line rule`, each once.
fn reported(path: &str, source: &str) -> Vec<String> {
    let found = breaches(&[SourceFile::parse(path, source)]);
    let places: BTreeSet<_> =
        found.iter().map(|breach| format!("{} {}", breach.line, breach.rule.code())).collect();
    places.into_iter().collect()
}

/// A planted sample: its files, and the (file, line, rule) that must be reported.
struct Sample {
    files: Vec<SourceFile>,
    expected: BTreeSet<(String, usize, String)>,
}

impl Sample {
    fn read(text: &str) -> Self {
        let mut sample = Self { files: Vec::new(), expected: BTreeSet::new() };
        for section in text.split("//@ ").skip(1) {
            let (path, source) = section.split_once('\n').expect("a path, then a source");
            for (index, line) in source.lines().enumerate() {
                for rule in line.split("//~ ").skip(1) {
                    sample.expected.insert((path.to_owned(), index + 1, rule.trim().to_owned()));
                }
            }
            sample.files.push(SourceFile::parse(path, source));
        }
        sample
    }
}

/// Every sample under `testdata/breach/`, by its name. Those for clippy are not ours.
fn samples() -> BTreeMap<String, Sample> {
    let paths = source_tree::entries(&package().join("testdata/breach"));
    let named = paths.iter().map(|path| {
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a UTF-8 name");
        (name.to_owned(), path)
    });
    let ours = named.filter(|(name, _)| !name.starts_with("clippy"));
    ours.map(|(name, path)| (name, Sample::read(&source_tree::read(path)))).collect()
}

#[test]
fn the_source_tree_keeps_the_house_rules() {
    let files = source_tree::read_tree(package(), "src");
    assert!(!files.is_empty(), "no source file was found, so nothing was checked");
    let found = breaches(&files);
    assert!(found.is_empty(), "{} breaches of the house rules:{}", found.len(), listing(&found));
}

#[test]
fn a_planted_breach_is_reported_where_it_stands_and_nothing_else_is() {
    for (name, sample) in samples() {
        let found = breaches(&sample.files);
        let places: BTreeSet<_> =
            found.iter().map(|b| (b.file.clone(), b.line, b.rule.code().to_owned())).collect();
        assert_eq!(places, sample.expected, "sample {name} was reported for:{}", listing(&found));
        assert_eq!(name.starts_with("lookalike"), found.is_empty(), "sample {name} is misnamed");
    }
}

#[test]
fn every_rule_has_a_planted_breach() {
    let samples = samples();
    let planted: BTreeSet<_> =
        samples.values().flat_map(|s| &s.expected).map(|(_, _, rule)| rule.as_str()).collect();
    let rules: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(planted, rules);
    assert!(samples.keys().any(|name| name.starts_with("lookalike")), "no look-alike is planted");
}

#[test]
fn a_breach_says_where_it_is_which_rule_it_breaks_and_what_to_do_instead() {
    let file = SourceFile::parse("src/plan/step.rs", "//! Steps.\n\nuse crate::apply::run;\n");
    assert_eq!(
        listing(&breaches(&[file])).trim(),
        "src/plan/step.rs:3: [import-table] `plan` uses `crate::apply::run`, and may use audit, \
         inventory, observation, x509, instant, duration, gke, object_ref, remedy; instead: a plan is a printable list that names keys by \
         fingerprint; apply carries it out"
    );
}

/// Where a file of the row's module would stand, two levels down so that `super::super` is ours.
fn place_of(row: &Row) -> String {
    match row.module {
        "lib" | "main" => format!("src/{}.rs", row.module),
        module => format!("src/{}/part.rs", module.replace("::", "/")),
    }
}

#[test]
fn every_cell_of_the_table_holds_in_every_spelling() {
    let modules = TABLE.iter().filter(|row| !matches!(row.module, "lib" | "main"));
    let modules: Vec<_> = modules.map(|row| row.module).collect();
    for row in TABLE.iter().filter(|row| !matches!(row.module, "lib" | "main")) {
        let own = row.module.split("::").next().expect("a module has a name");
        let up = "super::".repeat(row.module.split("::").count() + 1);
        for module in modules.iter().filter(|module| module.split("::").next() != Some(own)) {
            let target: Vec<_> = module.split("::").map(str::to_owned).collect();
            let expected: &[&str] = if row.allows(&target) { &[] } else { &["2 import-table"] };
            for source in [
                format!("use crate::{module}::Thing;"),
                format!("use crate::{{{module}::{{self, Thing}}}};"),
                format!("use {up}{module}::Thing as Other;"),
                format!("use crate::{module}::*;"),
                format!("use certwright::{module};"),
                format!("use crate as root; fn f() {{ root::{module}::g() }}"),
                format!("fn f(x: crate::{module}::Thing) {{}}"),
                format!("fn f() {{ print(format!(\"{{}}\", [crate::{module}::g()])) }}"),
                format!("#[cfg(test)] mod tests {{ use super::{up}{module}::Thing; }}"),
            ] {
                let source = format!("//! Planted.\n{source}\n");
                assert_eq!(reported(&place_of(row), &source), expected, "{}: {source}", row.module);
            }
        }
    }
}

#[test]
fn every_outside_path_is_seen_in_every_spelling() {
    for row in TABLE.iter().filter(|row| !row.never().collect::<Vec<_>>().is_empty()) {
        for path in row.never().flat_map(|outside| outside.paths) {
            let (above, last) = path.rsplit_once("::").unwrap_or(("", path));
            let mut sources = vec![
                format!("use {path} as planted;"),
                format!("fn f() {{ {path}::g() }}"),
                format!("fn f() {{ vec![{path}::g()] }}"),
            ];
            if !above.is_empty() {
                sources.push(format!("use {above}::{{{last} as planted}};"));
                sources.push(format!("use {above} as planted; fn f() {{ planted::{last}() }}"));
            }
            for source in sources {
                let source = format!("//! Planted.\n{source}\n");
                let found = reported(&place_of(row), &source);
                assert_eq!(found, ["2 must-never-see"], "{}: {source}", row.module);
            }
        }
    }
}

#[test]
fn the_table_names_only_its_own_modules_each_once_and_keeps_the_pure_ones_closed() {
    let mut seen = BTreeSet::new();
    for row in TABLE {
        assert!(seen.insert(row.module), "{} has two rows", row.module);
        let Ours::These(allowed) = row.may_use else { continue };
        for path in allowed {
            let target: Vec<_> = path.split("::").map(str::to_owned).collect();
            let used = Row::of(&target).unwrap_or_else(|| panic!("{path} has no row"));
            let closed = row.purity == Purity::Io || used.purity == Purity::Pure;
            assert!(closed, "{} is pure and may use {path}, which is not", row.module);
        }
    }
}
