//! Filters, alone and combined, show what a reading of every row would show.

use std::cmp::Ordering;

use almoner_accounts::{
    role::RoleName,
    user::{User, UserQuery, UserSort},
};
use almoner_audit::{
    ActorOnRecord, ChangeQuery, ChangeRecord, SecurityEventQuery, SecurityEventRecord,
};
use almoner_donations::{
    Donation, DonationQuery, DonationSort, Donor, DonorKind, DonorQuery, DonorSort, Method, State,
};
use almoner_kernel::{
    Action, Context, Direction, PageRequest, Scope, ScopeKind, SecurityEvent, SecurityEventKind,
    Sort, Total, Trail, Trash, UserId, text::fold,
};
use uuid::Uuid;

use crate::support::{
    Dice, World, as_system, as_user, day, donation_ids, donor_ids, euro, for_campaign, later, lira,
    name, named, usd,
};

on_both![
    donations_show_what_every_filter_asks_for,
    donors_show_what_every_filter_asks_for,
    users_show_what_every_filter_asks_for,
    changes_show_what_every_filter_asks_for,
    security_events_show_what_every_filter_asks_for,
];

const USERS: [UserId; 3] = [
    UserId::new(Uuid::from_u128(0xA1)),
    UserId::new(Uuid::from_u128(0xA2)),
    UserId::new(Uuid::from_u128(0xA3)),
];

const ALL_OF_IT: PageRequest = PageRequest { limit: 200, after: None, count: true };

fn scope(dice: &mut Dice) -> Scope {
    match dice.below(4) {
        0 => Scope::Own(dice.pick(&USERS)),
        1 => Scope::Assigned(dice.pick(&USERS)),
        _ => Scope::All,
    }
}

fn direction(dice: &mut Dice) -> Direction {
    dice.pick(&[Direction::Up, Direction::Down])
}

fn trash(dice: &mut Dice) -> Trash {
    if dice.once_in(4) { Trash::Only } else { Trash::Without }
}

fn is_on_side(trash: Trash, is_deleted: bool) -> bool {
    is_deleted == (trash == Trash::Only)
}

/// True when a filter is absent or fits.
fn fits<T: PartialEq>(wanted: Option<T>, found: T) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

fn total(count: usize) -> Option<Total> {
    Some(Total { count: count as u64, is_capped: false })
}

