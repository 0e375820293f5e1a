//! How often somebody may guess.

use almoner_kernel::Timestamp;
use chrono::Duration;
use proptest::prelude::*;

use super::world::at;
use crate::login::{
    AddressKey, Counted, Failures, Limit, Lock, LockKind, LoginPolicy, LoginWindow, Verdict, decide,
};

fn failures(failed_logins: u32, locked_until: Option<Timestamp>) -> Failures {
    Failures { failed_logins, locked_until }
}

fn refused(failed_logins: u32, locked_until: Option<Timestamp>, has_locked: bool) -> Verdict {
    Verdict::Refused { failures: failures(failed_logins, locked_until), has_locked }
}

#[test]
fn every_login_is_decided_as_in_this_table() {
    let policy = LoginPolicy::default();
    let lock = Some(at(15));
    let (later, now, past) = (Some(at(3)), Some(at(0)), Some(at(-3)));
    #[rustfmt::skip]
    let table = [
        // failures, locked until, is the password right, verdict
        (0,  None,  true,  Verdict::Accepted),
        (4,  None,  true,  Verdict::Accepted),
        (0,  None,  false, refused(1, None, false)),
        (3,  None,  false, refused(4, None, false)),
        (4,  None,  false, refused(5, lock, true)),
        (5,  later, true,  Verdict::Locked { until: at(3) }),
        (5,  later, false, refused(6, later, false)),
        (9,  later, true,  Verdict::Locked { until: at(3) }),
        (9,  later, false, refused(10, later, false)),
        (10, later, true,  refused(10, later, false)),
        (10, later, false, refused(11, later, false)),
        (u32::MAX, later, false, refused(u32::MAX, later, false)),
        // At the very instant the lock is over, and the counter starts anew.
        (5,  now,   true,  Verdict::Accepted),
        (10, now,   false, refused(1, None, false)),
        (10, past,  true,  Verdict::Accepted),
        (10, past,  false, refused(1, None, false)),
        // Locked before the clock was set back: by a little, by a day.
        (5,  Some(at(29)), true,  Verdict::Locked { until: at(29) }),
        (10, Some(at(30)), true,  Verdict::Accepted),
        (10, Some(at(24 * 60)), false, refused(1, None, false)),
    ];
    for (failed, until, is_right, verdict) in table {
        assert_eq!(
            decide(failures(failed, until), is_right, at(0), &policy),
            verdict,
            "{failed} failures, locked until {until:?}, right: {is_right}"
        );
    }
}

#[test]
fn strangers_wait_twice_as_long_after_each_wrong_password() {
    let policy = LoginPolicy::default();
    let seconds = |failed| policy.pause(failed).num_seconds();
    assert_eq!([0, 1, 2, 3, 4, 5, 12].map(seconds), [0, 0, 0, 1, 2, 4, 512]);
    assert_eq!([13, 14, 65, 66, 67, 100, u32::MAX].map(seconds), [900; 7]);
    // However many addresses they have, they do not get through a hundred in a day any faster.
    let all: i64 = (0..policy.max_per_account).map(seconds).sum();
    assert!(Duration::seconds(all) > Duration::hours(21), "{all} s");
}

#[test]
fn what_an_account_puts_up_with_is_decided_as_in_this_table() {
    let policy = LoginPolicy::default();
    let window = |failed, oldest, last| LoginWindow {
        failed,
        oldest_failed: Some(at(oldest)),
        last_failed: Some(at(last)),
        ..LoginWindow::default()
    };
    let held = |window: LoginWindow| {
        Limit::Account.hold(&window, at(0), &policy).map(|hold| (hold.until, hold.quota.limit))
    };
    assert_eq!(held(LoginWindow::default()), None);
    assert_eq!(held(window(2, 0, 0)), None);
    assert_eq!(held(window(3, 0, 0)), Some((at(0) + Duration::seconds(1), 1)));
    // 64 s, of which a minute has passed; and at the very instant it is over.
    assert_eq!(held(window(9, -5, -1)), Some((at(-1) + Duration::seconds(64), 1)));
    assert_eq!(held(window(13, -50, -15)), None);
    assert_eq!(held(window(99, -60, -14)), Some((at(1), 1)));
    assert_eq!(held(window(100, -60, -14)), Some((at(-60) + Duration::days(1), 100)));
    // Before the clock was set back: by a little, by as long as the pause.
    assert_eq!(held(window(13, -50, 14)), Some((at(29), 1)));
    assert_eq!(held(window(13, -50, 15)), None);
    assert_eq!(held(window(9, -5, 2)), None);
}

#[test]
fn what_keeps_logins_off_is_told_by_whose_they_are() {
    let policy = LoginPolicy::default();
    let strangers = LoginWindow {
        failed: 13,
        oldest_failed: Some(at(-30)),
        last_failed: Some(at(-5)),
        ..LoginWindow::default()
    };
    let locks =
        |device_locked_until| Counted { device_locked_until, strangers }.locks(at(0), &policy);
    let held = Lock { kind: LockKind::Strangers, until: at(10) };
    assert_eq!(locks(None), [held]);
    assert_eq!(locks(Some(at(0))), [held]);
    assert_eq!(locks(Some(at(3))), [Lock { kind: LockKind::Device, until: at(3) }, held]);
    assert_eq!(locks(Some(at(30))), [held], "locked before the clock was set back");
    assert_eq!(Counted::default().locks(at(0), &policy), []);
}

#[test]
fn an_ipv6_network_of_64_bits_counts_as_one_address() {
    let key = |text: &str| AddressKey::of(text.parse().unwrap());
    assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("2001:db8:1:2::1").as_str(), "2001:db8:1:2::/64");
    assert_ne!(key("203.0.113.7"), key("203.0.113.8"));
    assert_eq!(key("::ffff:203.0.113.7").as_str(), "203.0.113.7");
}

proptest! {
    #[test]
    fn a_lock_never_gives_more_than_ten_answers_about_a_password(guesses in prop::collection::vec(any::<bool>(), 0..40)) {
        // However right and wrong passwords follow on one another, at most ten wrong ones are tried
        // before every answer is the same; then nothing is learnt until the lock runs out.
        let policy = LoginPolicy::default();
        let mut state = failures(5, Some(at(0) + Duration::minutes(15)));
        let mut wrong = 5;
        for is_right in guesses {
            match decide(state, is_right, at(0), &policy) {
                Verdict::Accepted => prop_assert!(false, "nobody gets in while it is locked"),
                Verdict::Locked { .. } => prop_assert!(is_right && wrong < 10),
                Verdict::Refused { failures, has_locked } => {
                    prop_assert!(!has_locked);
                    prop_assert_eq!(failures.locked_until, state.locked_until);
                    prop_assert!(!is_right || wrong >= 10);
                    wrong += u32::from(!is_right);
                    state = failures;
                }
            }
        }
    }
}
