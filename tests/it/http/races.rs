//! Changes that meet: exactly one of them is made, and every other one is told why it was not.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{
    house::{House, PASSWORD, a_donation, a_donor},
    reading::refused,
};
use crate::support::Answer;

in_both_houses![
    of_twelve_changes_of_one_version_exactly_one_is_made,
    of_twelve_steps_of_one_donation_exactly_one_is_taken,
    of_twelve_records_with_one_unique_value_exactly_one_is_made,
    of_a_restore_and_a_purge_exactly_one_happens,
];

const TIMES: usize = 12;

/// Sends requests at once; gives the answers that were successes, and lets `judge` see the others.
async fn at_once(
    requests: impl IntoIterator<Item = RequestBuilder>,
    judge: impl Fn(Answer),
) -> Vec<Answer> {
    let running: Vec<_> =
        requests.into_iter().map(|request| tokio::spawn(Answer::to(request))).collect();
    let mut made = Vec::new();
    for answer in running {
        let answer = answer.await.unwrap();
        if answer.status < 300 { made.push(answer) } else { judge(answer) }
    }
    made
}

async fn of_twelve_changes_of_one_version_exactly_one_is_made(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let path = format!("/donors/{}", donor["id"].as_str().unwrap());
    let changes = (0..TIMES).map(|at| {
        let request = superadmin.request(Method::PATCH, &path).header("If-Match", "\"1\"");
        request.json(&json!({ "notes": format!("note {at}") }))
    });
    let made = at_once(changes, |late| {
        assert_eq!(refused(late, 412, "stale").body["current_version"], 2);
    })
    .await;
    let [made] = made.as_slice() else { panic!("{} changes were made", made.len()) };
    assert_eq!(superadmin.get(&path).await.expect(200).body, made.body);
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.list("/items").len(), 2);
    assert!(house.world.verify().await.is_intact());
}

async fn of_twelve_steps_of_one_donation_exactly_one_is_taken(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donation = a_donation(&superadmin).await;
    let path = format!("/donations/{}", donation["id"].as_str().unwrap());
    let steps = (0..TIMES).map(|at| match at % 2 {
        0 => superadmin.request(Method::POST, &format!("{path}/complete")),
        _ => {
            let request = superadmin.request(Method::POST, &format!("{path}/cancel"));
            request.json(&json!({ "reason": "never came" }))
        }
    });
    let taken = at_once(steps, |late| {
        refused(late, 409, "transition");
    })
    .await;
    let [taken] = taken.as_slice() else { panic!("{} steps were taken", taken.len()) };
    assert_eq!(superadmin.get(&path).await.expect(200).body, taken.body);
    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(history.list("/items").len(), 2);
}

async fn of_twelve_records_with_one_unique_value_exactly_one_is_made(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let identity = json!({ "kind": "tr_national_id", "number": "10000000146" });
    let user = json!({
        "name": "Elif", "email": "elif@example.org", "role": "viewer", "password": PASSWORD,
    });
    let role = json!({ "name": "volunteer", "label": "A", "permissions": [], "scope": "own" });
    for (path, body, code, times) in [
        (
            "/donors",
            json!({ "kind": "person", "name": "Ayşe", "identity": identity }),
            "taken",
            TIMES,
        ),
        ("/campaigns", json!({ "name": "Ramazan" }), "taken", TIMES),
        ("/roles", role, "role_name_taken", TIMES),
        // Each of these costs a password hash.
        ("/users", user, "email_taken", 4),
    ] {
        let requests = (0..times).map(|_| superadmin.request(Method::POST, path).json(&body));
        let made = at_once(requests, |late| {
            refused(late, 409, code);
        })
        .await;
        assert_eq!(made.len(), 1, "{path}");
    }
    assert!(house.world.verify().await.is_intact());
}

async fn of_a_restore_and_a_purge_exactly_one_happens(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for _ in 0..4 {
        let donor: Value = a_donor(&superadmin, "Ayşe").await;
        let path = format!("/donors/{}", donor["id"].as_str().unwrap());
        superadmin.delete(&path, 1).await.expect(204);
        let restore = superadmin.request(Method::POST, &format!("{path}/restore"));
        let purge = superadmin.request(Method::DELETE, &format!("{path}?purge=true"));
        let happened = at_once([restore, purge.header("If-Match", "\"2\"")], |late| {
            let code = late.text("/code");
            assert!(["not_found", "stale"].contains(&code.as_str()), "{}", late.body);
        })
        .await;
        let [happened] = happened.as_slice() else { panic!("{} happened", happened.len()) };
        let left = if happened.status == 200 { 200 } else { 404 };
        superadmin.get(&path).await.expect(left);
    }
}
