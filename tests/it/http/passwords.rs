//! Which passwords are good enough, for a new user and for a change.

use serde_json::json;

use super::{
    house::{House, PASSWORD, in_house},
    reading::{every, refused},
};
use crate::support::{Backend, Browser};

/// Passwords, and every complaint about each when Mehmet Demir wants it.
fn cases() -> Vec<(String, &'static [&'static str])> {
    let spoken = "seven quiet boats leave at dawn ";
    let mut cases: Vec<(String, &'static [&'static str])> = [
        ("", &["too_short"][..]),
        ("x7!Kp2&mQ9z", &["too_short"]),
        ("password1234", &["common"]),
        ("aaaaaaaaaaaa", &["weak"]),
        ("mehmet demir 7", &["personal"]),
        ("Mehmet.Demir@example.org", &["personal"]),
        ("almoner-almoner", &["personal"]),
    ]
    .map(|(password, complaints)| (password.to_owned(), complaints))
    .into();
    cases.push((format!("{}x", spoken.repeat(4)), &["too_long"]));
    cases
}

/// Passwords that are as good as any: no rule about kinds of characters, no limit below 128.
fn good() -> Vec<String> {
    let spoken = "seven quiet boats leave at dawn ";
    vec![
        "x7!Kp2&mQ9zL".to_owned(),
        "kestane rengi yelkenli".to_owned(),
        "çok güzel bir ğüzel martı".to_owned(),
        spoken.repeat(4),
        "  seven quiet boats  ".to_owned(),
        "🦀🌊🛶🌅🐟🦉🍂🪁🎐🏔🕯🧭".to_owned(),
    ]
}

#[test]
fn a_new_user_gets_no_password_that_is_short_long_common_or_personal() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        for (password, complaints) in cases() {
            let user = json!({
                "name": "Mehmet Demir", "email": "mehmet.demir@example.org", "role": "viewer",
                "password": password,
            });
            let answer = refused(superadmin.post("/users", &user).await, 422, "validation");
            let mut codes = every(answer.list("/errors"), "/code");
            codes.sort();
            assert_eq!(codes, complaints, "{password}");
            assert!(every(answer.list("/errors"), "/pointer").iter().all(|at| at == "/password"));
            assert!(password.is_empty() || !answer.body.to_string().contains(&password));
        }
        assert_eq!(house.world.rows("users").await, 1);
        for (at, password) in good().into_iter().enumerate() {
            let email = format!("user{at}@example.org");
            let user = json!({
                "name": "Mehmet Demir", "email": email, "role": "viewer", "password": password,
            });
            superadmin.post("/users", &user).await.expect(201);
            Browser::log_in(&house.url, &email, &password).await;
            // Nothing is trimmed, cut or folded.
            let trimmed = json!({ "email": email, "password": password.trim() });
            let other = json!({ "email": email, "password": password.to_uppercase() });
            if password.trim() != password {
                house.stranger().post("/auth/login", &trimmed).await.expect(401);
            }
            if password.to_uppercase() != password {
                house.stranger().post("/auth/login", &other).await.expect(401);
            }
            house.clock.forward(chrono::Duration::minutes(5));
        }
    });
}

#[test]
fn a_changed_password_meets_the_same_rules_and_is_another_one() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let user = json!({
            "name": "Mehmet Demir", "email": "mehmet.demir@example.org", "role": "viewer",
            "password": PASSWORD,
        });
        superadmin.post("/users", &user).await.expect(201);
        let mehmet = Browser::log_in(&house.url, "mehmet.demir@example.org", PASSWORD).await;
        let change = async |new: &str| {
            let body = json!({ "current_password": PASSWORD, "new_password": new });
            mehmet.post("/auth/password", &body).await
        };
        for (password, complaints) in cases() {
            let answer = refused(change(&password).await, 422, "validation");
            let mut codes = every(answer.list("/errors"), "/code");
            codes.sort();
            assert_eq!(codes, complaints, "{password}");
            let pointers = every(answer.list("/errors"), "/pointer");
            assert!(pointers.iter().all(|at| at == "/new_password"));
        }
        let same = refused(change(PASSWORD).await, 422, "validation");
        assert_eq!(every(same.list("/errors"), "/code"), ["unchanged"]);
        change("ucuz lambada oturan martı").await.expect(204);
        let history = superadmin.get("/audit/changes?action=password_changed").await.expect(200);
        assert_eq!(history.list("/items").len(), 1);
        let text = history.body.to_string();
        assert!(!text.contains("martı") && !text.contains("argon2"), "{text}");
    });
}

#[test]
fn no_answer_ever_holds_a_password_or_its_hash() {
    in_house(Backend::Sqlite, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let user = house.user(&superadmin, "elif@example.org", "viewer").await;
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        for read in [&path, "/users", &format!("{path}/history"), "/audit/changes", "/users/me"] {
            let text = superadmin.get(read).await.expect(200).body.to_string();
            assert!(!text.contains("argon2") && !text.contains("boats"), "{text}");
            assert!(!text.contains("password"), "{text}");
        }
    });
}
