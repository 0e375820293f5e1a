//! The use cases of those who read the trail.

use std::sync::Arc;

use almoner_kernel::{
    Context, Page, PageRequest, Permission, SecurityEvent, SecurityEventKind, Timestamp, Trail,
};
use uuid::Uuid;

use crate::{
    AuditError, AuditTrail, ChangeQuery, ChangeRecord, Floor, Mark, Progress, Seal, SealedChange,
    SecurityEventQuery, SecurityEventRecord, Verdict, Verifier,
};

/// Reads the trail.
#[derive(Clone)]
pub struct Audit {
    trail: Arc<dyn AuditTrail>,
}

impl Audit {
    /// Rows that a verification reads at once: about 10 MB.
    pub const VERIFY_BATCH: u32 = 10_000;

    /// The use cases on a stored trail.
    pub fn new(trail: Arc<dyn AuditTrail>) -> Self {
        Self { trail }
    }

    /// Changes of all records, newest first. Needs [`Permission::AuditRead`], which opens every row
    /// whatever the scope of the role: a trail with holes is none.
    ///
    /// # Errors
    /// When it is denied, or storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn changes(
        &self,
        cx: &Context,
        query: &ChangeQuery,
        page: &PageRequest,
    ) -> Result<Page<ChangeRecord>, AuditError> {
        cx.permit(Permission::AuditRead)?;
        Ok(self.trail.changes(query, page).await?)
    }

    /// Logins, logouts, failures and refusals, newest first. Needs [`Permission::AuditRead`].
    ///
    /// # Errors
    /// When it is denied, or storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn security_events(
        &self,
        cx: &Context,
        query: &SecurityEventQuery,
        page: &PageRequest,
    ) -> Result<Page<SecurityEventRecord>, AuditError> {
        cx.permit(Permission::AuditRead)?;
        Ok(self.trail.security_events(query, page).await?)
    }

    /// Changes of one record, newest first, for those who may read the record: `permission` is the
    /// one its module asks for. Address and user agent are blank unless the caller has
    /// [`Permission::AuditRead`] too.
    ///
    /// The trail knows no row scope. The caller of this method asks the record's own service for
    /// the record first, which answers "not found" when it is out of scope.
    ///
    /// # Errors
    /// When it is denied, or storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn history(
        &self,
        cx: &Context,
        permission: Permission,
        entity: &'static str,
        entity_id: Uuid,
        page: &PageRequest,
    ) -> Result<Page<ChangeRecord>, AuditError> {
        cx.permit(permission)?;
        let query = ChangeQuery {
            entity: Some(entity.to_owned()),
            entity_id: Some(entity_id),
            ..ChangeQuery::default()
        };
        let mut found = self.trail.changes(&query, page).await?;
        if cx.permit(Permission::AuditRead).is_err() {
            for change in &mut found.items {
                change.address = None;
                change.user_agent = None;
            }
        }
        Ok(found)
    }

    /// Writes a security event that comes with no change: a refused request. `detail` says what in
    /// words without secrets or personal data, such as the name of the missing permission. Being
    /// recorded needs no permission.
    ///
    /// # Errors
    /// When storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn record_refusal(
        &self,
        cx: &Context,
        kind: SecurityEventKind,
        detail: Option<String>,
    ) -> Result<(), AuditError> {
        let event = SecurityEvent { kind, user_id: cx.user_id(), detail };
        let unit = self.trail.begin().await?;
        Ok(unit.commit(Trail::of(cx).security(event)).await?)
    }

    /// Reads the whole trail and names the first row that was altered, inserted or taken out. It may
    /// run while the server writes. `noted` is a mark that was kept elsewhere; without one, a trail
    /// whose end and head were both put back to an earlier row cannot be told from one that never
    /// went further. `progress` is told after each batch. Needs [`Permission::AuditRead`].
    ///
    /// # Errors
    /// When it is denied, or storage fails; tampering is a verdict, not an error.
    #[tracing::instrument(skip_all)]
    pub async fn verify(
        &self,
        cx: &Context,
        seal: &Seal,
        noted: Option<Mark>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Verdict, AuditError> {
        cx.permit(Permission::AuditRead)?;
        let floor = self.trail.floor().await?;
        let mut verifier = Verifier::new(seal, floor.as_ref(), self.trail.head().await?, noted);
        // Before the first position, so that a row that was put in front of it is seen.
        let mut after = i64::MIN;
        while !verifier.is_broken() {
            let rows = self.trail.sealed(after, Self::VERIFY_BATCH).await?;
            if verifier.lacks_rows_before(&rows) {
                // They may have been past their time. The floor is raised with them, so that one that
                // is read behind them covers them.
                let floor = self.trail.floor().await?;
                if floor.is_some_and(|floor| verifier.raise(&floor)) {
                    after = verifier.last().position;
                    continue;
                }
            }
            for row in &rows {
                after = row.position;
                if verifier.read(row).is_break() {
                    break;
                }
            }
            progress(verifier.progress());
            // Stopping only at an empty batch would chase a busy server for ever.
            if rows.len() < Self::VERIFY_BATCH as usize {
                break;
            }
        }
        let closing = self.trail.head().await?;
        Ok(verifier.finish(closing.as_ref()))
    }

    /// Takes the oldest changes from before a time out of the trail, `limit` at the most; says how
    /// many. They are verified first: what was tampered with does not go unseen. The last change
    /// stays, whatever its age, and so does all that lies behind a younger one. Needs
    /// [`Permission::AuditRead`], and no client can ask for it.
    ///
    /// # Errors
    /// When it is denied, the trail is not as it was sealed, or storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn shorten(
        &self,
        cx: &Context,
        seal: &Seal,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, AuditError> {
        cx.permit(Permission::AuditRead)?;
        let floor = self.trail.floor().await?;
        let mut verifier = Verifier::new(seal, floor.as_ref(), self.trail.head().await?, None);
        let start = verifier.last().position;
        // One more: the last one there is stays.
        let rows = self.trail.sealed(start, limit.saturating_add(1)).await?;
        let before = before.timestamp_millis();
        let is_old = |row: &&SealedChange| row.row.as_ref().is_none_or(|row| row.at < before);
        let rows = rows.split_last().map_or(&[][..], |(_, rows)| rows);
        for row in rows.iter().take_while(is_old) {
            if verifier.read(row).is_break() {
                break;
            }
        }
        if let Some(finding) = verifier.finding() {
            return Err(AuditError::Tampered(finding.clone()));
        }
        let last = verifier.last();
        if last.position == start {
            return Ok(0);
        }
        Ok(self.trail.raise_floor(start, &Floor::behind(&last, seal)).await?)
    }
}
