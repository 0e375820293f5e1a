//! Everything the lists offer, alone and in the combinations that people ask for.

use almoner_accounts::{
    role::RoleName,
    user::{PasswordHashText, User, UserQuery, UserSort},
};
use almoner_audit::{ChangeQuery, SecurityEventQuery};
use almoner_donations::{
    Campaign, CampaignQuery, CampaignSort, Donation, DonationQuery, DonationSort, Donor, DonorKind,
    DonorLookup, DonorQuery, DonorSort, GroupBy, Method, State, SummaryQuery,
};
use almoner_jobs::{JobQuery, JobState};
use almoner_kernel::{
    Action, Context, Currency, DeliveryId, Direction, MailTemplate, NewJob, NewMail, Page,
    PageRequest, Position, Scope, ScopeKind, SecurityEvent, SecurityEventKind, Sort, StoreError,
    Trail, Trash, UserId, id::DeliveryEntity,
};
use almoner_mail::{MailQuery, MailState};
use almoner_webhooks::{Delivery, DeliveryQuery, DeliveryState};
use chrono::Days;
use uuid::Uuid;

use super::verdict::{Order, complaints};
use crate::support::{
    Dice, World, as_user, created, day, email, euro, for_campaign, later, lira, name, named,
    national_id, phone, usd,
};

const DONORS: usize = 20_000;
const DONATIONS: usize = 40_000;
const CAMPAIGNS: usize = 3_000;
const USERS: usize = 3_000;
const CHANGES: usize = 30_000;
const JOBS: usize = 30_000;
const MAILS: usize = 25_000;

const DIRECTIONS: [Direction; 2] = [Direction::Up, Direction::Down];

/// Runs every list with everything it offers and looks at the plans.
pub async fn check_all(world: &World) {
    let known = fill(world).await;
    world.store.refresh_statistics().await.unwrap();
    let mut inspector = Inspector { world, found: Vec::new(), seen: 0 };
    donors(&mut inspector, &known).await;
    campaigns(&mut inspector).await;
    donations(&mut inspector, &known).await;
    summaries(&mut inspector, &known).await;
    users(&mut inspector).await;
    mails(&mut inspector, &known).await;
    trail(&mut inspector, &known).await;
    jobs(&mut inspector).await;
    webhooks(&mut inspector).await;
    assert!(inspector.seen > 300, "only {} statements were looked at", inspector.seen);
    assert!(
        inspector.found.is_empty(),
        "{} of {} statements:\n{}",
        inspector.found.len(),
        inspector.seen,
        inspector.found.join("\n\n"),
    );
}

struct Inspector<'a> {
    world: &'a World,
    found: Vec<String>,
    seen: usize,
}

impl Inspector<'_> {
    /// Looks at what one reading runs.
    async fn look<T>(&mut self, what: &str, order: Order, reading: impl Future<Output = T>) {
        let statements = self.world.statements(reading).await;
        assert!(!statements.is_empty(), "{what} runs nothing");
        for statement in statements {
            self.seen += 1;
            let plan = self.world.store.explain(&statement).await.unwrap();
            let wrong = complaints(self.world.backend, &statement.sql, &plan, order);
            if !wrong.is_empty() {
                self.found.push(format!("{what}\n  {}\n  {}", statement.sql, plan.join("\n  "),));
            }
        }
    }

    /// Looks at a list: its first page, the next one, and its count.
    async fn list<T>(
        &mut self,
        what: String,
        order: Order,
        list: impl AsyncFn(PageRequest) -> Result<Page<T>, StoreError>,
    ) {
        let first = PageRequest { limit: 20, after: None, count: true };
        let mut next: Option<Position> = None;
        let read = async { next = list(first).await.unwrap().next };
        self.look(&what, order, read).await;
        if next.is_some() {
            let second = PageRequest { limit: 20, after: next, count: false };
            self.look(&format!("{what}, next page"), order, list(second)).await;
        }
    }
}

/// Some of what the tables are filled with.
struct Known {
    donor: Donor,
    campaign: Campaign,
    me: UserId,
    /// Somebody with many mails.
    user: UserId,
}

