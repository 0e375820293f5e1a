//! People who belong to records: the scope `assigned` is those they entered and those they belong to, by a
//! field or by a child, whatever they ask.

use std::sync::Arc;

use almoner_kernel::{PageRequest, Scope};
use almoner_persistence::{Store, StoreOptions};
use almoner_records::{Query, Repository, Summing};
use reqwest::Method;
use serde_json::{Value, json};

use super::{kinds::Loan, path, reminders::Reminder, wheelchair, with};
use crate::{
    http::{
        house::House,
        reading::{errors, refused},
    },
    support::{Answer, Backend, Browser, Follower, Socket, run},
};

on_both_shelves![
    who_belongs_to_a_record_meets_it,
    who_does_not_belong_to_it_any_more_meets_it_no_more,
    who_follows_a_list_hears_when_they_come_to_belong,
    users_are_named_and_called_by_whoever_may_read_them,
    who_belongs_no_more_leaves_the_room,
];

const ALL: [&str; 5] =
    ["loans:read", "loans:create", "loans:update", "loans:delete", "loans:hand_out"];

async fn agent(house: &House<'_>, name: &str, scope: &str) -> (Browser, String) {
    let agent = with(house, name, scope, &ALL).await;
    let me = agent.get("/users/me").await.expect(200).text("/id").to_string();
    (agent, me)
}

async fn kept_by(browser: &Browser, user: &str) -> Value {
    let mut new = wheelchair();
    new["keeper_id"] = json!(user);
    browser.post("/loans", &new).await.expect(201).body
}

async fn helped_by(browser: &Browser, user: &str) -> (Value, Value) {
    let loan = browser.post("/loans", &wheelchair()).await.expect(201).body;
    let helper = json!({ "loan_id": loan["id"], "user_id": user, "task": "Brings it" });
    let helper = browser.post("/helpers", &helper).await.expect(201).body;
    (loan, helper)
}

fn ids(answer: &Answer) -> Vec<Value> {
    answer.list("/items").iter().map(|item| item["id"].clone()).collect()
}

async fn who_belongs_to_a_record_meets_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (agent, me) = agent(house, "runner", "assigned").await;
    let (narrow, own) = self::agent(house, "narrow", "own").await;
    superadmin.post("/loans", &wheelchair()).await.expect(201);
    let kept = kept_by(&superadmin, &me).await;
    let (helped, helper) = helped_by(&superadmin, &me).await;
    let mine = agent.post("/loans", &wheelchair()).await.expect(201).body;
    kept_by(&superadmin, &own).await;
    helped_by(&superadmin, &own).await;

    let mut all = vec![mine["id"].clone(), helped["id"].clone(), kept["id"].clone()];
    let list = agent.get("/loans?count=exact").await.expect(200);
    assert_eq!((ids(&list), &list.body["total"]), (all.clone(), &json!(3)));
    assert_eq!(ids(&agent.get("/loans?q=wheelchair").await.expect(200)), all);
    all.sort_unstable_by_key(Value::to_string);
    let mut by_day = ids(&agent.get("/loans?sort=lent_on&state=reserved").await.expect(200));
    by_day.sort_unstable_by_key(Value::to_string);
    assert_eq!(by_day, all);
    for loan in [&kept, &helped, &mine] {
        let path = path(loan);
        agent.get(&path).await.expect(200);
        agent.get(&format!("{path}/history")).await.expect(200);
        agent.patch(&path, 1, &json!({ "item": "A chair" })).await.expect(200);
        agent.post(&format!("{path}/lend"), &json!({})).await.expect(200);
        let reminder = json!({ "loan_id": loan["id"], "text": "Called", "sent_on": "2026-06-20" });
        agent.post("/reminders", &reminder).await.expect(201);
    }
    assert_eq!(agent.get("/reminders?count=exact").await.expect(200).number("/total"), 3);
    assert_eq!(ids(&agent.get("/helpers").await.expect(200)), [helper["id"].clone()]);
    // The scope `own` is what one has entered.
    assert!(ids(&narrow.get("/loans").await.expect(200)).is_empty());
    assert!(ids(&narrow.get("/helpers").await.expect(200)).is_empty());
    for loan in [&kept, &helped] {
        refused(narrow.get(&path(loan)).await, 404, "not_found");
    }
}

