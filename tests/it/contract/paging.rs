//! Keyset paging: no record twice, none lost, while others write.

use std::{cell::RefCell, collections::HashSet, fmt::Debug, hash::Hash};

use almoner_accounts::user::{User, UserQuery, UserSort};
use almoner_audit::{ChangeQuery, SecurityEventQuery};
use almoner_donations::{
    Campaign, CampaignQuery, CampaignSort, Donation, DonationQuery, DonationSort, Donor,
    DonorQuery, DonorSort,
};
use almoner_kernel::{
    Context, Direction, Page, PageRequest, Scope, Sort, StoreError, Total, Trail, text::fold,
};

use crate::support::{
    World, as_system, changed, created, day, later, lira, name, session_noted, walk,
};

on_both![
    donors_page_in_every_order_while_others_write,
    campaigns_page_in_every_order_while_others_write,
    donations_page_in_every_order_while_others_write,
    users_page_in_every_order_while_others_write,
    changes_page_newest_first_while_others_write,
    security_events_page_newest_first_while_others_write,
    a_page_that_ends_with_the_list_has_no_next_one,
    an_empty_list_has_one_empty_page,
    a_record_that_moves_behind_the_cursor_is_the_only_one_that_can_be_missed,
    counts_are_exact_up_to_ten_thousand_and_say_so_above,
];

const DIRECTIONS: [Direction; 2] = [Direction::Up, Direction::Down];
const LIMITS: [u32; 3] = [1, 2, 7];

/// Walks through a list while a record is written between the pages, and looks whether every record
/// that was there before came exactly once and all came in order.
async fn check<T, Id, Key>(
    there: &[T],
    page: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
    write: impl AsyncFn(),
    limit: u32,
    key: impl Fn(&T) -> (Key, Id),
    direction: Direction,
) where
    Id: Copy + Debug + Eq + Hash + Ord,
    Key: Debug + Ord,
{
    let read = walk(limit, async |request| page(request).await, async |_| write().await).await;
    let keys: Vec<(Key, Id)> = read.iter().map(&key).collect();
    for pair in keys.windows(2) {
        let in_order = match direction {
            Direction::Up => pair[0] < pair[1],
            Direction::Down => pair[0] > pair[1],
        };
        assert!(in_order, "{pair:?} come {direction:?} in pages of {limit}");
    }
    let seen: HashSet<Id> = keys.iter().map(|(_, id)| *id).collect();
    assert_eq!(seen.len(), keys.len(), "a record came twice");
    for record in there {
        let (key, id) = key(record);
        assert!(seen.contains(&id), "{key:?} {id:?} is lost {direction:?} in pages of {limit}");
    }
}

async fn donors_page_in_every_order_while_others_write(world: &World) {
    let names =
        ["Ali", "ALİ", "Âli", "Çiğdem", "Zeynep", "zeynep", "Ömer", "İpek", "Ilgaz", "1 Numara"];
    let mut there: Vec<Donor> = names.iter().map(|called| world.donor(called)).collect();
    world.save_donors(&there).await;
    for field in [DonorSort::CreatedAt, DonorSort::Name] {
        for direction in DIRECTIONS {
            for limit in LIMITS {
                let query = DonorQuery { sort: Sort { field, direction }, ..DonorQuery::default() };
                let (new, written) = (RefCell::new(Vec::new()), RefCell::new(0));
                check(
                    &there,
                    async |page| world.donors().list(&query, Scope::All, &page).await,
                    async || {
                        // Each stands right behind the cursor when that is at an Ali: without an
                        // end to the writing there would be none to the walk.
                        *written.borrow_mut() += 1;
                        if *written.borrow() > 12 {
                            return;
                        }
                        let donor = world.donor("Ali");
                        new.borrow_mut().push(donor.clone());
                        world.save_donor(&donor).await;
                        if new.borrow().len() > 3 {
                            let over = new.borrow_mut().remove(0);
                            trash_donor(world, over).await;
                        }
                    },
                    limit,
                    |donor| match field {
                        DonorSort::CreatedAt => (String::new(), donor.id),
                        DonorSort::Name => (fold(donor.name.as_str()), donor.id),
                    },
                    direction,
                )
                .await;
                for donor in new.into_inner() {
                    trash_donor(world, donor).await;
                }
            }
        }
    }
    // The other side of the trash pages alike.
    there.clear();
    let query = DonorQuery {
        trash: almoner_kernel::Trash::Only,
        sort: Sort::up(DonorSort::Name),
        ..DonorQuery::default()
    };
    let read =
        walk(7, async |page| world.donors().list(&query, Scope::All, &page).await, async |_| {})
            .await;
    assert_eq!(read.len() as i64, world.rows("donors WHERE deleted_at IS NOT NULL").await);
}

