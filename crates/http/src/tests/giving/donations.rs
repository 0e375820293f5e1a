//! Donations.

use actix_web::{FromRequest, test::TestRequest};
use almoner_donations::{
    CampaignRef, Donation, DonationDraft, DonationPatch, DonationQuery, DonationSort, DonorRef,
    GroupBy, Method, State, Summary, SummaryLine, SummaryQuery,
};
use almoner_kernel::{
    CampaignId, Currency, DonorId, Invalid, Patch, PersonName, Sort, Trash, UserId, Version,
};
use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{body, lira, places, query, wrong};
use crate::resources::{
    donations::{
        bodies::{CancellationBody, DonationBody, DonationPatchBody, NewDonationBody, RefundBody},
        filter::DonationFilter,
        summary::{SummaryBody, SummaryFilter},
    },
    shared::OptionalIfMatch,
};

const DONOR: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
const CAMPAIGN: &str = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11";

async fn new(value: Value) -> Result<DonationDraft, Invalid> {
    let body = body::<NewDonationBody>(value).await;
    body.value.command(body.fields)
}

async fn patch(value: Value) -> Result<DonationPatch, Invalid> {
    let body = body::<DonationPatchBody>(value).await;
    body.value.command(body.fields)
}

#[actix_web::test]
async fn a_new_donation_is_read_in_full() {
    let draft = new(NewDonationBody::example()).await.unwrap();
    let expected = DonationDraft {
        donor_id: Some(DONOR.parse().unwrap()),
        campaign_id: Some(CAMPAIGN.parse().unwrap()),
        amount: lira(125_000),
        method: Method::BankTransfer,
        purpose: Some("For families with small children".to_owned()),
        donated_on: NaiveDate::from_ymd_opt(2026, 3, 14).unwrap(),
        reference: Some("FT26073123456".to_owned()),
        notes: None,
    };
    assert_eq!(draft, expected);
}

#[actix_web::test]
async fn zero_is_left_to_the_domain() {
    let value = json!({
        "amount": { "amount": "0", "currency": "JPY" },
        "method": "cash",
        "donated_on": "1066-10-14",
    });
    assert_eq!(new(value).await.unwrap().amount.minor(), 0);
}

#[actix_web::test]
async fn every_wrong_field_of_a_donation_is_named_at_once() {
    let expected =
        places(&[("/amount", "required"), ("/donated_on", "required"), ("/method", "required")]);
    assert_eq!(wrong(new(json!({})).await), expected);
    let value = json!({
        "donor_id": format!("{{{DONOR}}}"),
        "campaign_id": 5,
        "amount": { "amount": "1,250.00", "currency": "TRY", "minor": 1 },
        "method": "barter",
        "purpose": "\u{7}",
        "donated_on": "14.03.2026",
        "reference": "two\nlines",
        "notes": "n".repeat(Donation::MAX_NOTES + 1),
        "state": "completed",
    });
    let expected = places(&[
        ("/amount/amount", "amount"),
        ("/amount/minor", "unknown_field"),
        ("/campaign_id", "type"),
        ("/donated_on", "date"),
        ("/donor_id", "uuid"),
        ("/method", "choice"),
        ("/notes", "too_long"),
        ("/purpose", "control_character"),
        ("/reference", "control_character"),
        ("/state", "unknown_field"),
    ]);
    assert_eq!(wrong(new(value).await), expected);
    let value =
        json!({ "amount": { "amount": 12.5 }, "method": "cash", "donated_on": "2026-03-14" });
    let expected = places(&[("/amount/amount", "type"), ("/amount/currency", "required")]);
    assert_eq!(wrong(new(value).await), expected);
}

#[actix_web::test]
async fn a_patch_of_a_donation_keeps_clears_and_sets() {
    let read = patch(DonationPatchBody::example()).await.unwrap();
    assert_eq!((read.amount, read.purpose), (Some(lira(150_000)), Patch::Clear));
    assert_eq!(read.reference, Patch::Set("FT26073123457".to_owned()));
    assert_eq!((read.donor_id, read.method, read.donated_on), (Patch::Keep, None, None));
    let read = patch(json!({ "donor_id": null, "campaign_id": CAMPAIGN })).await.unwrap();
    assert_eq!(read.donor_id, Patch::Clear);
    assert_eq!(read.campaign_id, Patch::Set(CAMPAIGN.parse().unwrap()));
    let value = json!({ "amount": null, "method": null, "donated_on": null, "donor_id": "x" });
    let expected = places(&[
        ("/amount", "required"),
        ("/donated_on", "required"),
        ("/donor_id", "uuid"),
        ("/method", "required"),
    ]);
    assert_eq!(wrong(patch(value).await), expected);
}

