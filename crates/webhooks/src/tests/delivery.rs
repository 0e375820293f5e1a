use std::time::Duration;

use almoner_kernel::{ChangeId, DeliveryId, Notice, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{START, delivery, later, notice, webhook};
use crate::{Delivery, DeliveryState, Ending, Failure, Patience, Reply};

fn reply(status: u16) -> Reply {
    Reply { outcome: Ok(status), retry_after: None, took: Duration::from_millis(184) }
}

/// All attempts at a delivery that never gets through: their times.
fn attempts(mut delivery: Delivery, reply: Reply) -> (Vec<Timestamp>, Delivery) {
    let mut times = vec![START];
    loop {
        let at = times[times.len() - 1];
        let (after, ending) = delivery.attempted(&reply, at, at, Patience::Usual);
        delivery = after;
        match ending {
            Ending::Again(pause) => {
                assert_eq!(delivery.next_at, Some(at + TimeDelta::from_std(pause).unwrap()));
                times.push(at + TimeDelta::from_std(pause).unwrap());
            }
            Ending::GivenUp => return (times, delivery),
            Ending::Delivered => panic!("delivered"),
        }
    }
}

#[test]
fn a_message_says_which_record_and_nothing_of_what_is_in_it() {
    let delivery = delivery();
    assert_eq!(
        delivery.body(),
        r#"{"type":"donation.created","timestamp":"2026-03-14T12:00:00.000Z","data":{"id":"00000000-0000-0000-0000-000000000009","version":3}}"#
    );
    assert_eq!(
        delivery.message_id(),
        "msg_00000000000000000000000000000007_000000000000000c000000000000000b"
    );
    // Stored before ids were kept.
    let old = Delivery { change: None, ..delivery.clone() };
    assert_eq!(old.message_id(), "msg_00000000000000000000000000000007_11");
    assert_eq!(delivery.job().payload, r#"{"delivery":"00000000-0000-0000-0000-000000000100"}"#);
    let ping = Delivery::ping(DeliveryId::new(Uuid::from_u128(5)), &webhook(), START);
    assert_eq!((ping.event.as_str(), ping.record), ("test.ping", webhook().id.uuid()));
    assert!(ping.message_id().ends_with("_00000000000000000000000000000005"));
}

#[test]
fn a_position_that_is_given_once_more_is_another_message_and_a_change_that_came_back_is_the_same() {
    let id = |number| DeliveryId::new(Uuid::from_u128(number));
    let lost = notice(11, "donation", "created");
    let told = Delivery::of(id(1), &webhook(), &lost, START);
    let other = Notice { change: ChangeId::new(Uuid::from_u128(1)), ..lost.clone() };
    let of_other = Delivery::of(id(1), &webhook(), &other, START);
    assert_ne!(told.message_id(), of_other.message_id());
    let moved = Notice { position: 12, ..lost };
    assert_eq!(told.message_id(), Delivery::of(id(2), &webhook(), &moved, START).message_id());
}

#[test]
fn only_2xx_is_a_delivery() {
    for status in [200, 204, 299] {
        let (after, ending) =
            delivery().attempted(&reply(status), START, later(1), Patience::Usual);
        assert_eq!(ending, Ending::Delivered);
        assert_eq!((after.state, after.attempts), (DeliveryState::Delivered, 1));
        assert_eq!((after.status, after.took_ms), (Some(status), Some(184)));
        assert_eq!((after.ended_at, after.next_at), (Some(later(1)), None));
    }
    for status in [100, 301, 308, 400, 404, 429, 500] {
        let (after, ending) = delivery().attempted(&reply(status), START, START, Patience::Usual);
        assert_eq!(ending, Ending::Again(Duration::from_secs(5)), "{status}");
        assert_eq!(after.failure, Some(Failure::Status));
        assert_eq!(after.state, DeliveryState::Pending);
    }
}

#[test]
fn what_does_not_get_through_is_tried_twelve_times_within_some_three_days() {
    let (times, last) = attempts(delivery(), reply(500));
    assert_eq!((times.len(), last.attempts, last.state), (12, 12, DeliveryState::Failed));
    let took = times[11] - times[0];
    assert!(took > TimeDelta::hours(70) && took < TimeDelta::hours(80), "{took}");

    let mut other = delivery();
    other.id = DeliveryId::new(Uuid::from_u128(0xFF));
    let (others, _) = attempts(other, reply(500));
    assert!(others[11] > times[11], "nothing is spread");
    assert_eq!(others.len(), 12);
}

#[test]
fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
    let asks = |seconds| Reply { retry_after: Some(Duration::from_secs(seconds)), ..reply(429) };
    let pause = |seconds| delivery().attempted(&asks(seconds), START, START, Patience::Usual).1;
    assert_eq!(pause(1), Ending::Again(Duration::from_secs(5)));
    assert_eq!(pause(120), Ending::Again(Duration::from_secs(120)));
    assert_eq!(pause(9_999_999), Ending::Again(Duration::from_secs(24 * 60 * 60)));
    let (times, _) = attempts(delivery(), asks(9_999_999));
    assert_eq!(times.len(), 4);
}

#[test]
fn a_replay_begins_anew_under_the_same_name() {
    let (_, given_up) = attempts(delivery(), reply(500));
    let again = given_up.clone().replayed(later(60));
    assert_eq!((again.state, again.attempts), (DeliveryState::Pending, 0));
    assert_eq!((again.next_at, again.ended_at), (Some(later(60)), None));
    assert_eq!(again.message_id(), given_up.message_id());
    let (_, ending) = again.attempted(&reply(500), later(60), later(60), Patience::Usual);
    assert_eq!(ending, Ending::Again(Duration::from_secs(5)));
}

#[test]
fn a_message_is_not_given_up_while_the_clock_is_doubted() {
    let began = Delivery { began_at: Some(START), ..delivery() };
    let years = START + TimeDelta::days(20 * 365);
    let ending = |delivery: &Delivery, patience| {
        delivery.clone().attempted(&reply(500), years, years, patience).1
    };
    assert_eq!(ending(&began, Patience::Usual), Ending::GivenUp);
    assert_eq!(ending(&began, Patience::Endless), Ending::Again(Duration::from_secs(5)));
    let last = Delivery { attempts: 11, ..began };
    assert_eq!(ending(&last, Patience::Usual), Ending::GivenUp);
    assert_eq!(ending(&last, Patience::Endless), Ending::Again(Duration::from_secs(86_400)));
    let more = Delivery { attempts: 40, ..last };
    assert_eq!(ending(&more, Patience::Endless), Ending::Again(Duration::from_secs(86_400)));
}

#[test]
fn a_first_attempt_by_a_clock_that_was_wrong_does_not_shorten_patience() {
    for began_at in [Timestamp::UNIX_EPOCH, START + TimeDelta::days(20 * 365)] {
        let wrong = Delivery { began_at: Some(began_at), attempts: 1, ..delivery() };
        let (after, ending) = wrong.attempted(&reply(500), later(9), later(9), Patience::Usual);
        assert_eq!(ending, Ending::Again(Duration::from_secs(30)));
        assert_eq!(after.began_at, Some(later(9)));
    }
}
