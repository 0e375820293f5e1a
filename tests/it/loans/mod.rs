//! A kind of record that the program does not have, with everything a description can say: a state
//! machine, a reference, parts, a counter and a child, over HTTP on both databases.

mod kinds;
mod reminders;
mod samples;
mod told;

use std::sync::Arc;

use almoner_donations::{Campaign, Donation, Donor};
use almoner_kernel::Ids;
use almoner_kinds::Visitor;
use almoner_persistence::Store;
use almoner_records::{Record, Records, Registry, Served, Terms};
use futures_util::future::join_all;
use serde_json::{Value, json};

pub use self::samples::SAMPLES;
use self::{
    kinds::{Helper, HelperTable, Loan},
    reminders::{Reminder, Tables},
};
use crate::{
    http::house::{House, PASSWORD, a_donor},
    support::{Backend, Browser, World, run_of},
};

mod words {
    almoner_kernel::words! {
        pub before_it_is_lent = "must not be before the day it is fetched";
        pub not_lent = "reminders are about what is lent";
    }
}

/// The kinds of the program, and those of the test.
pub static REGISTRY: Registry = Registry {
    kinds: &[Donor::KIND, Campaign::KIND, Donation::KIND, Loan::KIND, Reminder::KIND, Helper::KIND],
    permissions: &[almoner_donations::PERMISSIONS],
};

/// Calls the visitor for each kind of the test.
pub fn each(visitor: &mut impl Visitor) {
    visitor.kind::<Loan>();
    visitor.kind::<Reminder>();
    visitor.kind::<Helper>();
}

/// Their use cases, when the store is one that knows them.
pub fn served(store: &Arc<Store>, ids: &Arc<dyn Ids>, terms: &Terms) -> Vec<Arc<dyn Served>> {
    if store.registry().kind(Loan::KIND.many).is_none() {
        return Vec::new();
    }
    let terms = Arc::new(terms.clone());
    let loans = Records::<Loan>::new(store.clone(), Arc::clone(ids), Arc::clone(&terms));
    let helpers = Records::<Helper>::new(store.clone(), Arc::clone(ids), Arc::clone(&terms));
    let reminders = Records::<Reminder>::new(store.clone(), Arc::clone(ids), terms);
    let told = told::with_effects(reminders.clone(), loans.clone());
    let loans = loans.followed_by(told::of_loans(reminders, helpers.clone()));
    let reminders = told;
    vec![Arc::new(loans), Arc::new(reminders), Arc::new(helpers)]
}

async fn make_tables(world: &World) {
    world.store.run_step(&Tables).await.unwrap();
    world.store.run_step(&HelperTable).await.unwrap();
}

/// Runs a case in a house that lends.
pub fn lending(backend: Backend, case: impl AsyncFnOnce(&House<'_>)) {
    run_of(backend, &REGISTRY, make_tables, async |world| {
        House::on(world, world.store.clone(), case).await;
        assert_eq!(world.compare().await.differences, []);
        assert!(world.verify().await.is_intact());
    });
}

/// One list of cases, on each database.
macro_rules! on_both_shelves {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { $crate::loans::lending($crate::support::Backend::Sqlite, super::$case); })+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() { $crate::loans::lending($crate::support::Backend::Postgres, super::$case); }
            )+
        }
    };
}

mod effects;
mod people;
mod rights;
mod several_roles;
mod sums;

on_both_shelves![
    parts_have_ids_and_are_told_by_what_changed,
    what_is_wrong_with_a_part_is_pointed_at,
    a_step_goes_from_its_states_alone_and_is_told_by_its_name,
    children_follow_their_parent,
    children_are_met_by_whoever_meets_their_parent,
    what_is_named_is_told_to_whoever_may_read_it,
    numbers_have_no_gaps,
    what_they_offer_has_its_index,
];

fn wheelchair() -> Value {
    json!({ "item": "Wheelchair", "lent_on": "2026-03-14", "due_on": "2026-06-14" })
}

async fn lent(browser: &Browser) -> Value {
    let loan = browser.post("/loans", &wheelchair()).await.expect(201);
    let path = format!("/loans/{}/lend", loan.text("/id"));
    browser.post(&path, &json!({})).await.expect(200).body
}

fn path(loan: &Value) -> String {
    format!("/loans/{}", loan["id"].as_str().unwrap())
}

