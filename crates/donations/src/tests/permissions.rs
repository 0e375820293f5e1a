//! Every use case asks for its permission before it touches anything.

use std::sync::Arc;

use almoner_kernel::{
    Context, Denied, Fault, Kind, PageRequest,
    Permission::{self, *},
    StoreError,
};

use super::{
    fixtures::*,
    mocks::{MockCampaigns, MockDonations, MockDonors, MockIds, away},
};
use crate::{
    CampaignPatch, CampaignQuery, CampaignService, DonationPatch, DonationQuery, DonationService,
    DonationsError, DonorLookup, DonorPatch, DonorQuery, DonorService, SummaryQuery,
};

struct Services {
    donors: DonorService,
    campaigns: CampaignService,
    donations: DonationService,
}

/// What a use case is called, what it needs, and how it ended.
type Attempt = (&'static str, Permission, Result<(), DonationsError>);

/// Services whose ports refuse every call.
fn out_of_bounds() -> Services {
    services(
        MockDonors::new(),
        MockCampaigns::new(),
        MockDonations::new(),
        Arc::new(MockIds::new()),
    )
}

/// Services whose database is away: who gets so far learns that, and nothing else.
fn without_database() -> Services {
    let mut donors = MockDonors::new();
    donors.expect_begin().returning(|| Err(away()));
    donors.expect_find().returning(|_, _| Err(away()));
    donors.expect_list().returning(|_, _, _| Err(away()));
    donors.expect_lookup().returning(|_, _, _| Err(away()));
    let mut campaigns = MockCampaigns::new();
    campaigns.expect_begin().returning(|| Err(away()));
    campaigns.expect_find().returning(|_| Err(away()));
    campaigns.expect_list().returning(|_, _| Err(away()));
    let mut donations = MockDonations::new();
    donations.expect_begin().returning(|| Err(away()));
    donations.expect_find().returning(|_, _| Err(away()));
    donations.expect_list().returning(|_, _, _| Err(away()));
    donations.expect_summary().returning(|_, _| Err(away()));
    services(donors, campaigns, donations, fresh_ids())
}

fn services(
    donors: MockDonors,
    campaigns: MockCampaigns,
    donations: MockDonations,
    ids: Arc<MockIds>,
) -> Services {
    Services {
        donors: DonorService::new(Arc::new(donors), ids.clone()),
        campaigns: CampaignService::new(Arc::new(campaigns), ids.clone()),
        donations: DonationService::new(Arc::new(donations), ids, accepted()),
    }
}

async fn try_everything(services: &Services, cx: &Context) -> Vec<Attempt> {
    let mut attempts = donor_attempts(&services.donors, cx).await;
    attempts.extend(campaign_attempts(&services.campaigns, cx).await);
    attempts.extend(donation_attempts(&services.donations, cx).await);
    attempts
}

async fn donor_attempts(donors: &DonorService, cx: &Context) -> Vec<Attempt> {
    let page = PageRequest::default();
    let lookup = DonorLookup::Identity(national_id());
    let patch = DonorPatch::default();
    vec![
        ("list donors", DonorsRead, donors.list(cx, &DonorQuery::default(), &page).await.map(drop)),
        ("find a donor", DonorsRead, donors.find(cx, DONOR).await.map(drop)),
        ("look donors up", DonorsRead, donors.lookup(cx, &lookup).await.map(drop)),
        ("create a donor", DonorsCreate, donors.create(cx, a_donor_draft()).await.map(drop)),
        ("update a donor", DonorsUpdate, donors.update(cx, DONOR, CURRENT, patch).await.map(drop)),
        ("delete a donor", DonorsDelete, donors.delete(cx, DONOR, CURRENT).await),
        ("restore a donor", DonorsDelete, donors.restore(cx, DONOR).await.map(drop)),
        ("purge a donor", DonorsPurge, donors.purge(cx, DONOR, CURRENT).await),
        ("reveal", DonorsReveal, donors.reveal(cx, DONOR, "receipt".to_owned()).await.map(drop)),
    ]
}

async fn campaign_attempts(campaigns: &CampaignService, cx: &Context) -> Vec<Attempt> {
    let (query, page) = (CampaignQuery::default(), PageRequest::default());
    let draft = a_campaign_draft();
    let update = campaigns.update(cx, CAMPAIGN, CURRENT, CampaignPatch::default()).await;
    vec![
        ("list campaigns", CampaignsRead, campaigns.list(cx, &query, &page).await.map(drop)),
        ("find a campaign", CampaignsRead, campaigns.find(cx, CAMPAIGN).await.map(drop)),
        ("create a campaign", CampaignsCreate, campaigns.create(cx, draft).await.map(drop)),
        ("update a campaign", CampaignsUpdate, update.map(drop)),
        ("delete a campaign", CampaignsDelete, campaigns.delete(cx, CAMPAIGN, CURRENT).await),
        ("restore a campaign", CampaignsDelete, campaigns.restore(cx, CAMPAIGN).await.map(drop)),
        ("purge a campaign", CampaignsPurge, campaigns.purge(cx, CAMPAIGN, CURRENT).await),
    ]
}

async fn donation_attempts(donations: &DonationService, cx: &Context) -> Vec<Attempt> {
    let (query, page, sums) =
        (DonationQuery::default(), PageRequest::default(), SummaryQuery::default());
    let draft = a_donation_draft();
    let update = donations.update(cx, DONATION, CURRENT, DonationPatch::default()).await;
    let cancel = donations.cancel(cx, DONATION, None, "bounced".to_owned()).await;
    vec![
        ("list donations", DonationsRead, donations.list(cx, &query, &page).await.map(drop)),
        ("find a donation", DonationsRead, donations.find(cx, DONATION).await.map(drop)),
        ("sum donations up", DonationsRead, donations.summary(cx, &sums).await.map(drop)),
        ("create a donation", DonationsCreate, donations.create(cx, draft).await.map(drop)),
        ("update a donation", DonationsUpdate, update.map(drop)),
        ("complete", DonationsComplete, donations.complete(cx, DONATION, None).await.map(drop)),
        ("cancel", DonationsComplete, cancel.map(drop)),
        ("refund", DonationsRefund, donations.refund(cx, DONATION, None, None).await.map(drop)),
        ("delete a donation", DonationsDelete, donations.delete(cx, DONATION, CURRENT).await),
        ("restore a donation", DonationsDelete, donations.restore(cx, DONATION).await.map(drop)),
        ("purge a donation", DonationsPurge, donations.purge(cx, DONATION, CURRENT).await),
    ]
}

#[tokio::test]
async fn a_stranger_is_asked_to_log_in_before_any_port_is_touched() {
    for (use_case, _, outcome) in try_everything(&out_of_bounds(), &a_stranger()).await {
        let error = outcome.expect_err(use_case);
        assert!(
            matches!(error, DonationsError::Denied(Denied::Unauthenticated)),
            "{use_case}: {error:?}"
        );
        assert_eq!(error.kind(), Kind::Unauthenticated, "{use_case}");
    }
}

#[tokio::test]
async fn without_the_permission_no_port_is_touched_and_the_answer_names_it() {
    let cx = may_only(AuditRead);
    for (use_case, needed, outcome) in try_everything(&out_of_bounds(), &cx).await {
        let error = outcome.expect_err(use_case);
        let DonationsError::Denied(Denied::Missing(missing)) = error else {
            panic!("{use_case}: {error:?}");
        };
        assert_eq!(missing, needed, "{use_case}");
    }
}

#[tokio::test]
async fn one_permission_opens_its_own_use_cases_and_no_other() {
    for permission in Permission::ALL {
        let cx = may_only(*permission);
        for (use_case, needed, outcome) in try_everything(&without_database(), &cx).await {
            let error = outcome.expect_err(use_case);
            let is_let_in = matches!(error, DonationsError::Store(StoreError::Unavailable(_)));
            let is_kept_out = matches!(error, DonationsError::Denied(Denied::Missing(_)));
            assert!(
                if needed == *permission { is_let_in } else { is_kept_out },
                "{use_case} with {permission}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_viewer_reads_and_does_nothing_else() {
    for (use_case, needed, outcome) in try_everything(&without_database(), &viewer()).await {
        let reads = matches!(needed, DonorsRead | CampaignsRead | DonationsRead);
        let is_denied = matches!(outcome, Err(DonationsError::Denied(_)));
        assert_eq!(is_denied, !reads, "{use_case}");
    }
}

#[tokio::test]
async fn the_program_itself_may_do_everything() {
    for (use_case, _, outcome) in try_everything(&without_database(), &the_program()).await {
        let error = outcome.expect_err(use_case);
        assert!(matches!(error, DonationsError::Store(_)), "{use_case}: {error:?}");
    }
}
