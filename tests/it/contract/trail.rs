//! The trail only grows, and security events are kept as they were given.

use almoner_audit::{ActorOnRecord, ChangeQuery, SecurityEventQuery};
use almoner_kernel::{
    Action, Actor, Context, Locale, PageRequest, SecurityEvent, SecurityEventKind, Trail, UserId,
};
use almoner_persistence::{OpenError, Store, StoreKeys, StoreOptions};
use uuid::Uuid;

use crate::support::{
    AUDIT_KEY, Backend, World, as_system, created, later, session_noted, text, with,
};

on_both![
    rows_of_the_trail_cannot_be_altered_or_taken_out,
    a_refused_alteration_leaves_the_trail_intact,
    security_events_come_back_as_they_were,
    every_kind_of_action_and_actor_comes_back,
    a_newer_programs_words_are_shown_as_they_stand,
    a_new_database_has_an_intact_trail_without_a_head,
    a_trail_under_another_key_is_not_continued,
    a_search_finds_values_and_reasons_and_nothing_personal,
    names_of_users_are_read_at_once,
];

async fn rows_of_the_trail_cannot_be_altered_or_taken_out(world: &World) {
    world.save_donor(&world.donor("Somebody")).await;
    world.trail().begin().await.unwrap().commit(session_noted()).await.unwrap();
    for table in ["changes", "security_events"] {
        let mut attempts = vec![
            format!("UPDATE {table} SET at = 0"),
            format!("UPDATE {table} SET request_id = NULL WHERE at > 0"),
            format!("DELETE FROM {table}"),
        ];
        match world.backend {
            Backend::Postgres => {
                attempts.push(format!("TRUNCATE {table}"));
                attempts.push(format!("TRUNCATE {table} CASCADE"));
                attempts.push(format!(
                    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET at = 0"
                ));
            }
            Backend::Sqlite => {
                attempts.push(format!("UPDATE OR REPLACE {table} SET at = 0"));
                attempts.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
                attempts.push(format!("REPLACE INTO {table} SELECT * FROM {table}"));
            }
        }
        for attempt in attempts {
            let refusal = world.try_sql(&attempt).await.expect_err(&attempt);
            assert!(refusal.contains("append-only"), "{attempt}: {refusal}");
        }
        assert_eq!(world.rows(&format!("{table} WHERE at > 0")).await, 1);
    }
}

async fn a_refused_alteration_leaves_the_trail_intact(world: &World) {
    for _ in 0..3 {
        world.save_donor(&world.donor("Somebody")).await;
    }
    world.try_sql("DELETE FROM changes WHERE position = 2").await.unwrap_err();
    world.save_donor(&world.donor("Somebody")).await;
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (4, None));
}

async fn security_events_come_back_as_they_were(world: &World) {
    let about = UserId::new(Uuid::from_u128(5));
    for (n, kind) in SecurityEventKind::ALL.iter().enumerate() {
        let cx = Context { at: later(i64::try_from(n).unwrap()), ..as_system() };
        let event = SecurityEvent {
            kind: *kind,
            user_id: (n % 2 == 0).then_some(about),
            detail: (n % 3 == 0).then(|| "izin: donors:read 🕌".to_owned()),
        };
        let trail = Trail::of(&cx).security(event);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let query = SecurityEventQuery::default();
    let mut events =
        world.trail().security_events(&query, &PageRequest::default()).await.unwrap().items;
    events.reverse();
    assert_eq!(events.len(), SecurityEventKind::ALL.len());
    for (n, (event, kind)) in events.iter().zip(SecurityEventKind::ALL).enumerate() {
        assert_eq!(event.kind, kind.as_str());
        assert_eq!(event.at, later(i64::try_from(n).unwrap()));
        assert_eq!(event.user_id, (n % 2 == 0).then_some(about));
        assert_eq!(event.detail.is_some(), n % 3 == 0);
        assert_eq!(event.actor, ActorOnRecord::System("tests".to_owned()));
        assert_eq!(event.request_id.as_deref(), Some("request-1"));
        assert_eq!(event.address.as_deref(), Some("192.0.2.7"));
        assert_eq!(event.user_agent.as_deref(), Some("almoner-tests"));
    }
    // Events alone are no part of the chain.
    assert_eq!(world.trail().head().await.unwrap(), None);
}

async fn every_kind_of_action_and_actor_comes_back(world: &World) {
    let donor = world.donor("Somebody");
    let bare = Context { origin: almoner_kernel::Origin::default(), ..as_system() };
    let actors = [Actor::Anonymous, Actor::System("cli")];
    for action in Action::ALL {
        for actor in &actors {
            let cx = Context { actor: actor.clone(), ..bare.clone() };
            let trail = Trail::of(&cx).noted(*action, &donor, None);
            world.trail().begin().await.unwrap().commit(trail).await.unwrap();
        }
    }
    let page = PageRequest::first(200);
    let changes = world.trail().changes(&ChangeQuery::default(), &page).await.unwrap().items;
    assert_eq!(changes.len(), Action::ALL.len() * 2);
    for change in &changes {
        assert!(Action::parse(&change.action).is_some());
        assert!(actors.iter().any(|actor| ActorOnRecord::of(actor) == change.actor));
        assert_eq!((change.before.as_str(), change.after.as_str()), ("{}", "{}"));
        assert_eq!((&change.reason, &change.request_id), (&None, &None));
        assert_eq!((&change.address, &change.user_agent), (&None, &None));
    }
    assert!(world.verify().await.is_intact());
}

async fn a_newer_programs_words_are_shown_as_they_stand(world: &World) {
    world
        .sql(&format!(
            "INSERT INTO security_events (id, at, kind, actor_kind)
             VALUES ({}, 1, 'teleported', 'anonymous')",
            world.literal(Uuid::from_u128(9)),
        ))
        .await;
    let query = SecurityEventQuery::default();
    let page = world.trail().security_events(&query, &PageRequest::default()).await.unwrap();
    assert_eq!(page.items[0].kind, "teleported");
}

async fn a_new_database_has_an_intact_trail_without_a_head(world: &World) {
    assert_eq!(world.trail().head().await.unwrap(), None);
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (0, None));
    world.store.check_key().await.unwrap();
}

