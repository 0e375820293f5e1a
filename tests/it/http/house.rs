//! The real services on a real database behind a real socket; only the clock is the test's.

use std::{
    net::TcpListener,
    num::NonZeroU32,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

use actix_web::dev::ServerHandle;
use almoner_accounts::{
    Administration, Authentication, Letters, LinkKey, LiveSessions, LoginGuard, Profile, Recovery,
    Roles, Sessions,
    administration::NewSuperadmin,
    link::LinkPolicy,
    live::LivePolicy,
    login::LoginPolicy,
    password::{PasswordPolicy, PasswordRules},
    ports::PasswordHasher,
    session::SessionPolicy,
    user::{Locale, TimeZone},
};
use almoner_adapters::{
    breached::NoBreachedList,
    passwords::{ArgonHasher, HasherLimits},
    secrets::SystemSecrets,
};
use almoner_app::readiness::StoreReadiness;
use almoner_audit::Audit;
use almoner_donations::Summaries;
use almoner_http::{
    BodySettings, Domains, HttpKeys, HttpSettings, Intake, PublicUrl, Quotas, Server, Services,
    adapters::{LiveCallers, TrailRefusals},
    live::{Live, LiveSettings},
    settings::SameSite,
};
use almoner_kernel::{Clock, Currency, Epoch, Region, Timestamp};
use almoner_mail::{MailService, Templates};
use almoner_persistence::Store;
use almoner_records::Terms;
use chrono::Duration;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Backend, Browser, START, World, as_system, email, name, run};

/// The superadmin of every house.
pub const SUPERADMIN: &str = "ayse@example.org";
/// The password of everybody.
pub const PASSWORD: &str = "seven quiet boats leave at dawn";

/// What makes the links in mails.
pub const LINK_KEY: [u8; 32] = [7; 32];

/// Argon2id with the product's own cost, on threads that all houses share.
static HASHER: LazyLock<Arc<dyn PasswordHasher>> =
    LazyLock::new(|| Arc::new(ArgonHasher::start(HasherLimits::with_threads(2)).unwrap()));

/// A server on a world, with a superadmin.
pub struct House<'w> {
    pub world: &'w World,
    pub url: String,
    pub clock: Arc<SetClock>,
    live: Live,
    intake: Intake,
    handle: ServerHandle,
    thread: Option<thread::JoinHandle<()>>,
}

