//! Donors are kept as they were given.

use almoner_donations::{Donor, DonorKind, DonorLookup, DonorQuery};
use almoner_kernel::{IdentityKind, IdentityNumber, PageRequest, Scope, StoreError, UserId};
use uuid::Uuid;

use crate::support::{World, changed, created, donor_ids, email, later, name, phone};

on_both![
    a_donor_with_every_field_comes_back_as_it_was,
    a_donor_with_as_little_as_possible_comes_back_as_it_was,
    texts_of_the_largest_size_and_of_every_script_come_back,
    every_field_can_be_changed_and_emptied,
    many_donors_at_once_are_the_same_as_one_after_the_other,
    a_change_from_an_older_version_is_refused,
    a_donor_that_does_not_exist_cannot_be_changed_or_purged,
    lookup_finds_by_email_without_case_and_by_phone,
    lookup_is_newest_first_and_stops_at_its_limit,
    a_purged_donor_is_gone,
    a_donor_with_donations_cannot_be_purged_behind_the_back_of_the_domain,
];

fn full(world: &World) -> Donor {
    Donor {
        kind: DonorKind::Organisation,
        email: Some(email("Işık.Vakfı@Örnek.org.tr")),
        phone: Some(phone("0532 123 45 67")),
        address: Some("Atatürk Bulvarı 1/2\nÇankaya, Ankara".to_owned()),
        language: Some("zh-Hant-TW".to_owned()),
        notes: Some("Yıl sonunda aranmak istiyor 🕌 “quoted” 'too'".to_owned()),
        contact_consent: true,
        created_by: Some(UserId::new(Uuid::from_u128(7))),
        created_at: later(1),
        updated_at: later(2),
        deleted_at: Some(later(-1)),
        ..world.donor("IŞIK VAKFI ğüşöç İı")
    }
}

async fn a_donor_with_every_field_comes_back_as_it_was(world: &World) {
    let number = IdentityNumber::parse(IdentityKind::ForeignId, "U-12/34.5").unwrap();
    let donor = Donor { identity: Some(number.on_file()), ..full(world) };
    world.save_donor_with(&donor, Some(&number)).await.unwrap();

    let found = world.donors().find(donor.id, Scope::All).await.unwrap();
    assert_eq!(found.as_ref(), Some(&donor));
    let mut tx = world.donors().begin().await.unwrap();
    assert_eq!(tx.donor(donor.id, Scope::All).await.unwrap(), Some(donor));
}

async fn a_donor_with_as_little_as_possible_comes_back_as_it_was(world: &World) {
    let donor = world.donor("A");
    world.save_donor(&donor).await;

    let page = PageRequest::default();
    let page = world.donors().list(&DonorQuery::default(), Scope::All, &page).await.unwrap();
    assert_eq!(page.items, std::slice::from_ref(&donor));
    assert_eq!(world.donors().find(donor.id, Scope::All).await.unwrap(), Some(donor));
}

async fn texts_of_the_largest_size_and_of_every_script_come_back(world: &World) {
    for letter in ["x", "ğ", "永", "𝒜", "👩‍👩‍👧", "हि", "א", "\u{10ffff}"] {
        let filled = |chars: usize| letter.chars().cycle().take(chars).collect::<String>();
        let donor = Donor {
            address: Some(filled(Donor::MAX_ADDRESS)),
            notes: Some(filled(Donor::MAX_NOTES)),
            ..world.donor(&format!("A{}", filled(199)))
        };
        world.save_donor(&donor).await;
        assert_eq!(world.donors().find(donor.id, Scope::All).await.unwrap(), Some(donor));
    }
}

async fn every_field_can_be_changed_and_emptied(world: &World) {
    let little = Donor { deleted_at: None, ..world.donor("A") };
    world.save_donor(&little).await;
    let much = Donor { id: little.id, ..full(world) };
    let much = world.change_donor(&much).await.unwrap();
    assert_eq!(world.donors().find(little.id, Scope::All).await.unwrap(), Some(much.clone()));

    let little = world.change_donor(&Donor { version: much.version, ..little }).await.unwrap();
    assert_eq!(world.donors().find(little.id, Scope::All).await.unwrap(), Some(little));
}

async fn many_donors_at_once_are_the_same_as_one_after_the_other(world: &World) {
    // More than one statement has room for.
    let donors: Vec<Donor> = (0..450)
        .map(|n| match n % 3 {
            0 => Donor { deleted_at: None, ..full(world) },
            _ => world.donor(&format!("Donor {n}")),
        })
        .collect();
    world.save_donors(&donors).await;
    for donor in &donors {
        assert_eq!(world.donors().find(donor.id, Scope::All).await.unwrap().as_ref(), Some(donor));
    }
    let mut tx = world.donors().begin().await.unwrap();
    tx.insert_donors(&[]).await.unwrap();
}

