//! The house rules, one by one, and how a breach of each is told.
//!
//! Knows what is wrong with a file once it is read. Refuses to know the files themselves: it
//! judges the real tree and the planted samples alike.

use super::table::{Purity, Row, TABLE, our_module};
use crate::support::source_tree::{Form, Mention, SourceFile, Syntax, WordKind};
use std::collections::BTreeSet;
use std::fmt;

/// Crates that one file alone may name, so that leaving them is a change in one place.
const ONE_FILE_ONLY: &[(&str, &str)] = &[
    ("rustls_pemfile", "archived (RUSTSEC-2025-0134); everybody else asks the file that has it"),
    ("rsa", "a release candidate (RUSTSEC-2023-0071); everybody else asks the file that has it"),
];

/// File names that say nothing.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// Macros that stand for work not done.
const PLACEHOLDERS: &[&str] = &["todo", "unimplemented", "dbg"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    ImportTable,
    NotInTable,
    Outside,
    AsyncInPure,
    OneFileOnly,
    CommandsSideways,
    Reexport,
    ModuleDoc,
    BareAllow,
    Placeholder,
    FileName,
    NotRust,
}

impl Rule {
    /// Every rule.
    pub const ALL: &[Self] = &[
        Self::ImportTable,
        Self::NotInTable,
        Self::Outside,
        Self::AsyncInPure,
        Self::OneFileOnly,
        Self::CommandsSideways,
        Self::Reexport,
        Self::ModuleDoc,
        Self::BareAllow,
        Self::Placeholder,
        Self::FileName,
        Self::NotRust,
    ];

    /// The name it goes by in reports and samples.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ImportTable => "import-table",
            Self::NotInTable => "not-in-table",
            Self::Outside => "must-never-see",
            Self::AsyncInPure => "async-in-pure",
            Self::OneFileOnly => "one-file-only",
            Self::CommandsSideways => "commands-sideways",
            Self::Reexport => "reexport",
            Self::ModuleDoc => "module-doc",
            Self::BareAllow => "bare-allow",
            Self::Placeholder => "placeholder",
            Self::FileName => "file-name",
            Self::NotRust => "not-rust",
        }
    }
}

/// A line that breaks a rule, and the way out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    pub file: String,
    pub line: usize,
    pub rule: Rule,
    pub what: String,
    pub instead: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, what, instead } = self;
        write!(f, "{file}:{line}: [{}] {what}; instead: {instead}", rule.code())
    }
}

/// Every breach in `files`, in the order of files and lines.
pub fn breaches(files: &[SourceFile]) -> Vec<Breach> {
    let mut found = BTreeSet::new();
    for file in files {
        let mut judge = Judge { file, found: &mut found };
        judge.name_and_opening();
        match &file.syntax {
            Ok(syntax) => judge.words_and_mentions(syntax, files),
            Err((line, error)) => judge.report(
                Rule::NotRust,
                *line,
                format!("this cannot be read as Rust ({error}), so no rule holds here"),
                "make it parse",
            ),
        }
    }
    crates_in_one_file(files, &mut found);
    found.into_iter().collect()
}

struct Judge<'a> {
    file: &'a SourceFile,
    found: &'a mut BTreeSet<Breach>,
}

