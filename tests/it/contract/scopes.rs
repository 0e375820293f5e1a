//! Row scope is part of every read: what somebody may not meet is not there.

use almoner_accounts::user::UserQuery;
use almoner_donations::{
    Donation, DonationQuery, Donor, DonorLookup, DonorQuery, State, SummaryQuery,
};
use almoner_kernel::{PageRequest, Scope, Total, Trash, UserId};
use uuid::Uuid;

use crate::support::{World, donation_ids, donor_ids, email, later, lira, named};

on_both![
    donors_are_met_by_their_creator_and_by_who_may_meet_all,
    donations_are_met_by_their_creator_and_by_who_may_meet_all,
    sums_count_only_what_is_in_scope,
    a_donor_out_of_scope_cannot_be_named,
    a_filter_never_widens_a_scope,
    users_are_met_by_themselves_and_by_who_may_meet_all,
];

const ME: UserId = UserId::new(Uuid::from_u128(0xA1));
const YOU: UserId = UserId::new(Uuid::from_u128(0xA2));

/// A domain without assignments treats what is assigned as what is one's own.
const NARROW: [Scope; 2] = [Scope::Own(ME), Scope::Assigned(ME)];

const COUNTED: PageRequest = PageRequest { limit: 50, after: None, count: true };

const fn total(count: u64) -> Option<Total> {
    Some(Total { count, is_capped: false })
}

/// One donor of mine, one of yours, and one that the program entered.
async fn three_donors(world: &World) -> [Donor; 3] {
    let donors = [Some(ME), Some(YOU), None].map(|created_by| Donor {
        created_by,
        email: Some(email("shared@example.org")),
        ..world.donor("Ortak Ad")
    });
    world.save_donors(&donors).await;
    donors
}

async fn donors_are_met_by_their_creator_and_by_who_may_meet_all(world: &World) {
    let donors = three_donors(world).await;
    let lookup = DonorLookup::Email(email("shared@example.org"));
    let searched = DonorQuery { q: Some("ortak".to_owned()), ..DonorQuery::default() };
    for scope in NARROW {
        for (donor, is_mine) in donors.iter().zip([true, false, false]) {
            let found = world.donors().find(donor.id, scope).await.unwrap();
            assert_eq!(found.is_some(), is_mine);
            let mut tx = world.donors().begin().await.unwrap();
            assert_eq!(tx.donor(donor.id, scope).await.unwrap().is_some(), is_mine);
        }
        for query in [&DonorQuery::default(), &searched] {
            let page = world.donors().list(query, scope, &COUNTED).await.unwrap();
            assert_eq!(donor_ids(&page.items), [donors[0].id]);
            assert_eq!(page.total, total(1));
        }
        let found = world.donors().lookup(&lookup, scope, 20).await.unwrap();
        assert_eq!(donor_ids(&found), [donors[0].id]);
    }
    for query in [&DonorQuery::default(), &searched] {
        let page = world.donors().list(query, Scope::All, &COUNTED).await.unwrap();
        assert_eq!(page.total, total(3));
    }
    assert_eq!(world.donors().lookup(&lookup, Scope::All, 20).await.unwrap().len(), 3);
}

async fn three_donations(world: &World) -> [Donation; 3] {
    let donations = [Some(ME), Some(YOU), None].map(|created_by| Donation {
        created_by,
        state: State::Completed,
        purpose: Some("ortak".to_owned()),
        ..world.donation(lira(100))
    });
    world.save_donations(&donations).await;
    donations
}

