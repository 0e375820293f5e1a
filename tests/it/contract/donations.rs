//! Donations are kept as they were given, with the names of whom and what they were given for.

use almoner_donations::{Donation, DonationQuery, Donor, Method, State};
use almoner_kernel::{Currency, Money, PageRequest, Scope, StoreError, UserId};
use uuid::Uuid;

use crate::support::{World, changed, created, day, for_campaign, later, lira, name, named};

on_both![
    a_donation_with_every_field_comes_back_as_it_was,
    every_state_method_and_currency_comes_back,
    the_smallest_and_the_largest_amount_come_back,
    an_amount_of_nothing_is_refused_by_the_schema,
    every_field_can_be_changed_and_emptied,
    many_donations_at_once_are_the_same_as_one_after_the_other,
    a_change_from_an_older_version_is_refused,
    a_donation_shows_the_present_name_of_its_donor_and_campaign,
    only_donors_and_campaigns_outside_the_trash_can_be_named,
    a_donation_cannot_name_what_does_not_exist,
    a_purged_donation_is_gone,
];

async fn full(world: &World) -> Donation {
    let donor = world.donor("Çağrı Öz");
    let campaign = world.campaign("Kurban");
    world.save_donor(&donor).await;
    world.save_campaign(&campaign).await.unwrap();
    Donation {
        donor: named(&donor),
        campaign: for_campaign(&campaign),
        method: Method::InKind,
        state: State::Refunded,
        purpose: Some("ü".repeat(Donation::MAX_PURPOSE)),
        donated_on: day(1970, 1, 1),
        reference: Some("𝒜".repeat(Donation::MAX_REFERENCE)),
        notes: Some("🕌".repeat(Donation::MAX_NOTES)),
        reason: Some("yanlış hesap; \\ % _ '".to_owned()),
        settled_at: Some(later(5)),
        created_by: Some(UserId::new(Uuid::from_u128(7))),
        created_at: later(1),
        updated_at: later(2),
        deleted_at: Some(later(3)),
        ..world.donation(lira(125_000))
    }
}

async fn found(world: &World, donation: &Donation) -> Option<Donation> {
    world.donations().find(donation.id, Scope::All).await.unwrap()
}

async fn a_donation_with_every_field_comes_back_as_it_was(world: &World) {
    let donation = full(world).await;
    world.save_donation(&donation).await;
    assert_eq!(found(world, &donation).await.as_ref(), Some(&donation));
    let mut tx = world.donations().begin().await.unwrap();
    assert_eq!(tx.donation(donation.id, Scope::All).await.unwrap(), Some(donation));
}

async fn every_state_method_and_currency_comes_back(world: &World) {
    let mut donations = Vec::new();
    for state in State::ALL {
        for method in Method::ALL {
            for currency in ["TRY", "USD", "EUR", "JPY", "KWD"] {
                let amount = Money::from_minor(5, Currency::parse(currency).unwrap());
                donations.push(Donation { state, method, ..world.donation(amount) });
            }
        }
    }
    world.save_donations(&donations).await;
    let page = PageRequest::first(200);
    let page = world.donations().list(&DonationQuery::default(), Scope::All, &page).await.unwrap();
    donations.reverse();
    assert_eq!(page.items, donations);
}

async fn the_smallest_and_the_largest_amount_come_back(world: &World) {
    for minor in [1, Money::MAX_MINOR, i64::MAX] {
        let donation = world.donation(lira(minor));
        world.save_donation(&donation).await;
        assert_eq!(found(world, &donation).await, Some(donation));
    }
}

