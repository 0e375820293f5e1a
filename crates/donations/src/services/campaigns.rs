//! What can be done with campaigns.

use std::sync::Arc;

use almoner_kernel::{
    Action, Audited, CampaignId, Context, Denied, Ids, Page, PageRequest, Permission, Trail,
    Version, store::must_match,
};

use crate::{Campaign, CampaignDraft, CampaignPatch, CampaignQuery, Campaigns, DonationsError};

/// Use cases of campaigns.
#[derive(Clone)]
pub struct CampaignService {
    campaigns: Arc<dyn Campaigns>,
    ids: Arc<dyn Ids>,
}

impl CampaignService {
    /// The service over its ports.
    pub fn new(campaigns: Arc<dyn Campaigns>, ids: Arc<dyn Ids>) -> Self {
        Self { campaigns, ids }
    }

    /// A page of campaigns.
    ///
    /// # Errors
    /// Without `campaigns:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &CampaignQuery,
        page: &PageRequest,
    ) -> Result<Page<Campaign>, DonationsError> {
        cx.permit(Permission::CampaignsRead)?;
        Ok(self.campaigns.list(query, page).await?)
    }

    /// One campaign, in the trash or not.
    ///
    /// # Errors
    /// Without `campaigns:read`; `not_found`.
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: CampaignId) -> Result<Campaign, DonationsError> {
        cx.permit(Permission::CampaignsRead)?;
        self.campaigns.find(id).await?.ok_or(DonationsError::NotFound)
    }

    /// Starts a campaign.
    ///
    /// # Errors
    /// Without `campaigns:create`; `validation`; `taken` when another campaign has the name.
    #[tracing::instrument(skip_all)]
    pub async fn create(
        &self,
        cx: &Context,
        draft: CampaignDraft,
    ) -> Result<Campaign, DonationsError> {
        cx.permit(Permission::CampaignsCreate)?;
        let id = CampaignId::new(self.ids.next());
        let campaign = draft.into_campaign(id, cx.user_id(), cx.at);
        campaign.validate()?;
        let mut tx = self.campaigns.begin().await?;
        tx.insert_campaign(&campaign).await?;
        tx.commit(Trail::of(cx).created(&campaign).answering(cx, &campaign)).await?;
        Ok(campaign)
    }

    /// Changes a campaign.
    ///
    /// # Errors
    /// Without `campaigns:update`; `not_found`; `stale`; `edit_window_closed`; `validation`; `taken`.
    #[tracing::instrument(skip_all)]
    pub async fn update(
        &self,
        cx: &Context,
        id: CampaignId,
        expected: Version,
        patch: CampaignPatch,
    ) -> Result<Campaign, DonationsError> {
        cx.permit(Permission::CampaignsUpdate)?;
        let mut tx = self.campaigns.begin().await?;
        let before = tx
            .campaign(id)
            .await?
            .filter(|campaign| campaign.deleted_at.is_none())
            .ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        let after = before.clone().patched(&patch, cx.at);
        after.validate()?;
        if before.snapshot() == after.snapshot() {
            return Ok(before);
        }
        tx.update_campaign(&after).await?;
        tx.commit(Trail::of(cx).changed(&before, &after)).await?;
        Ok(after)
    }

    /// Puts a campaign in the trash. Its donations stay and keep the name.
    ///
    /// # Errors
    /// Without `campaigns:delete`; `not_found`; `stale`; `edit_window_closed`.
    #[tracing::instrument(skip_all)]
    pub async fn delete(
        &self,
        cx: &Context,
        id: CampaignId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        cx.permit(Permission::CampaignsDelete)?;
        let mut tx = self.campaigns.begin().await?;
        let before = tx
            .campaign(id)
            .await?
            .filter(|campaign| campaign.deleted_at.is_none())
            .ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &before, expected).await?;
        if !cx.may_still_edit(before.created_at) {
            return Err(Denied::EditWindowClosed.into());
        }
        let after = Campaign {
            deleted_at: Some(cx.at),
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        tx.update_campaign(&after).await?;
        tx.commit(Trail::of(cx).acted(Action::Deleted, &before, &after, None)).await?;
        Ok(())
    }

    /// Brings a campaign back from the trash.
    ///
    /// # Errors
    /// Without `campaigns:delete`; `not_found`; `not_in_trash`; `taken` when another campaign has taken the name
    /// meanwhile.
    #[tracing::instrument(skip_all)]
    pub async fn restore(&self, cx: &Context, id: CampaignId) -> Result<Campaign, DonationsError> {
        cx.permit(Permission::CampaignsDelete)?;
        let mut tx = self.campaigns.begin().await?;
        let before = tx.campaign(id).await?.ok_or(DonationsError::NotFound)?;
        if before.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        let after = Campaign {
            deleted_at: None,
            updated_at: cx.at,
            version: before.version.next(),
            ..before.clone()
        };
        tx.update_campaign(&after).await?;
        let trail = Trail::of(cx).acted(Action::Restored, &before, &after, None);
        tx.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    /// Destroys a campaign that is in the trash and has no donations.
    ///
    /// # Errors
    /// Without `campaigns:purge`; `not_found`; `stale`; `not_in_trash`; `has_donations`.
    #[tracing::instrument(skip_all)]
    pub async fn purge(
        &self,
        cx: &Context,
        id: CampaignId,
        expected: Version,
    ) -> Result<(), DonationsError> {
        cx.permit(Permission::CampaignsPurge)?;
        let mut tx = self.campaigns.begin().await?;
        let campaign = tx.campaign(id).await?.ok_or(DonationsError::NotFound)?;
        must_match::<_, _, DonationsError>(&mut *tx, &campaign, expected).await?;
        if campaign.deleted_at.is_none() {
            return Err(DonationsError::NotInTrash);
        }
        if tx.campaign_has_donations(id).await? {
            return Err(DonationsError::HasDonations);
        }
        tx.purge_campaign(id).await?;
        tx.commit(Trail::of(cx).noted(Action::Purged, &campaign, None)).await?;
        Ok(())
    }
}
