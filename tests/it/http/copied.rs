//! A copied session cookie: what its owner does about it, and what cannot be done with it.

use reqwest::{Method, header};
use serde_json::json;

use super::{
    house::{House, PASSWORD, SUPERADMIN},
    reading::{every, refused},
    sessions::is_alive,
};
use crate::support::{Answer, Browser};

in_both_houses![
    a_new_password_ends_a_copy_of_the_session_that_stays,
    ending_all_others_ends_a_copy_of_the_session_that_stays,
    a_copy_cannot_move_the_account_to_another_address,
    a_copy_guesses_no_password_faster_than_a_stranger,
];

const NEW: &str = "another quiet boat at dusk";

/// `name=value` of the session cookie among some.
fn session_of<'a>(cookies: impl IntoIterator<Item = &'a str>) -> String {
    let mut cookies = cookies.into_iter();
    let session = cookies.find(|cookie| cookie.starts_with("almoner_session=")).unwrap();
    session.split(';').next().unwrap().to_owned()
}

fn set_cookies(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
}

/// The victim goes on, the copy is dead, here and after a restart.
async fn only_the_browser_goes_on(
    house: &House<'_>,
    browser: &Browser,
    copied: &str,
    answer: &Answer,
) {
    let fresh = session_of(set_cookies(answer));
    assert_ne!(fresh, copied);
    assert_eq!(set_cookies(answer).len(), 2, "the session and the CSRF cookie");
    assert!(!is_alive(house, copied).await);
    assert!(is_alive(house, &fresh).await);
    // With the CSRF token it had: the session is the same.
    browser.get("/auth/session").await.expect(200);
    browser.patch("/users/me", 1, &json!({ "phone": "0532 123 45 67" })).await.expect(200);
    house
        .restarted(async |house| {
            assert!(!is_alive(house, copied).await);
            assert!(is_alive(house, &fresh).await);
        })
        .await;
}

async fn a_new_password_ends_a_copy_of_the_session_that_stays(house: &House<'_>) {
    let here = house.superadmin().await;
    let copied = session_of(here.cookies.iter().map(String::as_str));
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    let answer = here.post("/auth/password", &change).await.expect(204);
    only_the_browser_goes_on(house, &here, &copied, &answer).await;
    assert_eq!(house.world.rows("sessions").await, 1);
}

async fn ending_all_others_ends_a_copy_of_the_session_that_stays(house: &House<'_>) {
    let remembered = json!({ "email": SUPERADMIN, "password": PASSWORD, "remember_me": true });
    let (here, answer) = house.enter(&remembered, |request| request).await;
    let copied = session_of(set_cookies(&answer));
    let answer = Answer::to(here.request(Method::DELETE, "/auth/sessions")).await.expect(204);
    assert!(set_cookies(&answer)[0].contains("Max-Age=2592000"), "it is remembered as before");
    only_the_browser_goes_on(house, &here, &copied, &answer).await;
}

async fn a_copy_cannot_move_the_account_to_another_address(house: &House<'_>) {
    let here = house.superadmin().await;
    let me = here.get("/users/me").await.expect(200);
    let path = format!("/users/{}", me.text("/id"));
    let moved = json!({ "email": "mine@example.net" });
    let answer = refused(here.patch(&path, 1, &moved).await, 422, "validation");
    assert_eq!(every(answer.list("/errors"), "/pointer"), ["/current_password"]);
    assert_eq!(every(answer.list("/errors"), "/code"), ["required"]);
    let with = |password: &str| json!({ "email": "ayse.yilmaz@example.org", "current_password": password });
    // Guesses count for the device, rehearsed or not, and five lock it.
    for at in 0..5 {
        let path = if at % 2 == 0 { path.clone() } else { format!("{path}?dry_run=true") };
        let answer = refused(here.patch(&path, 1, &with("wrong")).await, 422, "validation");
        assert_eq!(every(answer.list("/errors"), "/code"), ["wrong_password"]);
    }
    refused(here.patch(&path, 1, &with(PASSWORD)).await, 423, "locked");
    assert_eq!(house.events(&here, "&kind=password_refused").await.len(), 6);
    house.clock.forward(chrono::Duration::minutes(15));
    here.patch(&format!("{path}?dry_run=true"), 1, &with(PASSWORD)).await.expect(200);
    assert_eq!(here.get("/users/me").await.expect(200).text("/email"), SUPERADMIN);
    here.patch(&path, 1, &with(PASSWORD)).await.expect(200);
    // What is no new address needs no password, nor does another's.
    let again = Browser::log_in(&house.url, "ayse.yilmaz@example.org", PASSWORD).await;
    again.patch(&path, 2, &json!({ "name": "Ayşe Kaya" })).await.expect(200);
    let same = json!({ "email": "ayse.yilmaz@example.org", "name": "Ayşe" });
    again.patch(&path, 3, &same).await.expect(200);
    let other = house.user(&again, "viewer@example.org", "viewer").await;
    let other = format!("/users/{}", other["id"].as_str().unwrap());
    again.patch(&other, 1, &json!({ "email": "elif@example.org" })).await.expect(200);
}

async fn a_copy_guesses_no_password_faster_than_a_stranger(house: &House<'_>) {
    let here = house.superadmin().await;
    let copied = session_of(here.cookies.iter().map(String::as_str));
    let guess = async |current: &str| {
        let request = house.ask(Method::POST, "/api/v1/auth/password").header("Cookie", &copied);
        let request = request.header("X-CSRF-Token", here.csrf.as_deref().unwrap());
        let body = json!({ "current_password": current, "new_password": NEW });
        Answer::to(request.json(&body)).await
    };
    for _ in 0..3 {
        refused(guess("wrong").await, 422, "validation");
    }
    refused(guess(PASSWORD).await, 429, "rate_limited");
    // The owner, with the browser that the account knows, does not notice.
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    here.post("/auth/password", &change).await.expect(204);
    refused(guess(NEW).await, 401, "unauthenticated");
}
