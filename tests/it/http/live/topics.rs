//! Changes are told by topic, to whoever may read them.

use serde_json::json;

use super::{at, donors};
use crate::{
    http::{
        house::{House, a_donation, a_donor},
        reading::{errors, refused},
    },
    support::Follower,
};

in_both_houses![
    changes_are_told_by_topic,
    changes_outside_of_the_scope_are_not_told,
    changes_that_were_missed_are_told_later,
    looking_is_no_change,
];

async fn changes_are_told_by_topic(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut follower = Follower::of(&superadmin, "/events?topics=donors,campaigns").await;
    a_donation(&superadmin).await;
    a_donor(&superadmin, "Ayşe").await;
    let campaign = superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);
    let donor = follower.expect("change").await;
    assert_eq!(donor.data["topic"], "donors");
    let told = follower.expect("change").await;
    assert_eq!(
        told.data,
        json!({
            "topic": "campaigns",
            "id": campaign.body["id"],
            "action": "created",
            "version": 1,
            "at": campaign.body["created_at"],
        })
    );
    let lacking = superadmin.get("/events").await;
    assert_eq!(errors(&refused(lacking, 400, "bad_request")), [("topics", "required")]);
    for wrong in ["donors,donors", "donors,", "", "everything", "donors,%20users"] {
        let answer = superadmin.get(&format!("/events?topics={wrong}")).await;
        assert_eq!(errors(&refused(answer, 400, "bad_request")), [("topics", "choice")]);
    }
}

async fn changes_outside_of_the_scope_are_not_told(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let clerk = house.somebody(&superadmin, "data_entry").await;
    let mut follower = Follower::of(&clerk, "/events?topics=donors").await;
    a_donor(&superadmin, "Foreign").await;
    let own = a_donor(&clerk, "Own").await;
    assert_eq!(follower.expect("change").await.data["id"], own["id"]);
    let answer = Follower::attempt(&clerk, "/events?topics=donors,users", None).await;
    refused(*answer.err().expect("no stream"), 403, "forbidden");
}

async fn changes_that_were_missed_are_told_later(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let path = "/events?topics=donors";
    let mut follower = Follower::of(&superadmin, path).await;
    a_donor(&superadmin, "A").await;
    follower.expect("change").await;
    let missed = donors(&superadmin, &["B", "C", "D"]).await;
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut follower = follower.resume(&superadmin, path).await;
            for donor in &missed {
                assert_eq!(follower.expect("change").await.data["id"], donor["id"]);
            }
            let mut follower = follower.resume(&superadmin, path).await;
            let next = a_donor(&superadmin, "E").await;
            assert_eq!(follower.expect("change").await.data["id"], next["id"]);
        })
        .await;
    let follower = Follower::attempt(&superadmin, path, Some("1-00000000")).await;
    follower.expect("a stream").expect("resync").await;
}

async fn looking_is_no_change(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = json!({
        "kind": "person",
        "name": "Ayşe",
        "identity": { "kind": "tr_national_id", "number": "10000000146" },
    });
    let donor = superadmin.post("/donors", &donor).await.expect(201).body;
    let mut follower = Follower::of(&superadmin, "/events?topics=donors").await;
    let reveal = format!("{}/reveal", at("donors", &donor));
    let reason = json!({ "reason": "The receipt has to name it" });
    superadmin.post(&reveal, &reason).await.expect(200);
    let next = a_donor(&superadmin, "Bora").await;
    assert_eq!(follower.expect("change").await.data["id"], next["id"]);
}
