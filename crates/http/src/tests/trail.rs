//! What is shown of the trail, and how it is searched.

use actix_web::{FromRequest, test::TestRequest};
use almoner_audit::{ActorOnRecord, ChangeQuery, ChangeRecord, SecurityEventRecord};
use almoner_kernel::{
    Action, ChangeId, Fields, SecurityEventId, SecurityEventKind, UserId, Version,
};
use almoner_kinds::REGISTRY;
use chrono::DateTime;
use serde_json::{json, to_value};
use uuid::Uuid;

use crate::{
    kit::query::{Params, StrictQuery},
    resources::{
        audit::{
            ChangeFilter, SecurityEventFilter,
            bodies::{ChangeBody, SecurityEventBody},
        },
        words::{Listed, record_kinds},
    },
};

fn change() -> ChangeRecord {
    ChangeRecord {
        position: 12,
        id: ChangeId::new(Uuid::from_u128(1)),
        at: DateTime::from_timestamp_millis(1_700_000_000_007).unwrap(),
        actor: ActorOnRecord::System("cli".into()),
        action: "an action of tomorrow".into(),
        entity: "donor".into(),
        entity_id: Uuid::from_u128(2),
        version: Version::new(4),
        before: "{\"z\":null,\"a\":1}".into(),
        after: "{\"z\":\"ş\",\"a\":9007199254740993}".into(),
        reason: None,
        request_id: Some("r-1".into()),
        address: None,
        user_agent: None,
        change_set: Some(Uuid::from_u128(3)),
        cause: Some(ChangeId::new(Uuid::from_u128(4))),
        actor_role: None,
        operation: Some("seed".into()),
        user_name: None,
    }
}

#[test]
fn a_change_shows_the_sealed_fields_as_they_stand() {
    let text = serde_json::to_string(&ChangeBody::of(change(), &[]).unwrap()).unwrap();
    assert_eq!(
        text,
        "{\"id\":\"00000000-0000-0000-0000-000000000001\",\"position\":12,\
         \"at\":\"2023-11-14T22:13:20.007Z\",\"actor\":{\"kind\":\"system\",\"system\":\"cli\"},\
         \"action\":\"an action of tomorrow\",\"entity\":\"donor\",\
         \"entity_id\":\"00000000-0000-0000-0000-000000000002\",\"version\":4,\
         \"before\":{\"z\":null,\"a\":1},\"after\":{\"z\":\"ş\",\"a\":9007199254740993},\
         \"request_id\":\"r-1\",\"change_set\":\"00000000-0000-0000-0000-000000000003\",\
         \"cause_id\":\"00000000-0000-0000-0000-000000000004\",\"operation\":\"seed\"}"
    );
}

#[test]
fn fields_that_are_no_json_any_more_are_not_shown() {
    let spoilt = ChangeRecord { after: "{\"a\":".into(), ..change() };
    assert!(ChangeBody::of(spoilt, &[]).is_err());
}

#[test]
fn a_security_event_names_whom_it_is_about_and_who_acted() {
    let event = SecurityEventRecord {
        id: SecurityEventId::new(Uuid::from_u128(3)),
        at: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
        kind: "login_failed".into(),
        user_id: Some(UserId::new(Uuid::from_u128(7))),
        actor: ActorOnRecord::Anonymous,
        detail: None,
        request_id: None,
        address: Some("203.0.113.42".into()),
        user_agent: None,
    };
    assert_eq!(
        to_value(SecurityEventBody::of(event)).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000003",
            "at": "2023-11-14T22:13:20.000Z",
            "kind": "login_failed",
            "user_id": "00000000-0000-0000-0000-000000000007",
            "actor": { "kind": "anonymous" },
            "address": "203.0.113.42",
        })
    );
}

#[test]
fn every_filter_of_the_changes_is_understood() {
    let text = "entity=donation&entity_id=019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11&action=refunded\
                &actor_id=019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a12\
                &from=2026-03-01T00:00:00%2B03:00&to=2026-04-01T00:00:00.5Z";
    let filter: ChangeFilter = serde_urlencoded::from_str(text).unwrap();
    let mut fields = Fields::default();
    let query = filter.read(&mut fields);
    let query = fields.finish(query).unwrap();
    assert_eq!(query.entity.as_deref(), Some("donation"));
    assert_eq!(query.action.as_deref(), Some(Action::Refunded.as_str()));
    assert!(query.entity_id.is_some() && query.actor.is_some());
    assert_eq!(query.from.unwrap().to_rfc3339(), "2026-02-28T21:00:00+00:00");
    assert_eq!(query.to.unwrap().timestamp_subsec_millis(), 500);
}

#[actix_web::test]
async fn every_wrong_filter_of_the_security_events_is_named() {
    let request = TestRequest::with_uri("/?kind=logged_inn&user_id=7&from=yesterday&to=2026-01-01");
    let (request, mut payload) = request.to_http_parts();
    let refused = StrictQuery::<SecurityEventFilter>::from_request(&request, &mut payload).await;
    let refused = refused.err().unwrap().body();
    let errors: Vec<(&str, &str)> = refused
        .errors
        .iter()
        .map(|error| (error.parameter.as_deref().unwrap(), error.code.as_ref()))
        .collect();
    assert_eq!(
        errors,
        [("kind", "choice"), ("user_id", "uuid"), ("from", "instant"), ("to", "instant")]
    );
}

#[test]
fn a_word_is_the_name_in_the_registry() {
    assert!(SecurityEventKind::WORDS.contains(&"forgery_refused"));
    let kinds = record_kinds(&REGISTRY);
    assert!(["campaign", "user"].iter().all(|kind| kinds.contains(kind)));
    for (entity, is_wrong) in [("campaign", false), ("webhook", false), ("session", true)] {
        let mut fields = Fields::default();
        let query = ChangeQuery { entity: Some(entity.to_owned()), ..ChangeQuery::default() };
        ChangeFilter::among(&query, &REGISTRY, &mut fields);
        assert_eq!(fields.finish(Some(())).is_err(), is_wrong, "{entity}");
    }
    for (action, is_wrong) in [("refunded", false), ("retried", false), ("lent", true)] {
        let mut fields = Fields::default();
        let query = ChangeQuery { action: Some(action.to_owned()), ..ChangeQuery::default() };
        ChangeFilter::among(&query, &REGISTRY, &mut fields);
        assert_eq!(fields.finish(Some(())).is_err(), is_wrong, "{action}");
    }
}
