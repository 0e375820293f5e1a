//! A change and its trail are stored together, once, or not at all.

use almoner_accounts::{login::AddressKey, ports::Attempt, session::Session};
use almoner_donations::Donor;
use almoner_kernel::{
    Action, Actor, Change, ChangeId, Context, FieldValue, Replay, Scope, ScopeKind, StoreError,
    Trail, UserId, Version, trail::SavedAnswer,
};
use almoner_records::Kept;
use uuid::Uuid;

use crate::support::{World, as_system, as_user, created, later, name, session_noted, text, with};

on_both![
    a_change_without_a_trail_is_refused,
    a_dropped_unit_leaves_nothing,
    a_commit_writes_one_row_for_each_change_in_order,
    a_commit_of_many_changes_is_one_chain,
    the_trail_keeps_every_field_as_it_was_given,
    an_answer_is_kept_for_its_user_for_24_hours,
    a_used_key_stores_nothing_more,
    an_expired_key_can_be_used_anew,
    a_key_belongs_to_one_user,
    the_program_needs_no_answer_kept,
    what_is_past_its_time_is_forgotten,
    changed_since_names_the_fields_that_changed_meanwhile,
];

const ME: UserId = UserId::new(Uuid::from_u128(0xA1));
const YOU: UserId = UserId::new(Uuid::from_u128(0xA2));
const DAY: i64 = 24 * 60 * 60 * 1000;

async fn a_change_without_a_trail_is_refused(world: &World) {
    let mut tx = world.donors().begin().await.unwrap();
    let donor = world.donor("Nobody");
    tx.insert(&donor).await.unwrap();
    let refused = tx.commit(Trail::of(&as_system())).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert_eq!(world.rows("donors").await, 0);
}

async fn a_dropped_unit_leaves_nothing(world: &World) {
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert(&world.donor("Dropped")).await.unwrap();
    drop(tx);
    world.save_donor(&world.donor("Kept")).await;
    assert_eq!(world.texts("name", "FROM donors").await, ["Kept"]);
    assert_eq!(world.rows("changes").await, 1);
    assert!(world.verify().await.is_intact());
}

async fn a_commit_writes_one_row_for_each_change_in_order(world: &World) {
    let (one, two) = (world.donor("One"), world.donor("Two"));
    for trail in [created(&one).created(&two), created(&two), created(&one).created(&one)] {
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let positions = world.texts("position", "FROM changes ORDER BY position").await;
    assert_eq!(positions, ["1", "2", "3", "4", "5"]);
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (5, None));
    assert_eq!(world.trail().head().await.unwrap().unwrap().position, 5);
}

async fn a_commit_of_many_changes_is_one_chain(world: &World) {
    let donor = world.donor("Often");
    let mut trail = Trail::of(&as_system());
    for _ in 0..1_001 {
        trail = trail.created(&donor);
    }
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (1_001, None));
}

