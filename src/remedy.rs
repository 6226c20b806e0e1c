//! Remedies: what to do about something, as a command that runs as it is printed, or as a sentence.
//!
//! Knows how a command line is put together and where the flags go that name a cluster. Refuses to
//! know what is wrong and what mends it: `audit::remedy` says that.

mod program;

pub use program::{COMMANDS, Program};

use std::collections::BTreeMap;
use std::fmt;

/// What to do: **either** a command that can be pasted into a shell and does what it says, **or** a
/// sentence. Never both: what else is worth saying is its [note](Remedy::note).
///
/// A text becomes a sentence (`From<&str>`, `From<String>`); commands are built from
/// [`CommandLine`]s, so that no `format!` around a command can lose the flags that name the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    what: What,
    note: Option<String>,
}

/// What is the matter, with the evidence, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What is the matter: a clause, without a full stop.
    pub message: String,
    /// What to do.
    pub remedy: Remedy,
}

impl Advice {
    /// Advice in these words.
    pub fn new(message: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Command(CommandLine),
    Sentence(String),
}

/// One line for a shell, with the places in it where the flags of a [`Target`] go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// As it is printed.
    Text(String),
    /// The name of this program.
    Program,
    /// ` --context …` and what else names the cluster.
    Cluster,
    /// ` --address …`.
    Address,
    /// ` -n …`, where names alone do not tell objects of files apart.
    Namespace(String),
    /// ` -f …`: the file in which the object is rewritten, which is (namespace, name).
    Rewritten((String, String), String),
    /// Nothing that is printed: what the line changes on the cluster.
    Changes(Change),
}

/// What a command changes on the cluster, for somebody who changes it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Kind, as `kubectl` takes it; namespace; name.
    pub object: (String, String, String),
    /// The change as an order: `take the annotation x off`.
    pub words: String,
}

