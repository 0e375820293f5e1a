//! Users: made, changed, deactivated and restored by administrators; and what users change of
//! themselves.

use almoner_kernel::text::fold;
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, SUPERADMIN},
    reading::{
        errors, every, every_filter_keeps_its_word, every_sort_is_an_order, filter, refused, walk,
    },
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_user_is_answered_as_they_were_entered_and_can_log_in,
    no_two_users_have_the_same_email_whatever_the_case,
    a_domain_of_other_letters_is_the_same_however_it_is_typed,
    an_admin_changes_what_is_named_and_nothing_else,
    nobody_hands_out_more_than_they_have,
    nobody_changes_their_own_role_or_deactivates_themselves,
    the_last_superadmin_stays,
    two_superadmins_who_demote_each_other_at_once_leave_one,
    two_superadmins_who_deactivate_each_other_at_once_leave_one,
    a_deactivated_user_is_kept_and_can_be_restored,
    everybody_changes_their_own_name_and_nothing_that_matters,
    every_filter_of_users_keeps_its_word,
    every_order_of_users_holds_through_all_pages,
];

fn elif() -> Value {
    json!({
        "name": "Elif Kaya", "email": "Elif.Kaya@example.org", "role": "viewer",
        "password": PASSWORD, "phone": "0532 123 45 67", "locale": "tr-tr",
        "time_zone": "Europe/Istanbul",
    })
}

fn path(user: &Value) -> String {
    format!("/users/{}", user["id"].as_str().unwrap())
}

async fn a_user_is_answered_as_they_were_entered_and_can_log_in(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let created = superadmin.post("/users", &elif()).await.expect(201);
    let mut user = json!({
        "id": created.text("/id"),
        "name": "Elif Kaya",
        "email": "Elif.Kaya@example.org",
        "phone": "+905321234567",
        "locale": "tr-TR",
        "time_zone": "Europe/Istanbul",
        "role": "viewer",
        "roles": ["viewer"],
        "active": true,
        "invitation_pending": false,
        "version": 1,
        "created_at": "2026-03-14T12:00:00.000Z",
        "updated_at": "2026-03-14T12:00:00.000Z",
    });
    assert_eq!((&created.body, created.version()), (&user, "1"));
    assert_eq!(created.header("location"), format!("/api/v1{}", path(&user)));
    let elif = Browser::log_in(&house.url, "elif.kaya@example.org", PASSWORD).await;
    // A login is no edit.
    user["last_login_at"] = json!("2026-03-14T12:00:00.000Z");
    let read = superadmin.get(&path(&user)).await.expect(200);
    assert_eq!((&read.body, read.version()), (&user, "1"));
    assert_eq!(elif.get("/users/me").await.expect(200).body, user);
    let usual =
        json!({ "name": "A", "email": "a@example.org", "role": "viewer", "password": PASSWORD });
    let usual = superadmin.post("/users", &usual).await.expect(201);
    assert_eq!(
        (usual.text("/locale"), usual.text("/time_zone")),
        ("en".to_owned(), "UTC".to_owned())
    );

    let wrong = json!({
        "name": " ", "email": "x", "role": "nobody_has_it", "password": PASSWORD, "phone": "12",
        "locale": "türkçe", "time_zone": "Istanbul",
    });
    let answer = refused(superadmin.post("/users", &wrong).await, 422, "validation");
    let pointers = every(answer.list("/errors"), "/pointer");
    assert_eq!(pointers, ["/name", "/email", "/phone", "/locale", "/time_zone"]);
    let mut unknown = super::users::elif();
    unknown["email"] = json!("new@example.org");
    unknown["role"] = json!("nobody_has_it");
    let answer = refused(superadmin.post("/users", &unknown).await, 422, "validation");
    assert_eq!(errors(&answer), [("/role", "unknown_role")]);
}

async fn no_two_users_have_the_same_email_whatever_the_case(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let user = superadmin.post("/users", &elif()).await.expect(201).body;
    let mut twin = elif();
    for email in ["elif.kaya@example.org", "ELIF.KAYA@EXAMPLE.ORG", "Ayse@Example.org"] {
        twin["email"] = json!(email);
        let answer = refused(superadmin.post("/users", &twin).await, 409, "email_taken");
        assert_eq!(errors(&answer), [("/email", "taken")], "{email}");
    }
    let answer = superadmin.patch(&path(&user), 1, &json!({ "email": SUPERADMIN })).await;
    assert_eq!(errors(&refused(answer, 409, "email_taken")), [("/email", "taken")]);
    // One's own address in another case is one's own.
    let patch = json!({ "email": "elif.KAYA@example.org" });
    superadmin.patch(&path(&user), 1, &patch).await.expect(200);
    // The deactivated keep theirs.
    superadmin.act(&format!("{}/deactivate", path(&user))).await.expect(200);
    twin["email"] = json!("elif.kaya@example.org");
    refused(superadmin.post("/users", &twin).await, 409, "email_taken");
}