#[actix_web::test]
async fn a_cancellation_says_why_and_a_refund_may() {
    let cancel = async |value| {
        let body = body::<CancellationBody>(value).await;
        body.value.command(body.fields)
    };
    let refund = async |value| {
        let body = body::<RefundBody>(value).await;
        body.value.command(body.fields)
    };
    assert_eq!(cancel(CancellationBody::example()).await.unwrap(), "The cheque bounced");
    assert_eq!(refund(json!({})).await, Ok(None));
    let reason = "Transferred twice by mistake".to_owned();
    assert_eq!(refund(RefundBody::example()).await, Ok(Some(reason)));
    let long = "x".repeat(Donation::MAX_REASON + 1);
    for (value, code) in [
        (json!({}), "required"),
        (json!({ "reason": " " }), "required"),
        (json!({ "reason": long }), "too_long"),
    ] {
        assert_eq!(wrong(cancel(value).await), places(&[("/reason", code)]));
    }
    assert_eq!(wrong(refund(json!({ "reason": "" })).await), places(&[("/reason", "required")]));
}

#[actix_web::test]
async fn an_action_honours_a_version_only_when_one_is_sent() {
    let extract = async |tag: Option<&str>| {
        let request = TestRequest::default();
        let request = match tag {
            Some(tag) => request.insert_header(("If-Match", tag)),
            None => request,
        };
        OptionalIfMatch::extract(&request.to_http_request()).await
    };
    assert_eq!(extract(None).await.unwrap().0, None);
    assert_eq!(extract(Some("\"3\"")).await.unwrap().0, Some(Version::new(3)));
    assert_eq!(extract(Some("W/\"3\"")).await.unwrap().0, Some(Version::new(3)));
    for tag in ["*", "3", "W/3", "\"3\", \"4\"", ""] {
        assert_eq!(extract(Some(tag)).await.unwrap_err().code(), "bad_request", "{tag}");
    }
}

#[actix_web::test]
async fn every_parameter_of_a_list_of_donations_is_read() {
    assert_eq!(query::<DonationFilter>("").await.unwrap(), DonationQuery::default());
    let text = format!(
        "state=refunded&method=in_kind&currency=KWD&campaign_id={CAMPAIGN}&donor_id={DONOR}\
         &created_by={DONOR}&donated_from=2026-01-01&donated_to=2026-12-31&amount_min=1.500\
         &amount_max=20&q=a&deleted=only&sort=-amount"
    );
    let expected = DonationQuery {
        state: Some(State::Refunded),
        method: Some(Method::InKind),
        currency: Some(Currency::parse("KWD").unwrap()),
        campaign_id: Some(CAMPAIGN.parse::<CampaignId>().unwrap()),
        donor_id: Some(DONOR.parse::<DonorId>().unwrap()),
        created_by: Some(DONOR.parse::<UserId>().unwrap()),
        donated_from: NaiveDate::from_ymd_opt(2026, 1, 1),
        donated_to: NaiveDate::from_ymd_opt(2026, 12, 31),
        amount_min: Some(1_500),
        amount_max: Some(20_000),
        q: Some("a".to_owned()),
        trash: Trash::Only,
        sort: Sort::down(DonationSort::Amount),
    };
    assert_eq!(query::<DonationFilter>(&text).await.unwrap(), expected);
    let text = "state=done&method=x&currency=lira&campaign_id=1&donor_id=1&created_by=1\
                &donated_from=1&donated_to=1&q=%00&sort=id";
    let expected = places(&[
        ("campaign_id", "uuid"),
        ("created_by", "uuid"),
        ("currency", "currency"),
        ("donated_from", "date"),
        ("donated_to", "date"),
        ("donor_id", "uuid"),
        ("method", "choice"),
        ("q", "control_character"),
        ("sort", "sort"),
        ("state", "choice"),
    ]);
    assert_eq!(query::<DonationFilter>(text).await.unwrap_err(), expected);
}

#[actix_web::test]
async fn an_amount_means_nothing_without_a_currency() {
    let read = query::<DonationFilter>("amount_min=1&amount_max=x").await;
    let expected = places(&[("amount_max", "needs_currency"), ("amount_min", "needs_currency")]);
    assert_eq!(read.unwrap_err(), expected);
    // The currency is there; that it is wrong is all there is to say.
    let read = query::<DonationFilter>("amount_min=1&currency=XXZ").await;
    assert_eq!(read.unwrap_err(), places(&[("currency", "currency")]));
    let read = query::<DonationFilter>("amount_min=1.5&amount_max=-1&currency=TRY").await;
    assert_eq!(read.unwrap_err(), places(&[("amount_max", "amount"), ("amount_min", "amount")]));
}

