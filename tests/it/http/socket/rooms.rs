//! Rooms: who may enter one, who is seen and heard in it, and when somebody has left it; through
//! one instance and through two.

use serde_json::{Value, json};

use super::{at, in_room, open, room};
use crate::{
    http::house::{House, a_donor, in_house_with},
    support::Backend,
};

in_both_houses![
    a_room_is_for_those_who_may_read_its_record,
    those_in_a_room_see_and_hear_one_another,
    a_user_is_in_a_room_once_and_leaves_it_when_the_connection_is_gone,
    whoever_may_not_read_a_record_any_more_leaves_its_room,
];

async fn a_room_is_for_those_who_may_read_its_record(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let member = house.somebody(&superadmin, "member").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (_, joined) = in_room(house, &superadmin, &room(&donor)).await;
    assert_eq!(joined["present"].as_array().unwrap().len(), 1);
    assert_eq!(joined["present"][0]["name"], "Ayşe Yılmaz");
    let mut socket = open(house, &member).await;
    let nobody = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    for (room, code) in [(room(&donor).as_str(), "forbidden"), (nobody, "forbidden")] {
        socket.send(json!({ "type": "join", "id": "1", "room": room })).await;
        socket.refused("1", code).await;
    }
    for message in ["say", "leave"] {
        let mut message = json!({ "type": message, "id": "2", "room": room(&donor) });
        if message["type"] == "say" {
            message["kind"] = json!("typing");
        }
        socket.send(message).await;
        socket.refused("2", "conflict").await;
    }
    let mut socket = open(house, &superadmin).await;
    socket.send(json!({ "type": "join", "id": "3", "room": nobody })).await;
    socket.refused("3", "not_found").await;
    socket.send(json!({ "type": "join", "id": "4", "room": "donors:1" })).await;
    let problem = socket.refused("4", "validation").await;
    assert_eq!(problem["errors"][0]["pointer"], "/room");
}

async fn those_in_a_room_see_and_hear_one_another(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut first, _) = in_room(house, &superadmin, &room(&donor)).await;
    let (mut second, joined) = in_room(house, &viewer, &room(&donor)).await;
    let names: Vec<&Value> =
        joined["present"].as_array().unwrap().iter().map(|person| &person["name"]).collect();
    assert_eq!(names, ["Ayşe Yılmaz", "viewer"]);
    let seen = first.expect("presence").await;
    assert_eq!((&seen["user"]["name"], &seen["state"]), (&json!("viewer"), &json!("joined")));
    assert_eq!(seen["room"], room(&donor));
    // No more than a name and an id is told of anybody.
    assert_eq!(seen["user"].as_object().unwrap().len(), 2);

    let data = json!({ "field": "notes", "at": 3 });
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing", "data": data });
    second.send(say).await;
    let said = first.expect("said").await;
    assert_eq!((&said["kind"], &said["data"]), (&json!("typing"), &data));
    assert_eq!(said["from"], seen["user"]);
    // Whoever says something knows it.
    second.ask(json!({ "type": "ping" }), "pong").await;
    let leave = json!({ "type": "leave", "id": "l", "room": room(&donor) });
    let left = second.ask(leave, "left").await;
    assert_eq!(left, json!({ "type": "left", "id": "l", "room": room(&donor) }));
    assert_eq!(first.expect("presence").await["state"], "left");
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing" });
    first.send(say).await;
    second.ask(json!({ "type": "ping" }), "pong").await;
    // Whoever says too much is told when to go on.
    for _ in 0..60 {
        let say = json!({ "type": "say", "id": "s", "room": room(&donor), "kind": "typing" });
        first.send(say).await;
    }
    let error = first.expect("error").await;
    assert_eq!((&error["id"], &error["problem"]["code"]), (&json!("s"), &json!("rate_limited")));
    assert_eq!(error["retry_after"], 1);
    // Nothing of it is kept.
    let changes = superadmin.get("/audit/changes?entity=donor").await.expect(200);
    assert_eq!(changes.list("/items").len(), 1);
}

async fn a_user_is_in_a_room_once_and_leaves_it_when_the_connection_is_gone(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut watching, _) = in_room(house, &superadmin, &room(&donor)).await;
    let (one, _) = in_room(house, &viewer, &room(&donor)).await;
    let (mut other, joined) = in_room(house, &viewer, &room(&donor)).await;
    assert_eq!(joined["present"].as_array().unwrap().len(), 2);
    assert_eq!(watching.expect("presence").await["state"], "joined");
    drop(one);
    // The other connection hears what a third one says, and nothing is heard of the first.
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing" });
    watching.send(say).await;
    other.expect("said").await;
    drop(other);
    assert_eq!(watching.expect("presence").await["state"], "left");
}

async fn whoever_may_not_read_a_record_any_more_leaves_its_room(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut socket, _) = in_room(house, &superadmin, &room(&donor)).await;
    let path = at("donors", &donor);
    superadmin.patch(&path, 1, &json!({ "name": "Aylin" })).await.expect(200);
    superadmin.delete(&path, 2).await.expect(204);
    socket.ask(json!({ "type": "ping" }), "pong").await;
    superadmin.delete(&format!("{path}?purge=true"), 3).await.expect(204);
    let left = socket.expect("left").await;
    assert_eq!(left, json!({ "type": "left", "room": room(&donor), "code": "not_found" }));
    socket.send(json!({ "type": "join", "id": "1", "room": room(&donor) })).await;
    socket.refused("1", "not_found").await;
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn those_in_a_room_see_and_hear_one_another_through_two_instances() {
    in_house_with(
        Backend::Postgres,
        |_| {},
        async |house: &House<'_>| {
            let superadmin = house.superadmin().await;
            let viewer = house.somebody(&superadmin, "viewer").await;
            let donor = a_donor(&superadmin, "Ayşe").await;
            let (mut here, _) = in_room(house, &superadmin, &room(&donor)).await;
            house
                .with_another(async |other| {
                    let (mut there, joined) = in_room(other, &viewer, &room(&donor)).await;
                    let seen = here.expect("presence").await;
                    assert_eq!(seen["user"]["name"], "viewer");
                    // Whoever was there before is told at once, or as soon as the two instances know
                    // of each other.
                    if joined["present"].as_array().unwrap().len() < 2 {
                        let seen = there.expect("presence").await;
                        assert_eq!(seen["user"]["name"], "Ayşe Yılmaz");
                    }
                    let data = json!({ "text": "ş".repeat(2_000) });
                    let say = |kind: &str| {
                        json!({ "type": "say", "room": room(&donor), "kind": kind, "data": data })
                    };
                    there.send(say("from_there")).await;
                    let said = here.expect("said").await;
                    assert_eq!((&said["kind"], &said["data"]), (&json!("from_there"), &data));
                    assert_eq!(said["from"]["name"], "viewer");
                    here.send(say("from_here")).await;
                    assert_eq!(there.expect("said").await["kind"], "from_here");
                    // Nobody who listens at the database understands it, or can speak.
                    let forged = "SELECT pg_notify('almoner_signals', '{\"from\":1}')";
                    house.world.sql(forged).await;
                    there.send(say("still")).await;
                    assert_eq!(here.expect("said").await["kind"], "still");
                })
                .await;
            // The other instance has stopped.
            assert_eq!(here.expect("presence").await["state"], "left");
        },
    );
}
