//! Pages of documentation, run: what stands in their blocks is done as a reader would do it.
//!
//! Knows the blocks of Markdown and how a transcript is compared. Refuses to know what any page is
//! about.
//!
//! A page says at its top what it is run beside: `<!-- tested: files -->`, `cluster` or `gke`. Of its blocks
//!
//! - `console` holds commands behind `$ ` and, to the letter, what they print; behind
//!   `<!-- columns: 100 -->` on a terminal of that width;
//! - `sh` holds a script for bash, which ends with 0 or, where something is found, 1;
//! - `yaml` of Kubernetes is taken by the API server, and of anything else its lines that begin
//!   certwright are run;
//! - everything else, and what stands behind `<!-- not run: … -->`, is not run.
//!
//! A transcript is of the day it was written: today's may differ in dates and in counts of days, by
//! just the days that have passed.

use super::binary::BINARY;
use super::clock;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use time::macros::{date, format_description};
use time::{Date, Duration, OffsetDateTime};

/// The day of all transcripts; whoever writes them anew on another day moves it here.
pub const WRITTEN: Date = date!(2026 - 12 - 01);

/// A page, and what it is run beside.
pub struct Page {
    /// Its file.
    pub path: PathBuf,
    /// What stands behind `tested:`.
    pub beside: String,
    /// Its text.
    pub text: String,
}

/// A block of a page.
pub struct Block<'p> {
    /// The word behind its fence.
    pub language: &'p str,
    /// What stands in it, with a line feed behind each line.
    pub text: &'p str,
    /// What stands in the comment on the line before it.
    pub note: Option<&'p str>,
}

impl Page {
    /// Every page there is.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let docs = fs::read_dir(root.join("docs")).expect("there are pages");
        let docs = docs.map(|entry| entry.expect("it can be read").path());
        let mut paths: Vec<PathBuf> = docs.chain([root.join("README.md")]).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        paths.into_iter().map(Self::of).collect()
    }

    /// Those that are run beside this.
    pub fn beside(what: &str) -> Vec<Self> {
        Self::all().into_iter().filter(|page| page.beside == what).collect()
    }

    fn of(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("it can be read");
        let tested = text.lines().find_map(|line| comment(line)?.strip_prefix("tested: "));
        let beside = tested.unwrap_or_default().to_owned();
        Self { path, beside, text }
    }

    /// The name of its file.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its blocks, in order.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut before = "";
        let mut rest = self.text.as_str();
        while let Some((line, below)) = rest.split_once('\n') {
            rest = below;
            if let Some(language) = line.strip_prefix("```") {
                let (text, below) = rest.split_once("```\n").expect("a block ends");
                blocks.push(Block { language, text, note: comment(before) });
                rest = below;
            }
            before = line;
        }
        blocks
    }

    /// What stands in blocks that are not run, a line each, with the reason.
    pub fn not_run(&self) -> Vec<String> {
        let blocks = self.blocks();
        let reasons = blocks.iter().filter_map(|block| {
            let reason = block.note?.strip_prefix("not run: ")?;
            Some(format!("{}: {reason}", self.name()))
        });
        reasons.collect()
    }

    /// Runs every block, in order, in this place; with `UPDATE_GOLDENS` its transcripts are written anew.
    pub fn run(&self, place: &Place<'_>) {
        assert!(!self.blocks().is_empty(), "{} has lost its blocks", self.name());
        let mut written = Written { text: self.text.clone(), at: 0 };
        for block in self.blocks() {
            if block.note.is_some_and(|note| note.starts_with("not run: ")) {
                continue;
            }
            match block.language {
                "console" => place.transcript(&self.name(), &block, &mut written),
                "sh" => place.script(&self.name(), block.text),
                "yaml" => place.manifest(&self.name(), block.text),
                _ => {}
            }
        }
        if anew() {
            fs::write(&self.path, written.text).expect("it can be written");
        }
    }
}