async fn donations_show_what_every_filter_asks_for(world: &World) {
    let seed = 1;
    let mut dice = Dice::new(seed);
    let donors: Vec<Donor> =
        ["Ali Veli", "Ayşe Işık"].iter().map(|called| world.donor(called)).collect();
    world.save_donors(&donors).await;
    let campaigns = [world.campaign("Su"), world.campaign("Ekmek")];
    for campaign in &campaigns {
        world.save_campaign(campaign).await.unwrap();
    }
    let amounts = [lira(100), lira(250), euro(100), euro(99_999), usd(7)];
    let all: Vec<Donation> = (0..160)
        .map(|_| Donation {
            donor: dice.once_in(2).then(|| named(&dice.pick(&donors)).unwrap()),
            campaign: dice.once_in(2).then(|| for_campaign(&dice.pick(&campaigns)).unwrap()),
            amount: dice.pick(&amounts),
            method: dice.pick(&Method::ALL[..3]),
            state: dice.pick(&State::ALL),
            purpose: dice.pick_once_in(3, &["okul".to_owned(), "okuma".to_owned()]),
            donated_on: day(2025, 12, 28) + chrono::Days::new(dice.below(8)),
            created_by: dice.once_in(2).then(|| dice.pick(&USERS)),
            deleted_at: dice.once_in(4).then(|| later(0)),
            ..world.donation(lira(1))
        })
        .collect();
    world.save_donations(&all).await;

    let mut found_something = 0;
    for round in 0..400 {
        // The first rounds ask for one thing at a time.
        let often = if round < 60 { 9 } else { 4 };
        let query = DonationQuery {
            state: dice.pick_once_in(often, &State::ALL),
            method: dice.pick_once_in(often, &Method::ALL[..4]),
            currency: dice.pick_once_in(often, &amounts).map(almoner_kernel::Money::currency),
            campaign_id: dice.pick_once_in(often, &campaigns).map(|campaign| campaign.id),
            donor_id: dice.pick_once_in(often, &donors).map(|donor| donor.id),
            created_by: dice.pick_once_in(often, &USERS),
            donated_from: dice.pick_once_in(often, &[day(2025, 12, 30), day(2026, 1, 2)]),
            donated_to: dice.pick_once_in(often, &[day(2025, 12, 31), day(2026, 1, 3)]),
            amount_min: dice.pick_once_in(often, &[7, 8, 100, 101]),
            amount_max: dice.pick_once_in(often, &[99, 100, 250, 99_998]),
            q: dice
                .pick_once_in(often, &["oku", "okul", "ayse", "isik okul"])
                .map(ToOwned::to_owned),
            trash: trash(&mut dice),
            sort: Sort {
                field: dice.pick(&[
                    DonationSort::CreatedAt,
                    DonationSort::DonatedOn,
                    DonationSort::Amount,
                ]),
                direction: direction(&mut dice),
            },
        };
        let scope = scope(&mut dice);
        let mut expected: Vec<&Donation> =
            all.iter().filter(|donation| donation_fits(donation, &query, scope)).collect();
        expected.sort_by(|a, b| {
            let key = match query.sort.field {
                DonationSort::CreatedAt => Ordering::Equal,
                DonationSort::DonatedOn => a.donated_on.cmp(&b.donated_on),
                DonationSort::Amount => a.amount.minor().cmp(&b.amount.minor()),
            };
            turned(key.then(a.id.cmp(&b.id)), query.sort.direction)
        });
        found_something += usize::from(!expected.is_empty());
        let page = world.donations().list(&query, scope, &ALL_OF_IT).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|donation| donation.id).collect();
        assert_eq!(donation_ids(&page.items), expected, "{query:?} {scope:?}, seed {seed}");
        assert_eq!(page.total, total(expected.len()), "{query:?} {scope:?}");
    }
    assert!(found_something > 100, "only {found_something} queries found anything");
}

fn donation_fits(donation: &Donation, query: &DonationQuery, scope: Scope) -> bool {
    let words =
        [donation.purpose.as_deref(), donation.donor.as_ref().map(|donor| donor.name.as_str())];
    fits(query.state, donation.state)
        && fits(query.method, donation.method)
        && fits(query.currency, donation.amount.currency())
        && fits(query.campaign_id.map(Some), donation.campaign.as_ref().map(|one| one.id))
        && fits(query.donor_id.map(Some), donation.donor.as_ref().map(|one| one.id))
        && fits(query.created_by.map(Some), donation.created_by)
        && fits(scope.creator().map(Some), donation.created_by)
        && query.donated_from.is_none_or(|from| donation.donated_on >= from)
        && query.donated_to.is_none_or(|to| donation.donated_on <= to)
        && query.amount_min.is_none_or(|min| donation.amount.minor() >= min)
        && query.amount_max.is_none_or(|max| donation.amount.minor() <= max)
        && query.q.as_ref().is_none_or(|q| has_words(q, &words))
        && is_on_side(query.trash, donation.deleted_at.is_some())
}

fn has_words(q: &str, texts: &[Option<&str>]) -> bool {
    let text = texts.iter().flatten().map(|text| fold(text)).collect::<Vec<_>>().join(" ");
    let mut words: Vec<&str> = q.split(' ').collect();
    let last = words.pop().unwrap();
    words.iter().all(|word| text.split(' ').any(|has| has == *word))
        && text.split(' ').any(|has| has.starts_with(last))
}

const fn turned(ordering: Ordering, direction: Direction) -> Ordering {
    match direction {
        Direction::Up => ordering,
        Direction::Down => ordering.reverse(),
    }
}