#[actix_web::test]
async fn every_parameter_of_a_summary_is_read() {
    assert_eq!(query::<SummaryFilter>("").await.unwrap(), SummaryQuery::default());
    let text = format!(
        "state=pending&donated_from=2026-01-01&donated_to=2026-12-31&currency=TRY&method=sms\
         &campaign_id={CAMPAIGN}&donor_id={DONOR}&group_by=campaign,month"
    );
    let expected = SummaryQuery {
        state: State::Pending,
        donated_from: NaiveDate::from_ymd_opt(2026, 1, 1),
        donated_to: NaiveDate::from_ymd_opt(2026, 12, 31),
        currency: Some(Currency::parse("TRY").unwrap()),
        method: Some(Method::Sms),
        campaign_id: Some(CAMPAIGN.parse().unwrap()),
        donor_id: Some(DONOR.parse().unwrap()),
        group_by: vec![GroupBy::Campaign, GroupBy::Month],
    };
    assert_eq!(query::<SummaryFilter>(&text).await.unwrap(), expected);
    assert_eq!(
        query::<SummaryFilter>("group_by=").await.unwrap(),
        query::<SummaryFilter>("").await.unwrap()
    );
    for text in ["group_by=month,", "group_by=year", "group_by=month,month"] {
        let read = query::<SummaryFilter>(text).await;
        assert_eq!(read.unwrap_err(), places(&[("group_by", "choice")]), "{text}");
    }
}

fn campaign() -> CampaignRef {
    let name = PersonName::from_stored("Ramadan food parcels 2026".to_owned());
    CampaignRef { id: CAMPAIGN.parse().unwrap(), name }
}

#[actix_web::test]
async fn a_donation_is_shown_with_the_names_it_refers_to() {
    let draft = new(NewDonationBody::example()).await.unwrap();
    let at = "2026-03-14T09:26:53.589Z".parse().unwrap();
    let name = PersonName::from_stored("Ayşe Yılmaz".to_owned());
    let pending = Donation {
        id: "019a9f3c-3333-7c41-9d55-3f0f6a0f8a11".parse().unwrap(),
        donor: Some(DonorRef { id: DONOR.parse().unwrap(), name }),
        campaign: Some(campaign()),
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
        created_by: Some("019a9f3c-1111-7c41-9d55-3f0f6a0f8a11".parse().unwrap()),
        created_at: at,
        updated_at: at,
        deleted_at: None,
    };
    let shown = |donation: &Donation| serde_json::to_value(DonationBody::of(donation)).unwrap();
    assert_eq!(shown(&pending), DonationBody::example());
    let at = "2026-03-15T07:30:00Z".parse().unwrap();
    let step = |donation: &Donation, to, reason: Option<&str>| {
        donation.clone().moved(to, reason.map(str::to_owned), at).unwrap()
    };
    let completed = step(&pending, State::Completed, None);
    assert_eq!(shown(&completed), DonationBody::completed_example());
    let refunded = step(&completed, State::Refunded, Some("Transferred twice by mistake"));
    assert_eq!(shown(&refunded), DonationBody::refunded_example());
    let cancelled = step(&pending, State::Cancelled, Some("The cheque bounced"));
    assert_eq!(shown(&cancelled), DonationBody::cancelled_example());
    let anonymous = shown(&Donation { donor: None, campaign: None, ..pending });
    for absent in ["donor_id", "donor_name", "campaign_id", "campaign_name", "notes"] {
        assert!(anonymous.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn a_summary_shows_a_line_for_each_group() {
    let line = |code, sum_minor, count| SummaryLine {
        currency: Currency::parse(code).unwrap(),
        month: NaiveDate::from_ymd_opt(2026, 3, 1),
        method: None,
        campaign: None,
        count,
        sum_minor,
    };
    let huge = i128::from(i64::MAX) * 100;
    let lines = vec![
        SummaryLine { method: Some(Method::BankTransfer), ..line("TRY", 5_250_000, 42) },
        SummaryLine { campaign: Some(campaign()), month: None, ..line("JPY", huge, 1) },
    ];
    let shown = serde_json::to_value(SummaryBody::of(&Summary { lines })).unwrap();
    assert_eq!(shown["items"][0], SummaryBody::example()["items"][0]);
    let expected = json!({
        "sum": { "amount": huge.to_string(), "currency": "JPY" },
        "count": 1,
        "campaign_id": Uuid::parse_str(CAMPAIGN).unwrap(),
        "campaign_name": "Ramadan food parcels 2026",
    });
    assert_eq!(shown["items"][1], expected);
}