async fn who_does_not_belong_to_it_any_more_meets_it_no_more(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (agent, me) = agent(house, "runner", "assigned").await;
    let kept = kept_by(&superadmin, &me).await;
    let (helped, helper) = helped_by(&superadmin, &me).await;
    superadmin.patch(&path(&kept), 1, &json!({ "keeper_id": null })).await.expect(200);
    let helper = format!("/helpers/{}", helper["id"].as_str().unwrap());
    // In the trash they help no more; brought back they do.
    superadmin.delete(&helper, 1).await.expect(204);
    for loan in [&kept, &helped] {
        let path = path(loan);
        let item = json!({ "op": "update", "id": loan["id"], "version": 1, "value": {} });
        let batch = agent.post("/loans/batch", &json!({ "items": [item] })).await.expect(422);
        assert_eq!(errors(&batch), [("/items/0", "not_found")]);
        for answer in [
            agent.get(&path).await,
            agent.get(&format!("{path}/history")).await,
            agent.patch(&path, 1, &json!({ "notes": "x" })).await,
            agent.delete(&path, 1).await,
            agent.post(&format!("{path}/lend"), &json!({})).await,
            agent.act(&format!("{path}/restore")).await,
        ] {
            refused(answer, 404, "not_found");
        }
        // Nobody makes themselves belong to what they do not meet.
        let me = json!({ "loan_id": loan["id"], "user_id": me, "task": "Looks" });
        let refused = refused(agent.post("/helpers", &me).await, 422, "validation");
        assert_eq!(errors(&refused), [("/loan_id", "unknown")]);
    }
    assert!(ids(&agent.get("/loans").await.expect(200)).is_empty());
    superadmin.act(&format!("{helper}/restore")).await.expect(200);
    assert_eq!(ids(&agent.get("/loans").await.expect(200)), [helped["id"].clone()]);
}

async fn who_follows_a_list_hears_when_they_come_to_belong(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (agent, me) = agent(house, "runner", "assigned").await;
    let mut loans = Follower::of(&agent, "/loans").await;
    let mut reminders = Follower::of(&agent, "/reminders").await;
    let foreign = superadmin.post("/loans", &wheelchair()).await.expect(201).body;
    let (helped, helper) = helped_by(&superadmin, &me).await;
    let events = loans.until(|items| items.len() == 1).await;
    assert_eq!(loans.items[0]["id"], helped["id"]);
    let foreign = foreign["id"].as_str().unwrap();
    assert!(events.iter().all(|event| !event.data.to_string().contains(foreign)));
    superadmin.post(&format!("{}/lend", path(&helped)), &json!({})).await.expect(200);
    let reminder = json!({ "loan_id": helped["id"], "text": "Called", "sent_on": "2026-06-20" });
    superadmin.post("/reminders", &reminder).await.expect(201);
    reminders.until(|items| items.len() == 1).await;
    let helper = format!("/helpers/{}", helper["id"].as_str().unwrap());
    superadmin.delete(&helper, 1).await.expect(204);
    loans.until(<[Value]>::is_empty).await;
    reminders.until(<[Value]>::is_empty).await;
}

