//! Everything the lists offer, alone and in the combinations that people ask for.

mod giving;
mod people;
mod trail;
mod work;

use almoner_accounts::{
    role::RoleName,
    user::{PasswordHashText, User},
};
use almoner_donations::{Campaign, Donation, Donor, DonorKind, Method, State};
use almoner_kernel::{
    Action, Context, Direction, MailTemplate, NewMail, Page, PageRequest, Position, ScopeKind,
    SecurityEvent, SecurityEventKind, StoreError, Trail, UserId,
};
use chrono::Days;
use uuid::Uuid;

use super::verdict::{Order, complaints};
use crate::support::{
    Dice, World, as_user, created, day, email, euro, for_campaign, later, lira, name, named,
    national_id, usd,
};

const DONORS: usize = 20_000;
const DONATIONS: usize = 40_000;
const CAMPAIGNS: usize = 3_000;
const USERS: usize = 3_000;
const CHANGES: usize = 30_000;
const MAILS: usize = 25_000;

const DIRECTIONS: [Direction; 2] = [Direction::Up, Direction::Down];

/// Runs every list with everything it offers and looks at the plans.
pub async fn check_all(world: &World) {
    let known = fill(world).await;
    world.store.refresh_statistics().await.unwrap();
    let mut inspector = Inspector { world, found: Vec::new(), seen: 0 };
    giving::donors(&mut inspector, &known).await;
    giving::campaigns(&mut inspector).await;
    giving::donations(&mut inspector, &known).await;
    giving::summaries(&mut inspector, &known).await;
    people::users(&mut inspector).await;
    work::mails(&mut inspector, &known).await;
    trail::trail(&mut inspector, &known).await;
    work::jobs(&mut inspector).await;
    work::webhooks(&mut inspector).await;
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
