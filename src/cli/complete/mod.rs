//! An unfinished command line: what has been said of it, and what may stand where Tab was pressed.
//!
//! Reads the words up to the cursor as the parser would read them, by the parser's own description of
//! commands and flags, without its complaints. Refuses to look anything up: what only a cluster or a
//! kubeconfig knows is asked for as [`Names`].

mod line;
mod objects;
mod value;

use crate::object_ref::Kind;
use crate::render::completion::{Candidate, Paths};
use clap::{Arg, ArgAction, Command};
use line::Line;
use value::{Value, value};

/// What may stand at the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What the line says of where to look.
    pub reach: Reach,
    /// Words that may stand there.
    pub words: Vec<Candidate>,
    /// Names that may.
    pub names: Option<Names>,
    /// Files that may.
    pub paths: Paths,
}

/// Names that only a cluster or a kubeconfig knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Of what.
    pub of: NamesOf,
    /// What may stand in front of a name, such as `--context=`, `secret/` or `a,b,`.
    pub forms: Vec<String>,
    /// What is typed of the word already.
    pub typed: String,
    /// What was named before.
    pub without: Vec<String>,
}

/// Whose names they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamesOf {
    /// Contexts of the kubeconfig.
    Contexts,
    /// Namespaces of the cluster.
    Namespaces,
    /// Objects of a kind, in this namespace or in that of the line.
    Objects(Kind, Option<String>),
}

/// Which cluster the line names, and whether it looks there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `--kubeconfig`.
    pub kubeconfig: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `-n`.
    pub namespace: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-group`, each.
    pub impersonate_groups: Vec<String>,
}

impl Names {
    /// The words that come of these names, of those that go on as the word at the cursor begins.
    #[must_use]
    pub fn candidates(&self, names: &[(String, Option<String>)]) -> Vec<Candidate> {
        let word = |form: &String, name: &(String, Option<String>)| Candidate {
            word: format!("{form}{}", name.0),
            about: name.1.clone(),
        };
        let fits = |candidate: &Candidate| {
            candidate.word.starts_with(&self.typed) && !self.without.contains(&candidate.word)
        };
        let all = self.forms.iter().flat_map(|form| names.iter().map(move |name| word(form, name)));
        all.filter(fits).collect()
    }
}

/// What may stand in place of the last of these words, which may be empty. The words begin behind
/// the name of the program; `command` is built.
#[must_use]
pub fn asked(command: &Command, words: &[String]) -> Asked {
    let Some((typed, before)) = words.split_last() else { return Asked::default() };
    let line = Line::read(command, before);
    let mut asked = at_cursor(&line, typed);
    asked.reach = reach(&line);
    asked
}

fn at_cursor(line: &Line<'_>, typed: &str) -> Asked {
    if let Some(arg) = line.waiting {
        return values(line, arg, "", typed);
    }
    if !line.is_escaped && typed.starts_with('-') {
        return match line.flag_with_value(typed) {
            Some((arg, head, typed)) => values(line, arg, head, typed),
            None if typed.contains('=') => Asked::default(),
            None => Asked { words: flags(line, typed), ..Asked::default() },
        };
    }
    if line.positionals.is_empty() && line.command.has_subcommands() {
        return Asked { words: commands(line.command, typed), ..Asked::default() };
    }
    match line.positional() {
        Some(arg) => values(line, arg, "", typed),
        None => Asked::default(),
    }
}

/// The commands below a command, that are no secret.
fn commands(command: &Command, typed: &str) -> Vec<Candidate> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let named = shown.flat_map(|command| {
        let about = command.get_about().map(ToString::to_string);
        let names = command.get_name_and_visible_aliases().into_iter();
        names.map(move |name| Candidate { word: name.to_owned(), about: about.clone() })
    });
    named.filter(|candidate| candidate.word.starts_with(typed)).collect()
}

/// The flags that were not given yet, or may be given again; in their short form too where only a dash
/// is typed.
fn flags(line: &Line<'_>, typed: &str) -> Vec<Candidate> {
    let may_stand = |arg: &&Arg| {
        let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        !arg.is_hide_set() && (repeats || !line.given.iter().any(|given| given.is(arg)))
    };
    let forms = line.command.get_arguments().filter(may_stand).flat_map(|arg| {
        let about = arg.get_help().map(ToString::to_string);
        let long = arg.get_long().map(|long| format!("--{long}"));
        let short = arg.get_short().filter(|_| typed == "-").map(|short| format!("-{short}"));
        let forms = long.into_iter().chain(short);
        forms.map(move |word| Candidate { word, about: about.clone() })
    });
    forms.filter(|candidate| candidate.word.starts_with(typed)).collect()
}

/// The values of an argument; `head` stands in front of them in the same word.
fn values(line: &Line<'_>, arg: &Arg, head: &str, typed: &str) -> Asked {
    let value = value(&line.path, arg);
    // Of a list, what stands in front of the last comma is said.
    let is_list = arg.get_value_delimiter() == Some(',');
    let (said, typed) = match typed.rfind(',').filter(|_| is_list) {
        Some(comma) => typed.split_at(comma + 1),
        None => ("", typed),
    };
    let head = format!("{head}{said}");
    match value {
        Value::Free => Asked::default(),
        Value::Path => Asked { paths: Paths::Any, ..Asked::default() },
        Value::Folder => Asked { paths: Paths::Folders, ..Asked::default() },
        Value::Words(words) => Asked { words: fitting(words, &head, typed), ..Asked::default() },
        Value::Contexts => named(NamesOf::Contexts, &head, typed),
        Value::Namespaces => named(NamesOf::Namespaces, &head, typed),
        Value::Named(kind) => named(NamesOf::Objects(kind, None), &head, typed),
        Value::Objects(shape) => objects::asked(line, shape, (&head, said), typed),
    }
}

fn fitting(words: Vec<Candidate>, head: &str, typed: &str) -> Vec<Candidate> {
    let fits = words.into_iter().filter(|candidate| candidate.word.starts_with(typed));
    fits.map(|candidate| Candidate { word: format!("{head}{}", candidate.word), ..candidate })
        .collect()
}

fn named(of: NamesOf, head: &str, typed: &str) -> Asked {
    let names = Names {
        of,
        forms: vec![head.to_owned()],
        typed: format!("{head}{typed}"),
        without: Vec::new(),
    };
    Asked { names: Some(names), ..Asked::default() }
}

fn reach(line: &Line<'_>) -> Reach {
    let last = |id| line.values(id).last().filter(|value| !value.is_empty()).map(str::to_owned);
    Reach {
        kubeconfig: last("kubeconfig"),
        context: last("context"),
        namespace: last("namespace"),
        impersonate: last("impersonate"),
        impersonate_groups: line.values("impersonate_groups").map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests;
