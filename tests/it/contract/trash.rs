//! The trash through the use cases: in, out, and destroyed for good.

use std::sync::Arc;

use almoner_donations::{
    CampaignDraft, CampaignService, Donation, DonationDraft, DonationQuery, DonationService,
    DonationsError, DonorDraft, DonorKind, DonorService, Method,
};
use almoner_kernel::{Currency, PageRequest, Scope, Trash, Version};

use crate::support::{World, as_system, day, donation_ids, lira, name, national_id};

on_both![
    a_donation_goes_to_the_trash_comes_back_and_is_destroyed,
    a_donor_with_a_donation_in_the_trash_is_not_destroyed,
    a_restored_donor_may_find_its_identity_number_taken,
    a_restored_campaign_may_find_its_name_taken,
    lists_show_one_side_of_the_trash,
];

fn services(world: &World) -> (DonorService, CampaignService, DonationService) {
    let store = || Arc::new(world.store.clone());
    let ids = || Arc::clone(&world.ids) as Arc<dyn almoner_kernel::Ids>;
    (
        DonorService::new(store(), ids()),
        CampaignService::new(store(), ids()),
        DonationService::new(store(), ids(), vec![Currency::parse("TRY").unwrap()]),
    )
}

fn donor(called: &str) -> DonorDraft {
    DonorDraft {
        kind: DonorKind::Person,
        name: name(called),
        email: None,
        phone: None,
        identity: None,
        address: None,
        language: None,
        notes: None,
        contact_consent: false,
    }
}

fn campaign(called: &str) -> CampaignDraft {
    CampaignDraft {
        name: name(called),
        description: None,
        goal: None,
        starts_on: None,
        ends_on: None,
    }
}

fn donation() -> DonationDraft {
    DonationDraft {
        donor_id: None,
        campaign_id: None,
        amount: lira(100),
        method: Method::Cash,
        purpose: None,
        donated_on: day(2026, 3, 1),
        reference: None,
        notes: None,
    }
}

async fn a_donation_goes_to_the_trash_comes_back_and_is_destroyed(world: &World) {
    let (_, _, donations) = services(world);
    let cx = as_system();
    let made = donations.create(&cx, donation()).await.unwrap();
    donations.delete(&cx, made.id, made.version).await.unwrap();
    let again = donations.delete(&cx, made.id, made.version.next()).await;
    assert!(matches!(again, Err(DonationsError::NotFound)), "{again:?}");
    let restored = donations.restore(&cx, made.id).await.unwrap();
    assert_eq!(restored, Donation { version: Version::new(3), ..made.clone() });

    let hasty = donations.purge(&cx, made.id, restored.version).await;
    assert!(matches!(hasty, Err(DonationsError::NotInTrash)), "{hasty:?}");
    donations.delete(&cx, made.id, restored.version).await.unwrap();
    donations.purge(&cx, made.id, Version::new(4)).await.unwrap();
    assert_eq!(world.donations().find(made.id, Scope::All).await.unwrap(), None);
    let actions = world.texts("action", "FROM changes ORDER BY position").await;
    assert_eq!(actions, ["created", "deleted", "restored", "deleted", "purged"]);
    assert!(world.verify().await.is_intact());
}

async fn a_donor_with_a_donation_in_the_trash_is_not_destroyed(world: &World) {
    let (donors, campaigns, donations) = services(world);
    let cx = as_system();
    let giver = donors.create(&cx, donor("Ayşe")).await.unwrap();
    let cause = campaigns.create(&cx, campaign("Su")).await.unwrap();
    let draft =
        DonationDraft { donor_id: Some(giver.id), campaign_id: Some(cause.id), ..donation() };
    let made = donations.create(&cx, draft).await.unwrap();
    donations.delete(&cx, made.id, made.version).await.unwrap();
    donors.delete(&cx, giver.id, giver.version).await.unwrap();
    campaigns.delete(&cx, cause.id, cause.version).await.unwrap();

    let version = Version::new(2);
    let refused = donors.purge(&cx, giver.id, version).await;
    assert!(matches!(refused, Err(DonationsError::HasDonations)), "{refused:?}");
    let refused = campaigns.purge(&cx, cause.id, version).await;
    assert!(matches!(refused, Err(DonationsError::HasDonations)), "{refused:?}");

    donations.purge(&cx, made.id, version).await.unwrap();
    donors.purge(&cx, giver.id, version).await.unwrap();
    campaigns.purge(&cx, cause.id, version).await.unwrap();
    for table in ["donors", "campaigns", "donations"] {
        assert_eq!(world.rows(table).await, 0, "{table}");
    }
}

async fn a_restored_donor_may_find_its_identity_number_taken(world: &World) {
    let (donors, _, _) = services(world);
    let cx = as_system();
    let draft = |called| DonorDraft { identity: Some(national_id(1)), ..donor(called) };
    let first = donors.create(&cx, draft("First")).await.unwrap();
    donors.delete(&cx, first.id, first.version).await.unwrap();
    donors.create(&cx, draft("Second")).await.unwrap();
    let refused = donors.restore(&cx, first.id).await;
    assert!(matches!(refused, Err(DonationsError::Taken(_))), "{refused:?}");
    let still = donors.find(&cx, first.id).await.unwrap();
    assert!(still.deleted_at.is_some());
}

async fn a_restored_campaign_may_find_its_name_taken(world: &World) {
    let (_, campaigns, _) = services(world);
    let cx = as_system();
    let first = campaigns.create(&cx, campaign("Kurban")).await.unwrap();
    campaigns.delete(&cx, first.id, first.version).await.unwrap();
    campaigns.create(&cx, campaign("KURBAN")).await.unwrap();
    let refused = campaigns.restore(&cx, first.id).await;
    assert!(matches!(refused, Err(DonationsError::Taken(_))), "{refused:?}");
}

async fn lists_show_one_side_of_the_trash(world: &World) {
    let (_, _, donations) = services(world);
    let cx = as_system();
    let here = donations.create(&cx, donation()).await.unwrap();
    let gone = donations.create(&cx, donation()).await.unwrap();
    donations.delete(&cx, gone.id, gone.version).await.unwrap();
    for (trash, id) in [(Trash::Without, here.id), (Trash::Only, gone.id)] {
        let query = DonationQuery { trash, ..DonationQuery::default() };
        let page = donations.list(&cx, &query, &PageRequest::default()).await.unwrap();
        assert_eq!(donation_ids(&page.items), [id]);
    }
}
