//! What the trail keeps of a person can be read until that person's record is destroyed, and the chain
//! stays whole.

use almoner_audit::ChangeQuery;
use almoner_donations::Donor;
use almoner_kernel::{Action, Locale, PageRequest, Trail};
use almoner_persistence::{Rechained, Store};
use almoner_records::Kept;
use uuid::Uuid;

use crate::support::{
    Backend, World, as_system, email, lira, name, named, older, older::OlderChange, run_empty,
    session_noted, text, with,
};

on_both![
    personal_values_are_nowhere_in_the_trail_and_are_shown,
    a_destroyed_donor_takes_what_the_trail_says_of_them_along,
    a_donation_that_changes_its_donor_is_told_under_both,
    what_is_nobodys_is_kept_as_it_is,
    a_commit_of_many_people_makes_a_key_for_each,
    two_instances_make_one_key,
    values_are_read_in_no_other_row,
];

async fn history(world: &World, id: Uuid) -> Vec<(String, String)> {
    let query = ChangeQuery { entity_id: Some(id), ..ChangeQuery::default() };
    let page = world.trail().changes(&query, &PageRequest::default()).await.unwrap();
    page.items.into_iter().rev().map(|change| (change.before, change.after)).collect()
}

/// Everything that is stored of the trail, as text.
async fn stored(world: &World) -> String {
    let sealed = match world.backend {
        Backend::Sqlite => "quote(before_sealed) || quote(after_sealed)",
        Backend::Postgres => {
            "coalesce(encode(before_sealed, 'escape'), '') \
             || coalesce(encode(after_sealed, 'escape'), '')"
        }
    };
    let column = format!("before || after || search || coalesce(reason, '') || {sealed}");
    world.texts(&column, "FROM changes").await.join("\n")
}

async fn update(world: &World, before: &Kept<Donor>, after: &Kept<Donor>) {
    let mut tx = world.donors().begin().await.unwrap();
    tx.update(after).await.unwrap();
    tx.commit(Trail::of(&as_system()).changed(before, after)).await.unwrap();
}

async fn purge(world: &World, donor: &Kept<Donor>) {
    let mut tx = world.donors().begin().await.unwrap();
    tx.purge(donor.id).await.unwrap();
    tx.commit(Trail::of(&as_system()).noted(Action::Purged, donor, None)).await.unwrap();
}