async fn trash_donor(world: &World, donor: Donor) {
    world.change_donor(&Donor { deleted_at: Some(later(0)), ..donor }).await.unwrap();
}

async fn campaigns_page_in_every_order_while_others_write(world: &World) {
    let there: Vec<Campaign> = (0..10).map(|n| world.campaign(&format!("Kampanya {n}"))).collect();
    for campaign in &there {
        world.save_campaign(campaign).await.unwrap();
    }
    let written = RefCell::new(0);
    for field in [CampaignSort::CreatedAt, CampaignSort::Name] {
        for direction in DIRECTIONS {
            for limit in LIMITS {
                let query =
                    CampaignQuery { sort: Sort { field, direction }, ..CampaignQuery::default() };
                check(
                    &there,
                    async |page| world.campaigns().list(&query, &page).await,
                    async || {
                        *written.borrow_mut() += 1;
                        let number = *written.borrow();
                        // A few in the middle, so that walks upwards come to an end.
                        if number % 3 == 0 {
                            let new = world.campaign(&format!("Kampanya 0{number}"));
                            world.save_campaign(&new).await.unwrap();
                        }
                    },
                    limit,
                    |campaign| match field {
                        CampaignSort::CreatedAt => (String::new(), campaign.id),
                        CampaignSort::Name => (fold(campaign.name.as_str()), campaign.id),
                    },
                    direction,
                )
                .await;
            }
        }
    }
}

async fn donations_page_in_every_order_while_others_write(world: &World) {
    let donation = |n: i64| Donation {
        donated_on: day(2026, 1, 1 + u32::try_from(n % 4).unwrap()),
        ..world.donation(lira(100 + n % 3))
    };
    let there: Vec<Donation> = (0..17).map(donation).collect();
    world.save_donations(&there).await;
    let written = RefCell::new(0);
    for field in [DonationSort::CreatedAt, DonationSort::DonatedOn, DonationSort::Amount] {
        for direction in DIRECTIONS {
            for limit in LIMITS {
                let query =
                    DonationQuery { sort: Sort { field, direction }, ..DonationQuery::default() };
                check(
                    &there,
                    async |page| world.donations().list(&query, Scope::All, &page).await,
                    async || {
                        *written.borrow_mut() += 1;
                        let number = *written.borrow();
                        if number % 3 == 0 {
                            world.save_donation(&donation(number)).await;
                        }
                    },
                    limit,
                    |donation| match field {
                        DonationSort::CreatedAt => ((0, day(2026, 1, 1)), donation.id),
                        DonationSort::DonatedOn => ((0, donation.donated_on), donation.id),
                        DonationSort::Amount => {
                            ((donation.amount.minor(), day(2026, 1, 1)), donation.id)
                        }
                    },
                    direction,
                )
                .await;
            }
        }
    }
}

async fn users_page_in_every_order_while_others_write(world: &World) {
    let called = ["Ali", "ALİ", "Çiğdem", "Zeynep", "Ömer"];
    let user = |n: usize| User {
        name: name(called[n % called.len()]),
        last_login_at: (!n.is_multiple_of(3)).then(|| later(i64::try_from(n % 4).unwrap())),
        ..world.user(&format!("User{}.{n}@example.org", n % 3))
    };
    let there: Vec<User> = (0..13).map(user).collect();
    for user in &there {
        world.save_user(user).await.unwrap();
    }
    let written = RefCell::new(there.len());
    for field in UserSort::ALL {
        for direction in DIRECTIONS {
            for limit in LIMITS {
                let query = UserQuery { sort: Sort { field, direction }, ..UserQuery::default() };
                check(
                    &there,
                    async |page| world.accounts().users(&query, Scope::All, &page).await,
                    async || {
                        *written.borrow_mut() += 1;
                        let number = *written.borrow();
                        if number.is_multiple_of(3) {
                            world.save_user(&user(number)).await.unwrap();
                        }
                    },
                    limit,
                    |user| {
                        let key = match field {
                            UserSort::CreatedAt => (0, String::new()),
                            UserSort::Name => (0, fold(user.name.as_str())),
                            UserSort::Email => (0, user.email.key()),
                            UserSort::LastLoginAt => (
                                user.last_login_at.map_or(0, |at| at.timestamp_millis()),
                                String::new(),
                            ),
                        };
                        (key, user.id)
                    },
                    direction,
                )
                .await;
            }
        }
    }
}