async fn fill(world: &World) -> Known {
    let mut dice = Dice::new(1);
    let people: Vec<UserId> = (1..=40).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    let first = ["Ali", "Ayşe", "Mehmet", "Fatma", "Işık", "Çağrı", "Zeynep", "Ömer"];
    let last = ["Yılmaz", "Demir", "Şahin", "Çelik", "Öztürk", "Kaya"];

    let campaigns: Vec<Campaign> = (0..CAMPAIGNS)
        .map(|n| Campaign {
            starts_on: Some(day(2020, 1, 1) + Days::new(n as u64 % 2_000)),
            ends_on: Some(day(2020, 2, 1) + Days::new(n as u64 % 2_000)),
            deleted_at: dice.once_in(50).then(|| later(0)),
            ..world.campaign(&format!("Kampanya {n}"))
        })
        .collect();
    let mut tx = world.campaigns().begin().await.unwrap();
    for campaign in &campaigns {
        tx.insert_campaign(campaign).await.unwrap();
    }
    tx.commit(created(&campaigns[0])).await.unwrap();

    let donors: Vec<Donor> = (0..DONORS)
        .map(|n| Donor {
            kind: if dice.once_in(10) { DonorKind::Organisation } else { DonorKind::Person },
            email: Some(email(&format!("donor{n}@example.org"))),
            phone: Some(almoner_kernel::PhoneNumber::from_stored(format!("+90532{n:07}"))),
            contact_consent: dice.once_in(3),
            created_by: Some(dice.pick(&people)),
            deleted_at: dice.once_in(50).then(|| later(0)),
            ..world.donor(&format!("{} {} {n}", dice.pick(&first), dice.pick(&last)))
        })
        .collect();
    let rows: Vec<_> = donors
        .iter()
        .enumerate()
        .map(|(n, donor)| (donor.clone(), Some(national_id(u32::try_from(n).unwrap()))))
        .collect();
    for chunk in rows.chunks(5_000) {
        let mut tx = world.donors().begin().await.unwrap();
        tx.insert_donors(chunk).await.unwrap();
        tx.commit(created(&chunk[0].0)).await.unwrap();
    }

    let donations: Vec<Donation> = (0..DONATIONS)
        .map(|_| {
            let minor = 1 + i64::try_from(dice.below(10_000_000)).unwrap();
            Donation {
                donor: named(&dice.pick(&donors)),
                campaign: (!dice.once_in(3)).then(|| for_campaign(&dice.pick(&campaigns)).unwrap()),
                amount: dice.pick(&[lira(minor), lira(minor), euro(minor), usd(minor)]),
                method: dice.pick(&Method::ALL),
                state: dice.pick(&State::ALL),
                purpose: Some(format!("amaç {}", dice.below(5_000))),
                donated_on: day(2020, 1, 1) + Days::new(dice.below(2_200)),
                created_by: Some(dice.pick(&people)),
                deleted_at: dice.once_in(50).then(|| later(0)),
                ..world.donation(lira(1))
            }
        })
        .collect();
    for chunk in donations.chunks(5_000) {
        world.save_donations(chunk).await;
    }

    let mut tx = world.accounts().begin().await.unwrap();
    let hash = PasswordHashText::new("hash".to_owned());
    let mut users = Vec::new();
    for n in 0..USERS {
        let user = User {
            name: name(&format!("{} {}", dice.pick(&first), dice.pick(&last))),
            role: RoleName::parse(dice.pick(&["viewer", "admin", "agent", "member"])).unwrap(),
            active: !dice.once_in(10),
            last_login_at: dice.once_in(2).then(|| later(n as i64)),
            ..world.user(&format!("user{n}@example.org"))
        };
        tx.insert_user(&user, &hash).await.unwrap();
        users.push(user.id);
    }
    for n in 0..MAILS {
        let mail = NewMail {
            id: world.id(),
            template: dice.pick(MailTemplate::ALL),
            user_id: dice.pick(&users[..40]),
            address: None,
            about: None,
            at: later(n as i64),
        };
        tx.insert_mail(&mail).await.unwrap();
    }
    tx.commit(created(&donors[0])).await.unwrap();

    let halves = "created_at % 2 = (SELECT min(created_at) FROM mails) % 2";
    world
        .sql(&format!("UPDATE mails SET state = 'sent', tried_at = created_at WHERE {halves}"))
        .await;
    world
        .sql(
            "UPDATE mails SET state = 'bounced' WHERE state = 'queued' AND template = 'invitation'",
        )
        .await;

    for round in 0..CHANGES / 100 {
        let me = dice.pick(&people);
        let cx = Context { at: later(round as i64), ..as_user(me, ScopeKind::All) };
        let mut trail = Trail::of(&cx);
        for _ in 0..100 {
            let action = dice.pick(Action::ALL);
            trail = match dice.below(4) {
                0 => trail.noted(action, &dice.pick(&campaigns), None),
                1 => trail.noted(action, &dice.pick(&donors), None),
                _ => trail.noted(action, &dice.pick(&donations), None),
            };
            trail = trail.security(SecurityEvent {
                kind: dice.pick(SecurityEventKind::ALL),
                user_id: Some(dice.pick(&people)),
                detail: None,
            });
        }
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
    Known {
        donor: donors[77].clone(),
        campaign: campaigns[77].clone(),
        me: people[3],
        user: users[3],
    }
}

async fn donors(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = DonorQuery::default;
    let me = known.me;
    let mut queries = vec![
        ("kind", DonorQuery { kind: Some(DonorKind::Person), ..any() }, Scope::All),
        ("rare kind", DonorQuery { kind: Some(DonorKind::Organisation), ..any() }, Scope::All),
        ("consent", DonorQuery { contact_consent: Some(true), ..any() }, Scope::All),
        ("created_by", DonorQuery { created_by: Some(me), ..any() }, Scope::All),
        ("trash", DonorQuery { trash: Trash::Only, ..any() }, Scope::All),
        ("own", any(), Scope::Own(me)),
        ("own trash", DonorQuery { trash: Trash::Only, ..any() }, Scope::Own(me)),
    ];
    for field in [DonorSort::CreatedAt, DonorSort::Name] {
        for direction in DIRECTIONS {
            queries.push((
                "sort",
                DonorQuery { sort: Sort { field, direction }, ..any() },
                Scope::All,
            ));
        }
    }
    let alone = queries.len();
    for q in ["ali", "yilmaz 77", "donor123", "a", "nobody"] {
        for field in [DonorSort::CreatedAt, DonorSort::Name] {
            let query = DonorQuery { q: Some(q.to_owned()), sort: Sort::down(field), ..any() };
            queries.push(("search", query.clone(), Scope::All));
            queries.push((
                "search in the trash",
                DonorQuery { trash: Trash::Only, ..query.clone() },
                Scope::All,
            ));
            queries.push(("search own", query, Scope::Own(me)));
        }
    }
    let by_name: Vec<_> = queries[..alone]
        .iter()
        .map(|(_, query, scope)| {
            let query = DonorQuery { sort: Sort::up(DonorSort::Name), ..query.clone() };
            ("by name with a filter", query, *scope)
        })
        .collect();
    let searched = queries.len();
    queries.extend(by_name);
    for (n, (what, query, scope)) in queries.into_iter().enumerate() {
        let is_common = query.kind.is_some() || query.contact_consent.is_some();
        let is_own = scope.creator().is_some();
        let order = match query.trash {
            _ if n < alone => Order::FromIndex,
            Trash::Without if n >= searched && is_common => Order::KeysFromIndex,
            Trash::Without if n >= searched && (is_own || query.created_by.is_some()) => {
                Order::KeysMaySort
            }
            Trash::Without if n >= searched => Order::FromIndex,
            _ => Order::MaySort,
        };
        let what = format!("donors: {what} {query:?} {scope:?}");
        inspector
            .list(what, order, async |page| world.donors().list(&query, scope, &page).await)
            .await;
    }
    let lookups = [
        DonorLookup::Email(email("donor5@example.org")),
        DonorLookup::Phone(phone("0532 000 00 05")),
        DonorLookup::Identity(national_id(5)),
    ];
    for lookup in &lookups {
        for scope in [Scope::All, Scope::Own(me)] {
            let reading = world.donors().lookup(lookup, scope, 20);
            inspector.look("donors: lookup", Order::FromIndex, reading).await;
        }
    }
    let reading = world.donors().find(known.donor.id, Scope::Own(me));
    inspector.look("donors: find", Order::FromIndex, reading).await;
}

async fn campaigns(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let any = CampaignQuery::default;
    let running = || CampaignQuery { running_on: Some(day(2022, 5, 5)), ..any() };
    let mut queries = vec![
        (CampaignQuery { trash: Trash::Only, ..any() }, Order::FromIndex),
        (running(), Order::MaySort),
        (CampaignQuery { q: Some("kampanya 1".to_owned()), ..any() }, Order::MaySort),
        (CampaignQuery { q: Some("nobody".to_owned()), ..running() }, Order::MaySort),
    ];
    for field in [CampaignSort::CreatedAt, CampaignSort::Name] {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            queries.push((CampaignQuery { sort, ..any() }, Order::FromIndex));
            queries.push((CampaignQuery { sort, ..running() }, Order::MaySort));
        }
    }
    for (query, order) in queries {
        inspector
            .list(format!("campaigns: {query:?}"), order, async |page| {
                world.campaigns().list(&query, &page).await
            })
            .await;
    }
}