async fn a_domain_of_other_letters_is_the_same_however_it_is_typed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut user = elif();
    user["email"] = json!("elif@Örnek.org");
    let made = superadmin.post("/users", &user).await.expect(201);
    assert_eq!(made.text("/email"), "elif@Örnek.org");
    for email in ["elif@örnek.org", "ELIF@XN--rnek-4qa.org", " elif@o\u{308}rnek.org\u{200e} "] {
        user["email"] = json!(email);
        refused(superadmin.post("/users", &user).await, 409, "email_taken");
        Browser::log_in(&house.url, email, PASSWORD).await;
    }
}

async fn an_admin_changes_what_is_named_and_nothing_else(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let admin = house.somebody(&superadmin, "admin").await;
    let mut user = superadmin.post("/users", &elif()).await.expect(201).body;
    house.clock.forward(Duration::seconds(1));
    let patch = json!({ "name": "Elif Demir", "phone": null, "role": "accountant" });
    let changed = admin.patch(&path(&user), 1, &patch).await.expect(200);
    user["name"] = json!("Elif Demir");
    user["role"] = json!("accountant");
    user["roles"] = json!(["accountant"]);
    user["version"] = json!(2);
    user["updated_at"] = json!("2026-03-14T12:00:01.000Z");
    user.as_object_mut().unwrap().remove("phone");
    assert_eq!((&changed.body, changed.version()), (&user, "2"));
    let same = admin.patch(&path(&user), 2, &json!({ "role": "accountant" })).await.expect(200);
    assert_eq!(same.body, user);
    let stale = refused(admin.patch(&path(&user), 1, &json!({ "name": "X" })).await, 412, "stale");
    assert_eq!(stale.body["current_version"], 2);
    let emptied = json!({ "name": null, "email": null, "role": null, "locale": null });
    let answer = refused(admin.patch(&path(&user), 2, &emptied).await, 422, "validation");
    let mut pointers = every(answer.list("/errors"), "/pointer");
    pointers.sort();
    assert_eq!(pointers, ["/email", "/locale", "/name", "/role"]);
    let answer = admin.patch(&path(&user), 2, &json!({ "password": PASSWORD })).await;
    assert_eq!(errors(&refused(answer, 422, "validation")), [("/password", "unknown_field")]);

    let history = walk(&admin, &format!("{}/history", path(&user)), 2).await;
    assert_eq!(every(&history, "/action"), ["updated", "created"]);
    let before = json!({ "name": "Elif Kaya", "phone": "+905321234567", "role": "viewer" });
    let after = json!({ "name": "Elif Demir", "phone": null, "role": "accountant" });
    assert_eq!((&history[0]["before"], &history[0]["after"]), (&before, &after));
}

async fn nobody_hands_out_more_than_they_have(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let admin = house.somebody(&superadmin, "admin").await;
    let me = superadmin.get("/users/me").await.expect(200).body;
    let mut new = elif();
    new["role"] = json!("superadmin");
    refused(admin.post("/users", &new).await, 403, "role_not_granted");
    new["role"] = json!("admin");
    let user = admin.post("/users", &new).await.expect(201).body;
    let promote = json!({ "role": "superadmin" });
    refused(admin.patch(&path(&user), 1, &promote).await, 403, "role_not_granted");
    // Who may do more than you is not yours to touch.
    let answer = admin.patch(&path(&me), 1, &json!({ "name": "X" })).await;
    refused(answer, 403, "user_not_manageable");
    let answer = admin.act(&format!("{}/deactivate", path(&me))).await;
    refused(answer, 403, "user_not_manageable");
    for role in ["accountant", "viewer"] {
        let somebody = house.somebody(&superadmin, role).await;
        refused(somebody.get("/users").await, 403, "forbidden");
        refused(somebody.get(&path(&user)).await, 403, "forbidden");
        refused(somebody.post("/users", &new).await, 403, "forbidden");
    }
}

async fn nobody_changes_their_own_role_or_deactivates_themselves(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    house.user(&superadmin, "other@example.org", "superadmin").await;
    let me = superadmin.get("/users/me").await.expect(200).body;
    let answer = superadmin.patch(&path(&me), 1, &json!({ "role": "viewer" })).await;
    refused(answer, 409, "own_role");
    let answer = superadmin.act(&format!("{}/deactivate", path(&me))).await;
    refused(answer, 409, "own_account");
    // One's own role in a patch that changes something else is no change of it.
    let patch = json!({ "role": "superadmin", "name": "Ayşe Demir" });
    superadmin.patch(&path(&me), 1, &patch).await.expect(200);
    superadmin.get("/users/me").await.expect(200);
}

