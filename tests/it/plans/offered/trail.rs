//! The audit trail: changes, security events, the rows that are sealed, and stored answers.

use almoner_audit::{ChangeQuery, SecurityEventQuery};
use almoner_kernel::{Action, SecurityEventKind};

use super::{Inspector, Known};
use crate::{plans::verdict::Order, support::later};

fn done(action: Action) -> Option<String> {
    Some(action.as_str().to_owned())
}

pub async fn trail(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = ChangeQuery::default;
    let span = (Some(later(100)), Some(later(110)));
    let record = ChangeQuery {
        entity: Some("donor".to_owned()),
        entity_id: Some(known.donor.id.uuid()),
        ..any()
    };
    let queries = [
        any(),
        ChangeQuery { entity: Some("donation".to_owned()), ..any() },
        ChangeQuery { entity: Some("user".to_owned()), ..any() },
        ChangeQuery { entity_id: Some(known.donor.id.uuid()), ..any() },
        record.clone(),
        ChangeQuery { action: done(Action::Revealed), ..any() },
        ChangeQuery { actor: Some(known.me), ..any() },
        ChangeQuery { from: span.0, ..any() },
        ChangeQuery { to: span.1, ..any() },
        ChangeQuery { from: span.0, to: span.1, ..any() },
        ChangeQuery { from: span.0, to: span.1, ..record },
        ChangeQuery { entity: Some("donor".to_owned()), from: span.0, to: span.1, ..any() },
        ChangeQuery { action: done(Action::Purged), from: span.0, to: span.1, ..any() },
        ChangeQuery { actor: Some(known.me), from: span.0, to: span.1, ..any() },
        ChangeQuery { actor: Some(known.me), action: done(Action::Deleted), ..any() },
        ChangeQuery { entity: Some("donor".to_owned()), action: done(Action::Purged), ..any() },
        ChangeQuery { q: Some("sms".to_owned()), ..any() },
        ChangeQuery { q: Some("iade edil".to_owned()), entity: Some("donor".to_owned()), ..any() },
    ];
    for query in queries {
        inspector
            .list(format!("changes: {query:?}"), Order::FromIndex, async |page| {
                world.trail().changes(&query, &page).await
            })
            .await;
    }

    let any = SecurityEventQuery::default;
    let kind = Some(SecurityEventKind::LoginFailed);
    let queries = [
        any(),
        SecurityEventQuery { kind, ..any() },
        SecurityEventQuery { user_id: Some(known.me), ..any() },
        SecurityEventQuery { from: span.0, ..any() },
        SecurityEventQuery { to: span.1, ..any() },
        SecurityEventQuery { kind, from: span.0, to: span.1, ..any() },
        SecurityEventQuery { user_id: Some(known.me), from: span.0, to: span.1, ..any() },
        SecurityEventQuery { kind, user_id: Some(known.me), ..any() },
    ];
    for query in queries {
        inspector
            .list(format!("security events: {query:?}"), Order::FromIndex, async |page| {
                world.trail().security_events(&query, &page).await
            })
            .await;
    }
    let reading = async { world.trail().sealed(10_000, 100).await.unwrap() };
    inspector.look("sealed rows", Order::FromIndex, reading).await;
    let reading = async { world.answers().find(known.me, "key", later(0)).await.unwrap() };
    inspector.look("answers", Order::FromIndex, reading).await;
}