/// A page that is written anew, from the top to the bottom: one command may stand in it twice.
struct Written {
    text: String,
    /// Up to where it is written.
    at: usize,
}

impl Written {
    fn replace(&mut self, command: &str, expected: &str, found: &str) {
        let (above, below) = self.text.split_at(self.at);
        let place = below.find(&format!("{command}{expected}")).expect("it stands there");
        let (between, rest) = below.split_at(place);
        let found = found.trim_end();
        let after = if found.is_empty() { "" } else { "\n" };
        let upto = format!("{above}{between}{command}{found}{after}");
        let (_, rest) = rest.split_at(command.len() + expected.len());
        self.at = upto.len();
        self.text = format!("{upto}{rest}");
    }
}

fn anew() -> bool {
    std::env::var_os("UPDATE_GOLDENS").is_some()
}

/// What stands in a comment of HTML that is a line of its own.
fn comment(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

/// Where a page is run.
pub struct Place<'p> {
    /// The folder, which is the home too.
    pub folder: &'p Path,
    /// What pages write for what is only known here: an address.
    pub stands_for: Vec<(&'p str, String)>,
}

impl Place<'_> {
    fn transcript(&self, page: &str, block: &Block<'_>, written: &mut Written) {
        let columns = block.note.and_then(|note| note.strip_prefix("columns: "));
        for (command, expected) in steps(block.text) {
            let before = days_since_written();
            let found = self.printed(&command, columns);
            if anew() {
                written.replace(&format!("$ {command}\n"), &expected, &found);
                continue;
            }
            // Midnight may pass in between.
            let same = [before, days_since_written()]
                .into_iter()
                .any(|later| is_the_same(&found, &expected, later));
            assert!(same, "{page}: $ {command}\n{found}\nthe page says:\n{expected}");
        }
    }

    /// What the command prints, on a terminal of so many columns or in a pipe.
    fn printed(&self, command: &str, columns: Option<&str>) -> String {
        let mut shell = match columns {
            None => self.shell(&format!("{{ {}\n}} 2>&1", self.here(command))),
            Some(columns) => {
                let ask =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terminal/ask.py");
                let mut python = self.within("python3");
                python.arg(ask).arg(format!("--columns={columns}"));
                python.args(["--", "bash", "-c", &self.here(command)]);
                python
            }
        };
        let ran = shell.env("NO_COLOR", "1").output().expect("bash starts");
        let mut shown = String::from_utf8(ran.stdout).expect("the output is UTF-8");
        let well = matches!(ran.status.code(), Some(0 | 1));
        assert!(well, "$ {command}: {:?}\n{shown}", ran.status.code());
        if columns.is_some() {
            // What shows that something goes on is wiped again.
            shown = shown.rsplit("\u{1b}[2K").next().unwrap_or_default().replace('\r', "");
            shown = shown.replace("typing is shown\n", "");
        }
        for (there, here) in &self.stands_for {
            shown = shown.replace(here, there);
        }
        shown
    }

    fn script(&self, page: &str, script: &str) {
        let ran = self.shell(&self.here(script)).output().expect("bash starts");
        let [stdout, stderr] =
            [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let well = matches!(ran.status.code(), Some(0 | 1));
        let told = stderr
            .lines()
            .any(|line| ["error: ", "jq: ", "bash: "].iter().any(|begin| line.starts_with(begin)));
        assert!(well && !told, "{page}: {:?}\n{script}\n{stdout}\n{stderr}", ran.status.code());
    }

    fn manifest(&self, page: &str, text: &str) {
        if text.lines().any(|line| line.starts_with("apiVersion: ")) {
            let file = self.folder.join("page.yaml");
            fs::write(&file, text).expect("it can be written");
            self.script(page, "kubectl apply --dry-run=server -f page.yaml");
            fs::remove_file(&file).expect("it was written");
            return;
        }
        let words = ["- run: ", "- ", "run: "];
        for line in text.lines().map(str::trim) {
            let command = words.iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line);
            if command.starts_with("certwright ") {
                self.script(page, command);
            }
        }
    }

    fn here(&self, text: &str) -> String {
        let stands_for = self.stands_for.iter();
        stands_for.fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    fn shell(&self, script: &str) -> Command {
        let mut shell = self.within("bash");
        shell.args(["-uo", "pipefail", "-c", script]);
        shell
    }

    /// A program in the folder, as a fresh login has it.
    fn within(&self, program: &str) -> Command {
        let bin = Path::new(BINARY).parent().expect("the binary is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.current_dir(self.folder).env_clear();
        let own = self.folder.join(".bin");
        let path = format!("{}:{}:{path}", own.display(), bin.display());
        command.env("PATH", path).env("HOME", self.folder);
        clock::share(&mut command);
        command
    }
}

/// The commands of a `console` block, each with what is to be printed.
fn steps(text: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push((command.to_owned(), String::new())),
            None => match steps.last_mut() {
                Some((command, output)) if output.is_empty() && command.ends_with('\\') => {
                    command.push('\n');
                    command.push_str(line);
                }
                Some((_, output)) => {
                    output.push_str(line);
                    output.push('\n');
                }
                None => panic!("a console block begins with a command, not with {line}"),
            },
        }
    }
    steps
}