/// Every filter of donations alone.
fn donation_filters(known: &Known) -> Vec<(DonationQuery, Scope, Order)> {
    let any = DonationQuery::default;
    let equal = [
        DonationQuery { state: Some(State::Pending), ..any() },
        DonationQuery { method: Some(Method::Sms), ..any() },
        DonationQuery { currency: Some(Currency::parse("EUR").unwrap()), ..any() },
        DonationQuery { campaign_id: Some(known.campaign.id), ..any() },
        DonationQuery { donor_id: Some(known.donor.id), ..any() },
        DonationQuery { created_by: Some(known.me), ..any() },
        DonationQuery { trash: Trash::Only, ..any() },
        any(),
    ];
    let ranges = [
        DonationQuery { donated_from: Some(day(2025, 12, 30)), ..any() },
        DonationQuery { donated_from: Some(day(2020, 1, 2)), ..any() },
        DonationQuery { donated_to: Some(day(2020, 1, 2)), ..any() },
        DonationQuery {
            donated_from: Some(day(2023, 1, 1)),
            donated_to: Some(day(2023, 1, 31)),
            ..any()
        },
        DonationQuery { amount_min: Some(9_999_000), ..any() },
        DonationQuery { amount_min: Some(2), ..any() },
        DonationQuery { amount_max: Some(1_000), ..any() },
        DonationQuery { amount_min: Some(5_000), amount_max: Some(5_500), ..any() },
    ];
    let searches = ["ayse", "amac 77", "ali 123", "a", "nobody"]
        .map(|q| DonationQuery { q: Some(q.to_owned()), ..any() });
    let scoped = [
        (any(), Scope::Own(known.me), Order::FromIndex),
        (any(), Scope::Assigned(known.me), Order::FromIndex),
    ];
    let with = |queries: Vec<DonationQuery>, order| {
        queries.into_iter().map(move |query| (query, Scope::All, order))
    };
    with(equal.to_vec(), Order::FromIndex)
        .chain(with(ranges.to_vec(), Order::MaySort))
        .chain(with(searches.to_vec(), Order::MaySort))
        .chain(scoped)
        .collect()
}

