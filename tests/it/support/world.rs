//! The world of one test: a fresh store, and the ports on it.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use almoner_accounts::ports::Accounts;
use almoner_audit::{Audit, AuditError, AuditTrail, Comparison, Mark, Seal, Verdict};
use almoner_donations::{Campaign, Donation, Donor, Sums};
use almoner_jobs::{Jobs, Queue};
use almoner_kernel::{Feed, Notice, StoreError, store::Answers};
use almoner_mail::ports::Mails;
use almoner_persistence::{Database, PostgresUrl, Store, StoreKeys, StoreOptions};
use almoner_records::{Record, Registry, Repository};
use almoner_webhooks::{Outbox, Webhooks};
use sea_orm::Statement;

use super::{
    as_system,
    databases::{Backend, Home, PostgresDatabase},
    ids::CountedIds,
    templates,
};

/// What the store of every test seals its trail with.
pub const AUDIT_KEY: [u8; 32] = [1; 32];

/// Connections to PostgreSQL of a test that does not ask for more.
const CONNECTIONS: u32 = 4;

/// A fresh store and what a test needs around it.
pub struct World {
    pub backend: Backend,
    pub store: Store,
    pub ids: Arc<CountedIds>,
    pub(super) home: Home,
    read: Arc<Mutex<Vec<Statement>>>,
}

/// Runs a case in a world of its own with the schema up to date.
pub fn run(backend: Backend, case: impl AsyncFnOnce(&World)) {
    run_with(backend, CONNECTIONS, case);
}

/// The same, with some connections to PostgreSQL.
pub fn run_with(backend: Backend, connections: u32, case: impl AsyncFnOnce(&World)) {
    within(
        async { World::fresh(Home::with_schema(backend).await, backend, connections).await },
        case,
    );
}

/// Runs a case in a world of its own without a schema.
pub fn run_empty(backend: Backend, case: impl AsyncFnOnce(&World)) {
    within(async { World::fresh(Home::empty(backend).await, backend, CONNECTIONS).await }, case);
}

/// Runs a case in a world of its own whose store knows other kinds than the program, once their tables are
/// made.
pub fn run_of(
    backend: Backend,
    registry: &'static Registry,
    make_tables: impl AsyncFnOnce(&World),
    case: impl AsyncFnOnce(&World),
) {
    let world = async {
        let world = World::fresh(Home::with_schema(backend).await, backend, CONNECTIONS).await;
        make_tables(&world).await;
        world.knowing(registry).await
    };
    within(world, case);
}

/// Brings the schema of an empty database up to date.
pub(super) async fn schema_into(database: Database) {
    let options =
        StoreOptions { database, ..options(&Home::Sqlite(tempfile::tempdir().unwrap()), false, 0) };
    let store = Store::open(options).await.unwrap();
    store.migrate_up(None).await.unwrap();
    store.close().await.unwrap();
}