async fn changes_page_newest_first_while_others_write(world: &World) {
    let change = async |millis| {
        let donor = world.donor("Somebody");
        let cx = Context { at: later(millis), ..as_system() };
        let mut tx = world.donors().begin().await.unwrap();
        tx.insert_donor(&donor, None).await.unwrap();
        tx.commit(Trail::of(&cx).created(&donor).created(&donor)).await.unwrap();
    };
    for millis in [5, 5, 1, 9, 5, 5, 3] {
        change(millis).await;
    }
    let query = ChangeQuery::default();
    let there = world.trail().changes(&query, &PageRequest::first(200)).await.unwrap().items;
    assert_eq!(there.len(), 14);
    for limit in LIMITS {
        check(
            &there,
            async |page| world.trail().changes(&query, &page).await,
            async || change(100).await,
            limit,
            |change| (change.at, change.id),
            Direction::Down,
        )
        .await;
    }
}

async fn security_events_page_newest_first_while_others_write(world: &World) {
    let happen = async |millis| {
        let unit = world.trail().begin().await.unwrap();
        unit.commit(Trail { at: later(millis), ..session_noted() }).await.unwrap();
    };
    for millis in [5, 5, 1, 9, 5, 5, 3] {
        happen(millis).await;
    }
    let query = SecurityEventQuery::default();
    let there = world.trail().security_events(&query, &PageRequest::first(200)).await.unwrap();
    for limit in LIMITS {
        check(
            &there.items,
            async |page| world.trail().security_events(&query, &page).await,
            async || happen(100).await,
            limit,
            |event| (event.at, event.id),
            Direction::Down,
        )
        .await;
    }
}

async fn a_page_that_ends_with_the_list_has_no_next_one(world: &World) {
    let there: Vec<Donation> = (0..4).map(|_| world.donation(lira(1))).collect();
    world.save_donations(&there).await;
    let query = DonationQuery::default();
    for (limit, has_next) in [(3, true), (4, false), (5, false)] {
        let page = PageRequest::first(limit);
        let page = world.donations().list(&query, Scope::All, &page).await.unwrap();
        assert_eq!(page.next.is_some(), has_next, "{limit}");
        assert_eq!(page.total, None);
    }
}

async fn an_empty_list_has_one_empty_page(world: &World) {
    let request = PageRequest { count: true, ..PageRequest::default() };
    let query = DonationQuery::default();
    let page = world.donations().list(&query, Scope::All, &request).await.unwrap();
    assert_eq!(page, Page { items: Vec::new(), next: None, total: Some(Total::capped(0)) });
}

async fn a_record_that_moves_behind_the_cursor_is_the_only_one_that_can_be_missed(world: &World) {
    let there: Vec<Donation> = (1..=6).map(|n| world.donation(lira(n * 10))).collect();
    world.save_donations(&there).await;
    let query = DonationQuery { sort: Sort::up(DonationSort::Amount), ..DonationQuery::default() };
    let read = walk(
        2,
        async |page| world.donations().list(&query, Scope::All, &page).await,
        async |round| {
            if round == 0 {
                // The last read one goes away, and one ahead moves behind.
                let mut tx = world.donations().begin().await.unwrap();
                tx.purge_donation(there[1].id).await.unwrap();
                tx.commit(changed(&there[1])).await.unwrap();
                let moved = Donation { amount: lira(1), ..there[3].clone() };
                world.change_donation(&moved).await.unwrap();
            }
        },
    )
    .await;
    let amounts: Vec<i64> = read.iter().map(|donation| donation.amount.minor()).collect();
    assert_eq!(amounts, [10, 20, 30, 50, 60]);
}

async fn counts_are_exact_up_to_ten_thousand_and_say_so_above(world: &World) {
    let donations: Vec<Donation> = (0..10_050).map(|_| world.donation(lira(1))).collect();
    let counted = async |query: &DonationQuery| {
        let request = PageRequest { limit: 1, after: None, count: true };
        world.donations().list(query, Scope::All, &request).await.unwrap().total.unwrap()
    };
    let all = DonationQuery::default();
    for (up_to, expected) in [
        (9_999, Total { count: 9_999, is_capped: false }),
        (10_000, Total { count: 10_000, is_capped: false }),
        (10_001, Total { count: 10_000, is_capped: true }),
        (10_050, Total { count: 10_000, is_capped: true }),
    ] {
        let from = usize::try_from(world.rows("donations").await).unwrap();
        let mut tx = world.donations().begin().await.unwrap();
        tx.insert_donations(&donations[from..up_to]).await.unwrap();
        tx.commit(created(&donations[0])).await.unwrap();
        assert_eq!(counted(&all).await, expected);
    }
    let few = DonationQuery { amount_min: Some(2), ..DonationQuery::default() };
    assert_eq!(counted(&few).await, Total { count: 0, is_capped: false });
}
