//! `-o junit`: the report as tests that passed or failed, for what shows those of a pipeline.
//!
//! A suite is a namespace. A certificate that nothing is found of is a test that passed; a finding is
//! one that failed, or was skipped where it is waived or for information; what could not be read is an
//! error.

use super::findings::told;
use super::markup::escaped;
use super::place;
use crate::audit::finding::Severity;
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::render::layout::name;
use crate::render::model::{FindingRow, HolderRow, Model, ProblemRow};
use crate::render::page::Page;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};

/// What of a suite there is to tell.
#[derive(Default)]
struct Suite<'i> {
    clean: Vec<HolderRow<'i>>,
    findings: Vec<FindingRow<'i>>,
    unread: Vec<ProblemRow<'i>>,
}

/// How many tests there are, as attributes tell it.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(suite: &Suite<'_>) -> Self {
        let failures = suite.findings.iter().filter(|finding| fails(finding)).count();
        Self {
            tests: suite.clean.len() + suite.findings.len() + suite.unread.len(),
            failures,
            errors: suite.unread.len(),
            skipped: suite.findings.len() - failures,
        }
    }

    const fn and(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tests, failures, errors, skipped } = self;
        write!(
            f,
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             skipped=\"{skipped}\" time=\"0\""
        )
    }
}

/// Writes the document.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let suites = suites(model);
    let all = suites.values().map(Counts::of).fold(Counts::default(), Counts::and);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"certwright\" {all}>")?;
    let at = instant::show(model.report.now);
    // Without the letter for UTC: the schema that most go by wants none.
    let at = at.trim_end_matches('Z');
    for (namespace, suite) in &suites {
        let named = if namespace.is_empty() { "no namespace" } else { namespace };
        let (named, counts) = (escaped(named), Counts::of(suite));
        writeln!(out, "  <testsuite name=\"{named}\" timestamp=\"{at}\" {counts}>")?;
        write_suite(model, suite, out)?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites<'i>(model: &Model<'i>) -> BTreeMap<&'i str, Suite<'i>> {
    let mut suites: BTreeMap<&str, Suite<'_>> = BTreeMap::new();
    for holder in model.holders() {
        if holder.status.severity().is_none() && holder.findings().next().is_none() {
            suites.entry(holder.object.namespace()).or_default().clean.push(holder);
        }
    }
    for finding in model.findings() {
        suites.entry(finding.object.namespace()).or_default().findings.push(finding);
    }
    for problem in model.problems() {
        suites.entry(problem.object.namespace()).or_default().unread.push(problem);
    }
    suites
}

fn write_suite(model: &Model<'_>, suite: &Suite<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let mut names = Names::default();
    for finding in &suite.findings {
        names.case(finding.rule, finding.object, out)?;
        let message = told(finding, &model.affected(finding));
        let remedy = finding.remedy.to_string();
        let (message, remedy) = (escaped(&message), escaped(&remedy));
        let kind = finding.severity.as_str();
        if fails(finding) {
            writeln!(
                out,
                "      <failure message=\"{message}\" type=\"{kind}\">{remedy}</failure>"
            )?;
        } else {
            let why = finding.passed_over().map_or_else(String::new, |why| format!("{why}: "));
            writeln!(out, "      <skipped message=\"{why}{kind}: {message}\"/>")?;
            writeln!(out, "      <system-out>{remedy}</system-out>")?;
        }
        writeln!(out, "    </testcase>")?;
    }
    for problem in &suite.unread {
        names.case("could-not-be-read", problem.object, out)?;
        let message = escaped(problem.message);
        writeln!(out, "      <error message=\"{message}\" type=\"unread\"/>\n    </testcase>")?;
    }
    for holder in &suite.clean {
        names.case("ok", holder.object, out)?;
        let ends = holder.leaf.map(|leaf| instant::show(leaf.not_after));
        let ends = ends.map(|at| format!("ends {at}")).unwrap_or_default();
        writeln!(out, "      <system-out>{ends}</system-out>\n    </testcase>")?;
    }
    Ok(())
}

/// Whether it makes its test fail.
fn fails(finding: &FindingRow<'_>) -> bool {
    finding.counts && finding.severity >= Severity::Warning
}

/// The names of a suite's tests: programs take two of one name for one test.
#[derive(Default)]
struct Names(BTreeMap<(&'static str, String), usize>);

impl Names {
    /// Begins a test.
    fn case(
        &mut self,
        class: &'static str,
        object: &ObjectRef,
        out: &mut Page<'_>,
    ) -> io::Result<()> {
        let named = if object.name.is_empty() { object.to_string() } else { name(object, false) };
        let key = object.key.as_deref().map(|key| format!(":{key}")).unwrap_or_default();
        let named = format!("{named}{key}");
        let times = self.0.entry((class, named.clone())).or_default();
        *times += 1;
        let which = if *times > 1 { format!(" ({times})") } else { String::new() };
        let named = escaped(&named);
        write!(out, "    <testcase classname=\"certwright.{class}\" name=\"{named}{which}\"")?;
        if let Some(place) = place::of(object) {
            write!(out, " file=\"{}\" line=\"{}\"", escaped(place.path), place.line)?;
        }
        writeln!(out, " time=\"0\">")
    }
}
