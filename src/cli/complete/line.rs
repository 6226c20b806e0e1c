//! The words in front of the cursor, read by the parser's description of commands and flags.
//!
//! What the parser would refuse is passed over: somebody is still typing.

use clap::{Arg, Command};

/// What the words say.
#[derive(Debug)]
pub(super) struct Line<'c> {
    /// The command that they lead to.
    pub command: &'c Command,
    /// Its name, with those above it in front: `managed status`.
    pub path: String,
    /// The flags, each with its value.
    pub given: Vec<Given<'c>>,
    /// All that is no flag.
    pub positionals: Vec<String>,
    /// The flag whose value comes next.
    pub waiting: Option<&'c Arg>,
    /// Whether `--` was said: nothing is a flag from then on.
    pub is_escaped: bool,
}

/// A flag that was given.
#[derive(Debug)]
pub(super) struct Given<'c> {
    arg: &'c Arg,
    value: Option<String>,
}

impl Given<'_> {
    pub(super) fn is(&self, arg: &Arg) -> bool {
        self.arg.get_id() == arg.get_id()
    }
}

/// Whether a flag takes the word behind it as its value.
fn takes_next_word(arg: &Arg) -> bool {
    takes_value(arg) && arg.get_num_args().is_none_or(|number| number.min_values() > 0)
}

/// Whether a value can be said at all, as in `-A=false` it can.
fn takes_value(arg: &Arg) -> bool {
    arg.get_num_args().is_some_and(|number| number.takes_values())
}

impl<'c> Line<'c> {
    pub(super) fn read(command: &'c Command, words: &[String]) -> Self {
        let mut line = Self {
            command,
            path: String::new(),
            given: Vec::new(),
            positionals: Vec::new(),
            waiting: None,
            is_escaped: false,
        };
        for word in words {
            line.take(word);
        }
        line
    }

    fn take(&mut self, word: &str) {
        if let Some(arg) = self.waiting.take() {
            self.given.push(Given { arg, value: Some(word.to_owned()) });
        } else if self.is_escaped {
            self.positionals.push(word.to_owned());
        } else if word == "--" {
            self.is_escaped = true;
        } else if word.starts_with('-') && word.len() > 1 {
            self.take_flag(word);
        } else if let Some(below) = self.below(word) {
            self.command = below;
            let gap = if self.path.is_empty() { "" } else { " " };
            self.path = [&self.path, gap, below.get_name()].concat();
        } else {
            self.positionals.push(word.to_owned());
        }
    }

    fn below(&self, word: &str) -> Option<&'c Command> {
        self.command.find_subcommand(word).filter(|_| self.positionals.is_empty())
    }

    fn take_flag(&mut self, word: &str) {
        if let Some((arg, _, value)) = self.flag_with_value(word) {
            self.given.push(Given { arg, value: Some(value.to_owned()) });
            return;
        }
        let flags = match word.strip_prefix("--") {
            Some(name) => self.long(name).into_iter().collect::<Vec<_>>(),
            None => word.chars().skip(1).filter_map(|short| self.short(short)).collect(),
        };
        for arg in flags {
            if takes_next_word(arg) {
                self.waiting = Some(arg);
            } else {
                self.given.push(Given { arg, value: None });
            }
        }
    }

    /// The flag of a word that also holds its value, what stands in front of the value, and the
    /// value: `--context=stage`, `-nshop`, `-n=shop`.
    pub(super) fn flag_with_value<'w>(&self, word: &'w str) -> Option<(&'c Arg, &'w str, &'w str)> {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=')?;
            let arg = self.long(name).filter(|arg| takes_value(arg))?;
            let (head, _) = word.split_at(word.len() - value.len());
            return Some((arg, head, value));
        }
        // Short flags without a value may stand in front, as in `-Rf manifests`.
        for (at, short) in word.char_indices().skip(1) {
            let arg = self.short(short)?;
            let rest = word.get(at + short.len_utf8()..).unwrap_or_default();
            let value = rest.strip_prefix('=');
            if takes_value(arg) && (value.is_some() || (takes_next_word(arg) && !rest.is_empty())) {
                let value = value.unwrap_or(rest);
                let (head, _) = word.split_at(word.len() - value.len());
                return Some((arg, head, value));
            }
        }
        None
    }

    fn long(&self, name: &str) -> Option<&'c Arg> {
        self.command.get_arguments().find(|arg| {
            arg.get_long() == Some(name)
                || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        })
    }

    fn short(&self, name: char) -> Option<&'c Arg> {
        self.command.get_arguments().find(|arg| arg.get_short() == Some(name))
    }

    /// The argument that the next word without a dash is for.
    pub(super) fn positional(&self) -> Option<&'c Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let repeats =
            |arg: &&&Arg| arg.get_num_args().is_some_and(|number| number.max_values() > 1);
        all.get(self.positionals.len()).or_else(|| all.last().filter(repeats)).copied()
    }

    /// The values that a flag was given, in their order.
    pub(super) fn values(&self, id: &'static str) -> impl DoubleEndedIterator<Item = &str> {
        let given = self.given.iter().filter(move |given| given.arg.get_id() == id);
        given.filter_map(|given| given.value.as_deref())
    }

    /// Whether a flag was given, and not as `=false`.
    pub(super) fn has(&self, id: &str) -> bool {
        let last = self.given.iter().rfind(|given| given.arg.get_id() == id);
        last.is_some_and(|given| given.value.as_deref() != Some("false"))
    }
}
