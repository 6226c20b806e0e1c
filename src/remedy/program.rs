//! How this program is called: by its own name, or as a plugin of kubectl, where its own name is not in
//! PATH.
//!
//! Knows the names and where they stand in a text. Refuses to know how it was called: `world` does.

use std::fmt;

/// How the program was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Program {
    /// `certwright`.
    #[default]
    Itself,
    /// `kubectl certwright`: kubectl runs a file `kubectl-certwright`.
    Plugin,
}

/// The commands, by which a command line in a text is told from the name in it. `cli` holds that they
/// are all.
pub const COMMANDS: [&str; 15] = [
    "issue",
    "import",
    "check",
    "verify",
    "inspect",
    "bootstrap",
    "managed",
    "rotate",
    "rollback",
    "renew",
    "explain",
    "completion",
    "convert",
    "manifests",
    "man",
];

impl Program {
    /// Its own name.
    pub const NAME: &str = "certwright";

    /// By the name of the file that was run, without its folder.
    #[must_use]
    pub fn of_file(name: &str) -> Self {
        match name.strip_suffix(".exe").unwrap_or(name) {
            "kubectl-certwright" | "kubectl_complete-certwright" => Self::Plugin,
            _ => Self::Itself,
        }
    }

    /// How it is called again.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Itself => Self::NAME,
            Self::Plugin => "kubectl certwright",
        }
    }

    /// The text with the command lines in it as they are to be typed. The name alone, and what only
    /// ends in it (`--field-manager=certwright`), stays.
    #[must_use]
    pub fn in_text(self, text: &str) -> String {
        if self == Self::Itself {
            return text.to_owned();
        }
        let mut pieces = text.split(Self::NAME);
        let mut told = pieces.next().unwrap_or_default().to_owned();
        for behind in pieces {
            let begins =
                told.chars().next_back().is_none_or(|c| c.is_whitespace() || "(`'\"".contains(c));
            let is_said = told.ends_with("kubectl ");
            told.push_str(if begins && !is_said && is_command(behind) {
                self.as_str()
            } else {
                Self::NAME
            });
            told.push_str(behind);
        }
        told
    }
}

/// Whether a command, or a flag, follows.
fn is_command(behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix(' ') else { return false };
    let is_flag = rest.strip_prefix('-').is_some_and(|flag| flag.starts_with(|c| c != ' '));
    let word = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    is_flag || COMMANDS.contains(&word)
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_tells_how_it_is_called() {
        for (name, program) in [
            ("certwright", "certwright"),
            ("kubectl-certwright", "kubectl certwright"),
            ("kubectl-certwright.exe", "kubectl certwright"),
            ("kubectl_complete-certwright", "kubectl certwright"),
            ("cw", "certwright"),
        ] {
            assert_eq!(Program::of_file(name).as_str(), program, "{name}");
        }
    }

    #[test]
    fn command_lines_in_a_text_are_told_from_the_name() {
        for (text, told) in [
            ("certwright check -A", "kubectl certwright check -A"),
            (
                "  certwright check\n  certwright rotate",
                "  kubectl certwright check\n  kubectl certwright rotate",
            ),
            (
                "see `certwright explain`, (certwright --version)",
                "see `kubectl certwright explain`, (kubectl certwright --version)",
            ),
            ("certwright reads annotations", "certwright reads annotations"),
            ("certwright - a tool; certwright -A", "certwright - a tool; kubectl certwright -A"),
            (
                "kubectl apply --field-manager=certwright x",
                "kubectl apply --field-manager=certwright x",
            ),
            ("kubectl certwright check", "kubectl certwright check"),
            (
                "certwright.dev/rotate is certwright manager",
                "certwright.dev/rotate is certwright manager",
            ),
        ] {
            assert_eq!(Program::Plugin.in_text(text), told);
            assert_eq!(Program::Itself.in_text(text), text);
        }
    }
}
