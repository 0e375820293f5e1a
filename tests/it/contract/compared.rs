//! Somebody with full access to the database touches records: a comparison with their last sealed state
//! names them.

use almoner_audit::{Comparison, Difference, Floor, How, Mark, Seal};
use almoner_donations::{Donation, Donor};
use almoner_kernel::{Action, Locale, Trail};
use almoner_records::{Kept, Sealed};
use uuid::Uuid;

use crate::support::{
    AUDIT_KEY, Backend, World, as_system, email, for_campaign, lira, name, named, national_id,
    phone, text, with,
};

on_both![
    untouched_records_are_as_their_last_changes_left_them,
    whatever_column_was_altered_the_record_is_named,
    a_record_that_was_put_in_or_taken_out_is_named,
    a_donor_with_another_name_leaves_the_donations_as_they_were,
    a_deleted_record_is_not_missed,
    many_changes_of_one_commit_seal_what_each_record_is_in_the_end,
    a_record_whose_changes_are_past_their_time_is_compared_all_the_same,
    more_records_than_a_batch_are_all_compared,
];

async fn found(world: &World) -> Vec<Difference> {
    let comparison = world.compare().await;
    assert_eq!(comparison.all, comparison.differences.len() as u64);
    comparison.differences
}

fn of(entity: &'static str, id: Uuid, how: How) -> Vec<Difference> {
    vec![Difference { entity, id, how }]
}

struct Office {
    donor: Kept<Donor>,
    donation: Kept<Donation>,
}

async fn office(world: &World) -> Office {
    let donor = with(world.donor("Ayşe"), |it| {
        it.own.email = Some(email("ayse@example.org"));
        it.own.phone = Some(phone("+905321112233"));
        it.own.address = text(Some("Ankara".to_owned()));
        it.own.language = Some(Locale::parse("tr").unwrap());
        it.own.notes = text(Some("Bir not".to_owned()));
    });
    let donor = with(donor, |it| it.own.identity = Some(Sealed::fresh(national_id(1))));
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert(&donor).await.unwrap();
    tx.commit(Trail::of(&as_system()).created(&donor)).await.unwrap();
    let campaign = world.campaign("Su");
    world.save_campaign(&campaign).await.unwrap();
    let donation = with(world.donation(lira(5_000)), |it| {
        it.own.donor_id = named(&donor);
        it.own.campaign_id = for_campaign(&campaign);
        it.own.reference = text(Some("R-1".to_owned()));
    });
    world.save_donation(&donation).await;
    world.save_user(&world.user("elif@example.org")).await.unwrap();
    Office { donor, donation }
}

async fn untouched_records_are_as_their_last_changes_left_them(world: &World) {
    office(world).await;
    let comparison = world.compare().await;
    assert_eq!(comparison, Comparison { records: 4, ..Comparison::default() });
}

