//! The manual pages: a page for each command, with the sections that `man` readers look for.
//!
//! Knows how help is divided into examples, notes and exit codes. Refuses to know any command.

use super::Cli;
use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use std::io;

/// A page: the name of its file, and its text in roff.
#[derive(Clone, Debug)]
pub struct Page {
    /// `certwright-check.1`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What the environment says. Source: `world::World`, `output::Output`.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "KUBECONFIG",
        "The kubeconfig files, with colons between them; without it ~/.kube/config, and in a pod the service account.",
    ),
    (
        "HTTPS_PROXY, NO_PROXY",
        "The proxy before the API server, and which hosts need none; proxy-url in the kubeconfig goes first.",
    ),
    ("NO_COLOR, CLICOLOR_FORCE, TERM", "Whether colours are used with --color auto."),
    (
        "SSL_CERT_FILE, SSL_CERT_DIR",
        "The CA certificates that are trusted where the kubeconfig names none.",
    ),
];

/// Every page, that of the program first.
///
/// # Errors
/// What the writer of a page says.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    add(command, "certwright", &mut pages)?;
    Ok(pages)
}

/// The page of a command, then those of the commands below it.
fn add(command: Command, name: &str, pages: &mut Vec<Page>) -> io::Result<()> {
    let below: Vec<Command> = command.get_subcommands().cloned().collect();
    let text = page(command.name(name.to_owned()), name)?;
    pages.push(Page { name: format!("{name}.1"), text });
    let is_page = |command: &Command| command.get_name() != "help" && !command.is_hide_set();
    for command in below.into_iter().filter(is_page) {
        let name = format!("{name}-{}", command.get_name());
        add(command, &name, pages)?;
    }
    Ok(())
}

fn page(command: Command, name: &str) -> io::Result<String> {
    let end = command.get_after_long_help().or(command.get_after_help());
    let end = Ending::of(&end.map(ToString::to_string).unwrap_or_default());
    let has_commands = command.has_subcommands();
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    end.sections(name).to_writer(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What stands at the end of a command's help.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ending {
    examples: Vec<String>,
    notes: Vec<String>,
    /// Each code, and what it means.
    exit_codes: Vec<(String, String)>,
}

impl Ending {
    fn of(help: &str) -> Self {
        let (before, codes) = help.split_once("Exit codes:\n").unwrap_or((help, ""));
        let (head, rest) = before.split_once("Examples:\n").unwrap_or((before, ""));
        let is_example = |line: &&str| line.starts_with("  ");
        let examples = rest.lines().take_while(is_example);
        let behind = rest.lines().skip_while(is_example);
        let code = |line: &str| {
            let (code, means) = line.trim().split_once(' ')?;
            Some((code.to_owned(), means.trim().to_owned()))
        };
        Self {
            examples: examples.map(|line| line.trim().to_owned()).collect(),
            notes: head.lines().chain(behind).map(str::to_owned).collect(),
            exit_codes: codes.lines().filter_map(code).collect(),
        }
    }

    fn sections(&self, name: &str) -> Roff {
        let mut roff = Roff::new();
        let notes = self.notes.join("\n");
        if !notes.trim().is_empty() {
            roff.control("SH", ["NOTES"]);
            for paragraph in notes.split("\n\n").filter(|text| !text.trim().is_empty()) {
                roff.control("PP", []);
                roff.text([roman(paragraph.trim())]);
            }
        }
        if !self.examples.is_empty() {
            roff.control("SH", ["EXAMPLES"]);
            roff.control("nf", []);
            for example in &self.examples {
                roff.text([roman(example)]);
            }
            roff.control("fi", []);
        }
        roff.control("SH", ["EXIT STATUS"]);
        for (code, means) in &self.exit_codes {
            entry(&mut roff, code, means);
        }
        roff.control("SH", ["ENVIRONMENT"]);
        for (variables, effect) in ENVIRONMENT {
            entry(&mut roff, variables, effect);
        }
        roff.control("SH", ["SEE ALSO"]);
        let others: &[&str] =
            if name == "certwright" { &["kubectl(1)", "openssl(1)"] } else { &["certwright(1)"] };
        roff.text([roman(others.join(", "))]);
        roff
    }
}

fn entry(roff: &mut Roff, head: &str, text: &str) {
    let head: [Inline; 1] = [bold(head)];
    roff.control("TP", []);
    roff.text(head);
    roff.text([roman(text)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_help_is_divided_into_its_sections() {
        let help = "Before.\n\nExamples:\n  certwright a\n  certwright b -n c\n\nAfter it.\n\nExit codes:\n  0    done\n  124  timed out";
        let ending = Ending::of(help);
        assert_eq!(ending.examples, ["certwright a", "certwright b -n c"]);
        assert_eq!(ending.notes.join("|"), "Before.|||After it.|");
        let codes =
            [("0", "done"), ("124", "timed out")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(ending.exit_codes, codes);
        assert_eq!(Ending::of(""), Ending::default());
    }

    #[test]
    fn every_page_has_the_sections_that_readers_look_for() {
        let pages = pages().expect("pages can be written");
        assert!(pages.len() > 15, "{}", pages.len());
        for page in pages {
            for section in ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"]
            {
                let head = [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")];
                let is_there = head.iter().any(|head| page.text.contains(head));
                assert!(is_there, "{section} in {}:\n{}", page.name, page.text);
            }
            assert!(!page.text.contains("EXTRA"), "{}", page.name);
        }
    }
}