/// Runs a case in a house with quotas off.
pub fn in_house(backend: Backend, case: impl AsyncFnOnce(&House<'_>)) {
    in_house_with(backend, as_it_is, case);
}

/// Runs a case in a house with settings of its own.
pub fn in_house_with(
    backend: Backend,
    change: fn(&mut HttpSettings),
    case: impl AsyncFnOnce(&House<'_>),
) {
    run(backend, async |world| {
        let mut house = House::built(world, change).await;
        case(&house).await;
        // Whatever was done went through the trail.
        assert_eq!(world.compare().await.differences, []);
        house.close().await;
    });
}

fn as_it_is(_: &mut HttpSettings) {}

/// Believes what a proxy on this machine says about its clients.
pub fn behind_a_proxy(settings: &mut HttpSettings) {
    settings.trusted_proxies.push("127.0.0.1/32".parse().unwrap());
}

impl<'w> House<'w> {
    /// Runs a case in a house on a store of its own, which is another one's of the same world.
    pub async fn on(world: &'w World, store: Store, case: impl AsyncFnOnce(&House<'_>)) {
        let clock = Self::with_superadmin(world).await;
        let mut house = Self::open(world, store, clock, as_it_is);
        case(&house).await;
        house.close().await;
    }

    async fn built(world: &'w World, change: fn(&mut HttpSettings)) -> Self {
        let clock = Self::with_superadmin(world).await;
        Self::open(world, world.store.clone(), clock, change)
    }

    async fn with_superadmin(world: &World) -> Arc<SetClock> {
        let new = NewSuperadmin {
            name: name("Ayşe Yılmaz"),
            email: email(SUPERADMIN),
            locale: Locale::default(),
            time_zone: TimeZone::default(),
        };
        let users = domains(world).users;
        users.create_superadmin(&as_system(), new, PASSWORD.into()).await.unwrap();
        Arc::new(SetClock(AtomicI64::new(START.timestamp_millis())))
    }

    fn open(
        world: &'w World,
        store: Store,
        clock: Arc<SetClock>,
        change: fn(&mut HttpSettings),
    ) -> Self {
        let domains = Arc::new(domains_on(&store, world));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = settings(&url);
        change(&mut settings);
        let services = Arc::new(Services {
            clock: clock.clone(),
            ids: world.ids.clone(),
            callers: Arc::new(LiveCallers(domains.sessions.clone())),
            answers: Arc::new(store.clone()),
            feed: Arc::new(store.clone()),
            signals: Arc::new(store.clone()),
            batches: Arc::new(store.clone()),
            refusals: Arc::new(TrailRefusals(domains.audit.clone())),
            readiness: Arc::new(StoreReadiness::new(store.clone())),
            metrics: None,
            traces: None,
        });
        let server = Server::new(settings, services, domains).unwrap();
        let (live, intake) = (server.live(), server.intake());
        let (told, handle) = std::sync::mpsc::channel();
        let lists = live.clone();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let listening = actix_web::rt::spawn(async move { store.listen().await });
                let following = actix_web::rt::spawn(async move { lists.run().await });
                let running = server.listen(listener, 2).unwrap();
                told.send(running.handle()).unwrap();
                running.await.unwrap();
                // It has to let go of its connection while there is a runtime.
                listening.abort();
                let _ = listening.await;
                following.abort();
            });
        });
        let handle = handle.recv().unwrap();
        Self { world, url, clock, live, intake, handle, thread: Some(thread) }
    }

    async fn close(&mut self) {
        self.live.close();
        self.handle.stop(false).await;
        self.thread.take().unwrap().join().unwrap();
    }

    /// The same house after a restart: it knows what is stored, and nothing else.
    pub async fn restarted(&self, case: impl AsyncFnOnce(&House<'_>)) {
        self.once_more(as_it_is, case).await;
    }

    /// A house beside this one, on a store of its own where that talks to a server: a connection that it
    /// makes belongs to its threads, which end with it, and would be of no use to this one.
    async fn once_more(&self, change: fn(&mut HttpSettings), case: impl AsyncFnOnce(&House<'_>)) {
        let own = match self.world.backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(Store::open(self.world.once_more()).await.unwrap()),
        };
        let store = own.clone().unwrap_or_else(|| self.world.store.clone());
        let mut house = House::open(self.world, store, Arc::clone(&self.clock), change);
        case(&house).await;
        house.close().await;
        if let Some(store) = own {
            store.close().await.unwrap();
        }
    }

    /// The same house after its database was put back: in another epoch.
    pub async fn put_back(&self, case: impl AsyncFnOnce(&House<'_>)) {
        self.once_more(|settings| settings.epoch = Epoch::new(Uuid::from_u128(2)), case).await;
    }

    /// Another instance beside this one, on the same database and with a store of its own.
    pub async fn with_another(&self, case: impl AsyncFnOnce(&House<'_>)) {
        let store = Store::open(self.world.options(false, 7)).await.unwrap();
        let clock = Arc::clone(&self.clock);
        let mut house = House::open(self.world, store.clone(), clock, as_it_is);
        case(&house).await;
        house.close().await;
        store.close().await.unwrap();
    }

    /// What is on its way to the server is not waited for any more, as when it stops.
    pub fn stop_taking(&self) {
        self.intake.close();
    }

    /// Nobody.
    pub fn stranger(&self) -> Browser {
        Browser::stranger(&self.url)
    }

    /// The superadmin, logged in.
    pub async fn superadmin(&self) -> Browser {
        Browser::log_in(&self.url, SUPERADMIN, PASSWORD).await
    }

    /// Somebody with a role, made by the superadmin, logged in.
    pub async fn somebody(&self, superadmin: &Browser, role: &str) -> Browser {
        let email = format!("{}@example.org", role.replace('_', "."));
        self.user(superadmin, &email, role).await;
        Browser::log_in(&self.url, &email, PASSWORD).await
    }

    /// A user, made by the superadmin, who has never logged in.
    pub async fn user(&self, superadmin: &Browser, email: &str, role: &str) -> Value {
        let user = json!({ "name": role, "email": email, "role": role, "password": PASSWORD });
        superadmin.post("/users", &user).await.expect(201).body
    }
}

/// A donor that somebody enters.
pub async fn a_donor(browser: &Browser, name: &str) -> Value {
    browser.post("/donors", &json!({ "kind": "person", "name": name })).await.expect(201).body
}

/// A pending donation that somebody enters.
pub async fn a_donation(browser: &Browser) -> Value {
    let donation = json!({
        "amount": { "amount": "1250.00", "currency": "TRY" },
        "method": "bank_transfer",
        "donated_on": "2026-03-14",
    });
    browser.post("/donations", &donation).await.expect(201).body
}

/// A clock that only moves when it is told to.
pub struct SetClock(AtomicI64);

impl SetClock {
    /// Sets it back, as an operator or NTP does.
    pub fn back(&self, time: Duration) {
        self.0.fetch_sub(time.num_milliseconds(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn forward(&self, time: Duration) {
        self.0.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

fn settings(url: &str) -> HttpSettings {
    HttpSettings {
        public_url: PublicUrl::parse(url).unwrap(),
        is_public_url_given: false,
        same_site: SameSite::Strict,
        trusted_proxies: Vec::new(),
        cors_origins: Vec::new(),
        quotas: Quotas { is_on: false, stranger: NonZeroU32::MIN, ..Quotas::default() },
        live: LiveSettings::default(),
        body_limit: HttpSettings::DEFAULT_BODY_LIMIT,
        bodies: BodySettings::default(),
        keys: HttpKeys { cookie: [4; 64], csrf: [5; 32], cursor: [6; 32] },
        epoch: Epoch::new(Uuid::from_u128(1)),
        order: "tr".to_owned(),
        metrics_token: None,
    }
}

/// What the organisation of the tests has settled on.
pub fn terms() -> Terms {
    let currencies = ["TRY", "USD", "EUR"].map(|code| Currency::parse(code).unwrap());
    Terms {
        region: Region::parse("TR").unwrap(),
        currencies: currencies.to_vec(),
        zone: almoner_records::Tz::UTC,
    }
}

fn domains(world: &World) -> Domains {
    domains_on(&world.store, world)
}

fn domains_on(store: &Store, world: &World) -> Domains {
    let is_mail_on = true;
    let store = Arc::new(store.clone());
    let hasher = || Arc::clone(&HASHER);
    let passwords =
        || PasswordRules::new(PasswordPolicy::default(), Arc::new(NoBreachedList), hasher());
    let live = Arc::new(LiveSessions::new(LivePolicy::default()));
    let ids = || world.ids.clone();
    let terms = terms();
    let letters = || Letters::new(is_mail_on, LinkPolicy::default(), ids());
    let guard = || {
        let key = LinkKey::new(&LINK_KEY);
        LoginGuard::new(store.clone(), hasher(), key, LoginPolicy::default())
    };
    Domains {
        registry: store.registry(),
        recovery: Recovery::new(
            store.clone(),
            passwords(),
            Arc::new(SystemSecrets),
            letters(),
            LinkKey::new(&LINK_KEY),
            ids(),
            live.clone(),
        ),
        mails: MailService::new(
            store.clone(),
            Arc::new(Templates::new("Umut Derneği").unwrap()),
            is_mail_on,
        ),
        authentication: Authentication::new(
            store.clone(),
            guard(),
            Arc::new(SystemSecrets),
            ids(),
            live.clone(),
            letters(),
            SessionPolicy::default(),
        ),
        sessions: Sessions::new(store.clone(), Arc::new(SystemSecrets), live.clone()),
        profile: Profile::new(
            store.clone(),
            guard(),
            passwords(),
            Arc::new(SystemSecrets),
            live.clone(),
            letters(),
        ),
        users: Administration::new(
            store.clone(),
            guard(),
            passwords(),
            Arc::new(SystemSecrets),
            ids(),
            live.clone(),
            letters(),
        ),
        roles: Roles::new(store.clone(), ids(), live),
        kinds: {
            let ids: Arc<dyn almoner_kernel::Ids> = ids();
            let more = crate::loans::served(&store, &ids, &terms);
            let mut kinds = almoner_app::assembly::kinds(store.clone(), ids, terms);
            kinds.extend(more);
            kinds
        },
        donations: Summaries::new(store.clone()),
        jobs: almoner_jobs::JobService::new(store.clone(), ids()),
        webhooks: almoner_webhooks::WebhookService::new(
            store.clone(),
            Arc::new(SystemSecrets),
            ids(),
            false,
        ),
        audit: Audit::new(store),
        region: Region::parse("TR").unwrap(),
    }
}