async fn donors_show_what_every_filter_asks_for(world: &World) {
    let seed = 2;
    let mut dice = Dice::new(seed);
    let all: Vec<Donor> = (0..120)
        .map(|_| Donor {
            kind: dice.pick(&DonorKind::ALL),
            contact_consent: dice.once_in(3),
            created_by: dice.once_in(2).then(|| dice.pick(&USERS)),
            deleted_at: dice.once_in(4).then(|| later(0)),
            ..world.donor(dice.pick(&["Ali Veli", "ALİ VELİ", "Çınar", "Zümrüt Işık", "ızgara"]))
        })
        .collect();
    world.save_donors(&all).await;
    for _ in 0..200 {
        let query = DonorQuery {
            kind: dice.pick_once_in(3, &DonorKind::ALL),
            contact_consent: dice.pick_once_in(3, &[true, false]),
            created_by: dice.pick_once_in(3, &USERS),
            q: dice.pick_once_in(3, &["ali", "ali vel", "isik", "izg"]).map(ToOwned::to_owned),
            trash: trash(&mut dice),
            sort: Sort {
                field: dice.pick(&[DonorSort::CreatedAt, DonorSort::Name]),
                direction: direction(&mut dice),
            },
        };
        let scope = scope(&mut dice);
        let mut expected: Vec<&Donor> = all
            .iter()
            .filter(|donor| {
                fits(query.kind, donor.kind)
                    && fits(query.contact_consent, donor.contact_consent)
                    && fits(query.created_by.map(Some), donor.created_by)
                    && fits(scope.creator().map(Some), donor.created_by)
                    && query.q.as_ref().is_none_or(|q| has_words(q, &[Some(donor.name.as_str())]))
                    && is_on_side(query.trash, donor.deleted_at.is_some())
            })
            .collect();
        expected.sort_by(|a, b| {
            let key = match query.sort.field {
                DonorSort::CreatedAt => Ordering::Equal,
                DonorSort::Name => fold(a.name.as_str()).cmp(&fold(b.name.as_str())),
            };
            turned(key.then(a.id.cmp(&b.id)), query.sort.direction)
        });
        let page = world.donors().list(&query, scope, &ALL_OF_IT).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|donor| donor.id).collect();
        assert_eq!(donor_ids(&page.items), expected, "{query:?} {scope:?}, seed {seed}");
        assert_eq!(page.total, total(expected.len()), "{query:?} {scope:?}");
    }
}

async fn users_show_what_every_filter_asks_for(world: &World) {
    let seed = 3;
    let mut dice = Dice::new(seed);
    let roles = ["viewer", "admin", "gift_desk"].map(|role| RoleName::parse(role).unwrap());
    let all: Vec<User> = (0..60)
        .map(|n| User {
            name: name(dice.pick(&["Ali Veli", "Çınar Işık", "zümrüt"])),
            role: dice.pick(&roles),
            active: !dice.once_in(3),
            last_login_at: dice.once_in(2).then(|| later(n % 5)),
            ..world.user(&format!("User{n}@{}.org", dice.pick(&["one", "two"])))
        })
        .collect();
    for user in &all {
        world.save_user(user).await.unwrap();
    }
    for _ in 0..150 {
        let query = UserQuery {
            active: dice.pick_once_in(3, &[true, false]),
            role: dice.pick_once_in(3, &roles),
            q: dice.pick_once_in(3, &["ali", "isik", "two", "cinar on"]).map(ToOwned::to_owned),
            sort: Sort { field: dice.pick(&UserSort::ALL), direction: direction(&mut dice) },
        };
        let mut expected: Vec<&User> = all
            .iter()
            .filter(|user| {
                fits(query.active, user.active)
                    && fits(query.role.as_ref(), &user.role)
                    && query.q.as_ref().is_none_or(|q| has_words(q, &[Some(&user.search_text())]))
            })
            .collect();
        expected.sort_by(|a, b| {
            let key = match query.sort.field {
                UserSort::CreatedAt => Ordering::Equal,
                UserSort::Name => fold(a.name.as_str()).cmp(&fold(b.name.as_str())),
                UserSort::Email => a.email.key().cmp(&b.email.key()),
                UserSort::LastLoginAt => a.last_login_at.cmp(&b.last_login_at),
            };
            turned(key.then(a.id.cmp(&b.id)), query.sort.direction)
        });
        let page = world.accounts().users(&query, Scope::All, &ALL_OF_IT).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|user| user.id).collect();
        let expected: Vec<_> = expected.iter().map(|user| user.id).collect();
        assert_eq!(found, expected, "{query:?}, seed {seed}");
        assert_eq!(page.total, total(expected.len()), "{query:?}");
    }
}