async fn personal_values_are_nowhere_in_the_trail_and_are_shown(world: &World) {
    let donor = with(world.donor("Zeynep Kaya"), |it| {
        it.own.email = Some(email("zeynep@example.org"));
        it.own.notes = text(Some("Komşusu Fatma".to_owned()));
    });
    world.save_donor(&donor).await;
    let later = with(donor.clone(), |it| {
        it.own.notes = None;
        it.own.language = Some(Locale::parse("tr").unwrap());
        it.version = donor.version.next();
    });
    update(world, &donor, &later).await;
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named(&donor);
        it.own.notes = text(Some("Zeynep'in annesi için".to_owned()));
    });
    world.save_donation(&donation).await;
    world.save_user(&world.user("elif@example.org")).await.unwrap();

    let stored = stored(world).await;
    for personal in ["Zeynep", "zeynep", "Fatma", "fatma", "elif@example.org"] {
        assert!(!stored.contains(personal), "{personal} is in {stored}");
    }
    assert!(stored.contains("\"language\":\"tr\""), "{stored}");
    let told = history(world, donor.id.uuid()).await;
    assert!(told[0].1.contains(r#""name":"Zeynep Kaya""#), "{told:?}");
    assert_eq!(told[1].0, r#"{"language":null,"notes":"Komşusu Fatma"}"#);
    assert_eq!(told[1].1, r#"{"language":"tr","notes":null}"#);
    let told = history(world, donation.id.uuid()).await;
    assert!(told[0].1.contains("Zeynep'in annesi"), "{told:?}");
    assert_eq!(world.rows("subject_keys").await, 2);
    assert!(world.verify().await.is_intact());
}

async fn a_destroyed_donor_takes_what_the_trail_says_of_them_along(world: &World) {
    let (donor, other) = (world.donor("Zeynep"), world.donor("Ahmet"));
    let renamed = with(donor.clone(), |it| {
        it.own.name = name("Fatma");
        it.version = donor.version.next();
    });
    world.save_donor(&donor).await;
    world.save_donor(&other).await;
    update(world, &donor, &renamed).await;
    let donation = with(world.donation(lira(1)), |it| {
        it.own.donor_id = named(&donor);
        it.own.notes = text(Some("Zeynep".to_owned()));
    });
    world.save_donation(&donation).await;
    let mut tx = world.donations().begin().await.unwrap();
    tx.purge(donation.id).await.unwrap();
    tx.commit(Trail::of(&as_system()).noted(Action::Purged, &donation, None)).await.unwrap();
    assert!(history(world, donation.id.uuid()).await[0].1.contains("Zeynep"));

    let rehearsed = almoner_kernel::Context { dry_run: true, ..as_system() };
    let mut tx = world.donors().begin().await.unwrap();
    tx.purge(donor.id).await.unwrap();
    tx.commit(Trail::of(&rehearsed).noted(Action::Purged, &renamed, None)).await.unwrap();
    assert!(history(world, donor.id.uuid()).await[0].1.contains("Zeynep"), "it was a rehearsal");

    purge(world, &renamed).await;
    let erased = r#"{"name":{"erased":true}}"#;
    let told = history(world, donor.id.uuid()).await;
    assert!(told[0].1.contains(r#""name":{"erased":true}"#), "{told:?}");
    assert!(told[0].1.contains(r#""kind":"person""#), "{told:?}");
    assert_eq!(told[1], (erased.to_owned(), erased.to_owned()));
    assert!(history(world, donation.id.uuid()).await[0].1.contains(r#""notes":{"erased":true}"#));
    assert!(history(world, other.id.uuid()).await[0].1.contains("Ahmet"));
    assert!(world.verify().await.is_intact());
    assert_eq!(world.compare().await.differences, []);
    // Which fields changed is still known, and no new key stands in for the old one.
    let id = world.literal(donor.id.uuid());
    let keys = match world.backend {
        Backend::Sqlite => "hex(sealed)",
        Backend::Postgres => "encode(sealed, 'hex')",
    };
    let key = world.texts(keys, &format!("FROM subject_keys WHERE id = {id}")).await.remove(0);
    assert_eq!(key, "00".repeat(72));
}

async fn a_donation_that_changes_its_donor_is_told_under_both(world: &World) {
    let (one, two) = (world.donor("One"), world.donor("Two"));
    world.save_donor(&one).await;
    world.save_donor(&two).await;
    let notes = |text: &str| Some(text.to_owned());
    let nobodys = with(world.donation(lira(1)), |it| {
        it.own.notes = text(notes("first"));
    });
    let ones = with(nobodys.clone(), |it| {
        it.own.donor_id = named(&one);
        it.own.notes = text(notes("second"));
    });
    let twos = with(nobodys.clone(), |it| {
        it.own.donor_id = named(&two);
        it.own.notes = text(notes("third"));
    });
    world.save_donation(&nobodys).await;
    for (before, after) in [(&nobodys, &ones), (&ones, &twos), (&twos, &nobodys)] {
        let trail = Trail::of(&as_system()).changed(before, after);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let id = nobodys.id.uuid();
    let seen = async || {
        let told = history(world, id).await;
        let side = |text: &str| {
            ["first", "second", "third", "erased"].into_iter().find(|word| text.contains(word))
        };
        told.iter().skip(1).map(|(before, after)| (side(before), side(after))).collect::<Vec<_>>()
    };
    let [first, second, third, gone] = ["first", "second", "third", "erased"].map(Some);
    assert_eq!(seen().await, [(first, second), (second, third), (third, first)]);
    purge(world, &one).await;
    assert_eq!(seen().await, [(first, gone), (gone, third), (third, first)]);
    purge(world, &two).await;
    assert_eq!(seen().await, [(first, gone), (gone, gone), (gone, first)]);
    assert!(world.verify().await.is_intact());
}

async fn what_is_nobodys_is_kept_as_it_is(world: &World) {
    let campaign = world.campaign("Zeynep'in kampanyası");
    world.save_campaign(&campaign).await.unwrap();
    world.save_donation(&world.donation(lira(1))).await;
    world.trail().begin().await.unwrap().commit(session_noted()).await.unwrap();
    assert!(stored(world).await.contains("Zeynep'in kampanyası"));
    assert_eq!(world.rows("subject_keys").await, 0);
}

async fn a_commit_of_many_people_makes_a_key_for_each(world: &World) {
    let donors: Vec<_> = (0..450).map(|n| world.donor(&format!("Donor {n}"))).collect();
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert_all(&donors).await.unwrap();
    let mut trail = Trail::of(&as_system());
    for donor in &donors {
        trail = trail.created(donor).created(donor);
    }
    tx.commit(trail).await.unwrap();
    assert_eq!(world.rows("subject_keys").await, 450);
    for (n, donor) in donors.iter().enumerate().step_by(97) {
        let told = history(world, donor.id.uuid()).await;
        assert_eq!(told.len(), 2);
        assert!(
            told.iter().all(|(_, after)| after.contains(&format!("\"Donor {n}\""))),
            "{told:?}"
        );
    }
}

async fn two_instances_make_one_key(world: &World) {
    let other = Store::open(world.options(false, 2)).await.unwrap();
    for n in 0..10 {
        let donor = world.donor(&format!("Donor {n}"));
        let commit = async |store: &Store| {
            let trail: &dyn almoner_audit::AuditTrail = store;
            // One of them has several changes, and looks for keys before the end of the trail is its own.
            let told = Trail::of(&as_system()).created(&donor);
            trail.begin().await.unwrap().commit(told).await.unwrap();
        };
        let several = async {
            let trail: &dyn almoner_audit::AuditTrail = &other;
            let told = Trail::of(&as_system()).created(&donor).created(&donor);
            trail.begin().await.unwrap().commit(told).await.unwrap();
        };
        tokio::join!(commit(&world.store), several, commit(&other));
        let told = history(world, donor.id.uuid()).await;
        assert_eq!(told.len(), 4);
        assert!(
            told.iter().all(|(_, after)| after.contains(&format!("\"Donor {n}\""))),
            "{told:?}"
        );
    }
    assert_eq!(world.rows("subject_keys").await, 10);
    other.close().await.unwrap();
}

async fn values_are_read_in_no_other_row(world: &World) {
    let donor = world.donor("Zeynep");
    world.save_donor(&donor).await;
    let renamed = with(donor.clone(), |it| {
        it.own.name = name("Fatma");
        it.version = donor.version.next();
    });
    update(world, &donor, &renamed).await;
    let unlocked = match world.backend {
        Backend::Sqlite => "DROP TRIGGER changes_no_update",
        Backend::Postgres => "DROP TRIGGER changes_append_only ON changes",
    };
    world.sql(unlocked).await;
    world.sql("UPDATE changes SET before_sealed = after_sealed WHERE position = 2").await;
    let page = PageRequest::default();
    let shown = world.trail().changes(&ChangeQuery::default(), &page).await;
    assert!(matches!(shown, Err(almoner_kernel::StoreError::Damaged(_))), "{shown:?}");
}

mod older_trails {
    #[test]
    fn on_sqlite() {
        super::run_empty(super::Backend::Sqlite, super::an_older_trail);
    }

    #[test]
    #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
    fn on_postgres() {
        super::run_empty(super::Backend::Postgres, super::an_older_trail);
    }
}

async fn an_older_trail(world: &World) {
    world.store.migrate_up(Some(older::STEPS)).await.unwrap();
    let (kept, purged, gift, other, user) = (0xD1, 0xD2, 0xE1, 0xE2, 0xF1);
    let id = |id: u128| world.literal(Uuid::from_u128(id));
    let no = match world.backend {
        Backend::Sqlite => "0",
        Backend::Postgres => "FALSE",
    };
    world
        .sql(&format!(
            "INSERT INTO donors (id, kind, name, name_folded, contact_consent, search, version,
                                 created_at, updated_at)
             VALUES ({}, 'person', 'Zeynep', 'zeynep', {no}, 'zeynep', 1, 1, 1)",
            id(kept)
        ))
        .await;
    let donor = |id: u128| Uuid::from_u128(id).to_string();
    world
        .older_trail(&[
            OlderChange::new("created", "donor", kept, 1)
                .to(r#"{"kind":"person","name":"Zeynep"}"#),
            OlderChange::new("created", "donor", purged, 1)
                .to(r#"{"kind":"person","name":"Fatma"}"#),
            OlderChange::new("created", "donation", gift, 1).to(&format!(
                r#"{{"donor_id":"{}","notes":"Zeynep'ten","state":"pending"}}"#,
                donor(kept)
            )),
            // Says nothing of its donor: that follows from what came before.
            OlderChange::new("updated", "donation", gift, 2)
                .from(r#"{"notes":"Zeynep'ten"}"#)
                .to(r#"{"notes":"Zeynep'in annesinden"}"#),
            OlderChange::new("created", "donation", other, 1).to(r#"{"notes":"isimsiz"}"#),
            OlderChange::new("created", "user", user, 1).to(r#"{"name":"Elif","role":"viewer"}"#),
            OlderChange::new("purged", "donor", purged, 1),
            OlderChange::new("purged", "donation", gift, 2),
        ])
        .await;
    world.store.migrate_up(None).await.unwrap();
    let anew = world.store.chain_anew(&mut |_, _| {}).await.unwrap();
    assert!(matches!(anew, Rechained::Done { .. }), "{anew:?}");
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (8, None));
    assert_eq!(world.compare().await.differences, []);

    let stored = stored(world).await;
    for personal in ["Zeynep", "zeynep", "Fatma", "Elif"] {
        assert!(!stored.contains(personal), "{personal} is in {stored}");
    }
    assert!(stored.contains("isimsiz"), "it is nobody's");
    let told = async |id: u128| history(world, Uuid::from_u128(id)).await;
    assert_eq!(told(kept).await[0].1, r#"{"kind":"person","name":"Zeynep"}"#);
    assert_eq!(told(purged).await[0].1, r#"{"kind":"person","name":{"erased":true}}"#);
    assert_eq!(told(gift).await[1].1, r#"{"notes":"Zeynep'in annesinden"}"#);
    assert_eq!(told(user).await[0].1, r#"{"name":"Elif","role":"viewer"}"#);
    let subject = "FROM changes WHERE position = 4 AND subject_id = ";
    assert_eq!(world.number("count(*)", &format!("{subject}{}", id(kept))).await, 1);
}
