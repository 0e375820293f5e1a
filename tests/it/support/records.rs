//! The people and records the tests speak about, and how they are stored.

use almoner_accounts::{
    role::{Access, CustomRole, RoleLabel, RoleName},
    session::{Session, SessionKey, SessionKeyHash},
    user::{Locale, PasswordHashText, TimeZone, User},
};
use almoner_donations::{
    Campaign, CampaignRef, Donation, Donor, DonorKind, DonorRef, Method, State,
};
use almoner_jobs::{Job, JobState, Plan, Rule};
use almoner_kernel::{
    Audited, CampaignId, Currency, DeliveryId, DonationId, DonorId, EmailAddress, Id, IdentityKind,
    IdentityNumber, Ids, JobId, MailId, MailTemplate, Money, NewMail, PermissionSet, PersonName,
    PhoneNumber, Region, ScopeKind, SessionId, StoreError, Trail, UserId, Version, WebhookId,
    id::{DeliveryEntity, JobEntity, WebhookEntity},
};
use almoner_mail::{MailProblem, MailState, ports::Outcome};
use almoner_webhooks::{Delivery, EventTypes, Secret, Target, Webhook};
use chrono::Duration;

use super::{START, World, as_system, day};

pub fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

pub fn phone(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text, Region::parse("TR").unwrap()).unwrap()
}

/// The n-th T.C. identity number, with its check digits.
pub fn national_id(n: u32) -> IdentityNumber {
    let digits: Vec<u32> =
        (100_000_000 + n).to_string().chars().map(|digit| digit.to_digit(10).unwrap()).collect();
    let every_other = |first: usize| digits.iter().skip(first).step_by(2).sum::<u32>();
    let tenth = (7 * every_other(0) + 40 - every_other(1)) % 10;
    let eleventh = (digits.iter().sum::<u32>() + tenth) % 10;
    let number = format!("{}{tenth}{eleventh}", 100_000_000 + n);
    IdentityNumber::parse(IdentityKind::TrNationalId, &number).unwrap()
}

pub fn lira(kurus: i64) -> Money {
    Money::from_minor(kurus, Currency::parse("TRY").unwrap())
}

pub fn euro(cents: i64) -> Money {
    Money::from_minor(cents, Currency::parse("EUR").unwrap())
}

pub fn usd(cents: i64) -> Money {
    Money::from_minor(cents, Currency::parse("USD").unwrap())
}

/// Records with the fields that cannot be absent; a test names the others.
impl World {
    pub fn id<E>(&self) -> Id<E> {
        Id::new(self.ids.next())
    }

    pub fn donor(&self, called: &str) -> Donor {
        Donor {
            id: self.id(),
            kind: DonorKind::Person,
            name: name(called),
            email: None,
            phone: None,
            identity: None,
            address: None,
            language: None,
            notes: None,
            contact_consent: false,
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
            deleted_at: None,
        }
    }

    pub fn campaign(&self, called: &str) -> Campaign {
        Campaign {
            id: self.id(),
            name: name(called),
            description: None,
            goal: None,
            starts_on: None,
            ends_on: None,
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
            deleted_at: None,
        }
    }

    pub fn donation(&self, amount: Money) -> Donation {
        Donation {
            id: self.id(),
            donor: None,
            campaign: None,
            amount,
            method: Method::Cash,
            state: State::Pending,
            purpose: None,
            donated_on: day(2026, 3, 1),
            reference: None,
            notes: None,
            reason: None,
            settled_at: None,
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
            deleted_at: None,
        }
    }

    pub fn user(&self, address: &str) -> User {
        User {
            id: self.id(),
            name: name("Somebody"),
            email: email(address),
            phone: None,
            locale: Locale::default(),
            time_zone: TimeZone::default(),
            role: RoleName::parse("viewer").unwrap(),
            active: true,
            invited_at: None,
            last_login_at: None,
            version: Version::FIRST,
            created_at: START,
            updated_at: START,
        }
    }

    pub fn role(&self, called: &str) -> CustomRole {
        CustomRole {
            id: self.id(),
            name: RoleName::parse(called).unwrap(),
            label: RoleLabel::parse("A role").unwrap(),
            description: None,
            access: Access {
                permissions: PermissionSet::NONE,
                scope: ScopeKind::Own,
                edit_window: None,
            },
            version: Version::FIRST,
            created_at: START,
            updated_at: START,
        }
    }

