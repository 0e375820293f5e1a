//! Identity numbers: unreadable in the database, found and shown again with the keys alone.

use std::fs;

use almoner_donations::Donor;
use almoner_kernel::{IdentityKind, IdentityNumber, Scope, StoreError};
use almoner_persistence::{Store, StoreKeys, StoreOptions};
use almoner_records::{Field, Kept, Key, Record, Repository, Sealed};

use crate::support::{AUDIT_KEY, Backend, World, later, national_id, with};

on_both![
    a_number_stands_nowhere_in_the_database,
    a_number_is_found_and_shown_again,
    the_same_digits_of_another_kind_are_another_number,
    a_number_can_be_replaced_and_removed,
    a_number_belongs_to_one_donor,
    a_donor_in_the_trash_gives_its_number_free_and_may_not_get_it_back,
    the_same_number_is_sealed_differently_each_time,
    a_sealed_number_that_was_moved_to_another_donor_is_unreadable,
    a_sealed_number_that_was_altered_is_unreadable,
    another_key_neither_finds_nor_reads_a_number,
    an_ordinary_change_leaves_the_number_alone,
];

fn numbered(donor: Kept<Donor>, number: Option<&IdentityNumber>) -> Kept<Donor> {
    with(donor, |it| it.own.identity = number.cloned().map(Sealed::fresh))
}

/// The donor as it is read again: with what may be shown.
fn shown(donor: Kept<Donor>, number: &IdentityNumber) -> Kept<Donor> {
    with(donor, |it| it.own.identity = Some(Sealed::on_file(number.on_file())))
}

fn field() -> &'static Field {
    Donor::KIND.field("identity").unwrap()
}

fn key(number: &IdentityNumber) -> Key {
    Key::Secret(number.kind().as_str().to_owned(), number.expose().to_owned())
}

async fn with_number(world: &World, called: &str, number: &IdentityNumber) -> Kept<Donor> {
    let donor = numbered(world.donor(called), Some(number));
    world.save(&donor).await.unwrap();
    shown(donor, number)
}

async fn read(world: &World, donor: &Kept<Donor>) -> Result<Option<IdentityNumber>, StoreError> {
    read_from(world.donors(), donor).await
}

async fn read_from(
    donors: &dyn Repository<Donor>,
    donor: &Kept<Donor>,
) -> Result<Option<IdentityNumber>, StoreError> {
    let secret = donors.begin().await.unwrap().secret(field(), donor.id).await?;
    Ok(secret.map(|(kind, number)| {
        IdentityNumber::parse(IdentityKind::parse(&kind).unwrap(), &number).unwrap()
    }))
}

/// Stores the donor one version later, with another number.
async fn set(world: &World, donor: &Kept<Donor>, number: Option<&IdentityNumber>) -> Kept<Donor> {
    world.change(&numbered(donor.clone(), number)).await.unwrap()
}

async fn found(world: &World, number: &IdentityNumber) -> Vec<Kept<Donor>> {
    world.donors().lookup(field(), &key(number), Scope::All, 20).await.unwrap()
}

async fn a_number_stands_nowhere_in_the_database(world: &World) {
    let numbers = [national_id(1), national_id(2)];
    let donor = with_number(world, "Ayşe", &numbers[0]).await;
    set(world, &donor, Some(&numbers[1])).await;
    assert_eq!(found(world, &numbers[1]).await.len(), 1);

    for number in &numbers {
        let number = number.expose();
        match world.backend {
            Backend::Sqlite => {
                world.store.close().await.unwrap();
                let mut looked_through = 0;
                for file in fs::read_dir(world.file().parent().unwrap()).unwrap() {
                    let bytes = fs::read(file.unwrap().path()).unwrap();
                    looked_through += bytes.len();
                    let is_in_there =
                        bytes.windows(number.len()).any(|window| window == number.as_bytes());
                    assert!(!is_in_there);
                }
                assert!(looked_through > 10_000);
            }
            Backend::Postgres => {
                let hex: String = number.bytes().map(|byte| format!("{byte:02x}")).collect();
                for table in ["donors", "changes"] {
                    for row in world.texts(&format!("{table}.*"), &format!("FROM {table}")).await {
                        assert!(!row.contains(number) && !row.contains(&hex), "{row}");
                        assert!(row.contains("Ayşe") || table == "changes");
                    }
                }
            }
        }
    }
}

