//! The caller's scope goes into every read, and what it hides is not found.

use std::sync::Arc;

use almoner_kernel::{Fault, Kind, Page, PageRequest, Scope, ScopeKind};

use super::{
    fixtures::*,
    mocks::{
        MockCampaigns, MockCampaignsTx, MockDonations, MockDonationsTx, MockDonors, MockDonorsTx,
    },
};
use crate::{
    CampaignPatch, CampaignQuery, CampaignService, DonationPatch, DonationQuery, DonationService,
    DonationsError, DonorLookup, DonorPatch, DonorQuery, DonorService, Summary, SummaryQuery,
};

const SCOPES: [(ScopeKind, Scope); 3] = [
    (ScopeKind::Own, Scope::Own(ME)),
    (ScopeKind::Assigned, Scope::Assigned(ME)),
    (ScopeKind::All, Scope::All),
];

fn no_page<T>() -> Page<T> {
    Page { items: Vec::new(), next: None, total: None }
}

/// Donors, none of which is within that scope.
fn donors_out_of(scope: Scope) -> DonorService {
    let mut donors = MockDonors::new();
    donors.expect_find().withf(move |_, asked| *asked == scope).returning(|_, _| Ok(None));
    donors
        .expect_list()
        .withf(move |_, asked, _| *asked == scope)
        .returning(|_, _, _| Ok(no_page()));
    donors
        .expect_lookup()
        .withf(move |_, asked, limit| (*asked, *limit) == (scope, DonorService::MAX_FOUND))
        .returning(|_, _, _| Ok(Vec::new()));
    donors.expect_begin().returning(move || {
        let mut tx = MockDonorsTx::new();
        tx.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));
        tx.expect_donor()
            .once()
            .withf(move |id, asked| (*id, *asked) == (DONOR, scope))
            .returning(|_, _| Ok(None));
        Ok(Box::new(tx))
    });
    DonorService::new(Arc::new(donors), fresh_ids())
}

/// Donations, none of which is within that scope.
fn donations_out_of(scope: Scope) -> DonationService {
    let mut donations = MockDonations::new();
    donations.expect_find().withf(move |_, asked| *asked == scope).returning(|_, _| Ok(None));
    donations
        .expect_list()
        .withf(move |_, asked, _| *asked == scope)
        .returning(|_, _, _| Ok(no_page()));
    donations
        .expect_summary()
        .withf(move |_, asked| *asked == scope)
        .returning(|_, _| Ok(Summary { lines: Vec::new() }));
    donations.expect_begin().returning(move || {
        let mut tx = MockDonationsTx::new();
        tx.expect_donation()
            .once()
            .withf(move |id, asked| (*id, *asked) == (DONATION, scope))
            .returning(|_, _| Ok(None));
        Ok(Box::new(tx))
    });
    DonationService::new(Arc::new(donations), fresh_ids(), accepted())
}

fn assert_not_found<T>(outcome: Result<T, DonationsError>, use_case: &str) {
    match outcome {
        Err(error @ DonationsError::NotFound) => assert_eq!(error.kind(), Kind::NotFound),
        Err(error) => panic!("{use_case}: {error:?}"),
        Ok(_) => panic!("{use_case}: found"),
    }
}

#[tokio::test]
async fn a_donor_outside_the_scope_is_not_found_by_any_use_case() {
    for (kind, scope) in SCOPES {
        let (cx, donors) = (scoped(kind), donors_out_of(scope));
        assert_not_found(donors.find(&cx, DONOR).await, "find");
        let patch = DonorPatch::default();
        assert_not_found(donors.update(&cx, DONOR, CURRENT, patch).await, "update");
        assert_not_found(donors.delete(&cx, DONOR, CURRENT).await, "delete");
        assert_not_found(donors.restore(&cx, DONOR).await, "restore");
        assert_not_found(donors.purge(&cx, DONOR, CURRENT).await, "purge");
        assert_not_found(donors.reveal(&cx, DONOR, "receipt".to_owned()).await, "reveal");
    }
}