async fn an_amount_of_nothing_is_refused_by_the_schema(world: &World) {
    for minor in [0, -1] {
        let mut tx = world.donations().begin().await.unwrap();
        let refused = tx.insert_donation(&world.donation(lira(minor))).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
}

async fn every_field_can_be_changed_and_emptied(world: &World) {
    let little = world.donation(lira(1));
    world.save_donation(&little).await;
    let much = Donation { id: little.id, ..full(world).await };
    let much = world.change_donation(&much).await.unwrap();
    assert_eq!(found(world, &little).await, Some(much.clone()));
    let little = Donation { version: much.version, ..little };
    let little = world.change_donation(&little).await.unwrap();
    assert_eq!(found(world, &little).await, Some(little));
}

async fn many_donations_at_once_are_the_same_as_one_after_the_other(world: &World) {
    let pattern = full(world).await;
    let donations: Vec<Donation> = (0..450)
        .map(|n| match n % 3 {
            0 => Donation { id: world.id(), ..pattern.clone() },
            _ => world.donation(lira(n + 1)),
        })
        .collect();
    world.save_donations(&donations).await;
    for donation in &donations {
        assert_eq!(found(world, donation).await.as_ref(), Some(donation));
    }
    let mut tx = world.donations().begin().await.unwrap();
    tx.insert_donations(&[]).await.unwrap();
}

async fn a_change_from_an_older_version_is_refused(world: &World) {
    let first = world.donation(lira(1));
    world.save_donation(&first).await;
    let second = Donation { amount: lira(2), ..first.clone() };
    let second = world.change_donation(&second).await.unwrap();
    let late = world.change_donation(&Donation { amount: lira(3), ..first }).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    let nobody = world.change_donation(&world.donation(lira(4))).await;
    assert!(matches!(nobody, Err(StoreError::Raced)), "{nobody:?}");
    assert_eq!(found(world, &second).await, Some(second));
}

async fn a_donation_shows_the_present_name_of_its_donor_and_campaign(world: &World) {
    let donor = world.donor("Before");
    let campaign = world.campaign("Before");
    world.save_donor(&donor).await;
    world.save_campaign(&campaign).await.unwrap();
    let donation = Donation {
        donor: named(&donor),
        campaign: for_campaign(&campaign),
        ..world.donation(lira(1))
    };
    world.save_donation(&donation).await;
    let donor = Donor { name: name("After"), deleted_at: Some(later(1)), ..donor };
    world.change_donor(&donor).await.unwrap();
    let campaign =
        almoner_donations::Campaign { name: name("After"), deleted_at: Some(later(1)), ..campaign };
    world.change_campaign(&campaign).await.unwrap();

    let renamed =
        Donation { donor: named(&donor), campaign: for_campaign(&campaign), ..donation.clone() };
    assert_eq!(found(world, &donation).await.as_ref(), Some(&renamed));
    let page = PageRequest::default();
    let page = world.donations().list(&DonationQuery::default(), Scope::All, &page).await.unwrap();
    assert_eq!(page.items, [renamed]);
}

async fn only_donors_and_campaigns_outside_the_trash_can_be_named(world: &World) {
    let donor = world.donor("Here");
    let trashed = Donor { deleted_at: Some(later(0)), ..world.donor("Gone") };
    world.save_donors(&[donor.clone(), trashed.clone()]).await;
    let campaign = world.campaign("Here");
    let closed =
        almoner_donations::Campaign { deleted_at: Some(later(0)), ..world.campaign("Gone") };
    world.save_campaign(&campaign).await.unwrap();
    world.save_campaign(&closed).await.unwrap();

    let mut tx = world.donations().begin().await.unwrap();
    assert_eq!(tx.donor_ref(donor.id, Scope::All).await.unwrap(), named(&donor));
    assert_eq!(tx.donor_ref(trashed.id, Scope::All).await.unwrap(), None);
    assert_eq!(tx.donor_ref(world.id(), Scope::All).await.unwrap(), None);
    assert_eq!(tx.campaign_ref(campaign.id).await.unwrap(), for_campaign(&campaign));
    assert_eq!(tx.campaign_ref(closed.id).await.unwrap(), None);
    assert_eq!(tx.campaign_ref(world.id()).await.unwrap(), None);
}

async fn a_donation_cannot_name_what_does_not_exist(world: &World) {
    let (donor, campaign) = (world.donor("Unsaved"), world.campaign("Unsaved"));
    let donations = [
        Donation { donor: named(&donor), ..world.donation(lira(1)) },
        Donation { campaign: for_campaign(&campaign), ..world.donation(lira(1)) },
    ];
    for donation in donations {
        let mut tx = world.donations().begin().await.unwrap();
        let refused = match tx.insert_donation(&donation).await {
            Err(error) => Err(error),
            Ok(()) => tx.commit(created(&donation)).await,
        };
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    }
    assert_eq!(world.rows("donations").await, 0);
}

async fn a_purged_donation_is_gone(world: &World) {
    let donation = full(world).await;
    world.save_donation(&donation).await;
    let mut tx = world.donations().begin().await.unwrap();
    tx.purge_donation(donation.id).await.unwrap();
    assert!(matches!(tx.purge_donation(donation.id).await, Err(StoreError::Raced)));
    tx.commit(changed(&donation)).await.unwrap();
    assert_eq!(found(world, &donation).await, None);
    assert_eq!(world.rows("donations").await, 0);
}