async fn a_number_is_found_and_shown_again(world: &World) {
    let numbers = [
        national_id(1),
        IdentityNumber::parse(IdentityKind::TrTaxNumber, "1234567890").unwrap(),
        IdentityNumber::parse(IdentityKind::ForeignId, "ç-9/Ğ.1").unwrap(),
        IdentityNumber::parse(IdentityKind::ForeignId, &"Ω".repeat(40)).unwrap(),
    ];
    for number in &numbers {
        let donor = with_number(world, "Somebody", number).await;
        assert_eq!(found(world, number).await, std::slice::from_ref(&donor));
        assert_eq!(read(world, &donor).await.unwrap().as_ref(), Some(number));
    }
    let without = world.donor("Without");
    world.save_donor(&without).await;
    assert_eq!(read(world, &without).await.unwrap(), None);
    assert_eq!(found(world, &national_id(9)).await, []);
}

async fn the_same_digits_of_another_kind_are_another_number(world: &World) {
    let national = national_id(1);
    let foreign = IdentityNumber::parse(IdentityKind::ForeignId, national.expose()).unwrap();
    let one = with_number(world, "One", &national).await;
    let other = with_number(world, "Other", &foreign).await;
    assert_eq!(found(world, &national).await, [one]);
    assert_eq!(found(world, &foreign).await, [other]);
}

async fn a_number_can_be_replaced_and_removed(world: &World) {
    let donor = with_number(world, "Ayşe", &national_id(1)).await;
    let donor = set(world, &donor, Some(&national_id(2))).await;
    assert_eq!(read(world, &donor).await.unwrap(), Some(national_id(2)));
    assert_eq!(found(world, &national_id(1)).await, []);
    let again = world.donors().find(donor.id, Scope::All).await.unwrap().unwrap();
    assert_eq!(again, shown(donor.clone(), &national_id(2)));

    let donor = set(world, &donor, None).await;
    assert_eq!(read(world, &donor).await.unwrap(), None);
    assert_eq!(found(world, &national_id(2)).await, []);
    let again = world.donors().find(donor.id, Scope::All).await.unwrap().unwrap();
    assert_eq!(again.identity, None);
    let left = world.number(
        "count(*)",
        "FROM donors WHERE identity_kind IS NOT NULL OR identity_masked IS NOT NULL
         OR identity_sealed IS NOT NULL OR identity_hash IS NOT NULL",
    );
    assert_eq!(left.await, 0);
}

fn is_taken<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Taken("identity")))
}

async fn a_number_belongs_to_one_donor(world: &World) {
    with_number(world, "First", &national_id(1)).await;
    let second = world.donor("Second");
    let twin = world.save(&numbered(second.clone(), Some(&national_id(1)))).await;
    assert!(is_taken(&twin), "{twin:?}");
    world.save_donor(&second).await;
    let twin = world.change(&numbered(second, Some(&national_id(1)))).await;
    assert!(is_taken(&twin), "{twin:?}");
    let mut tx = world.donors().begin().await.unwrap();
    let twins = ["Third", "Fourth"].map(|name| numbered(world.donor(name), Some(&national_id(3))));
    let twin = tx.insert_all(&twins).await;
    assert!(is_taken(&twin), "{twin:?}");
    drop(tx);
    assert_eq!(world.rows("donors").await, 2);
}