async fn parts_have_ids_and_are_told_by_what_changed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut new = wheelchair();
    new["contacts"] = json!([
        { "name": "Fatma", "phone": "0532 123 45 67" },
        { "name": "Ali" },
    ]);
    let made = superadmin.post("/loans", &new).await.expect(201);
    assert_eq!(made.text("/contacts/0/phone"), "+905321234567");
    let (fatma, ali) = (made.text("/contacts/0/id"), made.text("/contacts/1/id"));
    assert_ne!(fatma, ali);
    let path = path(&made.body);
    assert_eq!(superadmin.get(&path).await.expect(200).body, made.body);

    let contacts = json!([{ "id": ali, "name": "Ali Kaya" }, { "name": "Zeynep" }, { "id": fatma, "name": "Fatma", "phone": "+905321234567" }]);
    let changed = superadmin.patch(&path, 1, &json!({ "contacts": contacts })).await.expect(200);
    assert_eq!(changed.text("/contacts/0/id"), ali);
    assert_eq!(changed.text("/contacts/2/id"), fatma);
    let zeynep = changed.text("/contacts/1/id");
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    let told = &history.list("/items")[0];
    assert_eq!(told["before"], json!({ "contacts": { &*ali: { "name": "Ali" } } }));
    let after = json!({ &*ali: { "name": "Ali Kaya" }, &*zeynep: { "name": "Zeynep" } });
    assert_eq!(told["after"], json!({ "contacts": after }));
    // The same once more changes nothing, and an empty list is one.
    let contacts = changed.body["contacts"].clone();
    let same = superadmin.patch(&path, 2, &json!({ "contacts": contacts })).await.expect(200);
    assert_eq!(same.body, changed.body);
    let none = superadmin.patch(&path, 2, &json!({ "contacts": [] })).await.expect(200);
    assert_eq!(none.body["contacts"], json!([]));
    let none = superadmin.patch(&path, 3, &json!({ "contacts": null })).await.expect(200);
    assert!(none.body.get("contacts").is_none());
}

