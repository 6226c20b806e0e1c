//! What a shell is told when Tab is pressed: candidates, and what else may stand there.
//!
//! The protocol is that of cobra, for kubectl speaks it with its plugins and the shells' scripts
//! here do, too: a candidate a line, a tab and a few words about it behind, and at last a colon and
//! a number, the sum of what the shell is to do. Source: cobra `completions.go`
//! (`ShellCompDirective`). Candidates that no shell could insert without harm are left out. Refuses
//! to know where candidates come from.

mod script;

pub use script::{Shell, script};

use super::harmless;
use std::io::{self, Write};

/// No blank goes behind what is inserted.
const NO_SPACE: u8 = 2;
/// The shell offers no files.
const NO_FILES: u8 = 4;
/// The shell offers folders alone.
const FOLDERS: u8 = 16;

/// A word that may stand where Tab was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub word: String,
    /// A few words about it.
    pub about: Option<String>,
}

impl Candidate {
    /// A word that says it all.
    #[must_use]
    pub fn bare(word: impl Into<String>) -> Self {
        Self { word: word.into(), about: None }
    }

    /// A word, and what it is.
    #[must_use]
    pub fn told(word: impl Into<String>, about: impl Into<String>) -> Self {
        Self { word: word.into(), about: Some(about.into()) }
    }
}

/// Which files the shell offers by itself: it knows how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paths {
    /// None.
    #[default]
    None,
    /// All.
    Any,
    /// Folders alone.
    Folders,
}

/// Writes the answer to a shell.
///
/// # Errors
/// What the stream says.
pub fn answer(candidates: &[Candidate], paths: Paths, out: &mut impl Write) -> io::Result<()> {
    let can_be_inserted =
        |candidate: &&Candidate| !candidate.word.chars().any(harmless::is_harmful);
    for Candidate { word, about } in candidates.iter().filter(can_be_inserted) {
        match about.as_deref().and_then(|about| about.lines().next()) {
            Some(about) => writeln!(out, "{word}\t{}", harmless::line(about))?,
            None => writeln!(out, "{word}")?,
        }
    }
    writeln!(out, ":{}", directive(candidates, paths))
}

fn directive(candidates: &[Candidate], paths: Paths) -> u8 {
    let goes_on = |candidate: &Candidate| candidate.word.ends_with(['/', '=', ',']);
    let space = if !candidates.is_empty() && candidates.iter().all(goes_on) { NO_SPACE } else { 0 };
    space
        | match paths {
            Paths::None => NO_FILES,
            Paths::Any => 0,
            Paths::Folders => FOLDERS,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(candidates: &[Candidate], paths: Paths) -> String {
        let mut out = Vec::new();
        answer(candidates, paths, &mut out).expect("memory takes it");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn an_answer_is_a_candidate_a_line_and_what_the_shell_is_to_do() {
        let web =
            [Candidate::told("secret/web", "a TLS Secret\nof many words"), Candidate::bare("x")];
        assert_eq!(told(&web, Paths::None), "secret/web\ta TLS Secret\nx\n:4\n");
        let kinds = [Candidate::bare("secret/"), Candidate::bare("ingress/")];
        assert_eq!(told(&kinds, Paths::None), "secret/\ningress/\n:6\n");
        assert_eq!(told(&[], Paths::Any), ":0\n");
        assert_eq!(told(&[], Paths::Folders), ":16\n");
    }

    #[test]
    fn what_would_forge_a_line_or_move_the_cursor_is_not_offered() {
        let hostile = ["a\nb", "a\tb", "a\u{1b}[2J", "a\u{202e}b", "fine"].map(Candidate::bare);
        assert_eq!(told(&hostile, Paths::None), "fine\n:4\n");
        let about = [Candidate::told("web", "of \u{1b}[31mred\u{7}")];
        assert_eq!(told(&about, Paths::None), "web\tof \\u{1b}[31mred\\u{7}\n:4\n");
    }
}