/// What a filter may cost with a sort.
fn with_sort(query: &DonationQuery, scope: Scope) -> Order {
    let is_newest_first = matches!(query.sort.field, DonationSort::CreatedAt);
    let has_range = query.donated_from.is_some()
        || query.donated_to.is_some()
        || query.amount_min.is_some()
        || query.amount_max.is_some();
    let is_common = query.state.is_some() || query.method.is_some() || query.currency.is_some();
    let is_of_few = query.donor_id.is_some() || query.trash == Trash::Only;
    let is_owned = query.created_by.is_some() || scope.creator().is_some();
    if query.q.is_some() {
        Order::MaySort
    } else if is_newest_first {
        if has_range { Order::KeysMaySort } else { Order::FromIndex }
    } else if is_of_few {
        Order::MaySort
    } else if is_common {
        Order::KeysFromIndex
    } else if has_range || is_owned || query.campaign_id.is_some() {
        Order::KeysMaySort
    } else {
        Order::FromIndex
    }
}

async fn donations(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let fields = [DonationSort::CreatedAt, DonationSort::DonatedOn, DonationSort::Amount];
    let filters = donation_filters(known);
    let mut queries = filters.clone();
    for field in fields {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            let sorted = DonationQuery { sort, ..DonationQuery::default() };
            queries.push((sorted, Scope::All, Order::FromIndex));
            // Each filter with each sort.
            queries.extend(filters.iter().map(|(query, scope, _)| {
                let query = DonationQuery { sort, ..query.clone() };
                let order = with_sort(&query, *scope);
                (query, *scope, order)
            }));
        }
    }
    // What a frontend asks for.
    let combined = DonationQuery {
        state: Some(State::Completed),
        donated_from: Some(day(2024, 1, 1)),
        donated_to: Some(day(2024, 3, 31)),
        sort: Sort::down(DonationSort::DonatedOn),
        ..DonationQuery::default()
    };
    let more = [
        DonationQuery { method: Some(Method::Cash), ..combined.clone() },
        DonationQuery { campaign_id: Some(known.campaign.id), ..combined.clone() },
        DonationQuery { donor_id: Some(known.donor.id), ..combined.clone() },
        DonationQuery { q: Some("ayse".to_owned()), ..combined.clone() },
        DonationQuery { amount_min: Some(1_000_000), ..combined.clone() },
        combined,
    ];
    for query in more {
        for scope in [Scope::All, Scope::Own(known.me)] {
            queries.push((query.clone(), scope, Order::MaySort));
        }
    }
    for (query, scope, order) in queries {
        inspector
            .list(format!("donations: {query:?} {scope:?}"), order, async |page| {
                world.donations().list(&query, scope, &page).await
            })
            .await;
    }
    let reading = world.donations().find(world.id(), Scope::Own(known.me));
    inspector.look("donations: find", Order::FromIndex, reading).await;
}