async fn what_is_wrong_with_a_part_is_pointed_at(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut new = wheelchair();
    new["contacts"] = json!([{ "name": "Somebody else's" }]);
    let other = superadmin.post("/loans", &new).await.expect(201).text("/contacts/0/id");
    let many: Vec<Value> = (0..101).map(|n| json!({ "name": n.to_string() })).collect();
    let long: Vec<Value> = (0..100).map(|_| json!({ "name": "ç".repeat(400) })).collect();
    for (contacts, wrong) in [
        (json!("Fatma"), vec![("/contacts", "type")]),
        (json!(many), vec![("/contacts", "too_many")]),
        (json!(long), vec![("/contacts", "too_large")]),
        (
            json!([{ "name": "Fatma", "phone": "12" }, "Ali", { "phone": "+905321234567", "x": 1 }]),
            vec![
                ("/contacts/0/phone", "phone"),
                ("/contacts/1", "type"),
                ("/contacts/2/name", "required"),
                ("/contacts/2/x", "unknown_field"),
            ],
        ),
        (json!([{ "id": other, "name": "Ali" }]), vec![("/contacts/0/id", "unknown")]),
        (json!([{ "id": "1", "name": "Ali" }]), vec![("/contacts/0/id", "uuid")]),
        (json!([{ "name": "\u{0}" }]), vec![("/contacts/0/name", "control")]),
    ] {
        let mut new = wheelchair();
        new["contacts"] = contacts.clone();
        let answer = superadmin.post("/loans", &new).await.expect(422);
        let told: Vec<(&str, &str)> = answer
            .list("/errors")
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        let pointers = |all: &[(&str, &str)]| {
            let mut all: Vec<String> =
                all.iter().map(|(pointer, _)| (*pointer).to_owned()).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(pointers(&told), pointers(&wrong), "{contacts}: {told:?}");
    }
}

async fn a_step_goes_from_its_states_alone_and_is_told_by_its_name(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let loan = superadmin.post("/loans", &wheelchair()).await.expect(201).body;
    let path = path(&loan);
    superadmin.act(&format!("{path}/return")).await.expect(409);
    let due = json!({ "due_on": "2026-07-01" });
    let lent = superadmin.post(&format!("{path}/lend"), &due).await.expect(200);
    assert_eq!((lent.text("/state"), lent.text("/due_on")), ("lent".into(), "2026-07-01".into()));
    superadmin.post(&format!("{path}/lose"), &json!({})).await.expect(422);
    let why = json!({ "reason": "Left in a bus" });
    // That something is gone is not said by whoever entered it.
    let alone = superadmin.post(&format!("{path}/lose"), &why).await.expect(409);
    assert_eq!(alone.text("/code"), "second_person");
    let second = with(house, "second", "all", &["loans:read", "loans:hand_out"]).await;
    let gone = second.post(&format!("{path}/lose"), &why).await.expect(200);
    assert_eq!(gone.text("/reason"), "Left in a bus");
    let early = json!({ "due_on": "2026-03-13" });
    superadmin.patch(&path, 3, &early).await.expect(422);
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    let actions: Vec<&Value> = history.list("/items").iter().map(|item| &item["action"]).collect();
    assert_eq!(actions, ["lost", "lent", "created"]);
    let found = superadmin.get("/audit/changes?action=lent").await.expect(200);
    assert_eq!(found.list("/items").len(), 1);
    let hook = json!({ "url": "https://example.org/hooks", "events": ["loan.lent", "loan.*"] });
    superadmin.post("/webhooks", &hook).await.expect(201);
}

async fn children_follow_their_parent(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let reserved = superadmin.post("/loans", &wheelchair()).await.expect(201).body;
    let word =
        |loan: &Value| json!({ "loan_id": loan["id"], "text": "Called", "sent_on": "2026-06-20" });
    let refused = superadmin.post("/reminders", &word(&reserved)).await.expect(409);
    assert_eq!(refused.text("/code"), "transition");
    let loan = lent(&superadmin).await;
    let reminder = superadmin.post("/reminders", &word(&loan)).await.expect(201).body;
    assert_eq!(reminder["loan_name"], "Wheelchair");
    let at = format!("/reminders/{}", reminder["id"].as_str().unwrap());
    let list = format!("/reminders?loan_id={}", loan["id"].as_str().unwrap());
    assert_eq!(
        superadmin.get(&list).await.expect(200).list("/items"),
        std::slice::from_ref(&reminder)
    );
    // It stays with its parent.
    let moved = superadmin.patch(&at, 1, &json!({ "loan_id": reserved["id"] })).await.expect(422);
    assert_eq!(moved.text("/errors/0/code"), "unknown_field");
    superadmin.patch(&at, 1, &json!({ "text": "Called twice" })).await.expect(200);

    superadmin.delete(&path(&loan), 2).await.expect(204);
    assert!(superadmin.get(&list).await.expect(200).list("/items").is_empty());
    superadmin.get(&at).await.expect(404);
    superadmin.patch(&at, 2, &json!({ "text": "Too late" })).await.expect(404);
    superadmin.post("/reminders", &word(&loan)).await.expect(422);
    superadmin.act(&format!("{}/restore", path(&loan))).await.expect(200);
    assert_eq!(superadmin.get(&list).await.expect(200).list("/items").len(), 1);
    superadmin.get(&at).await.expect(200);

    // What could not be said any more is not brought back either.
    superadmin.act(&format!("{}/return", path(&loan))).await.expect(200);
    superadmin.delete(&at, 2).await.expect(204);
    superadmin.act(&format!("{at}/restore")).await.expect(409);

    superadmin.delete(&path(&loan), 5).await.expect(204);
    superadmin.delete(&format!("{}?purge=true", path(&loan)), 6).await.expect(204);
    superadmin.get(&at).await.expect(404);
    let purged = superadmin.get("/audit/changes?action=purged").await.expect(200);
    let entities: Vec<&Value> = purged.list("/items").iter().map(|item| &item["entity"]).collect();
    assert_eq!(entities, ["reminder", "loan"]);
    assert_eq!(purged.text("/items/0/change_set"), purged.text("/items/1/change_set"));
}

/// Somebody with a role of its own, logged in.
async fn with(house: &House<'_>, role: &str, scope: &str, permissions: &[&str]) -> Browser {
    let superadmin = house.superadmin().await;
    let new = json!({ "name": role, "label": role, "scope": scope, "permissions": permissions });
    superadmin.post("/roles", &new).await.expect(201);
    let email = format!("{role}@example.org");
    house.user(&superadmin, &email, role).await;
    Browser::log_in(&house.url, &email, PASSWORD).await
}

async fn children_are_met_by_whoever_meets_their_parent(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = ["loans:read", "loans:create", "loans:update", "loans:hand_out"];
    let lender = with(house, "lender", "own", &all).await;
    let word =
        |loan: &Value| json!({ "loan_id": loan["id"], "text": "Called", "sent_on": "2026-06-20" });
    let (theirs, mine) = (lent(&superadmin).await, lent(&lender).await);
    let hidden = superadmin.post("/reminders", &word(&theirs)).await.expect(201).text("/id");
    // Entered by somebody else, and theirs all the same: it belongs to their loan.
    let seen = superadmin.post("/reminders", &word(&mine)).await.expect(201).text("/id");
    let list = lender.get("/reminders?count=exact").await.expect(200);
    assert_eq!((list.list("/items").len(), &list.body["total"]), (1, &json!(1)));
    lender.get(&format!("/reminders/{seen}")).await.expect(200);
    lender.patch(&format!("/reminders/{seen}"), 1, &json!({ "text": "x" })).await.expect(200);
    for answer in [
        lender.get(&format!("/reminders/{hidden}")).await,
        lender.get(&format!("/reminders/{hidden}/history")).await,
        lender.patch(&format!("/reminders/{hidden}"), 1, &json!({ "text": "x" })).await,
        lender.delete(&format!("/reminders/{hidden}"), 1).await,
    ] {
        answer.expect(404);
    }
    let answer = lender.post("/reminders", &word(&theirs)).await.expect(422);
    assert_eq!(answer.text("/errors/0/pointer"), "/loan_id");
    let reader = with(house, "reader", "own", &["loans:read"]).await;
    reader.post("/reminders", &word(&mine)).await.expect(403);
    with(house, "nobody", "all", &["donors:read"]).await.get("/reminders").await.expect(403);
}

async fn what_is_named_is_told_to_whoever_may_read_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe Yılmaz").await;
    let mut new = wheelchair();
    new["donor_id"] = donor["id"].clone();
    let made = superadmin.post("/loans", &new).await.expect(201);
    assert_eq!(made.text("/donor_name"), "Ayşe Yılmaz");
    let path = path(&made.body);
    let without = with(house, "without", "all", &["loans:read", "loans:update"]).await;
    let read = without.get(&path).await.expect(200);
    assert_eq!(read.body["donor_id"], donor["id"]);
    let changed = without.patch(&path, 1, &json!({ "notes": "x" })).await.expect(200);
    let listed = without.get("/loans").await.expect(200);
    for shown in [&read.body, &changed.body, &listed.body["items"][0]] {
        assert!(shown.get("donor_name").is_none(), "{shown}");
    }
    let asked = "/loans/summary?group_by=donor_id";
    let line = json!({ "donor_id": donor["id"], "donor_name": "Ayşe Yılmaz", "count": 1 });
    assert_eq!(superadmin.get(asked).await.expect(200).body["items"][0], line);
    let line = json!({ "donor_id": donor["id"], "count": 1 });
    assert_eq!(without.get(asked).await.expect(200).body["items"][0], line);
    // What is not told to everybody is not searched: letter by letter it would be.
    assert!(superadmin.get("/loans?q=yilmaz").await.expect(200).list("/items").is_empty());
    let full = superadmin.get(&path).await.expect(200);
    assert_eq!(full.text("/donor_name"), "Ayşe Yılmaz");
    assert_ne!(full.header("etag"), without.get(&path).await.expect(200).header("etag"));
}

