//! The `Authorization` header of every request, kept fresh: a token in a file is read again as time
//! passes, a plugin is run again when what it handed over ends or is refused.
//!
//! Knows when. Refuses to know what a credential looks like. Source: client-go
//! `transport/token_source.go` (a minute, and the old token while the file cannot be read), exec.go
//! (after the end, and after a 401; there only for the next request).

use super::error::ClusterError;
use super::kubeconfig::login::{self, Plugin};
use super::plugin::{self, Circumstances, HandedOver};
use http::HeaderValue;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long the token of a file is believed.
const TOKEN_FILE: Duration = Duration::from_mins(1);

/// Who we are, as of now.
#[derive(Debug)]
pub(super) struct Credentials {
    source: Source,
    header: RwLock<Option<HeaderValue>>,
    /// From when on the header is stale; never when there is none. Whoever makes a new one holds it.
    stale_from: Mutex<Option<Instant>>,
}

/// Where a header comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// It stays as it is.
    Fixed,
    /// The token in this file.
    File(PathBuf),
    /// A plugin, and the instant by the wall clock at which this run began.
    Plugin(Box<(Plugin, Circumstances, Epoch)>),
}

/// What the wall clock said when the steady one was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch(pub OffsetDateTime, pub Instant);

impl Epoch {
    /// A point of time on the steady clock; `None` when it is too far away to come.
    fn at(self, end: OffsetDateTime) -> Option<Instant> {
        let left = Duration::try_from(end - self.0).unwrap_or_default();
        self.1.checked_add(left)
    }
}

impl Credentials {
    /// A header that stays, or none.
    pub(super) fn fixed(header: Option<HeaderValue>) -> Self {
        Self::of(Source::Fixed, header, None)
    }

    /// The token of this file; `otherwise` where it cannot be read or is empty.
    pub(super) fn of_file(path: PathBuf, otherwise: Option<HeaderValue>) -> Result<Self, String> {
        match (read(&path), otherwise) {
            (Ok(header), _) => {
                Ok(Self::of(Source::File(path), Some(header), Some(Instant::now() + TOKEN_FILE)))
            }
            (Err(_), Some(token)) => {
                Ok(Self::of(Source::File(path), Some(token), Some(Instant::now())))
            }
            (Err(why), None) => Err(why),
        }
    }

    /// What a plugin handed over, which is run again when that ends.
    pub(super) fn of_plugin(
        plugin: Plugin,
        at: Circumstances,
        epoch: Epoch,
        first: &HandedOver,
    ) -> Self {
        let stale_from = first.expires.and_then(|end| epoch.at(end));
        let source = Source::Plugin(Box::new((plugin, at, epoch)));
        Self::of(source, first.header.clone(), stale_from)
    }

    fn of(source: Source, header: Option<HeaderValue>, stale_from: Option<Instant>) -> Self {
        Self { source, header: RwLock::new(header), stale_from: Mutex::new(stale_from) }
    }

    /// The header as it is now.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        self.header.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a new header when the old one is stale. Whoever comes meanwhile waits for it.
    pub(super) async fn refresh(&self) -> Result<(), ClusterError> {
        if matches!(self.source, Source::Fixed) {
            return Ok(());
        }
        let mut stale_from = self.stale_from.lock().await;
        if stale_from.is_none_or(|from| Instant::now() < from) {
            return Ok(());
        }
        match &self.source {
            Source::Fixed => {}
            Source::File(path) => {
                // The old one goes on while the file cannot be read.
                if let Ok(header) = read(path) {
                    self.set(Some(header));
                }
                *stale_from = Some(Instant::now() + TOKEN_FILE);
            }
            Source::Plugin(source) => {
                let (plugin, at, epoch) = &**source;
                let handed_over = plugin::run(plugin, at).await?;
                *stale_from = handed_over.expires.and_then(|end| epoch.at(end));
                self.set(handed_over.header);
            }
        }
        Ok(())
    }