async fn the_trail_keeps_every_field_as_it_was_given(world: &World) {
    let mut cx = as_user(ME, ScopeKind::All);
    cx.at = later(7);
    cx.origin.address = Some("2001:db8::1".parse().unwrap());
    cx.origin.user_agent = Some("Ünlü Tarayıcı/1.0 🕌 ".repeat(20));
    let change = Change {
        action: Action::Refunded,
        entity: "donation",
        entity_id: Uuid::from_u128(42),
        version: Version::new(i64::MAX),
        before: vec![("z", FieldValue::Null), ("a", FieldValue::Bool(true))],
        after: vec![
            ("text", FieldValue::Text("\"quoted\" \\ \u{1}\n𝒜".to_owned())),
            ("number", FieldValue::Int(i64::MIN)),
            ("no", FieldValue::Bool(false)),
        ],
        reason: Some("çünkü 'istedi'".to_owned()),
        cause: Some(ChangeId::new(Uuid::from_u128(43))),
        subject_before: None,
        subject: None,
        personal: &[],
        unsearched: &[],
        id: None,
    };
    let trail = Trail { changes: vec![change], ..Trail::of(&cx) };
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();

    let page = almoner_kernel::PageRequest::default();
    let query = almoner_audit::ChangeQuery::default();
    let kept = world.trail().changes(&query, &page).await.unwrap().items.remove(0);
    assert_eq!(kept.position, 1);
    assert_eq!(kept.at, later(7));
    assert_eq!(kept.actor, almoner_audit::ActorOnRecord::User(ME));
    assert_eq!(kept.action, "refunded");
    assert_eq!((kept.entity.as_str(), kept.entity_id), ("donation", Uuid::from_u128(42)));
    assert_eq!(kept.version, Version::new(i64::MAX));
    assert_eq!(kept.before, r#"{"a":true,"z":null}"#);
    assert_eq!(
        kept.after,
        r#"{"no":false,"number":-9223372036854775808,"text":"\"quoted\" \\ \u0001\n𝒜"}"#
    );
    assert_eq!(kept.reason.as_deref(), Some("çünkü 'istedi'"));
    assert_eq!(kept.request_id.as_deref(), Some("request-1"));
    assert_eq!(kept.address.as_deref(), Some("2001:db8::1"));
    assert_eq!(kept.user_agent, cx.origin.user_agent);
    assert_eq!(kept.cause, Some(ChangeId::new(Uuid::from_u128(43))));
    assert_eq!(kept.actor_role.as_deref(), Some("tester"));
    assert!(world.verify().await.is_intact());
}

/// Creates a donor under an idempotency key.
async fn create(
    world: &World,
    user: UserId,
    key: &str,
    millis: i64,
    called: &str,
) -> Result<Kept<Donor>, StoreError> {
    let replay = Replay::new(key.to_owned(), [7; 32], |made: &Kept<Donor>| {
        format!("ğ {}", made.name.as_str()).into_bytes()
    });
    let cx = Context { at: later(millis), replay: Some(replay), ..as_user(user, ScopeKind::All) };
    let donor = world.donor(called);
    let mut tx = world.donors().begin().await?;
    tx.insert(&donor).await?;
    tx.commit(Trail::of(&cx).created(&donor).answering(&cx, &donor)).await?;
    Ok(donor)
}

async fn kept(world: &World, user: UserId, key: &str, millis: i64) -> Option<SavedAnswer> {
    world.answers().find(user, key, later(millis)).await.unwrap()
}

async fn an_answer_is_kept_for_its_user_for_24_hours(world: &World) {
    let key = "~".repeat(255);
    create(world, ME, &key, 0, "Ayşe").await.unwrap();
    let answer = SavedAnswer { key: key.clone(), fingerprint: [7; 32], body: "ğ Ayşe".into() };
    assert_eq!(kept(world, ME, &key, 0).await, Some(answer.clone()));
    assert_eq!(kept(world, ME, &key, DAY).await, Some(answer));
    assert_eq!(kept(world, ME, &key, DAY + 1).await, None);
    assert_eq!(kept(world, ME, "another", 0).await, None);
    assert_eq!(kept(world, YOU, &key, 0).await, None);
}

async fn a_used_key_stores_nothing_more(world: &World) {
    create(world, ME, "k", 0, "First").await.unwrap();
    for millis in [0, 5, DAY] {
        let again = create(world, ME, "k", millis, "Again").await;
        assert!(matches!(again, Err(StoreError::Replayed)), "{again:?}");
    }
    assert_eq!(world.texts("name", "FROM donors").await, ["First"]);
    assert_eq!(world.rows("changes").await, 1);
    assert_eq!(kept(world, ME, "k", 0).await.unwrap().body, "ğ First".as_bytes());
    assert!(world.verify().await.is_intact());
}

async fn an_expired_key_can_be_used_anew(world: &World) {
    create(world, ME, "k", 0, "First").await.unwrap();
    create(world, ME, "k", DAY + 1, "Second").await.unwrap();
    assert_eq!(kept(world, ME, "k", DAY + 1).await.unwrap().body, "ğ Second".as_bytes());
    assert_eq!(world.rows("donors").await, 2);
    let again = create(world, ME, "k", DAY + 2, "Third").await;
    assert!(matches!(again, Err(StoreError::Replayed)), "{again:?}");
}

async fn a_key_belongs_to_one_user(world: &World) {
    create(world, ME, "k", 0, "Mine").await.unwrap();
    create(world, YOU, "k", 0, "Yours").await.unwrap();
    assert_eq!(kept(world, ME, "k", 0).await.unwrap().body, "ğ Mine".as_bytes());
    assert_eq!(kept(world, YOU, "k", 0).await.unwrap().body, "ğ Yours".as_bytes());
}

async fn the_program_needs_no_answer_kept(world: &World) {
    let donor = world.donor("Seeded");
    let answer = SavedAnswer { key: "k".to_owned(), fingerprint: [0; 32], body: Vec::new() };
    for actor in [Actor::System("seed"), Actor::Anonymous] {
        let trail = Trail { answer: Some(answer.clone()), actor, ..created(&donor) };
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    assert_eq!(world.rows("answers").await, 0);
}

async fn what_is_past_its_time_is_forgotten(world: &World) {
    create(world, ME, "old", 0, "First").await.unwrap();
    create(world, ME, "new", 1, "Second").await.unwrap();
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let from = AddressKey::of("192.0.2.1".parse().unwrap());
    for millis in [0, 1] {
        let expires_at = later(DAY + millis);
        world.save_session(&Session { expires_at, ..world.session(user.id) }).await;
        let mut tx = world.accounts().begin().await.unwrap();
        tx.insert_login_attempt(&from, later(millis), Attempt::Counted).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
    }
    let changes = world.rows("changes").await;
    assert_eq!(world.store.forget_expired(later(DAY), 500).await.unwrap(), 0);
    assert_eq!(world.store.forget_expired(later(DAY + 1), 500).await.unwrap(), 3);
    assert_eq!(world.texts("key", "FROM answers").await, ["new"]);
    assert_eq!(world.rows("sessions").await, 1);
    assert_eq!(world.rows("login_attempts").await, 1);
    assert_eq!(world.rows("changes").await, changes, "forgetting is no change of a record");
}

async fn changed_since_names_the_fields_that_changed_meanwhile(world: &World) {
    let first = world.donor("First");
    let second = with(first.clone(), |it| {
        it.own.name = name("Second");
        it.own.notes = text(Some("a".to_owned()));
        it.version = Version::new(2);
    });
    let third = with(second.clone(), |it| {
        it.own.notes = None;
        it.own.contact_consent = true;
        it.version = Version::new(3);
    });
    let cx = as_system();
    let trail = created(&first).created(&world.donor("Somebody else"));
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    for (before, after) in [(&first, &second), (&second, &third)] {
        let trail = Trail::of(&cx).changed(before, after);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let since = async |version| {
        let mut unit = world.trail().begin().await.unwrap();
        unit.changed_since("donor", first.id.uuid(), Version::new(version)).await.unwrap()
    };
    assert_eq!(since(1).await, ["contact_consent", "name", "notes"]);
    assert_eq!(since(2).await, ["contact_consent", "notes"]);
    assert_eq!(since(3).await, [""; 0]);
    assert!(since(0).await.contains(&"kind".to_owned()));
    let mut unit = world.trail().begin().await.unwrap();
    let of_another_kind = unit.changed_since("campaign", first.id.uuid(), Version::new(0)).await;
    assert_eq!(of_another_kind.unwrap(), [""; 0]);
    drop(unit);
    assert_eq!(world.donors().find(first.id, Scope::All).await.unwrap(), None);
}
