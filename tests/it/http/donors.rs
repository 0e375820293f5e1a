//! The life of a donor: created, read, found, changed. The trash is in [`super::trash`], identity
//! numbers in [`super::identities`].

use almoner_kernel::text::fold;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, a_donor},
    reading::{
        errors, every, every_filter_keeps_its_word, every_sort_is_an_order, filter, refused, walk,
    },
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_donor_is_answered_as_it_was_entered_and_stands_at_its_location,
    a_donor_that_is_known_already_is_not_sent_again,
    a_patch_changes_what_it_names_and_null_empties_it,
    a_patch_that_changes_nothing_is_no_new_version,
    a_patch_of_an_old_version_says_what_changed_since,
    every_filter_of_donors_keeps_its_word,
    every_order_of_donors_holds_through_all_pages,
    a_donor_is_looked_up_by_exactly_one_address_or_number,
    the_history_of_a_donor_shows_what_changed_the_newest_first,
    somebody_of_scope_own_never_meets_the_donors_of_others,
];

fn ayse() -> Value {
    json!({
        "kind": "person",
        "name": "  Ayşe   Yılmaz ",
        "email": "Ayse.Yilmaz@Example.org",
        "phone": "0532 123 45 67",
        "identity": { "kind": "tr_national_id", "number": "10000000146" },
        "address": "Atatürk Cad. 12/3\n06420 Çankaya, Ankara",
        "language": "tr-tr",
        "notes": "Prefers to be called in the evening.",
        "contact_consent": true,
    })
}

async fn a_donor_is_answered_as_it_was_entered_and_stands_at_its_location(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let created = superadmin.post("/donors", &ayse()).await.expect(201);
    let me = superadmin.get("/users/me").await.expect(200).text("/id");
    let id = created.text("/id");
    let donor = json!({
        "id": id,
        "kind": "person",
        "name": "Ayşe Yılmaz",
        "email": "Ayse.Yilmaz@Example.org",
        "phone": "+905321234567",
        "identity": { "kind": "tr_national_id", "masked": "*********46" },
        "address": "Atatürk Cad. 12/3\n06420 Çankaya, Ankara",
        "language": "tr-TR",
        "notes": "Prefers to be called in the evening.",
        "contact_consent": true,
        "created_by": me,
        "created_at": "2026-03-14T12:00:00.000Z",
        "updated_at": "2026-03-14T12:00:00.000Z",
        "version": 1,
    });
    assert_eq!(created.body, donor);
    assert_eq!(created.header("location"), format!("/api/v1/donors/{id}"));
    assert_eq!(created.version(), "1");
    let location = created.header("location");
    let read = Answer::to(superadmin.request(Method::GET, &location["/api/v1".len()..])).await;
    let read = read.expect(200);
    assert_eq!((&read.body, read.version()), (&donor, "1"));

    // What is absent is absent, not null.
    let bare = a_donor(&superadmin, "Vakıf").await;
    let mut fields: Vec<&str> = bare.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let always =
        ["contact_consent", "created_at", "created_by", "id", "kind", "name", "updated_at"];
    assert_eq!(fields, [&always[..], &["version"]].concat());
}

async fn a_donor_that_is_known_already_is_not_sent_again(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    let tag = superadmin.get(&path).await.expect(200).header("etag").to_owned();
    for (known, status) in [
        (&*tag, 304),
        (&*format!("W/{tag}"), 304),
        (&*format!("\"7\", {tag}"), 304),
        // It does not say what was shown.
        ("\"1\"", 200),
        (&*tag.replace("1.", "2."), 200),
        ("nonsense", 200),
    ] {
        let request = superadmin.request(Method::GET, &path).header("If-None-Match", known);
        let answer = Answer::to(request).await.expect(status);
        assert_eq!(answer.version(), "1", "{known}");
        assert_eq!(answer.body.is_null(), status == 304, "{known}");
    }
    superadmin.patch(&path, 1, &json!({ "notes": "called" })).await.expect(200);
    let request = superadmin.request(Method::GET, &path).header("If-None-Match", &tag);
    assert_eq!(Answer::to(request).await.expect(200).version(), "2");
}