async fn summaries(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = SummaryQuery::default;
    let filters = [
        any(),
        SummaryQuery { state: State::Pending, ..any() },
        SummaryQuery { donated_from: Some(day(2025, 1, 1)), ..any() },
        SummaryQuery { donated_to: Some(day(2021, 1, 1)), ..any() },
        SummaryQuery { currency: Some(Currency::parse("USD").unwrap()), ..any() },
        SummaryQuery { method: Some(Method::Online), ..any() },
        SummaryQuery { campaign_id: Some(known.campaign.id), ..any() },
        SummaryQuery { donor_id: Some(known.donor.id), ..any() },
    ];
    let groupings: [&[GroupBy]; 5] =
        [&[], &[GroupBy::Month], &[GroupBy::Method], &[GroupBy::Campaign], &GroupBy::ALL];
    for filter in filters {
        for group_by in groupings {
            for scope in [Scope::All, Scope::Own(known.me)] {
                let query = SummaryQuery { group_by: group_by.to_vec(), ..filter.clone() };
                let what = format!("summary: {query:?} {scope:?}");
                let reading = async { world.donations().summary(&query, scope).await.unwrap() };
                inspector.look(&what, Order::MaySort, reading).await;
            }
        }
    }
}

async fn users(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let any = UserQuery::default;
    let role = RoleName::parse("admin").unwrap();
    let mut queries = vec![
        (any(), Order::FromIndex),
        (UserQuery { active: Some(true), ..any() }, Order::FromIndex),
        (UserQuery { active: Some(false), ..any() }, Order::FromIndex),
        (UserQuery { role: Some(role.clone()), ..any() }, Order::FromIndex),
        (UserQuery { role: Some(role), active: Some(false), ..any() }, Order::MaySort),
    ];
    for field in UserSort::ALL {
        for direction in DIRECTIONS {
            let sort = Sort { field, direction };
            queries.push((UserQuery { sort, ..any() }, Order::FromIndex));
            queries.push((UserQuery { sort, active: Some(false), ..any() }, Order::MaySort));
            for q in ["ayse", "user77", "nobody", "a"] {
                let query = UserQuery { q: Some(q.to_owned()), sort, ..any() };
                queries.push((query, Order::MaySort));
            }
        }
    }
    for (query, order) in queries {
        for scope in [Scope::All, Scope::Own(world.id())] {
            inspector
                .list(format!("users: {query:?} {scope:?}"), order, async |page| {
                    world.accounts().users(&query, scope, &page).await
                })
                .await;
        }
    }
    let reading = async { world.accounts().account_by_email("user5@example.org").await.unwrap() };
    inspector.look("users: by e-mail", Order::FromIndex, reading).await;
    for number in [1, 200] {
        let key = |byte| almoner_accounts::session::SessionKeyHash([byte; 32]);
        let keys: Vec<_> = (0..number).map(key).collect();
        let reading = async { world.accounts().sessions_by_key(&keys).await.unwrap() };
        let what = format!("sessions: by {number} of their keys");
        inspector.look(&what, Order::FromIndex, reading).await;
    }
}