async fn users_are_named_and_called_by_whoever_may_read_them(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (agent, me) = agent(house, "runner", "assigned").await;
    // Whoever sees the loan hears who keeps it; who helps is for those who may read users.
    let kept = kept_by(&superadmin, &me).await;
    assert_eq!((&kept["keeper_name"], kept["keeper_id"].as_str()), (&json!("runner"), Some(&*me)));
    let (_, helper) = helped_by(&superadmin, &me).await;
    assert_eq!(helper["user_name"], "runner");
    assert_eq!(agent.get(&path(&kept)).await.expect(200).text("/keeper_name"), "runner");
    let helpers = agent.get("/helpers").await.expect(200);
    assert!(helpers.body["items"][0].get("user_name").is_none(), "{}", helpers.body);
    assert_eq!(helpers.body["items"][0]["user_id"], json!(me));
    let found = superadmin.get(&format!("/loans?keeper_id={me}")).await.expect(200);
    assert_eq!(ids(&found), [kept["id"].clone()]);

    let by_keeper = agent.get("/loans/summary?group_by=keeper_id,state").await.expect(200);
    let line = json!({ "keeper_id": me, "keeper_name": "runner", "state": "reserved", "count": 1 });
    assert!(by_keeper.list("/items").contains(&line), "{}", by_keeper.body);

    // A new name is heard in the list; nobody new is kept by somebody who was deactivated.
    let mut follower = Follower::of(&superadmin, "/loans").await;
    let user = superadmin.get(&format!("/users/{me}")).await.expect(200);
    let request = superadmin.request(Method::PATCH, &format!("/users/{me}"));
    let request = request.header("If-Match", user.header("etag"));
    Answer::to(request.json(&json!({ "name": "Elif Kaya" }))).await.expect(200);
    let is_called = |items: &[Value]| items.iter().any(|item| item["keeper_name"] == "Elif Kaya");
    follower.until(is_called).await;
    superadmin.act(&format!("/users/{me}/deactivate")).await.expect(200);
    let mut new = wheelchair();
    for nobody in [me.as_str(), "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11"] {
        new["keeper_id"] = json!(nobody);
        let refused = refused(superadmin.post("/loans", &new).await, 422, "validation");
        assert_eq!(errors(&refused), [("/keeper_id", "unknown")]);
    }
    // The loan goes on saying who it was.
    let now = superadmin.get(&path(&kept)).await.expect(200);
    assert_eq!(now.text("/keeper_name"), "Elif Kaya");
    superadmin.patch(&path(&kept), 1, &json!({ "notes": "x" })).await.expect(200);
}

async fn who_belongs_no_more_leaves_the_room(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let (agent, me) = agent(house, "runner", "assigned").await;
    let (loan, helper) = helped_by(&superadmin, &me).await;
    superadmin.post(&format!("{}/lend", path(&loan)), &json!({})).await.expect(200);
    let reminder = json!({ "loan_id": loan["id"], "text": "Called", "sent_on": "2026-06-20" });
    let reminder = superadmin.post("/reminders", &reminder).await.expect(201).body;
    let mut socket = Socket::of(&agent, &house.url).await;
    let rooms = [("loans", &loan), ("reminders", &reminder)]
        .map(|(many, record)| format!("{many}:{}", record["id"].as_str().unwrap()));
    for room in &rooms {
        socket.ask(json!({ "type": "join", "id": "1", "room": room }), "joined").await;
    }
    let helper = format!("/helpers/{}", helper["id"].as_str().unwrap());
    superadmin.delete(&helper, 1).await.expect(204);
    let mut left = [socket.expect("left").await, socket.expect("left").await]
        .map(|left| left["room"].as_str().unwrap().to_owned());
    left.sort_unstable();
    assert_eq!(left, rooms);
}

/// What it costs is judged on SQLite, which decides without rows as it does with many.
#[test]
fn those_who_belong_are_found_by_indexes() {
    run(Backend::Sqlite, async |world| {
        super::make_tables(world).await;
        let options = StoreOptions { registry: &super::REGISTRY, ..world.once_more() };
        let store = Arc::new(Store::open(options).await.unwrap());
        let scope = Scope::Assigned(world.id());
        let page = PageRequest { limit: 20, after: None, count: true };
        let (loans, reminders): (Arc<dyn Repository<Loan>>, Arc<dyn Repository<Reminder>>) =
            (store.clone(), store.clone());
        let reading = async {
            let all = Query::default();
            loans.list(&all, scope, &page).await.unwrap();
            reminders.list(&all, scope, &page).await.unwrap();
            loans.find(world.id(), scope).await.unwrap();
            reminders.find(world.id(), scope).await.unwrap();
            loans.summary(&Summing::default(), scope).await.unwrap();
        };
        let statements = world.statements(reading).await;
        assert_eq!(statements.len(), 7);
        for statement in statements {
            let plan = store.explain(&statement).await.unwrap();
            let tables = ["loans", "reminders", "helpers"];
            let scans =
                |line: &&String| tables.iter().any(|table| line.contains(&format!("SCAN {table}")));
            let scans: Vec<&String> = plan.iter().filter(scans).collect();
            assert!(scans.is_empty(), "{}\n{}", statement.sql, plan.join("\n"));
        }
        store.close().await.unwrap();
    });
}