    /// The server knows us no more (401) by the header that was `shown`: what a plugin handed over is
    /// stale, and a file may hold another token by now. Whether there is another header to be had, or one
    /// is there since.
    pub(super) async fn refused(&self, shown: Option<&HeaderValue>) -> bool {
        let mut stale_from = self.stale_from.lock().await;
        if self.header().as_ref() != shown {
            return true;
        }
        match &self.source {
            Source::Fixed => false,
            Source::File(path) => {
                let Ok(header) = read(path) else { return false };
                let is_other = Some(&header) != shown;
                self.set(Some(header));
                is_other
            }
            Source::Plugin(_) => {
                *stale_from = Some(Instant::now());
                // A certificate of a plugin's is of the connection, which stays.
                shown.is_some()
            }
        }
    }

    fn set(&self, header: Option<HeaderValue>) {
        *self.header.write().unwrap_or_else(PoisonError::into_inner) = header;
    }
}

fn read(path: &Path) -> Result<HeaderValue, String> {
    let bytes = std::fs::read(path).map_err(|error| {
        format!("tokenFile {} cannot be read: {}", path.display(), crate::world::words(&error))
    })?;
    login::bearer_of_file(&bytes).map_err(|why| format!("tokenFile {} {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn bearer(token: &str) -> Option<HeaderValue> {
        HeaderValue::try_from(format!("Bearer {token}")).ok()
    }

    async fn time_passes(credentials: &Credentials) {
        *credentials.stale_from.lock().await = Some(Instant::now());
        credentials.refresh().await.expect("refreshed");
    }

    #[tokio::test]
    async fn a_token_file_is_trimmed_read_again_and_the_old_one_kept_when_it_is_gone() {
        let folder = TempDir::new().expect("a temp folder");
        let path = folder.path().join("token");
        fs::write(&path, " one\r\n").expect("written");
        let credentials = Credentials::of_file(path.clone(), None).expect("it is read");
        assert_eq!(credentials.header(), bearer("one"));
        fs::write(&path, "two\n").expect("written");
        credentials.refresh().await.expect("refreshed");
        assert_eq!(credentials.header(), bearer("one"), "it is believed for a minute");
        time_passes(&credentials).await;
        assert_eq!(credentials.header(), bearer("two"));
        fs::remove_file(&path).expect("removed");
        time_passes(&credentials).await;
        assert_eq!(credentials.header(), bearer("two"));
    }

    #[tokio::test]
    async fn a_refused_token_is_replaced_where_another_is_to_be_had() {
        let folder = TempDir::new().expect("a temp folder");
        let path = folder.path().join("token");
        fs::write(&path, "one").expect("written");
        let credentials = Credentials::of_file(path.clone(), None).expect("it is read");
        let (one, two) = (bearer("one"), bearer("two"));
        assert!(!credentials.refused(one.as_ref()).await, "the file holds the same one");
        fs::write(&path, "two").expect("written");
        assert!(credentials.refused(one.as_ref()).await);
        assert_eq!(credentials.header(), two);
        // Whoever was refused at the same time finds it there.
        assert!(credentials.refused(one.as_ref()).await);
        assert!(!credentials.refused(two.as_ref()).await);
        fs::remove_file(&path).expect("removed");
        assert!(!credentials.refused(two.as_ref()).await);
        assert!(!Credentials::fixed(one.clone()).refused(one.as_ref()).await);
    }

    #[test]
    fn a_token_file_goes_before_the_token_unless_it_cannot_be_read() {
        let folder = TempDir::new().expect("a temp folder");
        let path = |name: &str| folder.path().join(name);
        for (name, content) in [("good", "file"), ("empty", "\n"), ("broken", "a\nb")] {
            fs::write(path(name), content).expect("written");
        }
        for (name, otherwise, expected) in [
            ("good", Some("inline"), Some("file")),
            ("empty", Some("inline"), Some("inline")),
            ("gone", Some("inline"), Some("inline")),
            ("gone", None, None),
            ("empty", None, None),
            ("broken", None, None),
        ] {
            let otherwise = otherwise.and_then(bearer);
            let credentials = Credentials::of_file(path(name), otherwise).ok();
            let header = credentials.and_then(|credentials| credentials.header());
            assert_eq!(header, expected.and_then(bearer), "{name}");
        }
    }
}