async fn mails(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = MailQuery::default;
    let (state, template) = (Some(MailState::Bounced), Some(MailTemplate::Invitation));
    let queries = [
        (any(), Order::FromIndex),
        (MailQuery { state, ..any() }, Order::FromIndex),
        (MailQuery { template, ..any() }, Order::FromIndex),
        (MailQuery { user_id: Some(known.user), ..any() }, Order::FromIndex),
        (MailQuery { state, template, ..any() }, Order::MaySort),
        (MailQuery { state, template, user_id: Some(known.user) }, Order::MaySort),
    ];
    for (query, order) in queries {
        inspector
            .list(format!("mails: {query:?}"), order, async |page| {
                world.mails().mails(&query, &page).await
            })
            .await;
    }
    let about = MailTemplate::NewDevice;
    let sent = world.mails().sent_between(known.user, about, later(0), later(1_000), 5);
    inspector.look("mails: sent to one user", Order::FromIndex, sent).await;
    let reading = world.mails().mail(world.id());
    inspector.look("mails: one", Order::FromIndex, reading).await;
    let reading = world.mails().device(world.id());
    inspector.look("mails: the device of a session", Order::FromIndex, reading).await;
    let reading = world.mails().link_expires_at(world.id());
    inspector.look("mails: a link", Order::FromIndex, reading).await;
    let reading = world.accounts().link(world.id());
    inspector.look("links: one", Order::FromIndex, reading).await;
    let reading = world.accounts().reset_request(Uuid::from_u128(1));
    inspector.look("requests for links: one", Order::FromIndex, reading).await;
}

async fn trail(inspector: &mut Inspector<'_>, known: &Known) {
    let world = inspector.world;
    let any = ChangeQuery::default;
    let span = (Some(later(100)), Some(later(110)));
    let record = ChangeQuery {
        entity: Some("donor".to_owned()),
        entity_id: Some(known.donor.id.uuid()),
        ..any()
    };
    let queries = [
        any(),
        ChangeQuery { entity: Some("donation".to_owned()), ..any() },
        ChangeQuery { entity: Some("user".to_owned()), ..any() },
        ChangeQuery { entity_id: Some(known.donor.id.uuid()), ..any() },
        record.clone(),
        ChangeQuery { action: Some(Action::Revealed), ..any() },
        ChangeQuery { actor: Some(known.me), ..any() },
        ChangeQuery { from: span.0, ..any() },
        ChangeQuery { to: span.1, ..any() },
        ChangeQuery { from: span.0, to: span.1, ..any() },
        ChangeQuery { from: span.0, to: span.1, ..record },
        ChangeQuery { entity: Some("donor".to_owned()), from: span.0, to: span.1, ..any() },
        ChangeQuery { action: Some(Action::Purged), from: span.0, to: span.1, ..any() },
        ChangeQuery { actor: Some(known.me), from: span.0, to: span.1, ..any() },
        ChangeQuery { actor: Some(known.me), action: Some(Action::Deleted), ..any() },
        ChangeQuery { entity: Some("donor".to_owned()), action: Some(Action::Purged), ..any() },
    ];
    for query in queries {
        inspector
            .list(format!("changes: {query:?}"), Order::FromIndex, async |page| {
                world.trail().changes(&query, &page).await
            })
            .await;
    }

    let any = SecurityEventQuery::default;
    let kind = Some(SecurityEventKind::LoginFailed);
    let queries = [
        any(),
        SecurityEventQuery { kind, ..any() },
        SecurityEventQuery { user_id: Some(known.me), ..any() },
        SecurityEventQuery { from: span.0, ..any() },
        SecurityEventQuery { to: span.1, ..any() },
        SecurityEventQuery { kind, from: span.0, to: span.1, ..any() },
        SecurityEventQuery { user_id: Some(known.me), from: span.0, to: span.1, ..any() },
        SecurityEventQuery { kind, user_id: Some(known.me), ..any() },
    ];
    for query in queries {
        inspector
            .list(format!("security events: {query:?}"), Order::FromIndex, async |page| {
                world.trail().security_events(&query, &page).await
            })
            .await;
    }
    let reading = async { world.trail().sealed(10_000, 100).await.unwrap() };
    inspector.look("sealed rows", Order::FromIndex, reading).await;
    let reading = async { world.answers().find(known.me, "key", later(0)).await.unwrap() };
    inspector.look("answers", Order::FromIndex, reading).await;
}

