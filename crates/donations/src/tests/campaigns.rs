//! Starting and changing campaigns.

use std::sync::Arc;

use super::{
    fixtures::*,
    mocks::{MockCampaigns, MockCampaignsTx},
};
use crate::{Campaign, CampaignDraft, CampaignPatch, CampaignService, DonationsError};
use almoner_kernel::{Action, Fault, Kind, Patch, StoreError, Version};
use chrono::Duration;

#[tokio::test]
async fn a_new_campaign_is_stored_with_its_trail() {
    let mut tx = MockCampaignsTx::new();
    tx.expect_insert_campaign()
        .once()
        .withf(|campaign| campaign.id.uuid() == FRESH)
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    let campaign = campaigns_with(tx).create(&cx, a_campaign_draft()).await.unwrap();
    assert_eq!((campaign.version, campaign.created_by), (Version::FIRST, Some(ME)));
    assert_eq!((campaign.created_at, campaign.updated_at), (noon(), noon()));
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Created, FRESH, Version::FIRST);
    let change = the_change(&trail);
    assert_eq!(change.entity, "campaign");
    assert_eq!(
        change.after,
        [
            ("name", text("Winter fuel")),
            ("goal", text("50000.00 TRY")),
            ("starts_on", text("2026-01-01")),
            ("ends_on", text("2026-03-31")),
            ("deleted", false.into()),
        ]
    );
}

#[tokio::test]
async fn a_wrong_campaign_is_refused_with_every_complaint_before_storage_is_touched() {
    let draft = CampaignDraft {
        goal: Some(liras("0")),
        starts_on: Some(day(2026, 5, 1)),
        ends_on: Some(day(2026, 4, 30)),
        ..a_campaign_draft()
    };
    let campaigns = CampaignService::new(Arc::new(MockCampaigns::new()), fresh_ids());
    let error = campaigns.create(&admin(), draft).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/ends_on range", "/goal/amount too_small"]);
}

#[tokio::test]
async fn a_new_campaign_with_a_taken_name_is_refused_at_that_field() {
    let mut tx = MockCampaignsTx::new();
    tx.expect_insert_campaign().once().returning(|_| Err(StoreError::Taken("campaigns.name")));
    let error = campaigns_with(tx).create(&admin(), a_campaign_draft()).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/name taken"]);
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "taken"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_tells_only_that() {
    let mut tx = finding_campaign(a_campaign());
    tx.expect_update_campaign()
        .once()
        .withf(|campaign| campaign.version == CURRENT.next())
        .returning(|_| Ok(()));
    let (cx, written) = (admin(), tx.commits());
    let patch = CampaignPatch {
        name: Some(name("Winter fuel 2026")),
        description: Patch::Set("Coal and wood".to_owned()),
        goal: Patch::Clear,
        starts_on: Patch::Set(day(2026, 2, 1)),
        ends_on: Patch::Set(day(2026, 4, 30)),
    };
    let after = campaigns_with(tx).update(&cx, CAMPAIGN, CURRENT, patch).await.unwrap();
    let expected = Campaign {
        name: name("Winter fuel 2026"),
        description: Some("Coal and wood".to_owned()),
        goal: None,
        starts_on: Some(day(2026, 2, 1)),
        ends_on: Some(day(2026, 4, 30)),
        version: CURRENT.next(),
        ..a_campaign()
    };
    assert_eq!(after, expected);
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Updated, CAMPAIGN.uuid(), CURRENT.next());
    let changed = ["name", "description", "goal", "starts_on", "ends_on"];
    assert_eq!(names(&the_change(&trail).before), changed);
    assert_eq!(names(&the_change(&trail).after), changed);
}

#[tokio::test]
async fn a_new_end_is_compared_with_the_start_that_stays() {
    let patch =
        CampaignPatch { ends_on: Patch::Set(day(2025, 12, 31)), ..CampaignPatch::default() };
    let campaigns = campaigns_with(finding_campaign(a_campaign()));
    let error = campaigns.update(&admin(), CAMPAIGN, CURRENT, patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/ends_on range"]);
}

#[tokio::test]
async fn a_changed_name_that_is_taken_is_refused_at_that_field() {
    let mut tx = finding_campaign(a_campaign());
    tx.expect_update_campaign().once().returning(|_| Err(StoreError::Taken("campaigns.name")));
    let patch = CampaignPatch { name: Some(name("Ramadan")), ..CampaignPatch::default() };
    let error = campaigns_with(tx).update(&admin(), CAMPAIGN, CURRENT, patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/name taken"]);
}

#[tokio::test]
async fn a_campaign_in_the_trash_cannot_be_changed() {
    let campaigns = campaigns_with(finding_campaign(a_campaign_in_the_trash()));
    let outcome = campaigns.update(&admin(), CAMPAIGN, CURRENT, CampaignPatch::default()).await;
    assert!(matches!(outcome, Err(DonationsError::NotFound)));
}

#[tokio::test]
async fn an_update_keeps_who_started_the_campaign_and_when() {
    let started = noon() - Duration::days(40);
    let mut tx =
        finding_campaign(Campaign { created_at: started, created_by: None, ..a_campaign() });
    tx.expect_update_campaign().once().returning(|_| Ok(()));
    tx.commits();
    let patch = CampaignPatch { starts_on: Patch::Clear, ..CampaignPatch::default() };
    let after = campaigns_with(tx).update(&admin(), CAMPAIGN, CURRENT, patch).await.unwrap();
    assert_eq!((after.created_at, after.created_by, after.updated_at), (started, None, noon()));
}