impl Judge<'_> {
    fn report(&mut self, rule: Rule, line: usize, what: String, instead: &str) {
        let file = self.file.path.clone();
        self.found.insert(Breach { file, line, rule, what, instead: instead.to_owned() });
    }

    fn name_and_opening(&mut self) {
        let path = self.file.path.trim_start_matches("src/").trim_end_matches(".rs");
        if let Some(name) = path.split('/').find(|name| EMPTY_NAMES.contains(name)) {
            let what = format!("`{name}` says nothing of what is inside");
            self.report(Rule::FileName, 1, what, "name it after the domain noun it holds");
        }
        if !self.file.text.starts_with("//!") {
            let what = "the file does not open with `//!`".to_owned();
            self.report(
                Rule::ModuleDoc,
                1,
                what,
                "say first what it knows and what it refuses to know",
            );
        }
    }

    fn words_and_mentions(&mut self, syntax: &Syntax, files: &[SourceFile]) {
        let row = Row::of_file(&self.file.path, &self.file.module);
        self.words(syntax, row);
        let Some(row) = row else {
            let what = format!("`{}` is not in the import table", self.file.path);
            let instead = "give it a row in TABLE (tests/cases/tidy.rs): what it may use, what it \
                           must never see";
            return self.report(Rule::NotInTable, 1, what, instead);
        };
        for mention in &syntax.mentions {
            self.ours(row, mention);
            self.sideways(row, mention, files);
            self.reexport(row, mention);
            self.outside(row, mention);
        }
    }

    fn words(&mut self, syntax: &Syntax, row: Option<&Row>) {
        for word in &syntax.words {
            match &word.kind {
                WordKind::Async => {
                    if let Some(row) = row.filter(|row| row.purity == Purity::Pure) {
                        let what = format!("`{}` is pure and so never async", row.module);
                        self.report(
                            Rule::AsyncInPure,
                            word.line,
                            what,
                            "compute here; wait in observe, apply, converge or controller",
                        );
                    }
                }
                WordKind::Allow => self.report(
                    Rule::BareAllow,
                    word.line,
                    "a lint is silenced with `allow`".to_owned(),
                    "write #[expect(lint, reason = \"…\")], which ends when its reason does",
                ),
                WordKind::Macro(name) if PLACEHOLDERS.contains(&name.as_str()) => self.report(
                    Rule::Placeholder,
                    word.line,
                    format!("`{name}!` is left in"),
                    "finish it, or leave it out and say so where the work is tracked",
                ),
                WordKind::Macro(_) => {}
            }
        }
    }

    /// The import table itself.
    fn ours(&mut self, row: &Row, mention: &Mention) {
        let Some(target) = our_module(&mention.path) else { return };
        let Some(top) = target.first() else {
            // `crate` alone is no module; its glob is all of them.
            if mention.form == Form::Glob && !row.allows(target) {
                let what = format!("`{}` takes in every module by `crate::*`", row.module);
                self.report(Rule::ImportTable, mention.line, what, "import what is used, by name");
            }
            return;
        };
        // What `main.rs` calls `crate` is itself.
        if self.file.module.first() == Some(top) || row.module == "main" {
            return;
        }
        let spelled = mention.path.join("::");
        if !TABLE.iter().any(|row| row.module == top) {
            let what = format!("`{spelled}` names no module of the import table");
            let instead = "name the module where it lives, or give the new module a row in TABLE \
                           (tests/cases/tidy.rs)";
            self.report(Rule::NotInTable, mention.line, what, instead);
        } else if row.forbids(&mention.path)
            && !is_judged_at_its_import(mention, |p| row.forbids(p))
        {
            let what = format!("`{}` uses `{spelled}`, and may use {}", row.module, row.may_use);
            self.report(Rule::ImportTable, mention.line, what, row.instead);
        }
    }

    /// Commands never use each other.
    fn sideways(&mut self, row: &Row, mention: &Mention, files: &[SourceFile]) {
        let [top, own, ..] = self.file.module.as_slice() else { return };
        let Some([target_top, rest @ ..]) = our_module(&mention.path) else { return };
        if top != "commands" || target_top != top {
            return;
        }
        let is_sibling = |name: &String| {
            name != own && files.iter().any(|file| file.module.iter().take(2).eq([top, name]))
        };
        let reaches = match rest.first() {
            Some(name) => is_sibling(name),
            None => mention.form == Form::Glob,
        };
        if reaches && !is_judged_at_its_import(mention, |path| path.len() > 2) {
            let what = format!("the command `{own}` uses `{}`", mention.path.join("::"));
            self.report(Rule::CommandsSideways, mention.line, what, row.instead);
        }
    }

    /// A re-export would let a third module reach through this one, past its own row.
    fn reexport(&mut self, row: &Row, mention: &Mention) {
        let Some(target) = our_module(&mention.path) else { return };
        let is_foreign = target.first() != self.file.module.first();
        if mention.form == Form::Reexport && is_foreign && row.module != "lib" {
            let what = format!("`{}` hands on `{}`", row.module, mention.path.join("::"));
            let instead = "import it privately, and let others import it from where it lives";
            self.report(Rule::Reexport, mention.line, what, instead);
        }
    }

    fn outside(&mut self, row: &Row, mention: &Mention) {
        let is_glob = mention.form == Form::Glob;
        let mut held = row.never().filter(|outside| outside.in_tests || !mention.in_test);
        let Some(outside) = held.find(|outside| outside.holds(&mention.path, is_glob)) else {
            return;
        };
        if !is_judged_at_its_import(mention, |path| outside.holds(path, is_glob)) {
            let spelled = mention.path.join("::");
            let what = format!("`{}` must never see {}: `{spelled}`", row.module, outside.what);
            self.report(Rule::Outside, mention.line, what, outside.instead);
        }
    }
}

/// Whether the import that the mention goes through is a breach by itself: then it is reported
/// there, once, and not at every use.
fn is_judged_at_its_import(mention: &Mention, is_breach: impl Fn(&[String]) -> bool) -> bool {
    mention.imported > 0 && is_breach(&mention.path[..mention.imported])
}

/// Two files that name a crate which one alone may name.
fn crates_in_one_file(files: &[SourceFile], found: &mut BTreeSet<Breach>) {
    for (name, why) in ONE_FILE_ONLY {
        let mut first_lines = files.iter().filter_map(|file| {
            let syntax = file.syntax.as_ref().ok()?;
            let mut lines = syntax.mentions.iter().filter(|m| m.path[0] == *name).map(|m| m.line);
            Some((file, lines.next()?))
        });
        let Some((home, _)) = first_lines.next() else { continue };
        found.extend(first_lines.map(|(file, line)| Breach {
            file: file.path.clone(),
            line,
            rule: Rule::OneFileOnly,
            what: format!("`{name}` is named here and in {}: it is {why}", home.path),
            instead: "keep it in one of the two files and call that".to_owned(),
        }));
    }
}
