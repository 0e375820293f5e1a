//! How they are stored.

use almoner_accounts::{
    role::CustomRole,
    session::{Session, SessionKey, SessionKeyHash},
    user::{PasswordHashText, User},
};
use almoner_donations::{Campaign, Donation, Donor};
use almoner_jobs::{Job, JobState, Plan, Rule};
use almoner_kernel::{
    DeliveryId, JobId, MailId, MailTemplate, NewMail, StoreError, Trail, UserId,
    id::{DeliveryEntity, JobEntity},
};
use almoner_mail::{MailProblem, MailState, ports::Outcome};
use almoner_records::{Kept, Record};
use almoner_webhooks::{Delivery, Secret, Webhook};

use super::{changed, created, session_noted};
use crate::support::{START, World, as_system};

/// Storing them, each with its trail.
impl World {
    /// Stores a record.
    pub async fn save<R: Record>(&self, record: &Kept<R>) -> Result<(), StoreError> {
        let mut tx = self.records::<R>().begin().await?;
        tx.insert(record).await?;
        tx.commit(created(record)).await
    }

    /// Stores records at once.
    pub async fn save_all<R: Record>(&self, records: &[Kept<R>]) {
        let mut tx = self.records::<R>().begin().await.unwrap();
        tx.insert_all(records).await.unwrap();
        let trail = records.iter().fold(Trail::of(&as_system()), Trail::created);
        tx.commit(trail).await.unwrap();
    }

    /// Stores the record one version later.
    pub async fn change<R: Record>(&self, record: &Kept<R>) -> Result<Kept<R>, StoreError> {
        let after = Kept { version: record.version.next(), ..record.clone() };
        let mut tx = self.records::<R>().begin().await?;
        tx.update(&after).await?;
        tx.commit(changed(&after)).await?;
        Ok(after)
    }

    pub async fn save_donor(&self, donor: &Kept<Donor>) {
        self.save(donor).await.unwrap();
    }

    pub async fn save_donors(&self, donors: &[Kept<Donor>]) {
        self.save_all(donors).await;
    }

    pub async fn change_donor(&self, donor: &Kept<Donor>) -> Result<Kept<Donor>, StoreError> {
        self.change(donor).await
    }

    pub async fn save_campaign(&self, campaign: &Kept<Campaign>) -> Result<(), StoreError> {
        self.save(campaign).await
    }

    pub async fn change_campaign(
        &self,
        campaign: &Kept<Campaign>,
    ) -> Result<Kept<Campaign>, StoreError> {
        self.change(campaign).await
    }

    pub async fn save_donation(&self, donation: &Kept<Donation>) {
        self.save(donation).await.unwrap();
    }

    pub async fn save_donations(&self, donations: &[Kept<Donation>]) {
        self.save_all(donations).await;
    }

    pub async fn change_donation(
        &self,
        donation: &Kept<Donation>,
    ) -> Result<Kept<Donation>, StoreError> {
        self.change(donation).await
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
