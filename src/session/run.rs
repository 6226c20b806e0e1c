//! What a command runs with: the flags of every command and the world.
//!
//! Refuses to know what any command does with them.

use super::{CommandError, Result};
use crate::apply::pair::RandomKeys;
use crate::audit::policy::Policy;
use crate::audit::{self, Context, Platform};
use crate::cli::Global;
use crate::cluster::{self, Client, ConnectOptions};
use crate::converge::drive::Means;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::observe::files;
use crate::observe::served::Deadlines;
use crate::redact::Redacted;
use crate::remedy::{Target, word};
use crate::world::World;
use std::path::Path;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::time::Instant;

/// What every command is handed beside its own flags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'r> {
    /// The flags of every command.
    pub(crate) global: &'r Global,
    /// Clock, randomness and environment.
    pub(crate) world: &'r World,
    /// When the time is up, by `--timeout`.
    pub(crate) deadline: Option<Instant>,
}

impl Run<'_> {
    /// The time.
    pub(crate) fn now(self) -> OffsetDateTime {
        self.world.now()
    }

    /// Connects to the cluster that the flags name.
    pub(crate) async fn client(self) -> Result<Client> {
        let options = options(self.global);
        Ok(cluster::connect(&options, self.world).await?)
    }

    /// The namespace of the flags, else that of the kubeconfig's context.
    pub(crate) fn namespace(self, client: &Client) -> String {
        let named = self.global.namespace.clone();
        named.unwrap_or_else(|| client.default_namespace().to_owned())
    }

    /// The namespace of objects in files that name none.
    pub(crate) fn namespace_of_files(self) -> String {
        self.global.namespace.clone().unwrap_or_else(|| "default".to_owned())
    }

    /// How long handshakes may take under these flags.
    pub(crate) fn deadlines(self) -> Deadlines {
        Deadlines::within(self.global.request_timeout.unsigned_abs())
    }

    /// Where new keys come from.
    pub(crate) fn keys(self) -> RandomKeys {
        RandomKeys(self.world.random.clone())
    }

    /// What a loop writes with, beside its plan: new keys. A `dry_run` lets the server try.
    pub(crate) fn means(self, dry_run: bool) -> Means {
        Means { deadline: self.deadline, ..Means::new(Arc::new(self.keys()), dry_run) }
    }

    /// An inventory of which nothing was seen yet.
    pub(crate) fn nothing_seen(self, selection: Selection) -> Inventory {
        Inventory::new(selection).called(self.world.program)
    }

    /// The command line as it was given, to be pasted; none where it is no text.
    pub(crate) fn again(self) -> Option<String> {
        let words = self.world.arguments.as_ref()?.iter().map(|text| word(text));
        let program = self.world.program.to_string();
        let words: Vec<String> = std::iter::once(program).chain(words).collect();
        Some(words.join(" "))
    }

    /// What judgements depend on: the instant of `--at`, else now.
    pub(crate) fn context(
        self,
        at: Option<OffsetDateTime>,
        policy: &Policy,
        platform: Platform,
        source: audit::Source,
    ) -> Context<'_> {
        Context { now: at.unwrap_or_else(|| self.now()), policy, platform, source }
    }
}

/// Which cluster, as whom, by the flags.
fn options(global: &Global) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: global.kubeconfig.clone(),
        context: global.context.clone(),
        impersonate: global.impersonate.clone(),
        impersonate_groups: global.impersonate_groups.clone(),
        request_timeout: global.request_timeout.unsigned_abs(),
        unasked: false,
    }
}

/// The flags that a command needs to reach the same cluster as the same user.
pub(crate) fn target(global: &Global, world: &World) -> Target {
    Target { program: world.program, ..options(global).target() }
}

/// The bytes of a file that a flag names.
pub(crate) fn read_file(path: &Path) -> Result<Redacted> {
    let unusable = |why: files::ReadError| {
        let message = format!("cannot use {}: {why}", path.display());
        CommandError::failed(message, "name another file")
    };
    files::read_bytes(path).map(Redacted::from).map_err(unusable)
}
