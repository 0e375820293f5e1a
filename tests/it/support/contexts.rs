//! Who asks, and when: time stands still unless a test moves it.

use std::{net::IpAddr, sync::Arc};

use almoner_kernel::{
    Actor, Caller, Context, Grant, Origin, PermissionSet, ScopeKind, SessionId, Timestamp, UserId,
};
use chrono::{DateTime, Duration, NaiveDate};
use uuid::Uuid;

/// 2026-03-14 12:00:00 UTC: when everything happens that no test moves.
pub const START: Timestamp = match DateTime::from_timestamp_millis(1_773_489_600_000) {
    Some(start) => start,
    None => panic!("out of range"),
};

/// Some milliseconds after [`START`], or before it.
pub fn later(millis: i64) -> Timestamp {
    START + Duration::milliseconds(millis)
}

/// A day.
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// The program itself asks.
pub fn as_system() -> Context {
    Context {
        actor: Actor::System("tests"),
        at: START,
        origin: origin(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

/// Somebody asks who may do everything within a scope.
pub fn as_user(user_id: UserId, scope: ScopeKind) -> Context {
    let caller = Caller {
        user_id,
        session_id: SessionId::new(Uuid::from_u128(0x51)),
        grants: vec![Grant::new("tester", PermissionSet::everything(), scope)],
    };
    Context { actor: Actor::User(Arc::new(caller)), ..as_system() }
}

fn origin() -> Origin {
    Origin {
        request_id: Some("request-1".to_owned()),
        address: Some(IpAddr::from([192, 0, 2, 7])),
        user_agent: Some("almoner-tests".to_owned()),
        ..Origin::default()
    }
}