async fn a_trail_under_another_key_is_not_continued(world: &World) {
    world.trail().begin().await.unwrap().commit(created(&world.donor("A"))).await.unwrap();
    world.store.check_key().await.unwrap();
    let keys = StoreKeys { audit: [99; 32], vault: [2; 32], lookup: [3; 32], records: [4; 32] };
    let stranger = Store::open(StoreOptions { keys, ..world.options(false, 2) }).await.unwrap();
    let refused = stranger.check_key().await;
    assert!(matches!(refused, Err(OpenError::Key { .. })), "{refused:?}");
    stranger.close().await.unwrap();
    assert_ne!(AUDIT_KEY, [99; 32]);
}

async fn a_search_finds_values_and_reasons_and_nothing_personal(world: &World) {
    let donor = with(world.donor("Şükrü Işık"), |it| {
        it.own.notes = text(Some("Komşusu Fatma".to_owned()));
        it.own.language = Some(Locale::parse("tr").unwrap());
    });
    world.save_donor(&donor).await;
    let campaign = world.campaign("Kışlık Giysi");
    world.save_campaign(&campaign).await.unwrap();
    let donation = with(world.donation(crate::support::lira(125_000)), |it| {
        it.own.reference = text(Some("HAVALE-77".to_owned()));
        it.own.donor_id = crate::support::named(&donor);
        it.own.campaign_id = crate::support::for_campaign(&campaign);
    });
    world.save_donation(&donation).await;
    let renamed = with(campaign.clone(), |it| {
        it.own.name = crate::support::name("Yazlık Giysi");
    });
    for trail in [
        Trail::of(&as_system()).acted(Action::Updated, &campaign, &renamed, None),
        Trail::of(&as_system()).noted(Action::Deleted, &donor, Some("İki kez girilmiş".to_owned())),
    ] {
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let found = async |q: &str, limit: u32| {
        let query = ChangeQuery { q: Some(q.to_owned()), ..ChangeQuery::default() };
        let (mut positions, mut page) = (Vec::new(), PageRequest::first(limit));
        loop {
            let found = world.trail().changes(&query, &page).await.unwrap();
            positions.extend(found.items.iter().map(|change| change.position));
            match found.next {
                Some(next) => page.after = Some(next),
                None => return positions,
            }
        }
    };
    for (q, expected) in [
        ("giysi", &[4, 2][..]),
        ("KIŞLIK giy", &[4, 2]),
        ("yazlik", &[4]),
        ("1250.00 try", &[3]),
        ("pend", &[3]),
        ("iki kez", &[5]),
        ("person", &[1]),
        ("kışlık iki", &[]),
        // Somebody's name, notes and reference, and an id.
        ("sukru", &[]),
        ("fatma", &[]),
        ("havale", &[]),
        (&campaign.id.to_string(), &[]),
        ("\" OR *", &[]),
    ] {
        assert_eq!(found(q, 50).await, expected, "{q}");
        assert_eq!(found(q, 1).await, expected, "{q}");
    }
}

async fn names_of_users_are_read_at_once(world: &World) {
    let (one, two) = (world.user("one@example.org"), world.user("two@example.org"));
    for user in [&one, &two] {
        world.save_user(user).await.unwrap();
    }
    let nobody = UserId::new(Uuid::from_u128(9));
    let asked = world.statements(world.trail().names(&[one.id, nobody, two.id])).await;
    assert_eq!(asked.len(), 1);
    let mut names = world.trail().names(&[one.id, nobody, two.id]).await.unwrap();
    names.sort_unstable();
    let mut expected =
        vec![(one.id, one.name.as_str().to_owned()), (two.id, two.name.as_str().to_owned())];
    expected.sort_unstable();
    assert_eq!(names, expected);
}