/// Where the facts were seen, in the words of the user: what a command must say to reach the same
/// place. What was not said is not repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// How the program was called, and is to be called again.
    pub program: Program,
    /// `--kubeconfig`.
    pub kubeconfig: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-group`, each.
    pub impersonate_groups: Vec<String>,
    /// `--address`, as `IP:PORT`: where handshakes went instead of the Ingress's own address.
    pub address: Option<String>,
    /// Whether a command on files must say the namespace: the user did, or a name stands in several.
    pub namespaces: bool,
    /// What is in the way of rewriting files.
    pub files: Files,
}

/// What is in the way of rewriting files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Paths that are symbolic links, which are not written through, with the files they lead to.
    pub links: BTreeMap<String, String>,
    /// Objects (namespace, name) that cannot be rewritten as they stand, each with what to do first:
    /// a sentence.
    pub stuck: BTreeMap<(String, String), String>,
}

impl Target {
    /// ` --context stage --as root`, or nothing; certwright, kubectl and cmctl spell them alike.
    fn cluster_flags(&self) -> String {
        let single = [
            ("--kubeconfig", &self.kubeconfig),
            ("--context", &self.context),
            ("--as", &self.impersonate),
        ];
        let single = single.into_iter().filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
        let groups = self.impersonate_groups.iter().map(|group| ("--as-group", group));
        // With `=` a value may begin with a dash.
        let flags =
            single.chain(groups).map(|(flag, value)| [" ", flag, "=", &word(value)].concat());
        flags.collect()
    }

    fn address_flag(&self) -> String {
        self.address.as_ref().map_or_else(String::new, |at| format!(" --address {}", word(at)))
    }
}

impl CommandLine {
    /// A command that reads or writes the cluster: `certwright …`, `kubectl …`, `cmctl …`.
    pub fn on_cluster(text: impl Into<String>) -> Self {
        Self::local(text).then(Part::Cluster)
    }

    /// The same with handshakes: `certwright verify …`.
    pub fn with_handshakes(text: impl Into<String>) -> Self {
        Self::on_cluster(text).then(Part::Address)
    }

    /// A command that touches no cluster.
    pub fn local(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.strip_prefix(Program::NAME).filter(|rest| rest.starts_with(' ')) {
            Some(rest) => Self(vec![Part::Program, Part::Text(rest.to_owned())]),
            None => Self(vec![Part::Text(text)]),
        }
    }

    fn then(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// More of the same line, put behind it as it is.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// What another command prints, as a file: ` <(kubectl get …)`.
    #[must_use]
    pub fn output_of(self, other: Self) -> Self {
        let mut line = self.text(" <(");
        line.0.extend(other.0);
        line.text(")")
    }

    /// The same for an object of files in this namespace, where that must be said.
    #[must_use]
    pub fn of_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.0.push(Part::Namespace(namespace.into()));
        self
    }

    /// The same with the file in which the object `(namespace, name)` is rewritten: ` -f web.yaml`.
    #[must_use]
    pub fn rewriting(mut self, object: (&str, &str), path: impl Into<String>) -> Self {
        self.0.push(Part::Rewritten((object.0.to_owned(), object.1.to_owned()), path.into()));
        self
    }

    /// The same as a line that changes the object (kind, namespace, name) so.
    #[must_use]
    pub fn changing(mut self, object: (&str, &str, &str), words: impl Into<String>) -> Self {
        let (kind, namespace, name) = object;
        let object = (kind.to_owned(), namespace.to_owned(), name.to_owned());
        self.0.push(Part::Changes(Change { object, words: words.into() }));
        self
    }

    /// What to do first, where the line would rewrite what cannot be rewritten.
    fn stuck<'t>(&self, target: &'t Target) -> Option<&'t String> {
        self.0.iter().find_map(|part| match part {
            Part::Rewritten(object, _) => target.files.stuck.get(object),
            Part::Text(_)
            | Part::Program
            | Part::Cluster
            | Part::Address
            | Part::Namespace(_)
            | Part::Changes(_) => None,
        })
    }

    /// And then, if that went well, another one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut line = self.text(" && ");
        line.0.extend(other.0);
        line
    }

    /// With the flags of the target in their places.
    fn aimed(self, target: &Target) -> Self {
        let parts = self.0.into_iter().map(|part| match part {
            Part::Program => Part::Text(target.program.to_string()),
            Part::Cluster => Part::Text(target.cluster_flags()),
            Part::Address => Part::Text(target.address_flag()),
            Part::Namespace(_) if !target.namespaces => Part::Text(String::new()),
            Part::Namespace(name) => Part::Text(format!(" -n {}", word(&name))),
            Part::Rewritten(_, file) => {
                let file = target.files.links.get(&file).unwrap_or(&file);
                Part::Text(format!(" -f {}", path(file)))
            }
            same @ (Part::Text(_) | Part::Changes(_)) => same,
        });
        Self(parts.collect())
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Program => f.write_str(Program::NAME),
            Part::Rewritten(_, file) => write!(f, " -f {}", path(file)),
            Part::Cluster | Part::Address | Part::Namespace(_) | Part::Changes(_) => Ok(()),
        })
    }
}

impl Remedy {
    /// The same command with more flags behind it; a sentence stays as it is.
    #[must_use]
    pub fn with(mut self, flags: &str) -> Self {
        if let What::Command(line) = self.what {
            self.what = What::Command(line.text(format!(" {flags}")));
        }
        self
    }

    /// What it changes on the cluster; nothing for a sentence.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        let parts = match &self.what {
            What::Command(line) => line.0.as_slice(),
            What::Sentence(_) => &[],
        };
        parts.iter().filter_map(|part| match part {
            Part::Changes(change) => Some(change),
            _ => None,
        })
    }

    /// With something to know beside, that belongs to what is said of the object: `Helm owns it`.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        let note = note.into();
        self.note = Some(match self.note {
            Some(before) => format!("{before}; {note}"),
            None => note,
        });
        self
    }

    /// Takes what is to be known beside, for the one place where it is said.
    pub fn take_note(&mut self) -> Option<String> {
        self.note.take()
    }

    /// Whether it is a command, which stands alone on its line.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        matches!(self.what, What::Command(_))
    }

    /// The same for the place that the facts are from. Only the first time counts.
    #[must_use]
    pub fn aimed(mut self, target: &Target) -> Self {
        self.what = match self.what {
            What::Command(line) => match line.stuck(target) {
                Some(sentence) => What::Sentence(target.program.in_text(sentence)),
                None => What::Command(line.aimed(target)),
            },
            What::Sentence(text) => What::Sentence(target.program.in_text(&text)),
        };
        self
    }

    /// Moves the note behind the message that the remedy is for, and aims the remedy: what every
    /// list of findings or refusals does once, at its end.
    pub fn settle(&mut self, message: &mut String, target: &Target) {
        if let Some(note) = self.take_note() {
            message.push_str("; ");
            message.push_str(&note);
        }
        *message = target.program.in_text(message);
        *self = self.clone().aimed(target);
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Command(line) => line.fmt(f),
            What::Sentence(text) => f.write_str(text),
        }
    }
}

impl From<CommandLine> for Remedy {
    fn from(line: CommandLine) -> Self {
        Self { what: What::Command(line), note: None }
    }
}

impl From<String> for Remedy {
    fn from(sentence: String) -> Self {
        Self { what: What::Sentence(sentence), note: None }
    }
}

impl From<&str> for Remedy {
    fn from(sentence: &str) -> Self {
        sentence.to_owned().into()
    }
}

/// The text as one word of a POSIX shell.
#[must_use]
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./,:=@%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as a word that no program takes for a flag.
#[must_use]
pub fn path(path: &str) -> String {
    if path.starts_with('-') { word(&format!("./{path}")) } else { word(path) }
}

#[cfg(test)]
mod tests;
