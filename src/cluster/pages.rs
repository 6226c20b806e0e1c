//! Lists, page after page: while one is taken the next is on its way.
//!
//! Knows how a list goes on, that it may have to be begun again, and that a server may send it without
//! end. Refuses to know what is listed.

use super::client::Client;
use super::error::{ClusterError, Failure, Verb};
use crate::object_ref::ObjectRef;
use kube::api::{ListParams, ObjectList};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Objects a page: 500 Secrets are about 2 MB of JSON, 1.5 MB of protobuf, and two pages are all that is
/// held.
pub const PAGE_SIZE: u32 = 500;

/// Objects a page where each may be as large as an object can be, a mebibyte.
const FEW: u32 = 20;

/// Which objects of a kind are listed, and how many of them a page.
#[derive(Clone, Copy, Debug)]
pub struct Which<'s> {
    field_selector: Option<&'s str>,
    page_size: u32,
}

impl<'s> Which<'s> {
    /// All of them.
    pub const ALL: Which<'static> = Which { field_selector: None, page_size: PAGE_SIZE };

    /// Those that this field selector names.
    #[must_use]
    pub const fn by(field_selector: &'s str) -> Self {
        Self { field_selector: Some(field_selector), page_size: PAGE_SIZE }
    }

    /// The same, where each may hold whatever somebody has put there: two pages are held, so that they have few.
    #[must_use]
    pub const fn that_may_be_large(self) -> Self {
        Self { page_size: FEW, ..self }
    }
}

/// Longer than any token by which a list goes on; what is longer makes no URL.
const MAX_CONTINUE: usize = 16 * 1024;

impl Client {
    /// Page after page of a list, each object handed on.
    pub(super) async fn pages<K, P, F>(
        &self,
        object: ObjectRef,
        which: Which<'_>,
        page: P,
        take: &mut dyn FnMut(K),
    ) -> Result<(), ClusterError>
    where
        K: Clone + Send + 'static,
        P: Fn(ListParams) -> F + Send + Sync + 'static,
        F: Future<Output = kube::Result<ObjectList<K>>> + Send + 'static,
    {
        let (object, page) = (Arc::new(object), Arc::new(page));
        // Let go of, a set ends what runs in it.
        let mut ahead = JoinSet::new();
        let ask = |params: &ListParams, ahead: &mut JoinSet<_>| {
            let (client, object, page) = (self.clone(), Arc::clone(&object), Arc::clone(&page));
            let params = params.clone();
            ahead.spawn(
                async move { client.read(Verb::List, &object, || page(params.clone())).await },
            );
        };
        let mut params = ListParams::default().limit(which.page_size);
        params.field_selector = which.field_selector.map(str::to_owned);
        let mut begun_again = false;
        let mut asked_by = HashSet::new();
        ask(&params, &mut ahead);
        while let Some(listed) = ahead.join_next().await {
            // A panic there is a panic here.
            let listed =
                listed.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()));
            let listed = match listed {
                Err(error) if error.failure == Failure::Expired && !begun_again => {
                    begun_again = true;
                    params.continue_token = None;
                    asked_by.clear();
                    ask(&params, &mut ahead);
                    continue;
                }
                listed => listed?,
            };
            let token = listed.metadata.continue_.filter(|token| !token.is_empty());
            let endless = self.is_endless(&object, token.as_deref(), &mut asked_by);
            if let (Some(token), None) = (token, &endless) {
                params.continue_token = Some(token);
                ask(&params, &mut ahead);
            }
            listed.items.into_iter().for_each(&mut *take);
            if let Some(error) = endless {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Why a list that goes on by this token has no end; else the token is one of those `asked_by`.
    fn is_endless(
        &self,
        object: &ObjectRef,
        token: Option<&str>,
        asked_by: &mut HashSet<String>,
    ) -> Option<ClusterError> {
        let token = token?;
        if token.len() > MAX_CONTINUE {
            let what = "names its next page with a token that is far too long";
            return Some(self.endless(object, what));
        }
        let is_new = asked_by.insert(token.to_owned());
        (!is_new).then(|| self.endless(object, "sends the same page again and again"))
    }

    fn endless(&self, object: &ObjectRef, what: &str) -> ClusterError {
        ClusterError::new(
            Failure::Refused,
            format!("cannot list {object}: {} {what}", self.server()),
            "check what is between here and the API server",
        )
    }
}