fn within(world: impl Future<Output = World>, case: impl AsyncFnOnce(&World)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(world);
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(case(&world))));
    runtime.block_on(world.close());
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl World {
    async fn fresh(home: Home, backend: Backend, connections: u32) -> Self {
        let ids = Arc::new(CountedIds::new(1));
        let read = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&read);
        let options = StoreOptions {
            ids: Arc::clone(&ids) as _,
            max_connections: connections,
            observer: Some(Arc::new(move |statement: &Statement| {
                seen.lock().unwrap().push(statement.clone());
            })),
            ..options(&home, false, 0)
        };
        let store = Store::open(options).await.unwrap();
        Self { backend, store, ids, home, read }
    }

    /// The same world with a store that knows other kinds.
    async fn knowing(mut self, registry: &'static Registry) -> Self {
        let options = StoreOptions { registry, ..self.once_more() };
        let store = Store::open(options).await.unwrap();
        std::mem::replace(&mut self.store, store).close().await.unwrap();
        self
    }

    /// How another process would open the same database; its ids are of another series.
    pub fn options(&self, exclusive: bool, series: u16) -> StoreOptions {
        options(&self.home, exclusive, series)
    }

    /// How the same process would open it once more: with the same ids, and its statements are seen, too.
    pub fn once_more(&self) -> StoreOptions {
        let seen = Arc::clone(&self.read);
        StoreOptions {
            ids: Arc::clone(&self.ids) as _,
            observer: Some(Arc::new(move |statement: &Statement| {
                seen.lock().unwrap().push(statement.clone());
            })),
            ..self.options(false, 0)
        }
    }

    /// The file of a world on SQLite.
    pub fn file(&self) -> PathBuf {
        self.home.file()
    }

    /// The statements that `reading` ran.
    pub async fn statements<T>(&self, reading: impl Future<Output = T>) -> Vec<Statement> {
        self.read.lock().unwrap().clear();
        reading.await;
        std::mem::take(&mut *self.read.lock().unwrap())
    }

    /// Records of a kind.
    pub fn records<R: Record>(&self) -> &dyn Repository<R> {
        &self.store
    }

    pub fn donors(&self) -> &dyn Repository<Donor> {
        &self.store
    }

    pub fn campaigns(&self) -> &dyn Repository<Campaign> {
        &self.store
    }

    pub fn donations(&self) -> &dyn Repository<Donation> {
        &self.store
    }

    /// Sums of donations.
    pub fn sums(&self) -> &dyn Sums {
        &self.store
    }

    pub fn queue(&self) -> &dyn Queue {
        &self.store
    }

    pub fn jobs(&self) -> &dyn Jobs {
        &self.store
    }

    pub fn mails(&self) -> &dyn Mails {
        &self.store
    }

    pub fn webhooks(&self) -> &dyn Webhooks {
        &self.store
    }

    pub fn outbox(&self) -> &dyn Outbox {
        &self.store
    }

    pub fn accounts(&self) -> &dyn Accounts {
        &self.store
    }

    /// The changes behind a position.
    pub async fn feed_after(&self, position: i64, limit: u32) -> Vec<Notice> {
        Feed::after(&self.store, position, limit).await.unwrap()
    }

    pub fn trail(&self) -> &dyn AuditTrail {
        &self.store
    }

    pub fn answers(&self) -> &dyn Answers {
        &self.store
    }

    /// What `almoner audit verify` finds.
    pub async fn verify(&self) -> Verdict {
        self.verify_since(None).await
    }

    /// The same, with a mark that was noted elsewhere.
    pub async fn verify_since(&self, noted: Option<Mark>) -> Verdict {
        Audit::new(Arc::new(self.store.clone()))
            .verify(&as_system(), &Seal::new(AUDIT_KEY), noted, &mut |_| {})
            .await
            .unwrap()
    }

    /// Records that are not as their last changes left them.
    pub async fn compare(&self) -> Comparison {
        compared(&self.store).await
    }

    async fn close(self) {
        self.store.close().await.unwrap();
        if let Home::Postgres(database) = &self.home {
            database.remove().await;
        }
    }
}

/// Every record against its last sealed state.
async fn compared(store: &Store) -> Comparison {
    let audit = Audit::new(Arc::new(store.clone()));
    // A connection to PostgreSQL ends with the thread of the server that opened it: of a server that a case
    // has stopped, one may be just ending.
    for _ in 0..50 {
        match audit.compare(&as_system(), &mut |_| {}).await {
            Err(AuditError::Store(StoreError::Unavailable(_))) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            compared => return compared.unwrap(),
        }
    }
    panic!("the database stays away")
}

impl Home {
    async fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Backend::Postgres => Self::Postgres(PostgresDatabase::create().await),
        }
    }

    async fn with_schema(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let home = Self::empty(backend).await;
                fs::copy(templates::on_sqlite().await, home.file()).unwrap();
                home
            }
            Backend::Postgres => Self::Postgres(PostgresDatabase::with_schema().await),
        }
    }

    fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(directory) => directory.path().join("almoner.db"),
            Self::Postgres(_) => panic!("PostgreSQL has no file"),
        }
    }
}

fn options(home: &Home, exclusive: bool, series: u16) -> StoreOptions {
    StoreOptions {
        database: match home {
            Home::Sqlite(_) => Database::Sqlite(home.file()),
            Home::Postgres(database) => Database::Postgres(PostgresUrl(database.url())),
        },
        keys: StoreKeys { audit: AUDIT_KEY, vault: [2; 32], lookup: [3; 32], records: [4; 32] },
        ids: Arc::new(CountedIds::new(series)),
        max_connections: CONNECTIONS,
        exclusive,
        observer: None,
        registry: &almoner_kinds::REGISTRY,
        language: almoner_kernel::Locale::from_stored("tr".to_owned()),
    }
}