fn somebody(dice: &mut Dice) -> Context {
    let cx = match dice.below(3) {
        0 => as_system(),
        1 => Context { actor: almoner_kernel::Actor::Anonymous, ..as_system() },
        _ => as_user(dice.pick(&USERS), ScopeKind::All),
    };
    Context { at: later(i64::try_from(dice.below(10)).unwrap()), ..cx }
}

async fn changes_show_what_every_filter_asks_for(world: &World) {
    let seed = 4;
    let mut dice = Dice::new(seed);
    let (donor, other) = (world.donor("Ali"), world.donor("Veli"));
    let campaign = world.campaign("Su");
    let actions = [Action::Updated, Action::Deleted, Action::Restored];
    for _ in 0..120 {
        let trail = Trail::of(&somebody(&mut dice));
        let action = dice.pick(&actions);
        let trail = match dice.below(3) {
            0 => trail.noted(action, &donor, Some("reason".to_owned())),
            1 => trail.noted(action, &other, None),
            _ => trail.noted(action, &campaign, None),
        };
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let all = world.trail().changes(&ChangeQuery::default(), &ALL_OF_IT).await.unwrap().items;
    assert_eq!(all.len(), 120);
    for _ in 0..200 {
        let query = ChangeQuery {
            entity: dice.pick_once_in(3, &["donor", "campaign", "user"]).map(ToOwned::to_owned),
            entity_id: dice
                .pick_once_in(3, &[donor.id.uuid(), other.id.uuid(), campaign.id.uuid()]),
            action: dice.pick_once_in(3, &Action::ALL[1..4]),
            actor: dice.pick_once_in(3, &USERS),
            from: dice.pick_once_in(3, &[later(2), later(5)]),
            to: dice.pick_once_in(3, &[later(5), later(9)]),
        };
        let fits_all = |change: &&ChangeRecord| {
            fits(query.entity.as_deref(), change.entity.as_str())
                && fits(query.entity_id, change.entity_id)
                && fits(query.action.map(Action::as_str), change.action.as_str())
                && query.actor.is_none_or(|actor| change.actor == ActorOnRecord::User(actor))
                && query.from.is_none_or(|from| change.at >= from)
                && query.to.is_none_or(|to| change.at < to)
        };
        let expected: Vec<ChangeRecord> = all.iter().filter(fits_all).cloned().collect();
        let page = world.trail().changes(&query, &ALL_OF_IT).await.unwrap();
        assert_eq!(page.items, expected, "{query:?}, seed {seed}");
        assert_eq!(page.total, total(expected.len()), "{query:?}");
    }
}

async fn security_events_show_what_every_filter_asks_for(world: &World) {
    let seed = 5;
    let mut dice = Dice::new(seed);
    for _ in 0..120 {
        let event = SecurityEvent {
            kind: dice.pick(&SecurityEventKind::ALL[..4]),
            user_id: dice.once_in(2).then(|| dice.pick(&USERS)),
            detail: dice.pick_once_in(2, &["donors:read".to_owned()]),
        };
        let trail = Trail::of(&somebody(&mut dice)).security(event);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    let everything = SecurityEventQuery::default();
    let all = world.trail().security_events(&everything, &ALL_OF_IT).await.unwrap().items;
    assert_eq!(all.len(), 120);
    for _ in 0..150 {
        let query = SecurityEventQuery {
            kind: dice.pick_once_in(3, &SecurityEventKind::ALL[..5]),
            user_id: dice.pick_once_in(3, &USERS),
            from: dice.pick_once_in(3, &[later(2), later(5)]),
            to: dice.pick_once_in(3, &[later(5), later(9)]),
        };
        let fits_all = |event: &&SecurityEventRecord| {
            fits(query.kind.map(SecurityEventKind::as_str), event.kind.as_str())
                && fits(query.user_id.map(Some), event.user_id)
                && query.from.is_none_or(|from| event.at >= from)
                && query.to.is_none_or(|to| event.at < to)
        };
        let expected: Vec<SecurityEventRecord> = all.iter().filter(fits_all).cloned().collect();
        let page = world.trail().security_events(&query, &ALL_OF_IT).await.unwrap();
        assert_eq!(page.items, expected, "{query:?}, seed {seed}");
        assert_eq!(page.total, total(expected.len()), "{query:?}");
    }
}
