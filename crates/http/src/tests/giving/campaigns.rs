//! Campaigns.

use almoner_donations::{CampaignDraft, CampaignPatch, CampaignQuery, CampaignSort};
use almoner_kernel::{CampaignId, Invalid, Patch, Sort, Trash};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{body, lira, places, query, wrong};
use crate::resources::{
    campaigns::{
        CampaignFilter,
        bodies::{CampaignBody, CampaignPatchBody, NewCampaignBody},
    },
    shared::{Deletion, DeletionParams},
};

async fn new(value: Value) -> Result<CampaignDraft, Invalid> {
    let body = body::<NewCampaignBody>(value).await;
    body.value.command(body.fields)
}

async fn patch(value: Value) -> Result<CampaignPatch, Invalid> {
    let body = body::<CampaignPatchBody>(value).await;
    body.value.command(body.fields)
}

#[actix_web::test]
async fn a_new_campaign_is_read_and_shown_in_full() {
    let draft = new(NewCampaignBody::example()).await.unwrap();
    assert_eq!(draft.goal, Some(lira(50_000_000)));
    assert_eq!(draft.starts_on, NaiveDate::from_ymd_opt(2026, 2, 18));
    let at = "2026-01-20T08:00:00Z".parse().unwrap();
    let user = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11".parse().unwrap();
    let id: CampaignId = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11".parse().unwrap();
    let shown = CampaignBody::of(&draft.into_campaign(id, Some(user), at));
    assert_eq!(serde_json::to_value(shown).unwrap(), CampaignBody::example());
}

#[actix_web::test]
async fn every_wrong_field_of_a_campaign_is_named_at_once() {
    let value = json!({
        "description": "",
        "goal": { "amount": "5.5", "currency": "TRY" },
        "starts_on": "2026-2-1",
        "ends_on": "2026-02-30",
    });
    let expected = places(&[
        ("/description", "required"),
        ("/ends_on", "date"),
        ("/goal/amount", "amount"),
        ("/name", "required"),
        ("/starts_on", "date"),
    ]);
    assert_eq!(wrong(new(value).await), expected);
    let value = json!({ "name": "A", "goal": { "amount": 5, "currency": "try" } });
    let expected = places(&[("/goal/amount", "type"), ("/goal/currency", "currency")]);
    assert_eq!(wrong(new(value).await), expected);
}

#[actix_web::test]
async fn a_day_has_one_spelling() {
    for day in ["2026-1-31", " 2026-01-31", "+2026-01-31", "2026-01-31T00:00:00Z", "20260131", ""] {
        let read = new(json!({ "name": "A", "starts_on": day })).await;
        assert_eq!(wrong(read), places(&[("/starts_on", "date")]), "{day}");
    }
}

#[actix_web::test]
async fn a_patch_of_a_campaign_keeps_clears_and_sets() {
    let read = patch(CampaignPatchBody::example()).await.unwrap();
    assert_eq!((read.goal, read.ends_on), (Patch::Set(lira(65_000_000)), Patch::Clear));
    assert_eq!((read.name, read.starts_on), (None, Patch::Keep));
    assert_eq!(patch(json!({ "goal": null })).await.unwrap().goal, Patch::Clear);
    let value = json!({ "name": null, "goal": { "amount": "5" }, "starts_on": 5 });
    let expected =
        places(&[("/goal/currency", "required"), ("/name", "required"), ("/starts_on", "type")]);
    assert_eq!(wrong(patch(value).await), expected);
}

#[actix_web::test]
async fn every_parameter_of_a_list_of_campaigns_is_read() {
    assert_eq!(query::<CampaignFilter>("").await.unwrap(), CampaignQuery::default());
    let read = query::<CampaignFilter>("running_on=2026-03-01&q=a&deleted=only&sort=-name").await;
    let expected = CampaignQuery {
        running_on: NaiveDate::from_ymd_opt(2026, 3, 1),
        q: Some("a".to_owned()),
        trash: Trash::Only,
        sort: Sort::down(CampaignSort::Name),
    };
    assert_eq!(read.unwrap(), expected);
    let read = query::<CampaignFilter>("running_on=today&name=a").await;
    let expected = places(&[("name", "unknown_parameter"), ("running_on", "date")]);
    assert_eq!(read.unwrap_err(), expected);
}

#[actix_web::test]
async fn only_purge_true_purges() {
    for (text, deletion) in
        [("", Deletion::Trash), ("purge=false", Deletion::Trash), ("purge=true", Deletion::Purge)]
    {
        assert_eq!(query::<DeletionParams>(text).await, Ok(deletion));
    }
    let read = query::<DeletionParams>("purge=").await;
    assert_eq!(read.unwrap_err(), places(&[("purge", "format")]));
}
