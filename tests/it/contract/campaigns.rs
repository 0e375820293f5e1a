//! Campaigns are kept as they were given, one for each name.

use almoner_donations::{Campaign, CampaignQuery};
use almoner_kernel::{Money, PageRequest, StoreError, UserId};
use uuid::Uuid;

use crate::support::{
    World, campaign_ids, changed, created, day, euro, for_campaign, later, lira, name,
};

on_both![
    a_campaign_with_every_field_comes_back_as_it_was,
    a_campaign_with_as_little_as_possible_comes_back_as_it_was,
    every_field_can_be_changed_and_emptied,
    a_change_from_an_older_version_is_refused,
    a_name_is_taken_whatever_its_case_and_accents,
    a_campaign_can_take_no_name_of_another_by_a_change,
    the_name_of_a_campaign_in_the_trash_is_free,
    a_restored_campaign_may_find_its_name_taken,
    campaigns_that_run_on_a_day_are_found_with_open_ends,
    a_campaign_with_donations_is_known_as_such_and_cannot_be_purged,
];

fn full(world: &World) -> Campaign {
    Campaign {
        description: Some("Ğ".repeat(Campaign::MAX_DESCRIPTION)),
        goal: Some(euro(Money::MAX_MINOR)),
        starts_on: Some(day(1999, 12, 31)),
        ends_on: Some(day(2026, 2, 28)),
        created_by: Some(UserId::new(Uuid::from_u128(7))),
        created_at: later(1),
        updated_at: later(2),
        deleted_at: Some(later(3)),
        ..world.campaign("Kış yardımı 🧣 İzmir")
    }
}

async fn found(world: &World, campaign: &Campaign) -> Option<Campaign> {
    world.campaigns().find(campaign.id).await.unwrap()
}

async fn a_campaign_with_every_field_comes_back_as_it_was(world: &World) {
    let campaign = full(world);
    world.save_campaign(&campaign).await.unwrap();
    assert_eq!(found(world, &campaign).await.as_ref(), Some(&campaign));
    let mut tx = world.campaigns().begin().await.unwrap();
    assert_eq!(tx.campaign(campaign.id).await.unwrap(), Some(campaign));
}

async fn a_campaign_with_as_little_as_possible_comes_back_as_it_was(world: &World) {
    let campaign = world.campaign("A");
    world.save_campaign(&campaign).await.unwrap();
    assert_eq!(found(world, &campaign).await.as_ref(), Some(&campaign));
    let page = world.campaigns().list(&CampaignQuery::default(), &PageRequest::default()).await;
    assert_eq!(page.unwrap().items, [campaign]);
}

async fn every_field_can_be_changed_and_emptied(world: &World) {
    let little = world.campaign("A");
    world.save_campaign(&little).await.unwrap();
    let much = Campaign { id: little.id, ..full(world) };
    let much = world.change_campaign(&much).await.unwrap();
    assert_eq!(found(world, &little).await, Some(much.clone()));
    let little = Campaign { version: much.version, ..little };
    let little = world.change_campaign(&little).await.unwrap();
    assert_eq!(found(world, &little).await, Some(little));
}

async fn a_change_from_an_older_version_is_refused(world: &World) {
    let first = world.campaign("First");
    world.save_campaign(&first).await.unwrap();
    let second = Campaign { name: name("Second"), ..first.clone() };
    let second = world.change_campaign(&second).await.unwrap();
    let late = world.change_campaign(&first).await;
    assert!(matches!(late, Err(StoreError::Raced)), "{late:?}");
    assert_eq!(found(world, &second).await, Some(second));
}

fn is_taken(outcome: &Result<(), StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Taken("campaigns.name")))
}

async fn a_name_is_taken_whatever_its_case_and_accents(world: &World) {
    world.save_campaign(&world.campaign("Isparta Şenliği")).await.unwrap();
    for twin in ["Isparta Şenliği", "ISPARTA ŞENLİĞİ", "ısparta senligi", "Isparta-Şenliği!"]
    {
        let outcome = world.save_campaign(&world.campaign(twin)).await;
        assert!(is_taken(&outcome), "{twin}: {outcome:?}");
    }
    world.save_campaign(&world.campaign("Isparta Şenliği 2")).await.unwrap();
    assert_eq!(world.rows("campaigns").await, 2);
}

