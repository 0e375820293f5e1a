//! Everything the lists offer, alone and in the combinations that people ask for.

mod giving;
mod people;
mod trail;
mod work;

use almoner_accounts::{
    role::RoleNames,
    user::{PasswordHashText, User},
};
use almoner_donations::{Campaign, Donation, Donor, DonorKind, Method, State};
use almoner_kernel::{
    Action, Context, Direction, MailTemplate, NewMail, Page, PageRequest, Position, ScopeKind,
    SecurityEvent, SecurityEventKind, StoreError, Trail, UserId,
};
use almoner_records::{Kept, Sealed};
use chrono::Days;
use uuid::Uuid;

use super::verdict::{Order, complaints};
use crate::support::{
    Dice, World, as_user, created, day, email, euro, for_campaign, later, lira, name, named,
    national_id, text, usd, with,
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
    donor: Kept<Donor>,
    campaign: Kept<Campaign>,
    me: UserId,
    /// Somebody with many mails.
    user: UserId,
}

async fn fill(world: &World) -> Known {
    let mut dice = Dice::new(1);
    let people: Vec<UserId> = (1..=40).map(|n| UserId::new(Uuid::from_u128(n))).collect();
    let first = ["Ali", "Ayşe", "Mehmet", "Fatma", "Işık", "Çağrı", "Zeynep", "Ömer"];
    let last = ["Yılmaz", "Demir", "Şahin", "Çelik", "Öztürk", "Kaya"];

    let campaigns: Vec<Kept<Campaign>> = (0..CAMPAIGNS)
        .map(|n| {
            with(world.campaign(&format!("Kampanya {n}")), |it| {
                it.own.starts_on = Some(day(2020, 1, 1) + Days::new(n as u64 % 2_000));
                it.own.ends_on = Some(day(2020, 2, 1) + Days::new(n as u64 % 2_000));
                it.deleted_at = dice.once_in(50).then(|| later(0));
            })
        })
        .collect();
    world.save_all(&campaigns).await;

    let donors: Vec<Kept<Donor>> = (0..DONORS)
        .map(|n| {
            with(world.donor(&format!("{} {} {n}", dice.pick(&first), dice.pick(&last))), |it| {
                it.own.kind =
                    if dice.once_in(10) { DonorKind::Organisation } else { DonorKind::Person };
                it.own.email = Some(email(&format!("donor{n}@example.org")));
                it.own.phone =
                    Some(almoner_kernel::PhoneNumber::from_stored(format!("+90532{n:07}")));
                it.own.contact_consent = dice.once_in(3);
                it.created_by = Some(dice.pick(&people));
                it.deleted_at = dice.once_in(50).then(|| later(0));
            })
        })
        .collect();
    let numbered = donors.iter().enumerate().map(|(n, donor)| {
        let number = national_id(u32::try_from(n).unwrap());
        with(donor.clone(), |it| it.own.identity = Some(Sealed::fresh(number)))
    });
    for chunk in numbered.collect::<Vec<_>>().chunks(5_000) {
        world.save_donors(chunk).await;
    }

    let donations: Vec<Kept<Donation>> = (0..DONATIONS)
        .map(|_| {
            let minor = 1 + i64::try_from(dice.below(10_000_000)).unwrap();
            with(world.donation(lira(1)), |it| {
                it.own.donor_id = named(&dice.pick(&donors));
                it.own.campaign_id =
                    (!dice.once_in(3)).then(|| for_campaign(&dice.pick(&campaigns)).unwrap());
                it.own.amount =
                    Some(dice.pick(&[lira(minor), lira(minor), euro(minor), usd(minor)]));
                it.own.method = dice.pick(Method::ALL);
                if it.own.method == Method::InKind && dice.once_in(3) {
                    it.own.amount = None;
                }
                it.own.state = dice.pick(State::ALL);
                it.own.purpose = text(Some(format!("amaç {}", dice.below(5_000))));
                it.own.donated_on = day(2020, 1, 1) + Days::new(dice.below(2_200));
                it.created_by = Some(dice.pick(&people));
                it.deleted_at = dice.once_in(50).then(|| later(0));
            })
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
            roles: RoleNames::from_stored(dice.pick(&[
                "viewer",
                "admin",
                "agent,viewer",
                "member",
            ])),
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
