//! What can be done with donations.

use std::sync::Arc;

use almoner_kernel::{
    Action, Audited, CampaignId, Context, Currency, Denied, DonationId, DonorId, FieldError,
    Fields, Ids, Invalid, Page, PageRequest, Patch, Permission, Scope, Trail, Version,
    store::must_match,
};

use crate::{
    CampaignRef, Donation, DonationDraft, DonationPatch, DonationQuery, Donations, DonationsError,
    DonationsTx, DonorRef, State, Summary, SummaryQuery, words,
};

/// Use cases of donations.
#[derive(Clone)]
pub struct DonationService {
    donations: Arc<dyn Donations>,
    ids: Arc<dyn Ids>,
    currencies: Arc<[Currency]>,
}

impl DonationService {
    /// The service over its ports. `currencies` are those the organisation accepts.
    pub fn new(
        donations: Arc<dyn Donations>,
        ids: Arc<dyn Ids>,
        currencies: impl Into<Arc<[Currency]>>,
    ) -> Self {
        Self { donations, ids, currencies: currencies.into() }
    }

    /// A page of donations within the caller's scope.
    ///
    /// # Errors
    /// Without `donations:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &DonationQuery,
        page: &PageRequest,
    ) -> Result<Page<Donation>, DonationsError> {
        let scope = cx.permit(Permission::DonationsRead)?;
        Ok(self.donations.list(query, scope, page).await?)
    }

    /// One donation, in the trash or not.
    ///
    /// # Errors
    /// Without `donations:read`; `not_found` when absent or out of scope.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: DonationId) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsRead)?;
        self.donations.find(id, scope).await?.ok_or(DonationsError::NotFound)
    }

    /// Sums and counts of the donations within the caller's scope.
    ///
    /// # Errors
    /// Without `donations:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn summary(
        &self,
        cx: &Context,
        query: &SummaryQuery,
    ) -> Result<Summary, DonationsError> {
        let scope = cx.permit(Permission::DonationsRead)?;
        Ok(self.donations.summary(query, scope).await?)
    }

    /// Records a new donation, `pending` until somebody completes it.
    ///
    /// # Errors
    /// Without `donations:create`; `validation`, also for a donor or campaign that does not exist
    /// or is out of the caller's scope.
    #[tracing::instrument(skip_all)]
    pub async fn create(
        &self,
        cx: &Context,
        draft: DonationDraft,
    ) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsCreate)?;
        let donation = Donation {
            id: DonationId::new(self.ids.next()),
            donor: None,
            campaign: None,
            amount: draft.amount,
            method: draft.method,
            state: State::Pending,
            purpose: draft.purpose,
            donated_on: draft.donated_on,
            reference: draft.reference,
            notes: draft.notes,
            reason: None,
            settled_at: None,
            version: Version::FIRST,
            created_by: cx.user_id(),
            created_at: cx.at,
            updated_at: cx.at,
            deleted_at: None,
        };
        let mut fields = Fields::with(complaints(donation.validate(&self.currencies, cx.at)));
        let mut tx = self.donations.begin().await?;
        let donor = match draft.donor_id {
            Some(id) => donor_named(&mut *tx, id, scope, &mut fields).await?,
            None => None,
        };
        let campaign = match draft.campaign_id {
            Some(id) => campaign_named(&mut *tx, id, &mut fields).await?,
            None => None,
        };
        let donation = fields.finish(Some(Donation { donor, campaign, ..donation }))?;
        tx.insert_donation(&donation).await?;
        tx.commit(Trail::of(cx).created(&donation).answering(cx, &donation)).await?;
        Ok(donation)
    }

    /// Changes a donation. Donor, amount, method and day are fixed once it left `pending`.
    ///
    /// # Errors
    /// Without `donations:update`; `not_found`; `stale`; `edit_window_closed`; `validation`;
    /// `settled`.
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Version,
        patch: DonationPatch,
    ) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsUpdate)?;
        let mut tx = self.donations.begin().await?;
        let before = load(&mut *tx, id, scope).await?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        let mut fields = Fields::default();
        // A donation may keep naming a donor or campaign that went to the trash meanwhile.
        let donor = match &patch.donor_id {
            Patch::Set(id) if before.donor.as_ref().map(|donor| donor.id) == Some(*id) => {
                Patch::Keep
            }
            Patch::Set(id) => donor_named(&mut *tx, *id, scope, &mut fields)
                .await?
                .map_or(Patch::Keep, Patch::Set),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let campaign = match &patch.campaign_id {
            Patch::Set(id) if before.campaign.as_ref().map(|campaign| campaign.id) == Some(*id) => {
                Patch::Keep
            }
            Patch::Set(id) => {
                campaign_named(&mut *tx, *id, &mut fields).await?.map_or(Patch::Keep, Patch::Set)
            }
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let after = before.clone().patched(&patch, donor, campaign, cx.at)?;
        // A currency may have been taken off the list since: only what is changed is judged.
        for complaint in complaints(after.validate(&self.currencies, cx.at)) {
            let is_touched = match complaint.pointer.as_str() {
                "/donated_on" => before.donated_on != after.donated_on,
                _ => before.amount != after.amount,
            };
            if is_touched {
                fields.wrong(complaint);
            }
        }
        let after = fields.finish(Some(after))?;
        if before.snapshot() == after.snapshot() {
            return Ok(before);
        }
        tx.update_donation(&after).await?;
        tx.commit(Trail::of(cx).changed(&before, &after)).await?;
        Ok(after)
    }

    /// Says that a pending donation arrived.
    ///
    /// # Errors
    /// Without `donations:complete`; `not_found`; `stale`; `transition`.
    #[tracing::instrument(skip_all)]
    pub async fn complete(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Option<Version>,
    ) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsComplete)?;
        self.step(cx, scope, id, expected, (Action::Completed, State::Completed), None).await
    }

    /// Says that a completed donation was given back.
    ///
    /// # Errors
    /// Without `donations:refund`; `not_found`; `stale`; `transition`.
    #[tracing::instrument(skip_all)]
    pub async fn refund(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Option<Version>,
        reason: Option<String>,
    ) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsRefund)?;
        self.step(cx, scope, id, expected, (Action::Refunded, State::Refunded), reason).await
    }

    /// Says that a pending donation will never arrive, and why.
    ///
    /// # Errors
    /// Without `donations:complete`; `not_found`; `stale`; `transition`.
    #[tracing::instrument(skip_all)]
    pub async fn cancel(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Option<Version>,
        reason: String,
    ) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsComplete)?;
        self.step(cx, scope, id, expected, (Action::Cancelled, State::Cancelled), Some(reason))
            .await
    }

    /// Puts a donation in the trash. A completed one stays: it counts until it is refunded.
    ///
    /// # Errors
    /// Without `donations:delete`; `not_found`; `stale`; `edit_window_closed`; `completed_stays`.
    #[tracing::instrument(skip_all)]
    pub async fn delete(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        let scope = cx.permit(Permission::DonationsDelete)?;
        let mut tx = self.donations.begin().await?;
        let before = load(&mut *tx, id, scope).await?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        if before.state == State::Completed {
            return Err(DonationsError::CompletedStays);
        }
        let after = Donation {
            deleted_at: Some(cx.at),
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        tx.update_donation(&after).await?;
        tx.commit(Trail::of(cx).acted(Action::Deleted, &before, &after, None)).await?;
        Ok(())
    }

    /// Brings a donation back from the trash.
    ///
    /// # Errors
    /// Without `donations:delete`; `not_found`; `not_in_trash`.
    #[tracing::instrument(skip_all)]
    pub async fn restore(&self, cx: &Context, id: DonationId) -> Result<Donation, DonationsError> {
        let scope = cx.permit(Permission::DonationsDelete)?;
        let mut tx = self.donations.begin().await?;
        let before = tx.donation(id, scope).await?.ok_or(DonationsError::NotFound)?;
        if before.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        let after = Donation {
            deleted_at: None,
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        tx.update_donation(&after).await?;
        let trail = Trail::of(cx).acted(Action::Restored, &before, &after, None);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    /// Destroys a donation that is in the trash.
    ///
    /// # Errors
    /// Without `donations:purge`; `not_found`; `stale`; `not_in_trash`.
    #[tracing::instrument(skip_all)]
    pub async fn purge(
        &self,
        cx: &Context,
        id: DonationId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        let scope = cx.permit(Permission::DonationsPurge)?;
        let mut tx = self.donations.begin().await?;
        let donation = tx.donation(id, scope).await?.ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &donation, expected).await?;
        if donation.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        tx.purge_donation(id).await?;
        tx.commit(Trail::of(cx).noted(Action::Purged, &donation, None)).await?;
        Ok(())
    }

    async fn step(
        &self,
        cx: &Context,
        scope: Scope,
        id: DonationId,
        expected: Option<Version>,
        (action, to): (Action, State),
        reason: Option<String>,
    ) -> Result<Donation, DonationsError> {
        let mut tx = self.donations.begin().await?;
        let before = load(&mut *tx, id, scope).await?;
        if let Some(expected) = expected {
            must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        }
        let after = before.clone().moved(to, reason.clone(), cx.at)?;
        tx.update_donation(&after).await?;
        let trail = Trail::of(cx).acted(action, &before, &after, reason);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }
}

async fn load(
    tx: &mut dyn DonationsTx,
    id: DonationId,
    scope: Scope,
) -> Result<Donation, DonationsError> {
    tx.donation(id, scope)
        .await?
        .filter(|donation| donation.deleted_at.is_none())
        .ok_or(DonationsError::NotFound)
}

async fn donor_named(
    tx: &mut dyn DonationsTx,
    id: DonorId,
    scope: Scope,
    fields: &mut Fields,
) -> Result<Option<DonorRef>, DonationsError> {
    let donor = tx.donor_ref(id, scope).await?;
    if donor.is_none() {
        fields.wrong(FieldError::new("/donor_id", "unknown", words::not_a_donor()));
    }
    Ok(donor)
}

async fn campaign_named(
    tx: &mut dyn DonationsTx,
    id: CampaignId,
    fields: &mut Fields,
) -> Result<Option<CampaignRef>, DonationsError> {
    let campaign = tx.campaign_ref(id).await?;
    if campaign.is_none() {
        fields.wrong(FieldError::new("/campaign_id", "unknown", words::not_a_campaign()));
    }
    Ok(campaign)
}

fn complaints(validated: Result<(), Invalid>) -> Vec<FieldError> {
    validated.err().map(|invalid| invalid.0).unwrap_or_default()
}