/// Jobs of which most were done long ago, some wait and a few are dead, in kinds of any size.
async fn fill_jobs(world: &World) {
    let kinds = ["test.rare", "test.common", "test.common", "test.common"];
    let mut trail = created(&world.donor("Causes Much"));
    for n in 0..JOBS {
        let due = later(i64::try_from(n).unwrap());
        let kind = if n % 1_000 == 0 { kinds[0] } else { kinds[1 + n % 3] };
        trail = trail.enqueue(NewJob::new(kind, "{}".to_owned()).not_before(due));
    }
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    let start = later(0).timestamp_millis();
    for (state, rest) in [("done", 3), ("failed", 1)] {
        world
            .sql(&format!(
                "UPDATE jobs SET state = '{state}', ended_at = due_at, due_at = NULL
                 WHERE state = 'waiting' AND due_at > {start} + 100 AND due_at % 50 > {rest}"
            ))
            .await;
    }
    let columns = "job_id, number, instance, began_at, ended_at, outcome, reason";
    let run = "id, 1, 'here:1', created_at, created_at, 'done', NULL";
    world.sql(&format!("INSERT INTO job_runs ({columns}) SELECT {run} FROM jobs")).await;
    world.store.refresh_statistics().await.unwrap();
}

async fn jobs(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    fill_jobs(world).await;
    let kinds = [None, Some("test.rare"), Some("test.common"), Some("test.none")];
    let states = [None, Some(JobState::Waiting), Some(JobState::Done), Some(JobState::Failed)];
    for kind in kinds {
        for state in states {
            let query = JobQuery { state, kind: kind.map(str::to_owned) };
            inspector
                .list(format!("jobs: {query:?}"), Order::FromIndex, async |page| {
                    world.jobs().list(&query, &page).await
                })
                .await;
        }
    }
    let newest = world.jobs().list(&JobQuery::default(), &PageRequest::default()).await.unwrap();
    let id = newest.items[0].id;
    inspector.look("a job", Order::FromIndex, async { world.jobs().find(id).await.unwrap() }).await;
    inspector
        .look("its runs", Order::FromIndex, async { world.jobs().runs(id, 100).await.unwrap() })
        .await;
    for kinds in [&["test.common"][..], &["test.none"], &["test.common", "test.rare"]] {
        let reading = async { world.queue().next_due(kinds).await.unwrap() };
        inspector.look("what is due first", Order::FromIndex, reading).await;
    }
    let reading = async { world.queue().backlog(later(1_000_000)).await.unwrap() };
    inspector.look("the backlog", Order::FromIndex, reading).await;
    let reading = async { world.queue().due_schedules(later(0)).await.unwrap() };
    inspector.look("due schedules", Order::FromIndex, reading).await;
}

/// Deliveries of a few webhooks, most of them delivered.
async fn webhooks(inspector: &mut Inspector<'_>) {
    let world = inspector.world;
    let mut hooks = Vec::new();
    for _ in 0..20 {
        let webhook = world.webhook(true);
        world.save_webhook(&webhook).await;
        hooks.push(webhook);
    }
    let notices = world.feed_after(0, 10_000).await;
    let deliveries: Vec<Delivery> = notices
        .iter()
        .enumerate()
        .map(|(at, notice)| {
            let id = DeliveryId::new(world.id::<DeliveryEntity>().uuid());
            let delivery = Delivery::of(id, &hooks[at % hooks.len()], notice, later(at as i64));
            match at % 50 {
                0 => delivery,
                1 => delivery.given_up(later(at as i64)),
                _ => Delivery {
                    state: DeliveryState::Delivered,
                    ended_at: Some(later(at as i64)),
                    ..delivery
                },
            }
        })
        .collect();
    assert!(world.outbox().put(0, 1, &deliveries, later(0)).await.unwrap());
    world.store.refresh_statistics().await.unwrap();
    let port = world.webhooks();
    let order = Order::FromIndex;
    inspector.list("webhooks".to_owned(), order, async |page| port.list(&page).await).await;
    for state in [None, Some(DeliveryState::Failed), Some(DeliveryState::Delivered)] {
        let query = DeliveryQuery { state };
        let list = async |page: PageRequest| port.deliveries(hooks[3].id, &query, &page).await;
        inspector.list(format!("deliveries {state:?}"), order, list).await;
    }
    let outbox = world.outbox();
    let due = outbox.due(deliveries[7].id, later(0));
    inspector.look("a delivery that is due", order, due).await;
    inspector.look("old deliveries", order, outbox.forget(later(1), 500)).await;
}
