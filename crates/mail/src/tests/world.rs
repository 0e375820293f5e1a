//! Mocked ports that answer from a prepared world, and write down what a use case did.

use std::sync::{Arc, Mutex};

use almoner_kernel::{
    Actor, Attempt, Caller, Context, EmailAddress, Grant, Id, JobError, LinkId, MailId,
    MailTemplate, NewJob, Origin, Page, PageRequest, Permission, PersonName, Progress, ScopeKind,
    SessionId, StoreError, Timestamp, Trail, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use mockall::mock;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{ports::*, *};

mock! {
    pub Store {}

    #[async_trait]
    impl Mails for Store {
        async fn begin(&self) -> Result<Box<dyn MailsTx>, StoreError>;
        async fn mail(&self, id: MailId) -> Result<Option<Mail>, StoreError>;
        async fn mails(&self, query: &MailQuery, page: &PageRequest) -> Result<Page<Mail>, StoreError>;
        async fn recipient(&self, user: UserId) -> Result<Option<Recipient>, StoreError>;
        async fn link_expires_at(&self, link: LinkId) -> Result<Option<Timestamp>, StoreError>;
        async fn device(&self, session: SessionId) -> Result<Option<Device>, StoreError>;
        async fn sent_between(
            &self,
            user: UserId,
            template: MailTemplate,
            since: Timestamp,
            until: Timestamp,
            most: u32,
        ) -> Result<u32, StoreError>;
        async fn note(&self, id: MailId, outcome: &Outcome) -> Result<(), StoreError>;
    }
}

mock! {
    pub Tx {}

    #[async_trait]
    impl UnitOfWork for Tx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl MailsTx for Tx {
        async fn mail(&mut self, id: MailId) -> Result<Option<Mail>, StoreError>;
        async fn requeue(&mut self, mail: &Mail) -> Result<(), StoreError>;
    }
}

mock! {
    pub Out {}

    #[async_trait]
    impl Transport for Out {
        async fn send(&self, message: &Message) -> Result<Option<u16>, SendError>;
    }
}

/// What was done, in order.
#[derive(Debug)]
pub enum Did {
    Sent(Box<Message>),
    Noted(Outcome),
    Requeued(Box<Mail>),
    Committed(Vec<NewJob>, usize),
}

pub type Log = Arc<Mutex<Vec<Did>>>;

/// What storage and the other server answer.
#[derive(Clone)]
pub struct World {
    pub mail: Option<Mail>,
    pub recipient: Option<Recipient>,
    pub link_expires_at: Option<Timestamp>,
    pub device: Option<Device>,
    pub sent: u32,
    pub answer: fn() -> Result<Option<u16>, SendError>,
    pub is_off: bool,
}

impl World {
    pub fn with(template: MailTemplate) -> Self {
        let recipient = Recipient {
            name: PersonName::parse("Elif Kaya").unwrap(),
            email: EmailAddress::parse("elif@example.org").unwrap(),
            locale: "tr".to_owned(),
            time_zone: "Europe/Istanbul".to_owned(),
        };
        let mail = Mail {
            id: mail_id(),
            template,
            user_id: Id::new(Uuid::from_u128(5)),
            address: None,
            about: Some(Uuid::from_u128(300)),
            state: MailState::Queued,
            problem: None,
            reply: None,
            attempts: 0,
            tried_at: None,
            language: None,
            version: Version::FIRST,
            created_at: at(-1),
        };
        Self {
            mail: Some(mail),
            recipient: Some(recipient),
            link_expires_at: Some(at(20)),
            device: None,
            sent: 0,
            answer: || Ok(Some(250)),
            is_off: false,
        }
    }

    fn store(&self, log: &Log) -> MockStore {
        let mut store = MockStore::new();
        let w = self.clone();
        store.expect_mail().returning(move |_| Ok(w.mail.clone()));
        let w = self.clone();
        store.expect_mails().returning(move |_, _| {
            Ok(Page { items: w.mail.clone().into_iter().collect(), next: None, total: None })
        });
        let w = self.clone();
        store.expect_recipient().returning(move |_| Ok(w.recipient.clone()));
        let w = self.clone();
        store.expect_link_expires_at().returning(move |_| Ok(w.link_expires_at));
        let w = self.clone();
        store.expect_device().returning(move |_| Ok(w.device.clone()));
        let w = self.clone();
        store.expect_sent_between().returning(move |_, _, since, until, most| {
            assert_eq!((since, until), (at(-60), at(60)));
            Ok(w.sent.min(most))
        });
        let l = Arc::clone(log);
        store.expect_note().returning(move |_, outcome| {
            l.lock().unwrap().push(Did::Noted(outcome.clone()));
            Ok(())
        });
        let (w, l) = (self.clone(), Arc::clone(log));
        store.expect_begin().returning(move || Ok(Box::new(tx(&w, &l))));
        store
    }

    /// Runs one attempt; says how it ended and what was done.
    pub async fn attempt(&self, is_last: bool) -> (Result<(), JobError>, Vec<Did>) {
        use almoner_kernel::JobHandler;

        let log = Log::default();
        let mut out = MockOut::new();
        let (answer, l) = (self.answer, Arc::clone(&log));
        out.expect_send().returning(move |message| {
            l.lock().unwrap().push(Did::Sent(Box::new(message.clone())));
            answer()
        });
        let mailbox =
            |address: &str| Mailbox { name: None, address: EmailAddress::parse(address).unwrap() };
        let courier = Courier::new(
            Arc::new(self.store(&log)),
            Arc::new(Templates::new("Umut Derneği").unwrap()),
            Arc::new(Pages),
            Arc::new(out),
            CourierPolicy {
                from: mailbox("posta@example.org"),
                reply_to: Some(mailbox("buro@example.org")),
                max_per_recipient: 5,
                window: chrono::Duration::hours(1),
            },
        );
        let attempt = Attempt {
            job: Id::new(Uuid::from_u128(1)),
            payload: almoner_kernel::mail::job(mail_id()).payload,
            number: 1,
            is_last,
            at: at(0),
        };
        let outcome = courier.run(&attempt, &Unwatched).await;
        drop(courier);
        (outcome, Arc::try_unwrap(log).unwrap_or_default().into_inner().unwrap())
    }

    /// The use cases, and what they do.
    pub fn service(&self) -> (MailService, Log) {
        let log = Log::default();
        let templates = Arc::new(Templates::new("Umut Derneği").unwrap());
        (MailService::new(Arc::new(self.store(&log)), templates, !self.is_off), log)
    }
}

fn tx(world: &World, log: &Log) -> MockTx {
    let mut tx = MockTx::new();
    let w = world.clone();
    tx.expect_mail().returning(move |_| Ok(w.mail.clone()));
    let l = Arc::clone(log);
    tx.expect_requeue().returning(move |mail| {
        l.lock().unwrap().push(Did::Requeued(Box::new(mail.clone())));
        Ok(())
    });
    let l = Arc::clone(log);
    tx.expect_commit().returning(move |trail| {
        l.lock().unwrap().push(Did::Committed(trail.jobs, trail.changes.len()));
        Ok(())
    });
    tx
}

struct Pages;

impl Links for Pages {
    fn address(&self, template: MailTemplate, link: LinkId) -> Option<SecretString> {
        Some(format!("https://example.org/{}#token={link}", template.as_str()).into())
    }
}

struct Unwatched;

#[async_trait]
impl Progress for Unwatched {
    async fn report(&self, _: u64, _: Option<u64>) -> Result<(), JobError> {
        Ok(())
    }
}

pub fn mail_id() -> MailId {
    MailId::new(Uuid::from_u128(40))
}

pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap() + chrono::Duration::minutes(minutes)
}

/// Somebody who may do exactly this.
pub fn caller_with(permissions: &[Permission]) -> Context {
    let permissions = permissions.iter().copied().collect();
    let caller = Caller {
        user_id: Id::new(Uuid::from_u128(9)),
        session_id: Id::new(Uuid::from_u128(1)),
        grants: vec![Grant::new("tester", permissions, ScopeKind::Own)],
    };
    Context {
        actor: Actor::User(Arc::new(caller)),
        at: at(0),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}
