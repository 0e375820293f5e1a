//! Roles: the built-in ones, and what custom ones allow those who have them.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donor},
    reading::{errors, every, refused, walk},
};
use crate::support::{Answer, Browser};

in_both_houses![
    the_built_in_roles_come_first_and_cannot_be_changed,
    a_custom_role_is_made_read_changed_and_deleted,
    a_role_that_contradicts_itself_is_refused_with_every_complaint,
    no_two_roles_have_the_same_name,
    nobody_makes_a_role_that_allows_more_than_theirs,
    nobody_changes_what_their_own_role_allows,
    a_role_that_users_have_is_not_deleted,
    a_custom_role_allows_what_it_says_and_nothing_else,
];

fn volunteer() -> Value {
    json!({
        "name": "volunteer",
        "label": "Gönüllü",
        "description": "Records donors at stands",
        "permissions": ["donors:create", "donors:read", "donors:update"],
        "scope": "own",
        "edit_window_minutes": 60,
    })
}

async fn the_built_in_roles_come_first_and_cannot_be_changed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut early = volunteer();
    early["name"] = json!("aaa_role");
    superadmin.post("/roles", &volunteer()).await.expect(201);
    superadmin.post("/roles", &early).await.expect(201);
    let list = superadmin.get("/roles").await.expect(200);
    let built_in = [
        "superadmin",
        "admin",
        "accountant",
        "superagent",
        "agent",
        "data_entry",
        "member",
        "viewer",
    ];
    let names = every(list.list("/items"), "/name");
    assert_eq!(names, [&built_in[..], &["aaa_role", "volunteer"]].concat());
    for role in &list.list("/items")[..8] {
        let path = format!("/roles/{}", role["name"].as_str().unwrap());
        let one = superadmin.get(&path).await.expect(200);
        assert_eq!((&one.body, one.header("etag")), (role, ""));
        assert_eq!(role["built_in"], true);
        assert_eq!((role.get("id"), role.get("version")), (None, None));
        let answer = superadmin.patch(&path, 1, &json!({ "label": "Mine" })).await;
        refused(answer, 409, "role_built_in");
        refused(superadmin.delete(&path, 1).await, 409, "role_built_in");
    }
    for absent in ["/roles/nobody", "/roles/No-Role", "/roles/x"] {
        refused(superadmin.get(absent).await, 404, "not_found");
    }
}

async fn a_custom_role_is_made_read_changed_and_deleted(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let created = superadmin.post("/roles", &volunteer()).await.expect(201);
    let mut role = volunteer();
    // In the order of the registry, whatever the order they came in.
    role["permissions"] = json!(["donors:read", "donors:create", "donors:update"]);
    role["id"] = json!(created.text("/id"));
    role["built_in"] = json!(false);
    role["reaches"] = json!({});
    role["version"] = json!(1);
    assert_eq!((&created.body, created.version()), (&role, "1"));
    assert_eq!(created.header("location"), "/api/v1/roles/volunteer");
    let read = superadmin.get("/roles/volunteer").await.expect(200);
    assert_eq!((&read.body, read.version()), (&role, "1"));
    let known = superadmin.request(Method::GET, "/roles/volunteer");
    Answer::to(known.header("If-None-Match", read.header("etag"))).await.expect(304);

    let patch = json!({
        "label": "Volunteer", "description": null, "permissions": ["donors:read"], "scope": "all",
        "edit_window_minutes": null,
    });
    let changed = superadmin.patch("/roles/volunteer", 1, &patch).await.expect(200);
    for field in ["label", "permissions", "scope"] {
        role[field] = patch[field].clone();
    }
    role["version"] = json!(2);
    role.as_object_mut().unwrap().remove("description");
    role.as_object_mut().unwrap().remove("edit_window_minutes");
    assert_eq!((&changed.body, changed.version()), (&role, "2"));
    let same =
        superadmin.patch("/roles/volunteer", 2, &json!({ "scope": "all" })).await.expect(200);
    assert_eq!(same.body, role);
    let renamed = superadmin.patch("/roles/volunteer", 2, &json!({ "name": "intern" })).await;
    assert_eq!(errors(&refused(renamed, 422, "validation")), [("/name", "unknown_field")]);
    let stale = superadmin.patch("/roles/volunteer", 1, &json!({ "label": "X" })).await;
    assert_eq!(refused(stale, 412, "stale").body["current_version"], 2);
    refused(superadmin.delete("/roles/volunteer", 1).await, 412, "stale");
    superadmin.delete("/roles/volunteer", 2).await.expect(204);
    refused(superadmin.get("/roles/volunteer").await, 404, "not_found");

    let changes = format!("/audit/changes?entity=role&entity_id={}", role["id"].as_str().unwrap());
    let changes = walk(&superadmin, &changes, 2).await;
    assert_eq!(every(&changes, "/action"), ["purged", "updated", "created"]);
    assert_eq!(changes[1]["before"]["permissions"], "donors:create donors:read donors:update");
    assert_eq!(changes[1]["after"]["permissions"], "donors:read");
    // The name is free again.
    superadmin.post("/roles", &volunteer()).await.expect(201);
}

