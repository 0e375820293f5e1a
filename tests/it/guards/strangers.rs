//! Every endpoint refuses strangers until it says otherwise, and those who may do nothing before it looks at
//! what they send.

use serde_json::json;

use super::operations::operations;
use crate::{
    http::house::{House, PASSWORD, in_house},
    support::{Answer, Backend, Browser},
};

/// What a stranger may call.
const OPEN: [&str; 4] =
    ["login", "requestPasswordReset", "confirmPasswordReset", "acceptInvitation"];

#[test]
fn a_stranger_gets_401_everywhere_whatever_the_request_says() {
    in_house(Backend::Sqlite, async |house| {
        let stranger = house.stranger();
        for operation in operations() {
            if OPEN.contains(&operation.id.as_str()) {
                continue;
            }
            let path = operation.path.replace("{id}", "1").replace("{name}", "x");
            let request = stranger.request(operation.method.clone(), &path);
            // Neither a broken body nor a foreign session lets anything else be seen.
            let request = request
                .header("Content-Type", "application/json")
                .header("Cookie", "almoner_session=forged; almoner_csrf=forged")
                .body("{");
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, 401, "{}", operation.name());
            assert_eq!(answer.text("/code"), "unauthenticated", "{}", operation.name());
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    });
}

/// Somebody with a role that lets them do these things.
async fn somebody(house: &House<'_>, role: &str, permissions: &[&str]) -> Browser {
    let superadmin = house.superadmin().await;
    let new = json!({ "name": role, "label": role, "scope": "all", "permissions": permissions });
    superadmin.post("/roles", &new).await.expect(201);
    let email = format!("{role}@example.org");
    house.user(&superadmin, &email, role).await;
    Browser::log_in(&house.url, &email, PASSWORD).await
}

#[test]
fn who_may_do_nothing_hears_nothing_of_the_request() {
    in_house(Backend::Sqlite, async |house| {
        let nobody = somebody(house, "nobody", &[]).await;
        let mut count = 0;
        for operation in operations().into_iter().filter(|one| one.needs_permission) {
            let path = operation.path.replace("{id}", "1").replace("{name}", "x");
            let joint = if path.contains('?') { '&' } else { '?' };
            let path = format!("{}{joint}zz=1&dry_run=maybe", path.replace("{delivery}", "1"));
            let request = nobody.request(operation.method.clone(), &path);
            let request = request.header("Content-Type", "application/json").body("{");
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, 403, "{}: {}", operation.name(), answer.body);
            count += 1;
        }
        assert!(count > 60, "only {count} operations");
    });
}

#[test]
fn a_webhook_is_told_of_what_its_maker_may_read() {
    in_house(Backend::Sqlite, async |house| {
        let can = ["webhooks:read", "webhooks:manage", "donations:read"];
        let clerk = somebody(house, "clerk", &can).await;
        let hook = |event: &str| json!({ "url": "https://example.org/hooks", "events": [event] });
        let made = clerk.post("/webhooks", &hook("donation.created")).await.expect(201);
        let path = format!("/webhooks/{}", made.text("/id"));
        for (event, missing) in
            [("donor.*", "donors:read"), ("user.created", "users:read"), ("role.*", "roles:read")]
        {
            let refused = clerk.post("/webhooks", &hook(event)).await.expect(403);
            assert!(refused.text("/detail").contains(missing), "{}", refused.body);
            clerk.patch(&path, 1, &json!({ "events": [event] })).await.expect(403);
        }
        // Nor does anybody lead what they may not read to another place, or learn how it is signed.
        let superadmin = house.superadmin().await;
        let foreign = superadmin.post("/webhooks", &hook("donor.*")).await.expect(201);
        let path = format!("/webhooks/{}", foreign.text("/id"));
        let elsewhere = json!({ "url": "https://example.com/stolen" });
        clerk.patch(&path, 1, &elsewhere).await.expect(403);
        clerk.act(&format!("{path}/rotate")).await.expect(403);
        assert_eq!(superadmin.get(&path).await.expect(200).number("/version"), 1);
    });
}
