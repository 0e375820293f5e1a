//! What a unit of work says about itself.

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::context::{at, context, user_id};
use crate::{
    Action, Actor, Audited, Context, FieldValue, JobId, Origin, Replay, SecurityEvent,
    SecurityEventKind, Snapshot, Trail, Version,
};

/// A record with one field of each kind.
#[derive(Clone, Debug)]
struct Box {
    version: Version,
    label: String,
    count: i64,
    is_full: bool,
    note: Option<String>,
}

impl Audited for Box {
    const ENTITY: &'static str = "box";

    fn entity_id(&self) -> Uuid {
        Uuid::from_u128(9)
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("label", self.label.as_str().into()),
            ("count", self.count.into()),
            ("is_full", self.is_full.into()),
            ("note", self.note.clone().into()),
        ]
    }
}

fn first() -> Box {
    Box {
        version: Version::FIRST,
        label: "Karaköy".to_owned(),
        count: 3,
        is_full: false,
        note: None,
    }
}

fn cx() -> Context {
    Context {
        origin: Origin { request_id: Some("r1".to_owned()), ..Origin::default() },
        ..context(Actor::System("cli"))
    }
}

#[test]
fn a_trail_starts_with_who_when_and_from_where_and_says_nothing_yet() {
    let trail = Trail::of(&cx());
    assert!(matches!(trail.actor, Actor::System("cli")));
    assert_eq!(trail.at, at(0));
    assert_eq!(trail.origin.request_id.as_deref(), Some("r1"));
    assert!(trail.is_empty());
    assert!(trail.answer.is_none());
}

#[test]
fn a_created_record_shows_the_fields_it_has() {
    let trail = Trail::of(&cx()).created(&first());
    assert!(!trail.is_empty());
    let [change] = trail.changes.as_slice() else { panic!("one change") };
    assert_eq!(
        (change.action, change.entity, change.entity_id),
        (Action::Created, "box", Uuid::from_u128(9))
    );
    assert_eq!(change.version, Version::FIRST);
    assert!(change.before.is_empty());
    let names: Vec<&str> = change.after.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["label", "count", "is_full"], "empty fields are left out");
    assert_eq!(change.reason, None);
}

#[test]
fn a_changed_record_shows_only_the_fields_that_differ() {
    let before = first();
    let after = Box {
        version: before.version.next(),
        count: 4,
        note: Some("dolu".to_owned()),
        ..before.clone()
    };
    let trail = Trail::of(&cx()).changed(&before, &after);
    let change = &trail.changes[0];
    assert_eq!((change.action, change.version), (Action::Updated, Version::new(2)));
    assert_eq!(change.before, vec![("count", FieldValue::Int(3)), ("note", FieldValue::Null)]);
    assert_eq!(
        change.after,
        vec![("count", FieldValue::Int(4)), ("note", FieldValue::Text("dolu".to_owned()))]
    );
}

#[test]
fn an_emptied_field_shows_what_it_held() {
    let before = Box { note: Some("dolu".to_owned()), ..first() };
    let trail = Trail::of(&cx()).changed(&before, &first());
    assert_eq!(trail.changes[0].before, vec![("note", FieldValue::Text("dolu".to_owned()))]);
    assert_eq!(trail.changes[0].after, vec![("note", FieldValue::Null)]);
}

#[test]
fn an_action_keeps_its_reason() {
    let after = Box { is_full: true, ..first() };
    let trail =
        Trail::of(&cx()).acted(Action::Completed, &first(), &after, Some("counted".to_owned()));
    let change = &trail.changes[0];
    assert_eq!((change.action, change.reason.as_deref()), (Action::Completed, Some("counted")));
    assert_eq!(change.before, vec![("is_full", FieldValue::Bool(false))]);
    assert_eq!(change.after, vec![("is_full", FieldValue::Bool(true))]);
}

#[test]
fn a_look_at_a_record_is_noted_without_any_field() {
    let trail = Trail::of(&cx()).noted(Action::Revealed, &first(), Some("audit".to_owned()));
    let change = &trail.changes[0];
    assert_eq!((change.action, change.reason.as_deref()), (Action::Revealed, Some("audit")));
    assert!(change.before.is_empty() && change.after.is_empty());
    assert!(!trail.is_empty());
}

#[test]
fn a_security_event_alone_is_worth_writing() {
    let event = SecurityEvent {
        kind: SecurityEventKind::AccessDenied,
        user_id: Some(user_id()),
        detail: Some("donors:read".to_owned()),
    };
    let trail = Trail::of(&cx()).security(event.clone());
    assert!(!trail.is_empty());
    assert_eq!(trail.security_events, [event]);
}

#[test]
fn an_answer_is_kept_only_when_the_client_asked_and_says_nothing_by_itself() {
    assert!(Trail::of(&cx()).answering(&cx(), &1_i64).answer.is_none());

    let render = |made: &i64| made.to_string().into_bytes();
    let asked = Context { replay: Some(Replay::new("k".to_owned(), [5; 32], render)), ..cx() };
    let trail = Trail::of(&asked).answering(&asked, &42_i64);
    let answer = trail.answer.as_ref().unwrap();
    assert_eq!(
        (answer.key.as_str(), answer.fingerprint, answer.body.as_slice()),
        ("k", [5; 32], &b"42"[..])
    );
    assert!(trail.is_empty(), "an answer is no trail");
}

#[test]
fn the_name_of_every_action_and_event_leads_back_to_it() {
    for &action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(action));
    }
    for &kind in SecurityEventKind::ALL {
        assert_eq!(SecurityEventKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(Action::parse("Created"), None);
    assert_eq!(SecurityEventKind::parse(""), None);
}

#[test]
fn values_are_kept_in_the_words_of_the_api() {
    let text = |text: &str| FieldValue::Text(text.to_owned());
    assert_eq!(FieldValue::from(at(0)), text("2023-11-14T22:13:20.000Z"));
    assert_eq!(FieldValue::from(NaiveDate::from_ymd_opt(2026, 2, 1).unwrap()), text("2026-02-01"));
    assert_eq!(
        FieldValue::from(JobId::new(Uuid::from_u128(1))),
        text("00000000-0000-0000-0000-000000000001")
    );
    assert_eq!(FieldValue::from(None::<i64>), FieldValue::Null);
    assert_eq!(FieldValue::from(Some(true)), FieldValue::Bool(true));
}

fn some_box() -> impl Strategy<Value = Box> {
    ("[ab]", 0..2_i64, any::<bool>(), prop::option::of("[ab]")).prop_map(
        |(label, count, is_full, note)| Box {
            version: Version::FIRST,
            label,
            count,
            is_full,
            note,
        },
    )
}

proptest! {
    #[test]
    fn the_kept_fields_of_a_change_rebuild_the_record(before in some_box(), after in some_box()) {
        let trail = Trail::of(&cx()).changed(&before, &after);
        let change = &trail.changes[0];
        let rebuilt: Snapshot = before
            .snapshot()
            .into_iter()
            .map(|(name, old)| match change.after.iter().find(|(kept, _)| *kept == name) {
                Some((_, new)) => {
                    assert!(change.before.contains(&(name, old)));
                    (name, new.clone())
                }
                None => (name, old),
            })
            .collect();
        prop_assert_eq!(rebuilt, after.snapshot());
        for (old, new) in change.before.iter().zip(&change.after) {
            prop_assert_eq!(old.0, new.0);
            prop_assert_ne!(&old.1, &new.1);
        }
    }
}