#[tokio::test]
async fn lists_and_look_ups_of_donors_stay_within_the_scope() {
    for (kind, scope) in SCOPES {
        let (cx, donors) = (scoped(kind), donors_out_of(scope));
        let page = donors.list(&cx, &DonorQuery::default(), &PageRequest::default()).await.unwrap();
        assert!(page.items.is_empty());
        let lookup = DonorLookup::Email(email("ayse@example.org"));
        assert!(donors.lookup(&cx, &lookup).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_donation_outside_the_scope_is_not_found_by_any_use_case() {
    for (kind, scope) in SCOPES {
        let (cx, donations) = (scoped(kind), donations_out_of(scope));
        assert_not_found(donations.find(&cx, DONATION).await, "find");
        let patch = DonationPatch::default();
        assert_not_found(donations.update(&cx, DONATION, CURRENT, patch).await, "update");
        assert_not_found(donations.complete(&cx, DONATION, None).await, "complete");
        assert_not_found(donations.refund(&cx, DONATION, None, None).await, "refund");
        assert_not_found(donations.cancel(&cx, DONATION, None, "no".to_owned()).await, "cancel");
        assert_not_found(donations.delete(&cx, DONATION, CURRENT).await, "delete");
        assert_not_found(donations.restore(&cx, DONATION).await, "restore");
        assert_not_found(donations.purge(&cx, DONATION, CURRENT).await, "purge");
    }
}

#[tokio::test]
async fn lists_and_sums_of_donations_stay_within_the_scope() {
    for (kind, scope) in SCOPES {
        let (cx, donations) = (scoped(kind), donations_out_of(scope));
        let (query, page) = (DonationQuery::default(), PageRequest::default());
        assert!(donations.list(&cx, &query, &page).await.unwrap().items.is_empty());
        assert!(donations.summary(&cx, &SummaryQuery::default()).await.unwrap().lines.is_empty());
    }
}

#[tokio::test]
async fn a_new_donation_names_only_a_donor_within_the_scope() {
    for (kind, scope) in SCOPES {
        let mut tx = MockDonationsTx::new();
        tx.expect_donor_ref()
            .once()
            .withf(move |id, asked| (*id, *asked) == (DONOR, scope))
            .returning(|_, _| Ok(None));
        tx.expect_campaign_ref().returning(|id| Ok(Some(campaign_ref(id))));
        let error = donations_with(tx).create(&scoped(kind), a_donation_draft()).await.unwrap_err();
        assert_eq!(wrong_fields(&error), ["/donor_id unknown"]);
    }
}

#[tokio::test]
async fn a_changed_donation_names_only_a_donor_within_the_scope() {
    for (kind, scope) in SCOPES {
        let mut tx = finding_donation(a_pending_donation());
        tx.expect_donor_ref()
            .once()
            .withf(move |id, asked| (*id, *asked) == (OTHER_DONOR, scope))
            .returning(|_, _| Ok(None));
        let patch = DonationPatch {
            donor_id: almoner_kernel::Patch::Set(OTHER_DONOR),
            ..DonationPatch::default()
        };
        let outcome = donations_with(tx).update(&scoped(kind), DONATION, CURRENT, patch).await;
        assert_eq!(wrong_fields(&outcome.unwrap_err()), ["/donor_id unknown"]);
    }
}

#[tokio::test]
async fn a_campaign_that_does_not_exist_is_not_found_by_any_use_case() {
    let mut campaigns = MockCampaigns::new();
    campaigns.expect_find().returning(|_| Ok(None));
    campaigns.expect_begin().returning(|| {
        let mut tx = MockCampaignsTx::new();
        tx.expect_campaign().once().withf(|id| *id == CAMPAIGN).returning(|_| Ok(None));
        Ok(Box::new(tx))
    });
    let (cx, campaigns) = (admin(), CampaignService::new(Arc::new(campaigns), fresh_ids()));
    assert_not_found(campaigns.find(&cx, CAMPAIGN).await, "find");
    let patch = CampaignPatch::default();
    assert_not_found(campaigns.update(&cx, CAMPAIGN, CURRENT, patch).await, "update");
    assert_not_found(campaigns.delete(&cx, CAMPAIGN, CURRENT).await, "delete");
    assert_not_found(campaigns.restore(&cx, CAMPAIGN).await, "restore");
    assert_not_found(campaigns.purge(&cx, CAMPAIGN, CURRENT).await, "purge");
}

#[tokio::test]
async fn every_reader_sees_every_campaign() {
    let mut campaigns = MockCampaigns::new();
    campaigns.expect_find().returning(|_| Ok(Some(a_campaign())));
    campaigns
        .expect_list()
        .returning(|_, _| Ok(Page { items: vec![a_campaign()], next: None, total: None }));
    let campaigns = CampaignService::new(Arc::new(campaigns), fresh_ids());
    for cx in [admin(), viewer(), data_entry()] {
        assert_eq!(campaigns.find(&cx, CAMPAIGN).await.unwrap(), a_campaign());
        let (query, page) = (CampaignQuery::default(), PageRequest::default());
        assert_eq!(campaigns.list(&cx, &query, &page).await.unwrap().items, [a_campaign()]);
    }
}