    pub fn session(&self, user: UserId) -> Session {
        Session {
            id: self.id(),
            user_id: user,
            created_at: START,
            last_seen_at: START,
            expires_at: START + Duration::hours(12),
            idle_timeout: Duration::minutes(30),
            remembered: false,
            address: None,
            user_agent: None,
        }
    }
}

/// Storing them, each with its trail.
impl World {
    pub async fn save_donor(&self, donor: &Donor) {
        self.save_donor_with(donor, None).await.unwrap();
    }

    pub async fn save_donor_with(
        &self,
        donor: &Donor,
        identity: Option<&IdentityNumber>,
    ) -> Result<(), StoreError> {
        let mut tx = self.donors().begin().await?;
        tx.insert_donor(donor, identity).await?;
        tx.commit(created(donor)).await
    }

    pub async fn save_donors(&self, donors: &[Donor]) {
        let rows: Vec<_> = donors.iter().map(|donor| (donor.clone(), None)).collect();
        let mut tx = self.donors().begin().await.unwrap();
        tx.insert_donors(&rows).await.unwrap();
        tx.commit(created(&donors[0])).await.unwrap();
    }

    /// Stores the donor one version later.
    pub async fn change_donor(&self, donor: &Donor) -> Result<Donor, StoreError> {
        let after = Donor { version: donor.version.next(), ..donor.clone() };
        let mut tx = self.donors().begin().await?;
        tx.update_donor(&after).await?;
        tx.commit(changed(&after)).await?;
        Ok(after)
    }

    pub async fn save_campaign(&self, campaign: &Campaign) -> Result<(), StoreError> {
        let mut tx = self.campaigns().begin().await?;
        tx.insert_campaign(campaign).await?;
        tx.commit(created(campaign)).await
    }

    /// Stores the campaign one version later.
    pub async fn change_campaign(&self, campaign: &Campaign) -> Result<Campaign, StoreError> {
        let after = Campaign { version: campaign.version.next(), ..campaign.clone() };
        let mut tx = self.campaigns().begin().await?;
        tx.update_campaign(&after).await?;
        tx.commit(changed(&after)).await?;
        Ok(after)
    }

    pub async fn save_donation(&self, donation: &Donation) {
        let mut tx = self.donations().begin().await.unwrap();
        tx.insert_donation(donation).await.unwrap();
        tx.commit(created(donation)).await.unwrap();
    }

    pub async fn save_donations(&self, donations: &[Donation]) {
        let mut tx = self.donations().begin().await.unwrap();
        tx.insert_donations(donations).await.unwrap();
        tx.commit(created(&donations[0])).await.unwrap();
    }

    /// Stores the donation one version later.
    pub async fn change_donation(&self, donation: &Donation) -> Result<Donation, StoreError> {
        let after = Donation { version: donation.version.next(), ..donation.clone() };
        let mut tx = self.donations().begin().await?;
        tx.update_donation(&after).await?;
        tx.commit(changed(&after)).await?;
        Ok(after)
    }

    /// A job that waits, or one that has failed; its id.
    pub async fn save_job(&self, has_failed: bool) -> String {
        let id = JobId::new(self.id::<JobEntity>().uuid());
        let waiting = Job::new(id, "test.one".to_owned(), "{}".to_owned(), START);
        let failed = Job {
            state: JobState::Failed,
            due_at: None,
            ended_at: Some(START),
            attempts: 12,
            reason: Some("no".to_owned()),
            ..waiting.clone()
        };
        let job = if has_failed { failed } else { waiting };
        let mut tx = self.jobs().begin().await.unwrap();
        tx.insert_job(&job).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        id.to_string()
    }

    /// A schedule of its own, paused or not; its name.
    pub async fn save_schedule(&self, is_paused: bool) -> String {
        let id = self.id::<JobEntity>().uuid().simple().to_string();
        // Names are the program's own and live as long as it.
        let name: &'static str = Box::leak(format!("test.s{id}").into_boxed_str());
        let rule = Rule::parse("0 3 * * *", "Europe/Istanbul".parse().unwrap()).unwrap();
        self.queue().register(&[Plan { name, rule }], START).await.unwrap();
        if is_paused {
            let mut tx = self.jobs().begin().await.unwrap();
            let schedule = tx.schedule(name).await.unwrap().unwrap();
            tx.update_schedule(&schedule.paused()).await.unwrap();
            tx.commit(session_noted()).await.unwrap();
        }
        name.to_owned()
    }

