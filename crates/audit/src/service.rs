//! The use cases of those who read the trail.

use std::{collections::HashMap, sync::Arc};

use almoner_kernel::{
    Context, Page, PageRequest, Permission, SecurityEvent, SecurityEventKind, Timestamp, Trail,
    UserId,
};
use uuid::Uuid;

use crate::{
    AuditError, AuditTrail, ChangeQuery, ChangeRecord, Comparison, Finding, Floor, Mark, Progress,
    Seal, SealedChange, SecurityEventQuery, SecurityEventRecord, Verdict, Verifier,
};

/// Reads the trail.
#[derive(Clone)]
pub struct Audit {
    trail: Arc<dyn AuditTrail>,
}

impl Audit {
    /// Rows that a verification reads at once: about 10 MB.
    pub const VERIFY_BATCH: u32 = 10_000;

    /// Records that a comparison reads at once: some hundred kilobytes.
    pub const COMPARE_BATCH: u32 = 500;

    /// The use cases on a stored trail.
    pub fn new(trail: Arc<dyn AuditTrail>) -> Self {
        Self { trail }
    }

    /// Changes of all records, newest first. Needs [`Permission::AUDIT_READ`], which opens every row
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
        cx.permit(Permission::AUDIT_READ)?;
        let mut found = self.trail.changes(query, page).await?;
        self.name_users(&mut found.items).await?;
        Ok(found)
    }

    /// Says what the users who made some changes are called now.
    async fn name_users(&self, changes: &mut [ChangeRecord]) -> Result<(), AuditError> {
        let mut users: Vec<UserId> =
            changes.iter().filter_map(|change| change.actor.user_id()).collect();
        users.sort_unstable();
        users.dedup();
        if users.is_empty() {
            return Ok(());
        }
        let names: HashMap<UserId, String> = self.trail.names(&users).await?.into_iter().collect();
        for change in changes {
            let user = change.actor.user_id();
            change.user_name = user.and_then(|user| names.get(&user).cloned());
        }
        Ok(())
    }

    /// Logins, logouts, failures and refusals, newest first. Needs [`Permission::AUDIT_READ`].
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
        cx.permit(Permission::AUDIT_READ)?;
        Ok(self.trail.security_events(query, page).await?)
    }

    /// Changes of one record, newest first, for those who may read the record: `permission` is the
    /// one its module asks for. Address, user agent and the name of who did it are blank unless the
    /// caller has [`Permission::AUDIT_READ`] too.
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
        if cx.permit(Permission::AUDIT_READ).is_ok() {
            self.name_users(&mut found.items).await?;
        } else {
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
    /// went further. `progress` is told after each batch. Needs [`Permission::AUDIT_READ`].
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
        cx.permit(Permission::AUDIT_READ)?;
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

    /// Reads the whole chain of security events and names the first that was altered, put in or taken out.
    /// `at_least` is how many there were according to the changes ([`Verdict::events`]): the end of the
    /// chain cannot be put back further than that. Needs [`Permission::AUDIT_READ`].
    ///
    /// # Errors
    /// When it is denied, or storage fails; tampering is a verdict, not an error.
    #[tracing::instrument(skip_all)]
    pub async fn verify_events(
        &self,
        cx: &Context,
        seal: &Seal,
        at_least: i64,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Verdict, AuditError> {
        cx.permit(Permission::AUDIT_READ)?;
        let seal = seal.of_events();
        let floor = self.trail.events_floor().await?;
        let head = self.trail.events_head().await?;
        let mut verifier = Verifier::new(&seal, floor.as_ref(), head, None);
        let mut after = i64::MIN;
        while !verifier.is_broken() {
            let rows = self.trail.sealed_events(after, Self::VERIFY_BATCH).await?;
            if verifier.lacks_rows_before(&rows) {
                let floor = self.trail.events_floor().await?;
                if floor.is_some_and(|floor| verifier.raise(&floor)) {
                    after = verifier.last().position;
                    continue;
                }
            }
            for row in &rows {
                after = row.row.position;
                if verifier.read(row).is_break() {
                    break;
                }
            }
            progress(verifier.progress());
            if rows.len() < Self::VERIFY_BATCH as usize {
                break;
            }
        }
        let closing = self.trail.events_head().await?;
        let mut verdict = verifier.finish(closing.as_ref());
        if verdict.finding.is_none() && verdict.last.position < at_least {
            let position = verdict.last.position + 1;
            verdict.finding = Some(Finding::CutOff { position, end: at_least });
        }
        let rows = self.trail.unsealed_events().await?;
        if verdict.finding.is_none() && rows > 0 {
            verdict.finding = Some(Finding::Outside { rows });
        }
        Ok(verdict)
    }

    /// Compares every record with the state that its last change sealed, and looks for those that are
    /// gone without one. It says nothing about the trail itself: verify that first. `progress` is told
    /// records compared so far after each batch. Needs [`Permission::AUDIT_READ`].
    ///
    /// # Errors
    /// When it is denied, or storage fails; differences are no error.
    #[tracing::instrument(skip_all)]
    pub async fn compare(
        &self,
        cx: &Context,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Comparison, AuditError> {
        cx.permit(Permission::AUDIT_READ)?;
        let mut comparison = Comparison::default();
        for kind in self.trail.kinds() {
            let mut after = None;
            loop {
                let compared = self.trail.compared(kind, after, Self::COMPARE_BATCH).await?;
                comparison.records += compared.records;
                comparison.unsealed += compared.unsealed;
                comparison.add(compared.differences);
                progress(comparison.records);
                if compared.records < u64::from(Self::COMPARE_BATCH) {
                    break;
                }
                after = compared.last;
            }
        }
        let mut after = i64::MIN;
        loop {
            let gone = self.trail.gone(after, Self::VERIFY_BATCH).await?;
            comparison.add(gone.differences);
            match gone.last {
                Some(last) => after = last,
                None => return Ok(comparison),
            }
        }
    }

    /// Takes the oldest changes from before a time out of the trail, `limit` at the most; says how
    /// many. They are verified first: what was tampered with does not go unseen. The last change
    /// stays, whatever its age, and so does all that lies behind a younger one. Needs
    /// [`Permission::AUDIT_READ`], and no client can ask for it.
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
        cx.permit(Permission::AUDIT_READ)?;
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
