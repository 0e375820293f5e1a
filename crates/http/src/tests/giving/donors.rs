//! Donors.

use almoner_donations::{Donor, DonorKind, DonorLookup, DonorQuery, DonorSort};
use almoner_kernel::{
    DonorId, EmailAddress, Fields, IdentityKind, IdentityNumber, Patch, PhoneNumber, Sort, Trash,
    UserId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{body, places, query, region, wrong};
use crate::resources::donors::{
    DonorFilter,
    bodies::{DonorBody, DonorPatchBody, NewDonorBody},
    personal::{DonorLookupBody, RevealBody, RevealedBody},
};

async fn new(value: Value) -> Result<almoner_donations::DonorDraft, almoner_kernel::Invalid> {
    let body = body::<NewDonorBody>(value).await;
    body.value.command(body.fields, region())
}

async fn patch(value: Value) -> Result<almoner_donations::DonorPatch, almoner_kernel::Invalid> {
    let body = body::<DonorPatchBody>(value).await;
    body.value.command(body.fields, region())
}

async fn lookup(value: Value) -> Result<DonorLookup, almoner_kernel::Invalid> {
    let body = body::<DonorLookupBody>(value).await;
    body.value.command(body.fields, region())
}

async fn reveal(value: Value) -> Result<String, almoner_kernel::Invalid> {
    let body = body::<RevealBody>(value).await;
    body.value.command(body.fields)
}

#[actix_web::test]
async fn a_new_donor_is_read_in_full() {
    let draft = new(NewDonorBody::example()).await.unwrap();
    assert_eq!(draft.kind, DonorKind::Person);
    assert_eq!(draft.name.as_str(), "Ayşe Yılmaz");
    assert_eq!(draft.phone.unwrap().as_str(), "+905321234567");
    let identity = draft.identity.unwrap();
    assert_eq!((identity.kind(), identity.expose()), (IdentityKind::TrNationalId, "10000000146"));
    assert_eq!(draft.language.as_deref(), Some("tr"));
    assert!(draft.contact_consent);
}

#[actix_web::test]
async fn a_donor_needs_only_kind_and_name() {
    let draft = new(json!({ "kind": "organisation", "name": "Umut Vakfı", "email": null })).await;
    let draft = draft.unwrap();
    assert_eq!((draft.email, draft.phone, draft.identity), (None, None, None));
    assert!(!draft.contact_consent);
    assert_eq!(
        wrong(new(json!({})).await),
        places(&[("/kind", "required"), ("/name", "required")])
    );
}

#[actix_web::test]
async fn every_wrong_field_of_a_donor_is_named_at_once() {
    let value = json!({
        "kind": "company",
        "name": "…",
        "email": "nobody",
        "phone": "12",
        "identity": { "kind": "tr_national_id", "number": "10000000147", "country": "TR" },
        "address": " ",
        "language": "türkçe",
        "notes": "n".repeat(Donor::MAX_NOTES + 1),
        "contact_consent": "yes",
        "nickname": "A",
    });
    let expected = places(&[
        ("/address", "required"),
        ("/contact_consent", "type"),
        ("/email", "email"),
        ("/identity/country", "unknown_field"),
        ("/identity/number", "identity_number"),
        ("/kind", "choice"),
        ("/language", "locale"),
        ("/name", "name"),
        ("/nickname", "unknown_field"),
        ("/notes", "too_long"),
        ("/phone", "phone"),
    ]);
    assert_eq!(wrong(new(value).await), expected);
    let halves = json!({ "kind": "person", "name": "A", "identity": {} });
    let expected = places(&[("/identity/kind", "required"), ("/identity/number", "required")]);
    assert_eq!(wrong(new(halves).await), expected);
    let text = json!({ "kind": "person", "name": "A", "identity": "10000000146" });
    assert_eq!(wrong(new(text).await), places(&[("/identity", "type")]));
}

#[actix_web::test]
async fn a_number_that_is_sent_is_in_no_complaint() {
    let identity = json!({ "kind": "tr_tax_number", "number": "1234567891" });
    let value = json!({ "kind": "person", "name": "A", "identity": identity });
    let complaints = format!("{:?}", new(value).await.unwrap_err());
    assert!(!complaints.contains("1234567891"), "{complaints}");
}

#[actix_web::test]
async fn a_patch_keeps_clears_and_sets() {
    let read = patch(json!({ "email": null, "notes": "x", "contact_consent": false })).await;
    let read = read.unwrap();
    assert_eq!((read.email, read.notes), (Patch::Clear, Patch::Set("x".to_owned())));
    assert_eq!((read.phone, read.contact_consent), (Patch::Keep, Some(false)));
    let fixed = json!({ "kind": null, "name": null, "contact_consent": null });
    let expected =
        places(&[("/contact_consent", "required"), ("/kind", "required"), ("/name", "required")]);
    assert_eq!(wrong(patch(fixed).await), expected);
    let identity = json!({ "identity": { "kind": "foreign_id" }, "language": "x" });
    let expected = places(&[("/identity/number", "required"), ("/language", "locale")]);
    assert_eq!(wrong(patch(identity).await), expected);
    assert_eq!(patch(json!({ "identity": null })).await.unwrap().identity, Patch::Clear);
}

#[actix_web::test]
async fn a_lookup_has_exactly_one_key() {
    let phone = PhoneNumber::from_stored("+905321234567".to_owned());
    assert_eq!(lookup(DonorLookupBody::example()).await, Ok(DonorLookup::Phone(phone)));
    let email = EmailAddress::parse("a@example.org").unwrap();
    let by_email = lookup(json!({ "email": "a@example.org" })).await;
    assert_eq!(by_email, Ok(DonorLookup::Email(email)));
    let one_of = places(&[("", "one_of")]);
    assert_eq!(wrong(lookup(json!({})).await), one_of);
    let two = json!({ "email": "a@example.org", "phone": "0532 123 45 67" });
    assert_eq!(wrong(lookup(two).await), one_of);
    // A key that is there and cannot be read is not missing.
    assert_eq!(wrong(lookup(json!({ "email": 5 })).await), places(&[("/email", "type")]));
    let null = json!({ "email": "a@example.org", "phone": null });
    assert_eq!(wrong(lookup(null).await), places(&[("/phone", "type")]));
    let identity = json!({ "identity": { "kind": "foreign_id", "number": "?" } });
    let expected = places(&[("/identity/number", "identity_number")]);
    assert_eq!(wrong(lookup(identity).await), expected);
}

#[actix_web::test]
async fn a_reveal_says_why_in_3_to_500_characters() {
    for (reason, code) in [("ab", "too_short"), (" ", "required"), (&*"x".repeat(501), "too_long")]
    {
        let read = reveal(json!({ "reason": reason })).await;
        assert_eq!(wrong(read), places(&[("/reason", code)]));
    }
    assert_eq!(wrong(reveal(json!({})).await), places(&[("/reason", "required")]));
    assert_eq!(reveal(json!({ "reason": " tax " })).await.unwrap(), "tax");
}

#[actix_web::test]
async fn every_parameter_of_a_list_of_donors_is_read() {
    assert_eq!(query::<DonorFilter>("").await.unwrap(), DonorQuery::default());
    let user = Uuid::from_u128(7);
    let text = format!(
        "kind=person&contact_consent=false&created_by={user}&q=+ay%C5%9Fe+&deleted=only&sort=name"
    );
    let expected = DonorQuery {
        kind: Some(DonorKind::Person),
        contact_consent: Some(false),
        created_by: Some(UserId::new(user)),
        q: Some("ayşe".to_owned()),
        trash: Trash::Only,
        sort: Sort::up(DonorSort::Name),
    };
    assert_eq!(query::<DonorFilter>(&text).await.unwrap(), expected);
    let text = "kind=x&contact_consent=1&created_by=00000000000000000000000000000007&q=&deleted=no&sort=id";
    let expected = places(&[
        ("contact_consent", "format"),
        ("created_by", "uuid"),
        ("deleted", "choice"),
        ("kind", "choice"),
        ("q", "required"),
        ("sort", "sort"),
    ]);
    assert_eq!(query::<DonorFilter>(text).await.unwrap_err(), expected);
}

#[actix_web::test]
async fn a_donor_is_shown_masked_and_without_what_is_absent() {
    let draft = new(NewDonorBody::example()).await.unwrap();
    let at = "2026-03-14T09:26:53.589Z".parse().unwrap();
    let user = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11".parse().unwrap();
    let id: DonorId = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11".parse().unwrap();
    let donor = draft.into_donor(id, Some(user), at);
    let shown = serde_json::to_value(DonorBody::of(&donor)).unwrap();
    assert_eq!(shown, DonorBody::example());
    let number = IdentityNumber::parse(IdentityKind::TrNationalId, "10000000146").unwrap();
    let revealed = serde_json::to_value(RevealedBody::of(&number)).unwrap();
    assert_eq!(revealed, RevealedBody::example());
}

#[actix_web::test]
async fn a_whole_second_has_milliseconds_too() {
    let body = body::<NewDonorBody>(json!({ "kind": "person", "name": "A" })).await;
    let draft = body.value.command(Fields::default(), region()).unwrap();
    let at = "2026-03-14T09:26:53Z".parse().unwrap();
    let donor = Donor {
        deleted_at: Some(at),
        ..draft.into_donor(DonorId::new(Uuid::from_u128(1)), None, at)
    };
    let shown = serde_json::to_value(DonorBody::of(&donor)).unwrap();
    assert_eq!(shown["created_at"], "2026-03-14T09:26:53.000Z");
    assert_eq!(shown["deleted_at"], "2026-03-14T09:26:53.000Z");
    assert!(shown.get("created_by").is_none() && shown.get("email").is_none());
}