async fn a_patch_changes_what_it_names_and_null_empties_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut donor = superadmin.post("/donors", &ayse()).await.expect(201).body;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    house.clock.forward(Duration::seconds(90));
    let patch = json!({
        "name": "Ayşe Demir", "kind": "organisation", "phone": null, "identity": null,
        "contact_consent": false, "language": "en",
    });
    let request = superadmin.request(Method::PATCH, &path).header("If-Match", "\"1\"");
    let request = request.header("Content-Type", "application/merge-patch+json");
    let changed = Answer::to(request.body(patch.to_string())).await.expect(200);
    assert_eq!(changed.version(), "2");
    for (field, value) in [
        ("name", json!("Ayşe Demir")),
        ("kind", json!("organisation")),
        ("contact_consent", json!(false)),
        ("language", json!("en")),
        ("updated_at", json!("2026-03-14T12:01:30.000Z")),
        ("version", json!(2)),
    ] {
        donor[field] = value;
    }
    donor.as_object_mut().unwrap().remove("phone");
    donor.as_object_mut().unwrap().remove("identity");
    assert_eq!(changed.body, donor);
    assert_eq!(superadmin.get(&path).await.expect(200).body, donor);

    let emptied = superadmin.patch(&path, 2, &json!({ "name": null, "email": null })).await;
    let emptied = refused(emptied, 422, "validation");
    assert_eq!(errors(&emptied), [("/name", "required")]);
    assert_eq!(superadmin.get(&path).await.expect(200).body, donor);
}

async fn a_patch_that_changes_nothing_is_no_new_version(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = superadmin.post("/donors", &ayse()).await.expect(201).body;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    for patch in [json!({}), json!({ "name": "Ayşe Yılmaz" }), json!({ "phone": "+905321234567" })]
    {
        let same = superadmin.patch(&path, 1, &patch).await.expect(200);
        assert_eq!((&same.body, same.version()), (&donor, "1"), "{patch}");
    }
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/action"), ["created"]);
}

async fn a_patch_of_an_old_version_says_what_changed_since(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = superadmin.post("/donors", &ayse()).await.expect(201).body;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    superadmin.patch(&path, 1, &json!({ "notes": "moved", "email": null })).await.expect(200);
    superadmin.patch(&path, 2, &json!({ "address": "Kadıköy" })).await.expect(200);
    let late = superadmin.patch(&path, 1, &json!({ "notes": "mine" })).await;
    let late = refused(late, 412, "stale");
    assert_eq!(late.body["current_version"], 3);
    let mut fields = late.list("/fields").to_vec();
    fields.sort_by_key(ToString::to_string);
    assert_eq!(fields, ["address", "email", "notes"]);
    let later = superadmin.patch(&path, 2, &json!({ "notes": "mine" })).await;
    assert_eq!(refused(later, 412, "stale").body["fields"], json!(["address"]));
    // A version that never was is as stale as an old one.
    let future = superadmin.patch(&path, 9, &json!({ "notes": "mine" })).await;
    assert_eq!(refused(future, 412, "stale").body["current_version"], 3);
    refused(superadmin.delete(&path, 1).await, 412, "stale");
    assert_eq!(superadmin.get(&path).await.expect(200).text("/notes"), "moved");
}

/// Seven donors of two users, one after the other.
async fn seven(house: &House<'_>, superadmin: &Browser, other: &Browser) -> Vec<Value> {
    let mut donors = Vec::new();
    for (at, name) in
        ["Çağla Öztürk", "Ahmet Işık", "Zeynep", "Işık Gıda A.Ş.", "ahmet ışık", "Şahin", "Ömer"]
            .into_iter()
            .enumerate()
    {
        let by = if at % 3 == 1 { other } else { superadmin };
        let donor = json!({
            "kind": if at == 3 || at == 5 { "organisation" } else { "person" },
            "name": name,
            "contact_consent": at % 2 == 0,
            "notes": if at < 2 { "Kermes standında" } else { "Web" },
        });
        let mut made = by.post("/donors", &donor).await.expect(201).body;
        made.as_object_mut().unwrap().remove("possible_duplicates");
        donors.push(made);
        house.clock.forward(Duration::seconds(1));
    }
    donors.reverse();
    donors
}