/// Somebody who may do all that can be done today, without being a superadmin.
async fn a_deputy(house: &House<'_>, superadmin: &Browser) -> Browser {
    let roles = superadmin.get("/roles/superadmin").await.expect(200);
    let role = json!({
        "name": "deputy", "label": "Deputy", "scope": "all", "permissions": roles.body["permissions"],
    });
    superadmin.post("/roles", &role).await.expect(201);
    house.somebody(superadmin, "deputy").await
}

/// A superadmin may do whatever comes as well, so that no custom role covers theirs; and nobody ends
/// themselves.
async fn the_last_superadmin_stays(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let deputy = a_deputy(house, &superadmin).await;
    let me = superadmin.get("/users/me").await.expect(200).body;
    let demoted = deputy.patch(&path(&me), 1, &json!({ "role": "viewer" })).await;
    refused(demoted, 403, "user_not_manageable");
    let gone = deputy.act(&format!("{}/deactivate", path(&me))).await;
    refused(gone, 403, "user_not_manageable");
    refused(superadmin.act(&format!("{}/deactivate", path(&me))).await, 409, "own_account");
    superadmin.get("/users/me").await.expect(200);
}

/// Two superadmins who each end the other, again and again: exactly one is always left.
async fn each_other(
    house: &House<'_>,
    attempt: impl Fn(&Browser, &Value) -> reqwest::RequestBuilder,
) {
    let superadmin = house.superadmin().await;
    let other = house.user(&superadmin, "other@example.org", "superadmin").await;
    let me = superadmin.get("/users/me").await.expect(200).body;
    let rival = Browser::log_in(&house.url, "other@example.org", PASSWORD).await;
    let one = tokio::spawn(Answer::to(attempt(&superadmin, &other)));
    let two = tokio::spawn(Answer::to(attempt(&rival, &me)));
    let mut statuses = [one.await.unwrap().status, two.await.unwrap().status];
    statuses.sort_unstable();
    // Who is late has no session any more, or is refused because nobody else is left.
    assert!(statuses[0] == 200 && [401, 409].contains(&statuses[1]), "{statuses:?}");
    let left = house.world.number("count(*)", "FROM users WHERE role = 'superadmin' AND active");
    assert_eq!(left.await, 1);
    assert!(house.world.verify().await.is_intact());
}

async fn two_superadmins_who_demote_each_other_at_once_leave_one(house: &House<'_>) {
    each_other(house, |browser, user| {
        let request = browser.request(Method::PATCH, &path(user)).header("If-Match", "\"1\"");
        request.json(&json!({ "role": "viewer" }))
    })
    .await;
}

async fn two_superadmins_who_deactivate_each_other_at_once_leave_one(house: &House<'_>) {
    each_other(house, |browser, user| {
        browser.request(Method::POST, &format!("{}/deactivate", path(user)))
    })
    .await;
}

async fn a_deactivated_user_is_kept_and_can_be_restored(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut user = superadmin.post("/users", &elif()).await.expect(201).body;
    refused(superadmin.act(&format!("{}/restore", path(&user))).await, 409, "already_active");
    let gone = superadmin.act(&format!("{}/deactivate", path(&user))).await.expect(200);
    user["active"] = json!(false);
    user["version"] = json!(2);
    assert_eq!((&gone.body, gone.version()), (&user, "2"));
    refused(superadmin.act(&format!("{}/deactivate", path(&user))).await, 409, "not_active");
    let login = json!({ "email": "elif.kaya@example.org", "password": PASSWORD });
    refused(house.stranger().post("/auth/login", &login).await, 401, "invalid_credentials");
    let list = superadmin.get("/users?active=false").await.expect(200);
    assert_eq!(list.list("/items"), [user.clone()]);
    let back = superadmin.act(&format!("{}/restore", path(&user))).await.expect(200);
    user["active"] = json!(true);
    user["version"] = json!(3);
    assert_eq!((&back.body, back.version()), (&user, "3"));
    Browser::log_in(&house.url, "elif.kaya@example.org", PASSWORD).await;
    let history = walk(&superadmin, &format!("{}/history", path(&user)), 2).await;
    assert_eq!(every(&history, "/action"), ["restored", "deactivated", "created"]);
    let absent = "/users/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    refused(superadmin.act(&format!("{absent}/deactivate")).await, 404, "not_found");
    let bare = Answer::to(superadmin.request(Method::DELETE, &path(&user))).await;
    refused(bare, 405, "method_not_allowed");
}