async fn a_change_from_an_older_version_is_refused(world: &World) {
    let first = world.donor("First");
    world.save_donor(&first).await;
    let second =
        world.change_donor(&Donor { name: name("Second"), ..first.clone() }).await.unwrap();

    let late = world.change_donor(&Donor { name: name("Late"), ..first.clone() }).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    let early = world.change_donor(&Donor { version: second.version.next(), ..first }).await;
    assert!(matches!(early, Err(StoreError::Raced)), "{early:?}");
    assert_eq!(world.donors().find(second.id, Scope::All).await.unwrap(), Some(second));
}

async fn a_donor_that_does_not_exist_cannot_be_changed_or_purged(world: &World) {
    let nobody = world.donor("Nobody");
    let mut tx = world.donors().begin().await.unwrap();
    assert!(matches!(tx.update_donor(&nobody).await, Err(StoreError::Raced)));
    assert!(matches!(tx.set_identity(nobody.id, None).await, Err(StoreError::Raced)));
    assert!(matches!(tx.purge_donor(nobody.id).await, Err(StoreError::Raced)));
    assert_eq!(tx.identity(nobody.id).await.unwrap(), None);
    assert!(!tx.donor_has_donations(nobody.id).await.unwrap());
}

async fn lookup_finds_by_email_without_case_and_by_phone(world: &World) {
    let donor = Donor {
        email: Some(email("Ayşe.IŞIK@Example.org")),
        phone: Some(phone("+49 30 901820")),
        ..world.donor("Ayşe")
    };
    world.save_donor(&donor).await;
    world.save_donor(&world.donor("Somebody else")).await;

    let found =
        async |lookup| donor_ids(&world.donors().lookup(&lookup, Scope::All, 20).await.unwrap());
    for typed in ["Ayşe.IŞIK@Example.org", "ayşe.iŞik@EXAMPLE.ORG"] {
        let lookup = DonorLookup::Email(email(typed));
        assert_eq!(found(lookup).await, [donor.id], "{typed}");
    }
    assert_eq!(found(DonorLookup::Email(email("ayse@example.org"))).await, []);
    assert_eq!(found(DonorLookup::Phone(phone("+4930901820"))).await, [donor.id]);
    assert_eq!(found(DonorLookup::Phone(phone("0532 123 45 67"))).await, []);
}

async fn lookup_is_newest_first_and_stops_at_its_limit(world: &World) {
    let address = email("family@example.org");
    let shared = Some(address.clone());
    let mut family: Vec<Donor> =
        (0..5).map(|_| Donor { email: shared.clone(), ..world.donor("One of us") }).collect();
    family[2].deleted_at = Some(later(0));
    world.save_donors(&family).await;

    let lookup = DonorLookup::Email(address);
    let found = world.donors().lookup(&lookup, Scope::All, 3).await.unwrap();
    assert_eq!(donor_ids(&found), [family[4].id, family[3].id, family[1].id]);
}

async fn a_purged_donor_is_gone(world: &World) {
    let donor = full(world);
    world.save_donor(&donor).await;
    let mut tx = world.donors().begin().await.unwrap();
    assert!(!tx.donor_has_donations(donor.id).await.unwrap());
    tx.purge_donor(donor.id).await.unwrap();
    tx.commit(changed(&donor)).await.unwrap();

    assert_eq!(world.donors().find(donor.id, Scope::All).await.unwrap(), None);
    assert_eq!(world.rows("donors").await, 0);
}

async fn a_donor_with_donations_cannot_be_purged_behind_the_back_of_the_domain(world: &World) {
    let donor = world.donor("Generous");
    world.save_donor(&donor).await;
    let donation = almoner_donations::Donation {
        donor: crate::support::named(&donor),
        deleted_at: Some(later(0)),
        ..world.donation(crate::support::lira(1))
    };
    world.save_donation(&donation).await;

    let mut tx = world.donors().begin().await.unwrap();
    assert!(tx.donor_has_donations(donor.id).await.unwrap());
    let refused = match tx.purge_donor(donor.id).await {
        Err(error) => Err(error),
        Ok(()) => tx.commit(created(&donor)).await,
    };
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert!(world.donors().find(donor.id, Scope::All).await.unwrap().is_some());
}