    /// A webhook that asks for everything about donations and donors, from the first change on.
    pub fn webhook(&self, is_active: bool) -> Webhook {
        Webhook {
            id: WebhookId::new(self.id::<WebhookEntity>().uuid()),
            target: Target::parse("https://example.org/hooks", false).unwrap(),
            description: None,
            events: EventTypes::parse(&["donation.*", "donor.*"]).unwrap(),
            is_active,
            disabled_reason: None,
            since: 0,
            failing_since: None,
            quiet_until: None,
            version: Version::FIRST,
            created_by: None,
            created_at: START,
            updated_at: START,
        }
    }

    pub async fn save_webhook(&self, webhook: &Webhook) {
        let mut tx = self.webhooks().begin().await.unwrap();
        tx.insert_webhook(webhook, &Secret::from_random([7; 32])).await.unwrap();
        tx.commit(created(webhook)).await.unwrap();
    }

    /// A delivery to a webhook that was given up.
    pub async fn save_delivery(&self, webhook: &Webhook) -> Delivery {
        let id = DeliveryId::new(self.id::<DeliveryEntity>().uuid());
        let delivery = Delivery::ping(id, webhook, START).given_up(START);
        let mut tx = self.webhooks().begin().await.unwrap();
        tx.insert_delivery(&delivery).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        delivery
    }

    pub async fn save_user(&self, user: &User) -> Result<(), StoreError> {
        let mut tx = self.accounts().begin().await?;
        tx.insert_user(user, &PasswordHashText::new("a hash".to_owned())).await?;
        tx.commit(created(user)).await
    }

    /// Stores the user one version later.
    pub async fn change_user(&self, user: &User) -> Result<User, StoreError> {
        let after = User { version: user.version.next(), ..user.clone() };
        let mut tx = self.accounts().begin().await?;
        tx.update_user(&after).await?;
        tx.commit(changed(&after)).await?;
        Ok(after)
    }

    /// Stores a mail that was refused.
    pub async fn save_failed_mail(&self, user_id: UserId) -> MailId {
        let id = self.id();
        let mail = NewMail {
            id,
            template: MailTemplate::PasswordChanged,
            user_id,
            address: None,
            about: None,
            at: START,
        };
        let mut tx = self.accounts().begin().await.unwrap();
        tx.insert_mail(&mail).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        let outcome = Outcome {
            state: MailState::Bounced,
            problem: Some(MailProblem::Refused),
            reply: Some(550),
            language: Some("en"),
            at: START,
        };
        self.mails().note(id, &outcome).await.unwrap();
        id
    }

    pub async fn save_role(&self, role: &CustomRole) -> Result<(), StoreError> {
        let mut tx = self.accounts().begin().await?;
        tx.insert_role(role).await?;
        tx.commit(created(role)).await
    }

    /// Stores a session under a key of its own.
    pub async fn save_session(&self, session: &Session) -> SessionKeyHash {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(session.id.uuid().as_bytes());
        let key = SessionKey::from_random(bytes).hash();
        let mut tx = self.accounts().begin().await.unwrap();
        tx.insert_session(session, &key).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        key
    }
}

/// The trail of a new record.
pub fn created<R: Audited>(record: &R) -> Trail {
    Trail::of(&as_system()).created(record)
}

/// The trail of a change that says nothing more.
pub fn changed<R: Audited>(record: &R) -> Trail {
    Trail::of(&as_system()).noted(almoner_kernel::Action::Updated, record, None)
}

/// The trail of a unit that changes no record.
pub fn session_noted() -> Trail {
    Trail::of(&as_system()).security(almoner_kernel::SecurityEvent {
        kind: almoner_kernel::SecurityEventKind::LoggedIn,
        user_id: None,
        detail: None,
    })
}

pub fn named(donor: &Donor) -> Option<DonorRef> {
    Some(DonorRef { id: donor.id, name: donor.name.clone() })
}

pub fn for_campaign(campaign: &Campaign) -> Option<CampaignRef> {
    Some(CampaignRef { id: campaign.id, name: campaign.name.clone() })
}

/// Ids, for comparing what lists show.
pub fn donor_ids(donors: &[Donor]) -> Vec<DonorId> {
    donors.iter().map(|donor| donor.id).collect()
}

pub fn campaign_ids(campaigns: &[Campaign]) -> Vec<CampaignId> {
    campaigns.iter().map(|campaign| campaign.id).collect()
}

pub fn donation_ids(donations: &[Donation]) -> Vec<DonationId> {
    donations.iter().map(|donation| donation.id).collect()
}

pub fn session_ids(sessions: &[Session]) -> Vec<SessionId> {
    sessions.iter().map(|session| session.id).collect()
}
