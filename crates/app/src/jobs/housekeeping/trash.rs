//! Records that have been in the trash for long are destroyed, by the rules of their own domain: what
//! others still name stays. That they have been there for long is what their time says and, as it may be of
//! a clock that was behind, their place in the trail.

use std::{sync::Arc, time::Duration};

use almoner_kernel::{
    Attempt, Context, Fault, JobError, JobHandler, PageRequest, Position, Progress, Timestamp,
    Trash,
};
use almoner_persistence::Store;
use almoner_records::{Kind, Query, RecordError, Served};
use async_trait::async_trait;

use super::{House, TRASH};
use crate::{assembly::Office, config::Config};

#[cfg(test)]
mod tests;

/// Records that are read at once.
const PAGE: u32 = 100;

pub struct EmptyTrash {
    /// Kinds that name others come before those they name.
    kinds: Vec<Arc<dyn Served>>,
    house: House,
    keep: Duration,
}

impl EmptyTrash {
    pub fn new(office: &Office, config: &Config, house: House) -> Self {
        let mut kinds = office.kinds(config);
        let registry: Vec<&'static Kind> = kinds.iter().map(|served| served.kind()).collect();
        kinds.sort_by_key(|served| height(served.kind(), &registry, registry.len()));
        Self { kinds, house, keep: config.trash_keep }
    }

    fn context(&self) -> Context {
        self.house.context(TRASH)
    }
}

/// How many kinds name each other on the longest way to one. `most` ends what goes round in a circle.
fn height(kind: &Kind, all: &[&'static Kind], most: usize) -> usize {
    let named_by = all.iter().filter(|other| {
        other.many != kind.many && other.references().any(|field| field.target == Some(kind.many))
    });
    match most {
        0 => 0,
        most => named_by.map(|other| 1 + height(other, all, most - 1)).max().unwrap_or(0),
    }
}

#[async_trait]
impl JobHandler for EmptyTrash {
    fn kind(&self) -> &'static str {
        TRASH
    }

    async fn run(&self, _: &Attempt, progress: &dyn Progress) -> Result<(), JobError> {
        let before = self.house.ago(self.keep)?;
        let store = &self.house.store;
        let young_from = store.young_from(before).await?;
        let mut sweep = Sweep { store, before, young_from, seen: 0, gone: 0, progress };
        for kind in &self.kinds {
            sweep.all(&self.context(), &**kind).await?;
        }
        if sweep.gone > 0 {
            tracing::info!(records = sweep.gone, "destroyed what had been in the trash for long");
        }
        Ok(())
    }
}

struct Sweep<'a> {
    store: &'a Store,
    before: Timestamp,
    /// Where changes begin that may be younger, whatever their time says.
    young_from: i64,
    seen: u64,
    gone: u64,
    progress: &'a dyn Progress,
}

impl Sweep<'_> {
    /// Goes through one kind of record in the trash, page by page.
    async fn all(&mut self, cx: &Context, kind: &dyn Served) -> Result<(), JobError> {
        let query = Query { trash: Trash::Only, ..Query::default() };
        let mut after: Option<Position> = None;
        loop {
            let request = PageRequest { limit: PAGE, after, ..PageRequest::default() };
            let page = kind.list(cx, &query, &request).await.map_err(failed)?;
            for record in &page.items {
                self.seen += 1;
                if record.deleted_at().is_none_or(|at| at >= self.before) {
                    continue;
                }
                // It may have gone there under a clock that was behind.
                let changed = self.store.last_changed(record.id()).await?;
                if changed.is_some_and(|position| position >= self.young_from) {
                    continue;
                }
                match kind.purge(cx, record.id(), record.version()).await {
                    Ok(()) => self.gone += 1,
                    // Others name it, or somebody was at it in this very moment.
                    Err(
                        RecordError::InUse(_)
                        | RecordError::NotFound
                        | RecordError::NotInTrash
                        | RecordError::Stale(_),
                    ) => {}
                    // What its kind does not let go, such as one with too many children, keeps back no other.
                    Err(RecordError::Refused(refusal)) => {
                        let (kind, code) = (kind.kind().many, refusal.code);
                        tracing::warn!(kind, id = %record.id(), code, "a record stays in the trash");
                    }
                    Err(error) => return Err(failed(error)),
                }
            }
            self.progress.report(self.seen, None).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

fn failed(error: RecordError) -> JobError {
    let reason = format!("the trash cannot be emptied: {}", error.code());
    JobError::Retry { reason, after: None, source: Some(Box::new(error)) }
}
