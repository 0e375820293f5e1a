//! What ends a stream: a session or a role that is no more what it was.

use chrono::Duration;
use serde_json::json;

use super::at;
use crate::{
    http::{
        house::{House, PASSWORD, a_donor},
        reading::refused,
    },
    support::{Browser, Follower},
};

in_both_houses![
    a_session_that_ends_ends_its_streams,
    a_role_that_changes_ends_the_streams_of_its_users,
    a_stream_is_no_use_of_the_session,
];

async fn a_session_that_ends_ends_its_streams(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let ends: [(&str, &str); 3] =
        [("logout", "a@example.org"), ("deactivate", "b@example.org"), ("idle", "c@example.org")];
    for (end, email) in ends {
        let user = house.user(&superadmin, email, "viewer").await;
        let browser = Browser::log_in(&house.url, email, PASSWORD).await;
        let mut follower = Follower::of(&browser, "/donors").await;
        follower.expect("snapshot").await;
        match end {
            "logout" => drop(browser.act("/auth/logout").await.expect(204)),
            "deactivate" => {
                let path = format!("{}/deactivate", at("users", &user));
                superadmin.act(&path).await.expect(200);
            }
            _ => {
                house.clock.forward(Duration::minutes(29));
                superadmin.get("/users/me").await.expect(200);
                house.clock.forward(Duration::minutes(2));
            }
        }
        if end != "idle" {
            a_donor(&superadmin, "Unseen").await;
        }
        let last = follower.expect("end").await;
        assert_eq!(last.data, json!({ "code": "unauthenticated" }), "{end}");
        assert_eq!(follower.next().await, None);
        refused(browser.get("/donors").await, 401, "unauthenticated");
    }
}

async fn a_role_that_changes_ends_the_streams_of_its_users(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let role = json!({
        "name": "volunteer",
        "label": "Gönüllü",
        "permissions": ["donors:read", "campaigns:read"],
        "scope": "all",
    });
    superadmin.post("/roles", &role).await.expect(201);
    let browser = house.somebody(&superadmin, "volunteer").await;
    let mut follower = Follower::of(&browser, "/donors").await;
    follower.expect("snapshot").await;
    let less = json!({ "permissions": ["campaigns:read"] });
    superadmin.patch("/roles/volunteer", 1, &less).await.expect(200);
    a_donor(&superadmin, "Unseen").await;
    let last = follower.expect("end").await;
    let answer = Follower::attempt(&browser, "/donors", follower.last.as_deref()).await;
    let answer = *answer.err().expect("no stream");
    match last.data["code"].as_str() {
        Some("rights_changed") => refused(answer, 403, "forbidden"),
        _ => refused(answer, 401, "unauthenticated"),
    };
}

async fn a_stream_is_no_use_of_the_session(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let browser = house.somebody(&superadmin, "viewer").await;
    let mut follower = Follower::of(&browser, "/donors").await;
    follower.expect("snapshot").await;
    for _ in 0..2 {
        house.clock.forward(Duration::minutes(14));
        a_donor(&superadmin, "Seen").await;
        follower.expect("upsert").await;
    }
    house.clock.forward(Duration::minutes(3));
    superadmin.get("/users/me").await.expect(200);
    assert_eq!(follower.expect("end").await.data, json!({ "code": "unauthenticated" }));
}