/// Whether this is what was expected, `later` days after it was written: a date may have moved by as
/// many days, and a count of days that are left may have gone down by them: give or take one, for
/// whole days are counted, and the hour of the day is another. All else is the same.
pub fn is_the_same(found: &str, expected: &str, later: i64) -> bool {
    let [found, expected] = [found, expected].map(|text| without_fingerprints(text.trim_end()));
    let (found, expected) = (pieces(&found), pieces(&expected));
    // Days are counted in words, or are too many to be a count of anything else.
    let counts_days = |at: usize| {
        let next = expected.get(at + 1).copied().unwrap_or_default();
        let is_many = expected.get(at).and_then(|piece| count(piece)) > Some(1_000);
        next.starts_with(" day") || next.starts_with('d') || is_many
    };
    let same = |at: usize, found: &str, expected: &str| {
        let moved = day(found).zip(day(expected)).map(|(found, expected)| found - expected);
        let fewer = count(found).zip(count(expected)).map(|(found, expected)| expected - found);
        found == expected
            || moved == Some(Duration::days(later))
            || (counts_days(at) && fewer.is_some_and(|fewer| (fewer - later).abs() <= 1))
    };
    let mut pairs = found.iter().zip(&expected).enumerate();
    found.len() == expected.len() && pairs.all(|(at, (a, b))| same(at, a, b))
}

/// The text without its SHA-256 fingerprints: those are of certificates that a run has made.
fn without_fingerprints(text: &str) -> String {
    let is_one = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let without = |word: &str| match word.trim_end() {
        sum if is_one(sum) => word.replace(sum, "FINGERPRINT"),
        _ => word.to_owned(),
    };
    text.split_inclusive([' ', '\n']).map(without).collect()
}

/// The text in pieces: runs of digits and hyphens, and what stands between them.
fn pieces(text: &str) -> Vec<&str> {
    let numeric = |c: char| c.is_ascii_digit() || c == '-';
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| numeric(c) != numeric(first)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        found.push(piece);
        rest = behind;
    }
    found
}

fn day(piece: &str) -> Option<Date> {
    let form = format_description!("[year]-[month]-[day]");
    Date::parse(piece, form).ok()
}

fn count(piece: &str) -> Option<i64> {
    piece.parse().ok().filter(|days| *days >= 0)
}

/// How many days ago the transcripts were written, by the clock.
fn days_since_written() -> i64 {
    (OffsetDateTime::now_utc().date() - WRITTEN).whole_days()
}