async fn donations_are_met_by_their_creator_and_by_who_may_meet_all(world: &World) {
    let donations = three_donations(world).await;
    let trashed = Donation { deleted_at: Some(later(0)), ..world.donation(lira(1)) };
    world.save_donation(&trashed).await;
    let searched = DonationQuery { q: Some("ortak".to_owned()), ..DonationQuery::default() };
    let only_trash = DonationQuery { trash: Trash::Only, ..DonationQuery::default() };
    for scope in NARROW {
        for (donation, is_mine) in donations.iter().zip([true, false, false]) {
            let found = world.donations().find(donation.id, scope).await.unwrap();
            assert_eq!(found.is_some(), is_mine);
            let mut tx = world.donations().begin().await.unwrap();
            assert_eq!(tx.donation(donation.id, scope).await.unwrap().is_some(), is_mine);
        }
        for query in [&DonationQuery::default(), &searched] {
            let page = world.donations().list(query, scope, &COUNTED).await.unwrap();
            assert_eq!(donation_ids(&page.items), [donations[0].id]);
            assert_eq!(page.total, total(1));
        }
        let page = world.donations().list(&only_trash, scope, &COUNTED).await.unwrap();
        assert_eq!((page.items.len(), page.total), (0, total(0)));
    }
    let page = world.donations().list(&searched, Scope::All, &COUNTED).await.unwrap();
    assert_eq!(page.total, total(3));
}

async fn sums_count_only_what_is_in_scope(world: &World) {
    three_donations(world).await;
    let counted = async |scope| {
        let summary = world.donations().summary(&SummaryQuery::default(), scope).await.unwrap();
        summary.lines.iter().map(|line| (line.count, line.sum_minor)).collect::<Vec<_>>()
    };
    for scope in NARROW {
        assert_eq!(counted(scope).await, [(1, 100)]);
    }
    assert_eq!(counted(Scope::Own(UserId::new(Uuid::from_u128(9)))).await, []);
    assert_eq!(counted(Scope::All).await, [(3, 300)]);
}

async fn a_donor_out_of_scope_cannot_be_named(world: &World) {
    let [mine, yours, programs] = three_donors(world).await;
    let mut tx = world.donations().begin().await.unwrap();
    for scope in NARROW {
        assert_eq!(tx.donor_ref(mine.id, scope).await.unwrap(), named(&mine));
        assert_eq!(tx.donor_ref(yours.id, scope).await.unwrap(), None);
        assert_eq!(tx.donor_ref(programs.id, scope).await.unwrap(), None);
    }
    assert_eq!(tx.donor_ref(yours.id, Scope::All).await.unwrap(), named(&yours));
}

async fn a_filter_never_widens_a_scope(world: &World) {
    three_donors(world).await;
    three_donations(world).await;
    for scope in NARROW {
        let query = DonorQuery { created_by: Some(YOU), ..DonorQuery::default() };
        let page = world.donors().list(&query, scope, &COUNTED).await.unwrap();
        assert_eq!((page.items.len(), page.total), (0, total(0)));
        let query = DonationQuery { created_by: Some(YOU), ..DonationQuery::default() };
        let page = world.donations().list(&query, scope, &COUNTED).await.unwrap();
        assert_eq!((page.items.len(), page.total), (0, total(0)));
    }
}

async fn users_are_met_by_themselves_and_by_who_may_meet_all(world: &World) {
    let (me, you) = (world.user("me@example.org"), world.user("you@example.org"));
    world.save_user(&me).await.unwrap();
    world.save_user(&you).await.unwrap();
    let searched = UserQuery { q: Some("example".to_owned()), ..UserQuery::default() };
    for scope in [Scope::Own(me.id), Scope::Assigned(me.id)] {
        assert_eq!(world.accounts().user(me.id, scope).await.unwrap().as_ref(), Some(&me));
        assert_eq!(world.accounts().user(you.id, scope).await.unwrap(), None);
        let mut tx = world.accounts().begin().await.unwrap();
        assert_eq!(tx.user(you.id, scope).await.unwrap(), None);
        for query in [&UserQuery::default(), &searched] {
            let page = world.accounts().users(query, scope, &COUNTED).await.unwrap();
            assert_eq!(page.items, std::slice::from_ref(&me));
            assert_eq!(page.total, total(1));
        }
    }
    let page = world.accounts().users(&searched, Scope::All, &COUNTED).await.unwrap();
    assert_eq!(page.total, total(2));
}
