//! How often somebody may meet values of records they do not see.

use std::time::Duration;

use super::context::{at, context};
use crate::{
    Actor, Context, Fault, Kind, SecurityEventKind, TooManyCollisions,
    collision::{COLLISIONS, collisions_counted, may_collide},
};

fn cx() -> Context {
    Context { at: at(1_000), ..context(Actor::Anonymous) }
}

#[test]
fn five_collisions_in_ten_minutes_are_the_most() {
    let cx = cx();
    // Who arrived later may have had their turn before.
    assert_eq!(collisions_counted(&cx), (at(400), at(1_600)));
    let four = [at(999), at(998), at(997), at(500)];
    assert_eq!(may_collide(&cx, &four), Ok(()));
    // The fifth from the end makes room first.
    let five = [at(999), at(998), at(997), at(500), at(450)];
    let refusal = may_collide(&cx, &five).unwrap_err();
    assert_eq!(refusal, TooManyCollisions { retry_after: Duration::from_secs(50) });
    assert_eq!((refusal.kind(), refusal.code()), (Kind::Limited, "rate_limited"));
    assert_eq!(refusal.quota(), Some(COLLISIONS));
}

#[test]
fn collisions_of_the_batch_itself_count_and_rehearsed_ones_do_not() {
    let cx = cx();
    let items = cx.clone();
    for _ in 0..10 {
        cx.suspicions.note(SecurityEventKind::HiddenValueTried);
    }
    for _ in 0..4 {
        items.suspicions.note(SecurityEventKind::HiddenValueTaken);
    }
    assert_eq!(may_collide(&cx, &[]), Ok(()));
    let refusal = may_collide(&cx, &[at(600)]).unwrap_err();
    assert_eq!(refusal.retry_after, Duration::from_secs(200));
    items.suspicions.note(SecurityEventKind::HiddenValueTaken);
    let refusal = may_collide(&cx, &[at(600)]).unwrap_err();
    assert_eq!(refusal.retry_after, Duration::from_secs(600));
    assert_eq!(items.suspicions.take().len(), 15);
    assert!(cx.suspicions.take().is_empty());
    assert_eq!(may_collide(&cx, &[at(600)]), Ok(()));
}