async fn every_filter_of_donors_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let other = house.somebody(&superadmin, "accountant").await;
    let donors = seven(house, &superadmin, &other).await;
    assert_eq!(walk(&superadmin, "/donors", 2).await, donors);
    let other = other.get("/users/me").await.expect(200).text("/id");
    every_filter_keeps_its_word(
        &superadmin,
        "/donors",
        &donors,
        &[
            filter("kind=person", |donor| donor["kind"] == "person"),
            filter("kind=organisation", |donor| donor["kind"] == "organisation"),
            filter("contact_consent=true", |donor| donor["contact_consent"] == true),
            filter("contact_consent=false", |donor| donor["contact_consent"] == false),
            filter(format!("created_by={other}"), |donor| donor["created_by"] == *other),
            filter("q=kermes", |donor| donor["notes"] == "Kermes standında"),
            filter("q=isik&kind=person&contact_consent=true", |donor| {
                donor["name"] == "ahmet ışık"
            }),
        ],
    )
    .await;
    let nobody = superadmin.get("/donors?q=nobody&count=exact").await.expect(200);
    let nothing = json!({ "items": [], "total": 0, "total_is_capped": false });
    assert_eq!(nobody.body, nothing);
}

async fn every_order_of_donors_holds_through_all_pages(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let other = house.somebody(&superadmin, "accountant").await;
    seven(house, &superadmin, &other).await;
    every_sort_is_an_order(
        &superadmin,
        "/donors",
        &[
            ("created_at", |donor| donor["created_at"].as_str().unwrap().to_owned()),
            ("name", |donor| fold(donor["name"].as_str().unwrap())),
        ],
    )
    .await;
    // A record that comes in between moves nothing that was not shown yet.
    let first = superadmin.get("/donors?sort=name&limit=3").await.expect(200);
    a_donor(&superadmin, "Abdullah").await;
    a_donor(&superadmin, "Zübeyde").await;
    let cursor = first.text("/next_cursor");
    let rest = superadmin.get(&format!("/donors?sort=name&cursor={cursor}")).await.expect(200);
    assert_eq!(
        every(rest.list("/items"), "/name"),
        ["Işık Gıda A.Ş.", "Ömer", "Şahin", "Zeynep", "Zübeyde"]
    );
}

async fn a_donor_is_looked_up_by_exactly_one_address_or_number(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    let ayse = superadmin.post("/donors", &ayse()).await.expect(201).body;
    let twin = json!({ "kind": "person", "name": "Twin", "email": "ayse.yilmaz@EXAMPLE.org" });
    let mut twin = superadmin.post("/donors", &twin).await.expect(201).body;
    let alike = twin.as_object_mut().unwrap().remove("possible_duplicates").unwrap();
    assert_eq!(alike[0]["id"], ayse["id"], "only the answer to a new record says so");
    let number =
        |number: &str| json!({ "identity": { "kind": "tr_national_id", "number": number } });
    for (question, found) in [
        (json!({ "email": "AYSE.YILMAZ@example.org" }), vec![&twin, &ayse]),
        (json!({ "phone": "+90 (532) 123-4567" }), vec![&ayse]),
        (json!({ "phone": "0532 123 45 67" }), vec![&ayse]),
        (json!({ "phone": "5321234567" }), vec![&ayse]),
        (json!({ "phone": "٠٥٣٢ ١٢٣ ٤٥ ٦٧" }), vec![&ayse]),
        (number("10000000146"), vec![&ayse]),
        (number("10000000078"), vec![]),
        (json!({ "email": "ayse@example.org" }), vec![]),
    ] {
        let answer = superadmin.post("/donors/lookup", &question).await.expect(200);
        assert_eq!(answer.body, json!({ "items": found }), "{question}");
        let answer = entry.post("/donors/lookup", &question).await.expect(200);
        assert_eq!(answer.body, json!({ "items": [] }), "outside of the scope: {question}");
    }
    for (question, wrong) in [
        (json!({}), [("", "one_of")]),
        (json!({ "email": "a@example.org", "phone": "0532 123 45 67" }), [("", "one_of")]),
        (json!({ "email": "nonsense" }), [("/email", "email")]),
        (json!({ "email": "ayşe@example.org" }), [("/email", "email")]),
        (json!({ "phone": "0532 123 45 67 dahili 12" }), [("/phone", "phone")]),
        (json!({ "phone": 5 }), [("/phone", "type")]),
        (number("10000000147"), [("/identity/number", "identity_number")]),
    ] {
        let answer = superadmin.post("/donors/lookup", &question).await;
        assert_eq!(errors(&refused(answer, 422, "validation")), wrong, "{question}");
    }
    let path = format!("/donors/{}", ayse["id"].as_str().unwrap());
    superadmin.delete(&path, 1).await.expect(204);
    let trashed = superadmin.post("/donors/lookup", &number("10000000146")).await.expect(200);
    assert_eq!(trashed.body, json!({ "items": [] }));
}

