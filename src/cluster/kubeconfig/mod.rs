//! Kubeconfigs as kubectl reads them: bytes in, the chosen cluster and login out.
//!
//! Pure, so that bytes by the hundred thousand can be thrown at it: files are read, programs run and
//! connections made elsewhere. What the client library would panic on or do unsafely ends here: URLs
//! without scheme, tokens that are no header, an empty namespace, credentials for an http server.
//! Errors name file, entry and field, and quote no value. Source: client-go tools/clientcmd
//! (`loader.go`, `client_config.go`, `validation.go`).

mod entry;
mod file;
pub mod login;
pub mod proxy;
mod server;
mod target;
mod text;

pub use entry::Unusable;
pub use target::{Bytes, Target, Trust};

use file::{File, Named};
use std::path::{Path, PathBuf};

/// One kubeconfig, or several merged.
#[derive(Clone, Debug, Default)]
pub struct Kubeconfig {
    merged: File,
    files: Vec<PathBuf>,
}

impl Kubeconfig {
    /// Reads a file's bytes. Relative paths in it count from the folder of `path`.
    ///
    /// # Errors
    /// [`Unusable`], which names the file, the entry and the field.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, Unusable> {
        Ok(Self { merged: file::read(bytes, path)?, files: vec![path.to_owned()] })
    }

    /// Adds another file. Of entries with one name the first counts, whole; so does the first
    /// current context that is named.
    #[must_use]
    pub fn merge(mut self, next: Self) -> Self {
        append(&mut self.merged.clusters, next.merged.clusters);
        append(&mut self.merged.users, next.merged.users);
        append(&mut self.merged.contexts, next.merged.contexts);
        self.merged.current_context = self.merged.current_context.or(next.merged.current_context);
        self.files.extend(next.files);
        self
    }

    /// What the context leads to, the current one when none is named; `None` when there is no
    /// current context either, which for kubectl is a kubeconfig that says nothing.
    ///
    /// # Errors
    /// [`Unusable`]: a context, cluster or user that is not there, or a field of theirs that cannot
    /// be used.
    pub fn choose(&self, context: Option<&str>) -> Result<Option<Target>, Unusable> {
        let Some(name) = self.context(context) else { return Ok(None) };
        target::of(self, name).map(Some)
    }

    /// The context that is named, or else the current one.
    #[must_use]
    pub fn context<'n>(&'n self, named: Option<&'n str>) -> Option<&'n str> {
        let named = named.filter(|name| !name.is_empty());
        named.or(self.merged.current_context.as_deref())
    }

    /// The user that the context is for, by the name of its entry.
    #[must_use]
    pub fn user_of(&self, context: &str) -> Option<&str> {
        let context = self.merged.contexts.iter().find(|entry| entry.name == context)?;
        context.value.user.as_deref().filter(|user| !user.is_empty())
    }

    /// The contexts: each by its name, with the cluster that it leads to.
    pub fn contexts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let contexts = self.merged.contexts.iter();
        contexts.map(|context| (context.name.as_str(), context.value.cluster.as_deref()))
    }

    /// That no context is chosen, as an error.
    #[must_use]
    pub fn nothing_chosen(&self) -> Unusable {
        let whole = if self.merged.contexts.is_empty() {
            "holds no contexts"
        } else {
            "has no current context"
        };
        Unusable::new(format!("{} {whole}", self.place()), self.choices())
    }

    /// The files, for people.
    fn place(&self) -> String {
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        let noun = if files.len() == 1 { "the kubeconfig" } else { "the kubeconfigs" };
        format!("{noun} {}", files.join(", "))
    }

    /// What to do when the wrong context, or none, was named.
    fn choices(&self) -> String {
        if self.merged.contexts.is_empty() {
            "name another kubeconfig with --kubeconfig or KUBECONFIG".to_owned()
        } else {
            format!("choose one with --context: {}", names(&self.merged.contexts))
        }
    }
}

/// As many names as fit into a line.
fn names<T>(entries: &[Named<T>]) -> String {
    const SHOWN: usize = 12;
    let mut shown: Vec<&str> =
        entries.iter().take(SHOWN).map(|entry| entry.name.as_str()).collect();
    if entries.len() > SHOWN {
        shown.push("…");
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn append<T>(entries: &mut Vec<Named<T>>, next: Vec<Named<T>>) {
    for entry in next {
        if !entries.iter().any(|known| known.name == entry.name) {
            entries.push(entry);
        }
    }
}

#[cfg(test)]
mod tests;