async fn everybody_changes_their_own_name_and_nothing_that_matters(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    superadmin.post("/users", &elif()).await.expect(201);
    let elif = Browser::log_in(&house.url, "elif.kaya@example.org", PASSWORD).await;
    let me = elif.get("/users/me").await.expect(200);
    assert_eq!(me.version(), "1");
    let known = elif.request(Method::GET, "/users/me").header("If-None-Match", me.header("etag"));
    Answer::to(known).await.expect(304);
    let patch = json!({ "name": "Elif", "phone": null, "locale": "en", "time_zone": "Asia/Tokyo" });
    let changed = elif.patch("/users/me", 1, &patch).await.expect(200);
    let mut expected = me.body;
    for field in ["name", "locale", "time_zone"] {
        expected[field] = patch[field].clone();
    }
    expected["version"] = json!(2);
    expected.as_object_mut().unwrap().remove("phone");
    assert_eq!((&changed.body, changed.version()), (&expected, "2"));
    for field in ["email", "role", "active", "password"] {
        let answer = elif.patch("/users/me", 2, &json!({ field: "admin" })).await;
        let answer = refused(answer, 422, "validation");
        assert_eq!(errors(&answer), [(&*format!("/{field}"), "unknown_field")]);
    }
    refused(elif.patch("/users/me", 1, &json!({ "name": "X" })).await, 412, "stale");
    let bare = elif.request(Method::PATCH, "/users/me").json(&json!({ "name": "X" }));
    refused(Answer::to(bare).await, 428, "precondition_required");
    assert_eq!(elif.get("/users/me").await.expect(200).body, expected);
}

async fn six(house: &House<'_>, superadmin: &Browser) -> Vec<Value> {
    let mut users = vec![superadmin.get("/users/me").await.expect(200).body];
    for (name, email, role) in [
        ("Çağla Öztürk", "cagla@example.org", "viewer"),
        ("ahmet ışık", "Zeki@example.org", "viewer"),
        ("Şahin", "beyaz@example.com", "accountant"),
        ("Ahmet Işık", "ahmet@example.org", "data_entry"),
        ("Zeynep", "zeynep@example.org", "viewer"),
    ] {
        house.clock.forward(Duration::seconds(1));
        let user = json!({ "name": name, "email": email, "role": role, "password": PASSWORD });
        let mut user = superadmin.post("/users", &user).await.expect(201).body;
        if role == "viewer" {
            Browser::log_in(&house.url, email, PASSWORD).await;
        } else if role == "accountant" {
            superadmin.act(&format!("{}/deactivate", path(&user))).await.expect(200);
        }
        user = superadmin.get(&path(&user)).await.expect(200).body;
        users.push(user);
    }
    users.reverse();
    users
}

async fn every_filter_of_users_keeps_its_word(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let users = six(house, &superadmin).await;
    assert_eq!(walk(&superadmin, "/users", 2).await, users);
    let named = |user: &Value, text: &str| fold(user["name"].as_str().unwrap()).contains(text);
    every_filter_keeps_its_word(
        &superadmin,
        "/users",
        &users,
        &[
            filter("active=true", |user| user["active"] == true),
            filter("active=false", |user| user["active"] == false),
            filter("role=viewer", |user| user["role"] == "viewer"),
            filter("role=superadmin", |user| user["role"] == "superadmin"),
            filter("q=IŞIK%20ah", |user| named(user, "isik")),
            filter("q=beyaz", |user| named(user, "sahin")),
            filter("q=ahmetisik", |user| named(user, "ahmet isik")),
            filter("q=ahmet&role=viewer&active=true", |user| user["email"] == "Zeki@example.org"),
        ],
    )
    .await;
    // A role that nobody has is no mistake, a name that no role can have is one.
    let nobody = superadmin.get("/users?role=nobody_has_it").await.expect(200);
    assert_eq!(nobody.body, json!({ "items": [] }));
    let answer = refused(superadmin.get("/users?role=No%20One").await, 400, "bad_request");
    assert_eq!(errors(&answer), [("role", "role_name")]);
}

async fn every_order_of_users_holds_through_all_pages(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    six(house, &superadmin).await;
    let text = |user: &Value, field: &str| user[field].as_str().unwrap_or_default().to_owned();
    every_sort_is_an_order(
        &superadmin,
        "/users",
        &[
            ("created_at", |user| user["created_at"].as_str().unwrap().to_owned()),
            ("name", |user| fold(user["name"].as_str().unwrap())),
            ("email", |user| user["email"].as_str().unwrap().to_lowercase()),
            // Somebody who never logged in counts as the oldest.
            ("last_login_at", |user| user["last_login_at"].as_str().unwrap_or_default().to_owned()),
        ],
    )
    .await;
    let first = superadmin.get("/users?sort=last_login_at&limit=1").await.expect(200);
    assert_eq!(text(&first.list("/items")[0], "last_login_at"), "");
}