async fn the_history_of_a_donor_shows_what_changed_the_newest_first(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = superadmin.post("/donors", &ayse()).await.expect(201).body;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    house.clock.forward(Duration::seconds(1));
    let patch = json!({ "phone": null, "notes": "moved", "contact_consent": true });
    superadmin.patch(&path, 1, &patch).await.expect(200);
    house.clock.forward(Duration::seconds(1));
    let tax = json!({ "identity": { "kind": "foreign_id", "number": "P-99123456" } });
    superadmin.patch(&path, 2, &tax).await.expect(200);
    superadmin.delete(&path, 3).await.expect(204);

    let history = walk(&superadmin, &format!("{path}/history"), 2).await;
    assert_eq!(every(&history, "/action"), ["deleted", "updated", "updated", "created"]);
    assert_eq!(every(&history, "/version"), ["4", "3", "2", "1"]);
    assert!(every(&history, "/entity_id").iter().all(|id| donor["id"] == **id));
    assert_eq!(history[0]["before"], json!({ "deleted": false }));
    assert_eq!(history[0]["after"], json!({ "deleted": true }));
    let masks = |change: &Value| [change["before"].clone(), change["after"].clone()];
    assert_eq!(
        masks(&history[1]),
        [
            json!({ "identity_kind": "tr_national_id", "identity": "*********46" }),
            json!({ "identity_kind": "foreign_id", "identity": "********56" }),
        ]
    );
    let evening = "Prefers to be called in the evening.";
    assert_eq!(
        masks(&history[2]),
        [
            json!({ "phone": "+905321234567", "notes": evening }),
            json!({ "phone": null, "notes": "moved" }),
        ]
    );
    assert_eq!(history[3]["before"], json!({}));
    assert_eq!(history[3]["after"]["identity"], "*********46");
    assert_eq!(history[3]["at"], "2026-03-14T12:00:00.000Z");
}

async fn somebody_of_scope_own_never_meets_the_donors_of_others(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let entry = house.somebody(&superadmin, "data_entry").await;
    let foreign = a_donor(&superadmin, "Ayşe").await;
    let own = a_donor(&entry, "Ayşe").await;
    for path in ["/donors", "/donors?q=ayse", "/donors?sort=name", "/donors?kind=person"] {
        assert_eq!(every(&walk(&entry, path, 2).await, "/id"), [own["id"].as_str().unwrap()]);
    }
    assert_eq!(entry.get("/donors?count=exact").await.expect(200).body["total"], 1);
    let path = format!("/donors/{}", foreign["id"].as_str().unwrap());
    refused(entry.get(&path).await, 404, "not_found");
    refused(entry.get(&format!("{path}/history")).await, 404, "not_found");
    refused(entry.patch(&path, 1, &json!({ "notes": "mine" })).await, 404, "not_found");

    // What was entered may be corrected for 15 minutes, to the very end of the last one.
    let path = format!("/donors/{}", own["id"].as_str().unwrap());
    house.clock.forward(Duration::minutes(15));
    entry.patch(&path, 1, &json!({ "notes": "mine" })).await.expect(200);
    house.clock.forward(Duration::milliseconds(1));
    let late = entry.patch(&path, 2, &json!({ "notes": "too late" })).await;
    refused(late, 403, "edit_window_closed");
    superadmin.patch(&path, 2, &json!({ "notes": "corrected" })).await.expect(200);
}