async fn a_role_that_contradicts_itself_is_refused_with_every_complaint(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let wrong = json!({
        "name": "Volunteer", "label": "two\nlines", "permissions": ["donors:read", "donors:fly"],
        "scope": "mine", "edit_window_minutes": 0,
    });
    let answer = refused(superadmin.post("/roles", &wrong).await, 422, "validation");
    let mut told = errors(&answer);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("/edit_window_minutes", "edit_window"),
            ("/label", "control_character"),
            ("/name", "role_name"),
            ("/permissions/1", "choice"),
            ("/scope", "choice"),
        ]
    );
    let answer = refused(superadmin.post("/roles", &json!({})).await, 422, "validation");
    let mut told = every(answer.list("/errors"), "/pointer");
    told.sort();
    assert_eq!(told, ["/label", "/name", "/permissions", "/scope"]);
}

async fn no_two_roles_have_the_same_name(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    superadmin.post("/roles", &volunteer()).await.expect(201);
    for name in ["volunteer", "viewer"] {
        let mut role = volunteer();
        role["name"] = json!(name);
        let answer = refused(superadmin.post("/roles", &role).await, 409, "role_name_taken");
        assert_eq!(errors(&answer), [("/name", "taken")], "{name}");
    }
}

async fn nobody_makes_a_role_that_allows_more_than_theirs(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let admin = house.somebody(&superadmin, "admin").await;
    let mut role = volunteer();
    role["permissions"] = json!(["donors:read", "donors:purge"]);
    refused(admin.post("/roles", &role).await, 403, "role_not_granted");
    superadmin.post("/roles", &role).await.expect(201);
    // Nor takes such a role apart.
    for patch in [json!({ "label": "X" }), json!({ "permissions": [] })] {
        refused(admin.patch("/roles/volunteer", 1, &patch).await, 403, "role_not_granted");
    }
    refused(admin.delete("/roles/volunteer", 1).await, 403, "role_not_granted");

    let manager = json!({
        "name": "manager", "label": "Manager", "scope": "own", "edit_window_minutes": 60,
        "permissions": ["roles:read", "roles:manage", "users:read", "users:manage", "donors:read"],
    });
    superadmin.post("/roles", &manager).await.expect(201);
    let manager = house.somebody(&superadmin, "manager").await;
    for (scope, window, status) in
        [("own", Some(60), 201), ("all", Some(60), 403), ("own", Some(61), 403), ("own", None, 403)]
    {
        let mut role = json!({
            "name": "intern", "label": "Intern", "permissions": ["donors:read"], "scope": scope,
        });
        if let Some(window) = window {
            role["edit_window_minutes"] = json!(window);
        }
        manager.post("/roles", &role).await.expect(status);
        if status == 201 {
            manager.delete("/roles/intern", 1).await.expect(204);
        }
    }
}

async fn nobody_changes_what_their_own_role_allows(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut manager = volunteer();
    manager["name"] = json!("manager");
    manager["permissions"] = json!(["roles:read", "roles:manage", "donors:read"]);
    superadmin.post("/roles", &manager).await.expect(201);
    let manager = house.somebody(&superadmin, "manager").await;
    let less = json!({ "permissions": ["roles:read", "roles:manage"] });
    refused(manager.patch("/roles/manager", 1, &less).await, 409, "own_role");
    manager.patch("/roles/manager", 1, &json!({ "label": "Boss" })).await.expect(200);
}

async fn a_role_that_users_have_is_not_deleted(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    superadmin.post("/roles", &volunteer()).await.expect(201);
    let user = house.user(&superadmin, "elif@example.org", "volunteer").await;
    let path = format!("/users/{}", user["id"].as_str().unwrap());
    let answer = refused(superadmin.delete("/roles/volunteer", 1).await, 409, "role_in_use");
    assert!(answer.text("/detail").starts_with('1'), "{}", answer.body);
    // The deactivated come back with the role they had.
    superadmin.act(&format!("{path}/deactivate")).await.expect(200);
    refused(superadmin.delete("/roles/volunteer", 1).await, 409, "role_in_use");
    superadmin.patch(&path, 2, &json!({ "role": "viewer" })).await.expect(200);
    superadmin.delete("/roles/volunteer", 1).await.expect(204);
}

async fn a_custom_role_allows_what_it_says_and_nothing_else(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    superadmin.post("/roles", &volunteer()).await.expect(201);
    let foreign = a_donor(&superadmin, "Ayşe").await;
    let user = house.somebody(&superadmin, "volunteer").await;
    let session = user.get("/auth/session").await.expect(200);
    let permissions = json!(["donors:read", "donors:create", "donors:update"]);
    assert_eq!(session.body["permissions"], permissions);
    let own = a_donor(&user, "Ahmet").await;
    assert_eq!(walk(&user, "/donors", 2).await, std::slice::from_ref(&own));
    let path = format!("/donors/{}", own["id"].as_str().unwrap());
    refused(user.delete(&path, 1).await, 403, "forbidden");
    refused(user.get("/donations").await, 403, "forbidden");
    refused(
        user.get(&format!("/donors/{}", foreign["id"].as_str().unwrap())).await,
        404,
        "not_found",
    );
    house.clock.forward(Duration::minutes(25));
    user.patch(&path, 1, &json!({ "notes": "a" })).await.expect(200);

    let wider = json!({ "scope": "all", "edit_window_minutes": 20 });
    superadmin.patch("/roles/volunteer", 1, &wider).await.expect(200);
    refused(user.get("/donors").await, 401, "unauthenticated");
    let user = Browser::log_in(&house.url, "volunteer@example.org", PASSWORD).await;
    assert_eq!(walk(&user, "/donors", 2).await.len(), 2);
    let late = user.patch(&path, 2, &json!({ "notes": "b" })).await;
    refused(late, 403, "edit_window_closed");
}