async fn numbers_have_no_gaps(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let first = superadmin.post("/loans?dry_run=true", &wheelchair()).await.expect(201);
    assert_eq!(first.text("/number"), "2026-000001");
    let mut wrong = wheelchair();
    wrong["donor_id"] = json!("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
    superadmin.post("/loans", &wrong).await.expect(422);
    let new = wheelchair();
    let made = join_all((0..12).map(|_| superadmin.post("/loans", &new))).await;
    let mut numbers: Vec<String> =
        made.into_iter().map(|answer| answer.expect(201).text("/number").to_string()).collect();
    numbers.sort_unstable();
    let expected: Vec<String> = (1..=12).map(|n| format!("2026-{n:06}")).collect();
    assert_eq!(numbers, expected);
    let items: Vec<Value> = (0..3).map(|_| json!({ "op": "create", "value": new })).collect();
    superadmin.post("/loans/batch", &json!({ "items": items })).await.expect(200);
    let sorted = superadmin.get("/loans?sort=-number&limit=1").await.expect(200);
    assert_eq!(sorted.text("/items/0/number"), "2026-000015");
    // Nobody sets one.
    let mut set = wheelchair();
    set["number"] = json!("2026-000001");
    let refused = superadmin.post("/loans", &set).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "unknown_field");
}

async fn what_they_offer_has_its_index(house: &House<'_>) {
    for kind in [Loan::KIND, Reminder::KIND, Helper::KIND] {
        let missing = crate::conformance::indexes::missing(house.world, kind).await;
        assert_eq!(missing, Vec::<String>::new(), "{}", kind.many);
    }
}

#[test]
fn the_contract_of_such_kinds_has_no_gaps() {
    let document = almoner_http::openapi::api_document(&REGISTRY);
    assert_eq!(almoner_http::openapi::gaps(&document), []);
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["Loan"]["properties"]["contacts"]["items"]["$ref"],
        "#/components/schemas/Contact"
    );
    assert!(schemas["ReminderPatch"]["properties"].get("loan_id").is_none());
    let actions = schemas["Action"]["enum"].as_array().unwrap();
    assert!(["lent", "returned", "lost"].iter().all(|action| actions.contains(&json!(action))));
    let deleting = document["paths"]["/api/v1/loans/{id}"]["delete"]["description"].as_str();
    assert!(
        deleting
            .unwrap()
            .contains("Its reminders and helpers go into the trash, back and away with it.")
    );
    assert!(schemas["RecordedParts"].is_object());
}
