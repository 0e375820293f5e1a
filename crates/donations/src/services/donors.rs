//! What can be done with donors.

use std::sync::Arc;

use almoner_kernel::{
    Action, Audited, Context, Denied, DonorId, IdentityNumber, Ids, Page, PageRequest, Patch,
    Permission, Scope, SecurityEventKind, StoreError, Timestamp, Trail, Version,
    collision::{collided, collisions_counted, may_collide},
    store::must_match,
};

use crate::{
    DonationsError, Donor, DonorDraft, DonorLookup, DonorPatch, DonorQuery, Donors, DonorsTx,
};

/// Use cases of donors.
#[derive(Clone)]
pub struct DonorService {
    donors: Arc<dyn Donors>,
    ids: Arc<dyn Ids>,
}

impl DonorService {
    /// Donors a lookup answers at the most.
    pub const MAX_FOUND: u32 = 20;

    /// The service over its ports.
    pub fn new(donors: Arc<dyn Donors>, ids: Arc<dyn Ids>) -> Self {
        Self { donors, ids }
    }

    /// A page of donors within the caller's scope.
    ///
    /// # Errors
    /// Without `donors:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &DonorQuery,
        page: &PageRequest,
    ) -> Result<Page<Donor>, DonationsError> {
        let scope = cx.permit(Permission::DonorsRead)?;
        Ok(self.donors.list(query, scope, page).await?)
    }

    /// One donor, in the trash or not.
    ///
    /// # Errors
    /// Without `donors:read`; `not_found` when absent or out of scope.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: DonorId) -> Result<Donor, DonationsError> {
        let scope = cx.permit(Permission::DonorsRead)?;
        self.donors.find(id, scope).await?.ok_or(DonationsError::NotFound)
    }

    /// Donors with that e-mail address, phone or identity number, newest first, at most
    /// [`Self::MAX_FOUND`].
    ///
    /// # Errors
    /// Without `donors:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn lookup(
        &self,
        cx: &Context,
        lookup: &DonorLookup,
    ) -> Result<Vec<Donor>, DonationsError> {
        let scope = cx.permit(Permission::DonorsRead)?;
        Ok(self.donors.lookup(lookup, scope, Self::MAX_FOUND).await?)
    }

    /// Records a new donor.
    ///
    /// # Errors
    /// Without `donors:create`; `taken` when another donor has the identity number.
    #[tracing::instrument(skip_all)]
    pub async fn create(&self, cx: &Context, draft: DonorDraft) -> Result<Donor, DonationsError> {
        let scope = cx.permit(Permission::DonorsCreate)?;
        let identity = draft.identity.clone();
        let donor = draft.into_donor(DonorId::new(self.ids.next()), cx.user_id(), cx.at);
        let mut tx = self.donors.begin().await?;
        let met = met(cx, scope, tx.as_mut(), identity.is_some()).await?;
        let (mut tx, identity) = claimed(cx, scope, tx, &met, identity.as_ref()).await?;
        tx.insert_donor(&donor, identity).await?;
        tx.commit(Trail::of(cx).created(&donor).answering(cx, &donor)).await?;
        Ok(donor)
    }

    /// Changes a donor.
    ///
    /// # Errors
    /// Without `donors:update`; `not_found`; `stale`; `edit_window_closed`; `taken`.
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        id: DonorId,
        expected: Version,
        patch: DonorPatch,
    ) -> Result<Donor, DonationsError> {
        let scope = cx.permit(Permission::DonorsUpdate)?;
        let mut tx = self.donors.begin().await?;
        let met = met(cx, scope, tx.as_mut(), patch.identity.set().is_some()).await?;
        let before = tx
            .donor(id, scope)
            .await?
            .filter(|donor| donor.deleted_at.is_none())
            .ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        let after = before.clone().patched(&patch, cx.at);
        // Another number can have the same mask: then nothing that is shown tells them apart.
        let is_swapped = match patch.identity.set() {
            Some(number) if before.identity == after.identity => {
                tx.identity(id).await?.as_ref() != Some(number)
            }
            _ => false,
        };
        if before.snapshot() == after.snapshot() && !is_swapped {
            return Ok(before);
        }
        let number;
        (tx, number) = claimed(cx, scope, tx, &met, patch.identity.set()).await?;
        tx.update_donor(&after).await?;
        match &patch.identity {
            Patch::Keep => {}
            Patch::Clear => tx.set_identity(id, None).await?,
            Patch::Set(_) => tx.set_identity(id, number).await?,
        }
        let mut trail = Trail::of(cx).changed(&before, &after);
        if is_swapped {
            let mask = after.identity.as_ref().map(|identity| identity.masked.as_str());
            trail = trail.replaced("identity", mask.into(), mask.into());
        }
        tx.commit(trail).await?;
        Ok(after)
    }

    /// Puts a donor in the trash. Their donations stay and keep the name.
    ///
    /// # Errors
    /// Without `donors:delete`; `not_found`; `stale`; `edit_window_closed`.
    #[tracing::instrument(skip_all)]
    pub async fn delete(
        &self,
        cx: &Context,
        id: DonorId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        let scope = cx.permit(Permission::DonorsDelete)?;
        let mut tx = self.donors.begin().await?;
        let before = tx
            .donor(id, scope)
            .await?
            .filter(|donor| donor.deleted_at.is_none())
            .ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        let after = Donor {
            deleted_at: Some(cx.at),
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        tx.update_donor(&after).await?;
        tx.commit(Trail::of(cx).acted(Action::Deleted, &before, &after, None)).await?;
        Ok(())
    }

    /// Brings a donor back from the trash.
    ///
    /// # Errors
    /// Without `donors:delete`; `not_found`; `not_in_trash`; `taken` when another donor has taken the identity
    /// number meanwhile.
    #[tracing::instrument(skip_all)]
    pub async fn restore(&self, cx: &Context, id: DonorId) -> Result<Donor, DonationsError> {
        let scope = cx.permit(Permission::DonorsDelete)?;
        let mut tx = self.donors.begin().await?;
        let met = met(cx, scope, tx.as_mut(), true).await?;
        let before = tx.donor(id, scope).await?.ok_or(DonationsError::NotFound)?;
        if before.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        let after = Donor {
            deleted_at: None,
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        if !scope.is_all()
            && let Some(number) = tx.identity(id).await?
        {
            let granted;
            (tx, granted) = claimed(cx, scope, tx, &met, Some(&number)).await?;
            if granted.is_none() {
                tx.set_identity(id, None).await?;
            }
        }
        tx.update_donor(&after).await?;
        let trail = Trail::of(cx).acted(Action::Restored, &before, &after, None);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    /// Destroys a donor that is in the trash and has no donations.
    ///
    /// # Errors
    /// Without `donors:purge`; `not_found`; `stale`; `not_in_trash`; `has_donations`.
    #[tracing::instrument(skip_all)]
    pub async fn purge(
        &self,
        cx: &Context,
        id: DonorId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        let scope = cx.permit(Permission::DonorsPurge)?;
        let mut tx = self.donors.begin().await?;
        let donor = tx.donor(id, scope).await?.ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &donor, expected).await?;
        if donor.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        if tx.donor_has_donations(id).await? {
            return Err(DonationsError::HasDonations);
        }
        tx.purge_donor(id).await?;
        tx.commit(Trail::of(cx).noted(Action::Purged, &donor, None)).await?;
        Ok(())
    }

    /// Shows a donor's identity number in full. That it was seen, by whom and why, is recorded
    /// before it is shown.
    ///
    /// # Errors
    /// Without `donors:reveal`; `not_found`; `no_identity`.
    #[tracing::instrument(skip_all)]
    pub async fn reveal(
        &self,
        cx: &Context,
        id: DonorId,
        reason: String,
    ) -> Result<IdentityNumber, DonationsError> {
        let scope = cx.permit(Permission::DonorsReveal)?;
        let mut tx = self.donors.begin().await?;
        let donor = tx.donor(id, scope).await?.ok_or(DonationsError::NotFound)?;
        let number = tx.identity(id).await?.ok_or(DonationsError::NoIdentity)?;
        tx.commit(Trail::of(cx).noted(Action::Revealed, &donor, Some(reason))).await?;
        Ok(number)
    }
}

/// When a caller who gives a donor an identity number has met those of others. From here on, their other
/// requests of the kind wait; to be called before any record is locked.
async fn met(
    cx: &Context,
    scope: Scope,
    tx: &mut dyn DonorsTx,
    gives_one: bool,
) -> Result<Vec<Timestamp>, StoreError> {
    match cx.user_id() {
        Some(caller) if gives_one && !scope.is_all() && !cx.dry_run => {
            let (since, until) = collisions_counted(cx);
            tx.lock_collisions(caller, since, until).await
        }
        _ => Ok(Vec::new()),
    }
}

/// Lets a caller give a donor an identity number, and answers what is stored of it. To a dry run of a
/// caller who does not see every donor each number is free: it is rehearsed without one.
///
/// # Errors
/// `taken` when a donor outside the scope has it, which is stored by then; [`DonationsError::Collisions`]
/// after too many of those.
async fn claimed<'n>(
    cx: &Context,
    scope: Scope,
    mut tx: Box<dyn DonorsTx>,
    met: &[Timestamp],
    number: Option<&'n IdentityNumber>,
) -> Result<(Box<dyn DonorsTx>, Option<&'n IdentityNumber>), DonationsError> {
    let (Some(_), Some(wanted), false) = (cx.user_id(), number, scope.is_all()) else {
        return Ok((tx, number));
    };
    let is_hidden = tx.identity_is_hidden(wanted, scope).await?;
    if cx.dry_run {
        if is_hidden {
            cx.suspicions.note(SecurityEventKind::HiddenValueTried);
        }
        return Ok((tx, None));
    }
    may_collide(cx, met)?;
    if is_hidden {
        collided(cx, tx, "an identity number of a donor outside the caller's scope").await?;
        return Err(StoreError::Taken("donors.identity").into());
    }
    Ok((tx, number))
}
