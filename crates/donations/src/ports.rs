//! What this domain asks of storage.

use almoner_kernel::{
    CampaignId, DonationId, DonorId, IdentityNumber, Page, PageRequest, Scope, StoreError,
    Timestamp, UnitOfWork, UserId,
};
use async_trait::async_trait;

use crate::{
    Campaign, CampaignQuery, CampaignRef, Donation, DonationQuery, Donor, DonorLookup, DonorQuery,
    DonorRef, Summary, SummaryQuery,
};

/// Donors, for reading.
#[async_trait]
pub trait Donors: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn DonorsTx>, StoreError>;
    /// One donor, in the trash or not.
    async fn find(&self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError>;
    /// A page of donors.
    async fn list(
        &self,
        query: &DonorQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Donor>, StoreError>;
    /// Donors outside the trash that match, newest first, at most `limit`.
    async fn lookup(
        &self,
        lookup: &DonorLookup,
        scope: Scope,
        limit: u32,
    ) -> Result<Vec<Donor>, StoreError>;
}

/// A change of donors.
#[async_trait]
pub trait DonorsTx: UnitOfWork {
    /// One donor, locked until the end of the change.
    async fn donor(&mut self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError>;
    /// Stores a new donor with its identity number.
    async fn insert_donor(
        &mut self,
        donor: &Donor,
        identity: Option<&IdentityNumber>,
    ) -> Result<(), StoreError>;
    /// Stores new donors at once; the same as one after the other, with fewer round trips.
    async fn insert_donors(
        &mut self,
        donors: &[(Donor, Option<IdentityNumber>)],
    ) -> Result<(), StoreError>;
    /// Stores a changed donor. Its identity number stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `donor.version`.
    async fn update_donor(&mut self, donor: &Donor) -> Result<(), StoreError>;
    /// Replaces or removes the identity number.
    async fn set_identity(
        &mut self,
        id: DonorId,
        identity: Option<&IdentityNumber>,
    ) -> Result<(), StoreError>;
    /// The identity number in full.
    async fn identity(&mut self, id: DonorId) -> Result<Option<IdentityNumber>, StoreError>;
    /// True when a donor outside the trash and outside the scope has the identity number.
    async fn identity_is_hidden(
        &mut self,
        identity: &IdentityNumber,
        scope: Scope,
    ) -> Result<bool, StoreError>;
    /// Makes others that try values for the same user wait until the unit of work ends, unless it is one
    /// of a batch, then reads when the user was told of values of records outside their scope, after
    /// `since` and up to `until`, newest first, as many as the limit on that can count. To be called
    /// before anything else is locked.
    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError>;
    /// True when a donation, in the trash or not, names the donor.
    async fn donor_has_donations(&mut self, id: DonorId) -> Result<bool, StoreError>;
    /// Destroys a donor.
    async fn purge_donor(&mut self, id: DonorId) -> Result<(), StoreError>;
}

/// Campaigns, for reading.
#[async_trait]
pub trait Campaigns: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn CampaignsTx>, StoreError>;
    /// One campaign, in the trash or not.
    async fn find(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError>;
    /// A page of campaigns.
    async fn list(
        &self,
        query: &CampaignQuery,
        page: &PageRequest,
    ) -> Result<Page<Campaign>, StoreError>;
}

/// A change of campaigns.
#[async_trait]
pub trait CampaignsTx: UnitOfWork {
    /// One campaign, locked until the end of the change.
    async fn campaign(&mut self, id: CampaignId) -> Result<Option<Campaign>, StoreError>;
    /// Stores a new campaign.
    ///
    /// # Errors
    /// [`StoreError::Taken`] `campaigns.name`.
    async fn insert_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError>;
    /// Stores a changed campaign.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `campaign.version`;
    /// [`StoreError::Taken`] `campaigns.name`.
    async fn update_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError>;
    /// True when a donation, in the trash or not, names the campaign.
    async fn campaign_has_donations(&mut self, id: CampaignId) -> Result<bool, StoreError>;
    /// Destroys a campaign.
    async fn purge_campaign(&mut self, id: CampaignId) -> Result<(), StoreError>;
}

/// Donations, for reading.
#[async_trait]
pub trait Donations: Send + Sync {
    /// Starts a change.
    async fn begin(&self) -> Result<Box<dyn DonationsTx>, StoreError>;
    /// One donation, in the trash or not.
    async fn find(&self, id: DonationId, scope: Scope) -> Result<Option<Donation>, StoreError>;
    /// A page of donations.
    async fn list(
        &self,
        query: &DonationQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Donation>, StoreError>;
    /// Sums and counts.
    async fn summary(&self, query: &SummaryQuery, scope: Scope) -> Result<Summary, StoreError>;
}

/// A change of donations.
#[async_trait]
pub trait DonationsTx: UnitOfWork {
    /// One donation, locked until the end of the change.
    async fn donation(
        &mut self,
        id: DonationId,
        scope: Scope,
    ) -> Result<Option<Donation>, StoreError>;
    /// A donor outside the trash, to be named by a donation.
    async fn donor_ref(
        &mut self,
        id: DonorId,
        scope: Scope,
    ) -> Result<Option<DonorRef>, StoreError>;
    /// A campaign outside the trash, to be named by a donation.
    async fn campaign_ref(&mut self, id: CampaignId) -> Result<Option<CampaignRef>, StoreError>;
    /// Stores a new donation.
    async fn insert_donation(&mut self, donation: &Donation) -> Result<(), StoreError>;
    /// Stores new donations at once; the same as one after the other, with fewer round trips.
    async fn insert_donations(&mut self, donations: &[Donation]) -> Result<(), StoreError>;
    /// Stores a changed donation.
    ///
    /// # Errors
    /// [`StoreError::Raced`] unless the stored version is the one before `donation.version`.
    async fn update_donation(&mut self, donation: &Donation) -> Result<(), StoreError>;
    /// Destroys a donation.
    async fn purge_donation(&mut self, id: DonationId) -> Result<(), StoreError>;
}
