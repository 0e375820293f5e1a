//! What is followed, with which rights, and how a page of it is read.

use almoner_kernel::{Caller, Grant, Notice, Timestamp};
use futures_util::future::BoxFuture;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{news::only_looked, window::Row};
use crate::kit::problem::Problem;

/// What a group is known by: SHA-256 over what is followed and with which rights.
pub(crate) type Key = [u8; 32];

/// The key of a group: `what` names the list, `shape` its parameters. Those who share a group may do the same
/// and reach as far, of every noun.
pub(crate) fn key(what: &str, shape: &[(String, String)], caller: &Caller) -> Key {
    let mut shape: Vec<_> = shape.iter().collect();
    shape.sort_unstable();
    let grant = |grant: &Grant| {
        let reaches: Vec<_> =
            grant.reaches.iter().map(|(noun, reach)| (noun, reach.as_str())).collect();
        let permissions = format!("{:?}", grant.permissions);
        json!([grant.role, permissions, grant.scope.as_str(), reaches])
    };
    let grants: Vec<_> = caller.grants.iter().map(grant).collect();
    // Whoever meets only some rows anywhere meets others than the next one with the same roles.
    let user = (!caller.reaches_everything()).then(|| caller.user_id.uuid());
    let text = json!([what, shape, grants, user]).to_string();
    Sha256::digest(text).into()
}

/// A page of a list, as it is shown.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Row>,
    pub(crate) next_cursor: Option<String>,
}

/// Reads the page of a list as it is at a time: what is shown may depend on it.
type Reads = dyn Fn(Timestamp) -> BoxFuture<'static, Result<Page, Problem>> + Send + Sync;

/// Says whether a record may be met.
type Meets = dyn Fn(&Notice) -> BoxFuture<'static, Result<bool, Problem>> + Send + Sync;

/// What a group follows.
pub(crate) enum Subject {
    /// The first page of a list.
    List {
        /// Its own kind of record, as the trail names it.
        entity: &'static str,
        /// The other kinds whose changes can be seen in it; every kind when absent.
        others: Option<Vec<&'static str>>,
        /// True when a change of another record can bring a record into the list, or out of it.
        is_found_by_others: bool,
        /// Reads the page.
        read: Box<Reads>,
    },
    /// Notices of changes, without what the records are.
    Notices {
        /// The topics: the kind of record as the trail names it, and its plural noun.
        topics: Vec<(&'static str, &'static str)>,
        /// True when those who follow may meet the record.
        is_visible: Box<Meets>,
    },
}

impl Subject {
    /// True when a change can be seen in it.
    pub(super) fn is_touched_by(&self, notice: &Notice) -> bool {
        let entity = notice.entity.as_str();
        match self {
            Self::List { others: None, .. } => true,
            Self::List { entity: own, others: Some(others), .. } => {
                !only_looked(notice) && (*own == entity || others.contains(&entity))
            }
            Self::Notices { topics, .. } => {
                !only_looked(notice) && topics.iter().any(|(own, _)| *own == entity)
            }
        }
    }
}
