//! What a user has no right to see.

/// A request that an API server refused for want of rights.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// What may not be done, as RBAC names it: `list` or `get`.
    pub verb: &'static str,
    /// Who may not, by the name that the server knows.
    pub user: String,
    /// What the server says beside it: a role that is missing, another right that would do.
    pub why: Option<String>,
}