async fn whatever_column_was_altered_the_record_is_named(world: &World) {
    let Office { donor, donation } = office(world).await;
    let no = match world.backend {
        Backend::Sqlite => "1",
        Backend::Postgres => "TRUE",
    };
    let (donor, donation) = (donor.id.uuid(), donation.id.uuid());
    for (table, entity, id, alteration) in [
        ("donors", "donor", donor, "name = 'Ayse'".to_owned()),
        ("donors", "donor", donor, "email = NULL".to_owned()),
        ("donors", "donor", donor, "notes = ''".to_owned()),
        ("donors", "donor", donor, "kind = 'organisation'".to_owned()),
        ("donors", "donor", donor, format!("contact_consent = {no}")),
        ("donors", "donor", donor, "identity_sealed = NULL".to_owned()),
        ("donors", "donor", donor, format!("identity_hash = {}", world.bytes(&[1; 32]))),
        ("donors", "donor", donor, "created_at = created_at - 1".to_owned()),
        ("donors", "donor", donor, "deleted_at = 1".to_owned()),
        ("donations", "donation", donation, "amount_minor = 50000".to_owned()),
        ("donations", "donation", donation, "state = 'completed', settled_at = 1".to_owned()),
        ("donations", "donation", donation, "donated_on = '2025-01-01'".to_owned()),
        ("donations", "donation", donation, "donor_id = NULL".to_owned()),
        ("donations", "donation", donation, "version = 2".to_owned()),
    ] {
        world.sql(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
        world.sql(&format!("UPDATE {table} SET {alteration}")).await;
        assert_eq!(found(world).await, of(entity, id, How::Altered), "{alteration}");
        let column = alteration.split(' ').next().unwrap();
        world.sql(&format!("UPDATE {table} SET {column} = (SELECT {column} FROM kept)")).await;
        if alteration.contains("settled_at") {
            world.sql("UPDATE donations SET settled_at = NULL").await;
        }
        world.sql("DROP TABLE kept").await;
        assert_eq!(found(world).await, [], "{alteration}");
    }
    world.sql("UPDATE users SET password_hash = 'mine'").await;
    let differences = found(world).await;
    assert_eq!((differences[0].entity, differences[0].how), ("user", How::Altered));
    assert!(world.verify().await.is_intact(), "the chain itself says nothing of it");
}

async fn a_record_that_was_put_in_or_taken_out_is_named(world: &World) {
    let Office { donation, .. } = office(world).await;
    let mut tx = world.donors().begin().await.unwrap();
    let smuggled = world.donor("Nobody");
    tx.insert(&smuggled).await.unwrap();
    // A trail of something else: the record itself has none.
    tx.commit(crate::support::session_noted()).await.unwrap();
    assert_eq!(found(world).await, of("donor", smuggled.id.uuid(), How::Unrecorded));
    let id = world.literal(smuggled.id.uuid());
    world.sql(&format!("DELETE FROM donors WHERE id = {id}")).await;
    world.sql("DELETE FROM donations").await;
    assert_eq!(found(world).await, of("donation", donation.id.uuid(), How::Gone));
}

async fn a_donor_with_another_name_leaves_the_donations_as_they_were(world: &World) {
    let Office { donor, .. } = office(world).await;
    let before = world.texts("donor_search", "FROM donations").await;
    let renamed = with(donor.clone(), |it| {
        it.own.name = name("Fatma");
        it.version = donor.version.next();
    });
    let mut tx = world.donors().begin().await.unwrap();
    tx.update(&renamed).await.unwrap();
    let trail = Trail::of(&as_system()).changed(&donor, &renamed);
    tx.commit(trail).await.unwrap();
    assert_ne!(world.texts("donor_search", "FROM donations").await, before);
    assert_eq!(found(world).await, []);
}

async fn a_deleted_record_is_not_missed(world: &World) {
    let donor = world.donor("Purged");
    world.save_donor(&donor).await;
    let mut tx = world.donors().begin().await.unwrap();
    tx.purge(donor.id).await.unwrap();
    tx.commit(Trail::of(&as_system()).noted(Action::Purged, &donor, None)).await.unwrap();
    assert_eq!(found(world).await, []);
    // Brought back from a backup by somebody, it is one that should not be there.
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert(&donor).await.unwrap();
    tx.commit(crate::support::session_noted()).await.unwrap();
    assert_eq!(found(world).await, of("donor", donor.id.uuid(), How::Altered));
}

async fn many_changes_of_one_commit_seal_what_each_record_is_in_the_end(world: &World) {
    let donors: Vec<_> = (0..450).map(|n| world.donor(&format!("Donor {n}"))).collect();
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert_all(&donors).await.unwrap();
    let mut trail = Trail::of(&as_system());
    for donor in &donors {
        trail = trail.created(donor);
    }
    let first = &donors[0];
    let later = with(first.clone(), |it| {
        it.own.name = name("Later");
        it.version = first.version.next();
    });
    tx.update(&later).await.unwrap();
    tx.commit(trail.changed(first, &later)).await.unwrap();
    assert_eq!(world.compare().await, Comparison { records: 450, ..Comparison::default() });
}

async fn a_record_whose_changes_are_past_their_time_is_compared_all_the_same(world: &World) {
    let [one, two, gone] = ["One", "Two", "Gone"].map(|called| world.donor(called));
    for donor in [&one, &two, &gone] {
        world.save_donor(donor).await;
    }
    let mut tx = world.donors().begin().await.unwrap();
    tx.purge(gone.id).await.unwrap();
    tx.commit(Trail::of(&as_system()).noted(Action::Purged, &gone, None)).await.unwrap();
    world.save_campaign(&world.campaign("Su")).await.unwrap();
    world.sql("UPDATE webhook_position SET position = 100").await;
    let seal = Seal::new(AUDIT_KEY);
    for (from, to) in [(0, 2), (2, 4)] {
        let rows = world.trail().sealed(from, 2).await.unwrap();
        let mac = rows[1].mac.as_slice().try_into().unwrap();
        let mark = Mark { position: to, mac: almoner_audit::Mac::from_bytes(mac) };
        let removed = world.trail().raise_floor(from, &Floor::behind(&mark, &seal)).await.unwrap();
        assert_eq!(removed, 2);
        assert_eq!(found(world).await, []);
    }
    assert_eq!(world.rows("sealed_states").await, 2);
    let id = world.literal(one.id.uuid());
    world.sql(&format!("UPDATE donors SET name = 'Uno' WHERE id = {id}")).await;
    assert_eq!(found(world).await, of("donor", one.id.uuid(), How::Altered));
    world.sql(&format!("DELETE FROM donors WHERE id = {id}")).await;
    assert_eq!(found(world).await, of("donor", one.id.uuid(), How::Gone));
    // Another key knows none of it, and a state that was taken away is missed.
    world.sql("DELETE FROM sealed_states").await;
    assert_eq!(found(world).await, of("donor", two.id.uuid(), How::Unrecorded));
}

async fn more_records_than_a_batch_are_all_compared(world: &World) {
    let donors: Vec<_> = (0..1_200).map(|n| world.donor(&format!("Donor {n}"))).collect();
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert_all(&donors).await.unwrap();
    // Of all but the last hundred and fifty there is a change.
    let mut trail = Trail::of(&as_system());
    for donor in &donors[..1_050] {
        trail = trail.created(donor);
    }
    tx.commit(trail).await.unwrap();
    let comparison = world.compare().await;
    assert_eq!((comparison.records, comparison.all), (1_200, 150));
    assert_eq!(comparison.differences.len(), Comparison::NAMED);
    assert!(comparison.differences.iter().all(|one| one.how == How::Unrecorded));
}