async fn a_campaign_can_take_no_name_of_another_by_a_change(world: &World) {
    let (first, second) = (world.campaign("First"), world.campaign("Second"));
    world.save_campaign(&first).await.unwrap();
    world.save_campaign(&second).await.unwrap();
    let twin = Campaign { name: name("FIRST"), ..second.clone() };
    assert!(is_taken(&world.change_campaign(&twin).await.map(|_| ())));
    // The own name, spelt anew, is no twin.
    world.change_campaign(&Campaign { name: name("SECOND"), ..second }).await.unwrap();
}

async fn the_name_of_a_campaign_in_the_trash_is_free(world: &World) {
    let first = world.campaign("Ramazan");
    world.save_campaign(&first).await.unwrap();
    let first = Campaign { deleted_at: Some(later(1)), ..first };
    let first = world.change_campaign(&first).await.unwrap();
    world.save_campaign(&world.campaign("Ramazan")).await.unwrap();
    // Two of one name may lie in the trash.
    let third = Campaign { deleted_at: Some(later(2)), ..world.campaign("Ramazan") };
    world.save_campaign(&third).await.unwrap();
    assert_eq!(found(world, &first).await, Some(first));
}

async fn a_restored_campaign_may_find_its_name_taken(world: &World) {
    let trashed = Campaign { deleted_at: Some(later(1)), ..world.campaign("Ramazan") };
    world.save_campaign(&trashed).await.unwrap();
    world.save_campaign(&world.campaign("RAMAZAN")).await.unwrap();
    let restored = world.change_campaign(&Campaign { deleted_at: None, ..trashed.clone() }).await;
    assert!(is_taken(&restored.map(|_| ())));
    assert_eq!(found(world, &trashed).await, Some(trashed));
}

async fn campaigns_that_run_on_a_day_are_found_with_open_ends(world: &World) {
    let between = |called: &str, starts_on, ends_on| Campaign {
        starts_on,
        ends_on,
        ..world.campaign(called)
    };
    let (first, last) = (Some(day(2026, 3, 1)), Some(day(2026, 3, 31)));
    let campaigns = [
        between("both", first, last),
        between("from", first, None),
        between("until", None, last),
        between("always", None, None),
        between("one day", first, first),
    ];
    for campaign in &campaigns {
        world.save_campaign(campaign).await.unwrap();
    }
    let running_on = async |day| {
        let query = CampaignQuery { running_on: Some(day), ..CampaignQuery::default() };
        let page = world.campaigns().list(&query, &PageRequest::default()).await.unwrap();
        let mut names: Vec<String> =
            page.items.iter().map(|campaign| campaign.name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(running_on(day(2026, 2, 28)).await, ["always", "until"]);
    assert_eq!(running_on(day(2026, 3, 1)).await, ["always", "both", "from", "one day", "until"]);
    assert_eq!(running_on(day(2026, 3, 31)).await, ["always", "both", "from", "until"]);
    assert_eq!(running_on(day(2026, 4, 1)).await, ["always", "from"]);
    assert_eq!(campaign_ids(&campaigns).len(), 5);
}

async fn a_campaign_with_donations_is_known_as_such_and_cannot_be_purged(world: &World) {
    let (named, unnamed) = (world.campaign("Named"), world.campaign("Unnamed"));
    world.save_campaign(&named).await.unwrap();
    world.save_campaign(&unnamed).await.unwrap();
    let donation = almoner_donations::Donation {
        campaign: for_campaign(&named),
        deleted_at: Some(later(0)),
        ..world.donation(lira(1))
    };
    world.save_donation(&donation).await;

    let mut tx = world.campaigns().begin().await.unwrap();
    assert!(!tx.campaign_has_donations(unnamed.id).await.unwrap());
    tx.purge_campaign(unnamed.id).await.unwrap();
    tx.commit(changed(&unnamed)).await.unwrap();
    assert_eq!(found(world, &unnamed).await, None);

    let mut tx = world.campaigns().begin().await.unwrap();
    assert!(tx.campaign_has_donations(named.id).await.unwrap());
    let refused = match tx.purge_campaign(named.id).await {
        Err(error) => Err(error),
        Ok(()) => tx.commit(created(&named)).await,
    };
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
    assert_eq!(found(world, &named).await, Some(named));
}
