//! Stand-ins for storage that refuse every call a test did not announce: a use case that touches a
//! port too early, twice or for nothing fails its test.

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    CampaignId, DonationId, DonorId, IdentityNumber, Ids, Page, PageRequest, Scope, StoreError,
    Timestamp, Trail, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use mockall::mock;
use uuid::Uuid;

use crate::{
    Campaign, CampaignQuery, CampaignRef, Campaigns, CampaignsTx, Donation, DonationQuery,
    Donations, DonationsTx, Donor, DonorLookup, DonorQuery, DonorRef, Donors, DonorsTx, Summary,
    SummaryQuery,
};

mock! {
    pub Ids {}

    impl Ids for Ids {
        fn next(&self) -> Uuid;
    }
}

mock! {
    pub Donors {}

    #[async_trait]
    impl Donors for Donors {
        async fn begin(&self) -> Result<Box<dyn DonorsTx>, StoreError>;
        async fn find(&self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError>;
        async fn list(
            &self,
            query: &DonorQuery,
            scope: Scope,
            page: &PageRequest,
        ) -> Result<Page<Donor>, StoreError>;
        async fn lookup(
            &self,
            lookup: &DonorLookup,
            scope: Scope,
            limit: u32,
        ) -> Result<Vec<Donor>, StoreError>;
    }
}

mock! {
    pub DonorsTx {}

    #[async_trait]
    impl UnitOfWork for DonorsTx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl DonorsTx for DonorsTx {
        async fn donor(&mut self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError>;
        async fn insert_donor<'s, 'd, 'i>(
            &'s mut self,
            donor: &'d Donor,
            identity: Option<&'i IdentityNumber>,
        ) -> Result<(), StoreError>;
        async fn insert_donors(
            &mut self,
            donors: &[(Donor, Option<IdentityNumber>)],
        ) -> Result<(), StoreError>;
        async fn update_donor(&mut self, donor: &Donor) -> Result<(), StoreError>;
        async fn set_identity<'s, 'i>(
            &'s mut self,
            id: DonorId,
            identity: Option<&'i IdentityNumber>,
        ) -> Result<(), StoreError>;
        async fn identity(&mut self, id: DonorId) -> Result<Option<IdentityNumber>, StoreError>;
        async fn identity_is_hidden(
            &mut self,
            identity: &IdentityNumber,
            scope: Scope,
        ) -> Result<bool, StoreError>;
        async fn lock_collisions(
            &mut self,
            user: UserId,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<Vec<Timestamp>, StoreError>;
        async fn donor_has_donations(&mut self, id: DonorId) -> Result<bool, StoreError>;
        async fn purge_donor(&mut self, id: DonorId) -> Result<(), StoreError>;
    }
}

mock! {
    pub Campaigns {}

    #[async_trait]
    impl Campaigns for Campaigns {
        async fn begin(&self) -> Result<Box<dyn CampaignsTx>, StoreError>;
        async fn find(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError>;
        async fn list(
            &self,
            query: &CampaignQuery,
            page: &PageRequest,
        ) -> Result<Page<Campaign>, StoreError>;
    }
}

mock! {
    pub CampaignsTx {}

    #[async_trait]
    impl UnitOfWork for CampaignsTx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl CampaignsTx for CampaignsTx {
        async fn campaign(&mut self, id: CampaignId) -> Result<Option<Campaign>, StoreError>;
        async fn insert_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError>;
        async fn update_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError>;
        async fn campaign_has_donations(&mut self, id: CampaignId) -> Result<bool, StoreError>;
        async fn purge_campaign(&mut self, id: CampaignId) -> Result<(), StoreError>;
    }
}

mock! {
    pub Donations {}

    #[async_trait]
    impl Donations for Donations {
        async fn begin(&self) -> Result<Box<dyn DonationsTx>, StoreError>;
        async fn find(&self, id: DonationId, scope: Scope) -> Result<Option<Donation>, StoreError>;
        async fn list(
            &self,
            query: &DonationQuery,
            scope: Scope,
            page: &PageRequest,
        ) -> Result<Page<Donation>, StoreError>;
        async fn summary(&self, query: &SummaryQuery, scope: Scope) -> Result<Summary, StoreError>;
    }
}

mock! {
    pub DonationsTx {}

    #[async_trait]
    impl UnitOfWork for DonationsTx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl DonationsTx for DonationsTx {
        async fn donation(
            &mut self,
            id: DonationId,
            scope: Scope,
        ) -> Result<Option<Donation>, StoreError>;
        async fn donor_ref(
            &mut self,
            id: DonorId,
            scope: Scope,
        ) -> Result<Option<DonorRef>, StoreError>;
        async fn campaign_ref(&mut self, id: CampaignId) -> Result<Option<CampaignRef>, StoreError>;
        async fn insert_donation(&mut self, donation: &Donation) -> Result<(), StoreError>;
        async fn insert_donations(&mut self, donations: &[Donation]) -> Result<(), StoreError>;
        async fn update_donation(&mut self, donation: &Donation) -> Result<(), StoreError>;
        async fn purge_donation(&mut self, id: DonationId) -> Result<(), StoreError>;
    }
}

/// The trail a commit received; empty until then.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Option<Trail>>>);

impl Written {
    fn keep(&self, trail: Trail) {
        let earlier = self.0.lock().unwrap().replace(trail);
        assert!(earlier.is_none(), "committed twice");
    }

    /// The trail.
    pub fn trail(&self) -> Trail {
        self.0.lock().unwrap().clone().expect("nothing was committed")
    }
}

/// What can be announced for every kind of transaction.
macro_rules! transactions {
    ($($mock:ident),+) => {$(
        impl $mock {
            /// One commit succeeds, and its trail is kept.
            pub fn commits(&mut self) -> Written {
                let written = Written::default();
                let kept = written.clone();
                self.expect_commit().once().returning(move |trail| {
                    kept.keep(trail);
                    Ok(())
                });
                written
            }

            /// One commit is tried and fails: the disk is full.
            pub fn fails_to_commit(&mut self) {
                self.expect_commit().once().returning(|_| Err(away()));
            }

            /// The trail is asked, once, what changed in `entity` since `since`.
            pub fn tells_what_changed(
                &mut self,
                entity: &'static str,
                id: Uuid,
                since: Version,
                fields: &'static [&'static str],
            ) {
                self.expect_changed_since()
                    .once()
                    .withf(move |asked, of, from| (asked, *of, *from) == (entity, id, since))
                    .returning(move |_, _, _| {
                        Ok(fields.iter().map(|field| (*field).to_owned()).collect())
                    });
            }
        }
    )+};
}

transactions!(MockDonorsTx, MockCampaignsTx, MockDonationsTx);

/// The database is away.
pub fn away() -> StoreError {
    StoreError::Unavailable("the disk is full".into())
}

/// A transaction in which nobody whom the caller does not see has any number, and nobody asked before.
pub fn with_free_numbers() -> MockDonorsTx {
    let mut tx = MockDonorsTx::new();
    tx.expect_identity_is_hidden().returning(|_, _| Ok(false));
    tx.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
    tx
}