async fn a_donor_in_the_trash_gives_its_number_free_and_may_not_get_it_back(world: &World) {
    let number = national_id(1);
    let first = with_number(world, "First", &number).await;
    let trashed = with(first, |it| {
        it.deleted_at = Some(later(1));
    });
    let trashed = world.change_donor(&trashed).await.unwrap();
    assert_eq!(found(world, &number).await, []);

    let second = with_number(world, "Second", &number).await;
    assert_eq!(found(world, &number).await, std::slice::from_ref(&second));
    let restored = world
        .change_donor(&with(trashed.clone(), |it| {
            it.deleted_at = None;
        }))
        .await;
    assert!(is_taken(&restored), "{restored:?}");

    let second = with(second, |it| {
        it.deleted_at = Some(later(2));
    });
    world.change_donor(&second).await.unwrap();
    let restored = world
        .change_donor(&with(trashed, |it| {
            it.deleted_at = None;
        }))
        .await
        .unwrap();
    assert_eq!(found(world, &number).await, std::slice::from_ref(&restored));
    assert_eq!(read(world, &restored).await.unwrap(), Some(number));
}

async fn the_same_number_is_sealed_differently_each_time(world: &World) {
    let donor = with_number(world, "Ayşe", &national_id(1)).await;
    let sealed = async || world.texts(sealed_hex(world), "FROM donors").await;
    let before = sealed().await;
    set(world, &donor, Some(&national_id(1))).await;
    assert_ne!(sealed().await, before);
    assert_eq!(read(world, &donor).await.unwrap(), Some(national_id(1)));
}

fn sealed_hex(world: &World) -> &'static str {
    match world.backend {
        Backend::Sqlite => "hex(identity_sealed)",
        Backend::Postgres => "encode(identity_sealed, 'hex')",
    }
}

async fn a_sealed_number_that_was_moved_to_another_donor_is_unreadable(world: &World) {
    let victim = with_number(world, "Victim", &national_id(1)).await;
    let thief = with_number(world, "Thief", &national_id(2)).await;
    world
        .sql(&format!(
            "UPDATE donors SET identity_sealed =
             (SELECT identity_sealed FROM donors WHERE id = {}) WHERE id = {}",
            world.literal(victim.id.uuid()),
            world.literal(thief.id.uuid()),
        ))
        .await;
    let stolen = read(world, &thief).await;
    assert!(matches!(stolen, Err(StoreError::Damaged(_))), "{stolen:?}");
    assert_eq!(read(world, &victim).await.unwrap(), Some(national_id(1)));
}

async fn a_sealed_number_that_was_altered_is_unreadable(world: &World) {
    let donor = with_number(world, "Ayşe", &national_id(1)).await;
    let nothing = match world.backend {
        Backend::Sqlite => ["X''", "X'00'", "zeroblob(51)"],
        Backend::Postgres => [r"'\x'", r"'\x00'", "decode(repeat('00', 51), 'hex')"],
    };
    for sealed in nothing {
        world.sql(&format!("UPDATE donors SET identity_sealed = {sealed}")).await;
        let altered = read(world, &donor).await;
        assert!(matches!(altered, Err(StoreError::Damaged(_))), "{sealed}: {altered:?}");
    }
}

async fn another_key_neither_finds_nor_reads_a_number(world: &World) {
    let donor = with_number(world, "Ayşe", &national_id(1)).await;
    let keys = StoreKeys { audit: AUDIT_KEY, vault: [8; 32], lookup: [9; 32], records: [4; 32] };
    let stranger = Store::open(StoreOptions { keys, ..world.options(false, 2) }).await.unwrap();
    let donors: &dyn Repository<Donor> = &stranger;
    let found = donors.lookup(field(), &key(&national_id(1)), Scope::All, 20).await.unwrap();
    assert_eq!(found, []);
    let unreadable = read_from(donors, &donor).await;
    assert!(matches!(unreadable, Err(StoreError::Damaged(_))), "{unreadable:?}");
    stranger.close().await.unwrap();
}

async fn an_ordinary_change_leaves_the_number_alone(world: &World) {
    let donor = with_number(world, "Ayşe", &national_id(1)).await;
    // What was read has the number masked, and that is not what is stored.
    let renamed = with(donor, |it| it.own.name = crate::support::name("Fatma"));
    let after = world.change(&renamed).await.unwrap();
    assert_eq!(read(world, &after).await.unwrap(), Some(national_id(1)));
    let again = world.donors().find(after.id, Scope::All).await.unwrap().unwrap();
    assert_eq!(again, shown(after, &national_id(1)));
}
