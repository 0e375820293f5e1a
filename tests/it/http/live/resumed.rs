//! Who was away goes on where they stopped, or begins anew.

use serde_json::{Value, json};

use super::{at, catches_up, donors, read};
use crate::{
    http::house::{House, a_donor},
    support::Follower,
};

in_both_houses![
    a_client_that_was_away_goes_on_where_it_stopped,
    a_client_of_another_process_goes_on_as_well,
    what_cannot_be_gone_on_with_begins_anew,
];

async fn a_client_that_was_away_goes_on_where_it_stopped(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let all = donors(&superadmin, &["A", "B", "C", "D", "E", "F"]).await;
    for path in ["/donors?limit=4", "/donors?limit=4&sort=name", "/donors?limit=20"] {
        let mut follower = Follower::of(&superadmin, path).await;
        follower.expect("snapshot").await;
        // Nothing happened: nothing is told.
        let follower = follower.resume(&superadmin, path).await;
        let unchanged = at("donors", &all[1]);
        let version = superadmin.get(&unchanged).await.number("/version");
        superadmin.patch(&unchanged, version, &json!({ "notes": path })).await.expect(200);
        let new = a_donor(&superadmin, "New").await;
        let gone = a_donor(&superadmin, "Gone").await;
        superadmin.delete(&at("donors", &gone), 1).await.expect(204);
        let mut follower = follower.resume(&superadmin, path).await;
        let now = read(&superadmin, path).await;
        let told = follower.until(|items| items == now).await;
        // The list is not sent again.
        let names: Vec<&str> = told.iter().map(|event| event.name.as_str()).collect();
        assert!(!names.contains(&"snapshot") && !names.contains(&"resync"), "{path}: {names:?}");
        let records = told.iter().filter(|event| event.name == "upsert");
        let again: Vec<&Value> = records
            .map(|event| &event.data["record"])
            .filter(|record| [&new, &gone, &all[1]].iter().all(|one| record["id"] != one["id"]))
            .collect();
        // Where a record has gone, one at the end may have moved up: in what was missed, and once more when
        // the client came back while that which is gone was still there.
        assert!(again.len() <= 2, "{path}: {again:?}");
        superadmin.delete(&at("donors", &new), 1).await.expect(204);
        catches_up(&mut follower, &superadmin, path).await;
    }
}

async fn a_client_of_another_process_goes_on_as_well(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let mut follower = Follower::of(&superadmin, "/donors").await;
    follower.expect("snapshot").await;
    let new = a_donor(&superadmin, "C").await;
    follower.expect("upsert").await;
    superadmin.patch(&at("donors", &new), 1, &json!({ "name": "D" })).await.expect(200);
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut follower = follower.resume(&superadmin, "/donors").await;
            assert_eq!(follower.expect("keep").await.data["ids"].as_array().unwrap().len(), 2);
            assert_eq!(follower.expect("upsert").await.data["record"]["name"], "D");
            a_donor(&superadmin, "E").await;
            follower.expect("upsert").await;
            assert_eq!(follower.items, read(&superadmin, "/donors").await);
        })
        .await;
}

async fn what_cannot_be_gone_on_with_begins_anew(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let mut follower = Follower::of(&superadmin, "/donors").await;
    follower.expect("snapshot").await;
    let last = follower.last.clone().unwrap();
    let (position, tag) = last.split_once('-').unwrap();
    let far = format!("{}-{tag}", i64::MAX);
    let of_another_list = format!("{position}-00000000");
    for last in [far.as_str(), &of_another_list, "0-", "", "nonsense", "-1-00000000"] {
        let follower = Follower::attempt(&superadmin, "/donors", Some(last)).await;
        let mut follower = follower.expect("a stream");
        assert_eq!(follower.expect("resync").await.data, json!({ "reason": "too_old" }), "{last}");
        follower.expect("snapshot").await;
        assert_eq!(follower.items, read(&superadmin, "/donors").await);
    }
    // The rights are a part of what is followed.
    let viewer = house.somebody(&superadmin, "viewer").await;
    let follower = Follower::attempt(&viewer, "/donors", Some(&last)).await;
    follower.expect("a stream").expect("resync").await;
}
