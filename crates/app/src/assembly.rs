//! Puts the parts together: the store, the ports it does not answer, the services over both.
//!
//! **A start that fails leaves nothing behind.** First the address is bound (not yet listened on, so
//! that load balancers go elsewhere), then it is read which key the trail was sealed with, without a
//! byte changed (`Store::sealed_with`; SQLite is told that a file without a log is immutable, or it
//! would leave one behind). Only then folders, key and schema are made. A key is made where nothing is
//! sealed yet, and on SQLite only under the lock of a server; any other is refused. Two starts at once
//! on one port can both be bound; the second one fails when it listens.
//!
//! **Commands beside the server** (`admin create`, `admin unlock`, `audit verify`, `migrate status`,
//! `totals`, `backup`, `clock`) may run while it serves; what replaces the schema or fills the database
//! (`migrate up|down`, `seed`, `restore`) needs the file for itself. A lock file beside the database
//! keeps a second server off.

use std::{path::Path, sync::Arc};

use almoner_accounts::{
    Administration, Authentication, Letters, LinkKey, LiveSessions, LoginGuard, Profile, Recovery,
    Roles, Sessions,
    link::LinkPolicy,
    live::LivePolicy,
    password::PasswordRules,
    ports::{BreachedPasswords, PasswordHasher},
};
use almoner_adapters::{
    breached::{BreachedFile, NoBreachedList},
    clock::{SystemClock, UuidIds},
    keys::{self, KeyOrigin, Keys},
    mail::{self, PageLinks, ThisServer},
    passwords::{ArgonHasher, HasherLimits},
    secrets::SystemSecrets,
};
use almoner_audit::{Audit, Seal};
use almoner_donations::Summaries;
use almoner_http::Domains;
use almoner_jobs::JobService;
use almoner_kernel::{Actor, Clock, Context, Ids, JobHandler, Origin};
use almoner_kinds::REGISTRY;
use almoner_mail::{Courier, CourierPolicy, MailService, Templates, ports::Transport};
use almoner_persistence::{Database, OpenError, PostgresUrl, Store, StoreOptions};
use almoner_records::{Records, Rules, Served, Terms};
use almoner_webhooks::WebhookService;
use anyhow::Context as _;
use secrecy::ExposeSecret;
use url::Url;

use crate::{
    anew,
    config::{self, Config, MailSettings},
};

/// How long another instance's revocation of a session may go unnoticed, on PostgreSQL.
const REVALIDATE_AFTER: chrono::Duration = chrono::Duration::seconds(1);

/// Who else may have the database open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// Nobody may: a second server on the same SQLite file is refused.
    None,
    /// A server may be running beside this command.
    Server,
}

/// Everything the program works with.
pub struct Office {
    /// The database.
    pub store: Store,
    /// The sub-keys of the signing key.
    pub keys: Keys,
    /// Where the key came from.
    pub key_origin: keys::KeyOrigin,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn Ids>,
}

impl Office {
    /// Makes the data folder and the signing key when they are missing, and opens the database. Nothing
    /// is made or changed when the key is not the one that the database belongs to.
    ///
    /// # Errors
    /// In words for the operator.
    pub async fn open(config: &Config, neighbours: Neighbours) -> anyhow::Result<Self> {
        let database = match &config.database {
            config::Database::Sqlite { path } => Database::Sqlite(path.clone()),
            config::Database::Postgres { url } => {
                Database::Postgres(PostgresUrl(url.expose_secret().to_owned()))
            }
        };
        let sealed_with = Store::sealed_with(&database)
            .await
            .with_context(|| format!("cannot open {}", config.database.masked()))?;
        let (keys, key_origin) = match (keys::load(&config.key_file), sealed_with) {
            (Err(error), Some(key_id)) if error.is_missing() => {
                return Err(missing(config, &key_id));
            }
            (Err(error), None) if error.is_missing() => first_key(config, &database)?,
            (loaded, sealed_with) => {
                let keys = loaded?;
                fits(&keys, sealed_with)?;
                (keys, KeyOrigin::Loaded)
            }
        };
        folders(config, &database)?;
        let ids: Arc<dyn Ids> = Arc::new(UuidIds::default());
        let store = Store::open(StoreOptions {
            database,
            keys: keys.store_keys(),
            ids: Arc::clone(&ids),
            max_connections: config.database_pool_size,
            exclusive: neighbours == Neighbours::None,
            observer: None,
            registry: &REGISTRY,
            language: config.language.clone(),
        })
        .await
        .with_context(|| format!("cannot open {}", config.database.masked()))?;
        Ok(Self { store, keys, key_origin, clock: Arc::new(SystemClock), ids })
    }

    /// The use cases of every kind of record.
    pub fn kinds(&self, config: &Config) -> Vec<Arc<dyn Served>> {
        let terms = Terms {
            region: config.country.region,
            currencies: config.currencies.clone(),
            zone: config.time_zone,
        };
        kinds(Arc::new(self.store.clone()), Arc::clone(&self.ids), terms)
    }

    /// Brings the schema up to date and makes sure that the key fits the trail.
    ///
    /// # Errors
    /// In words for the operator.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        self.store.migrate_up(None).await?;
        self.store.check_key().await?;
        anew::seal_anew(&self.store).await?;
        Ok(())
    }

    /// Refuses to work on a schema that is older or newer than the program: for commands that do
    /// not migrate, because a server may be running.
    ///
    /// # Errors
    /// In words for the operator.
    pub async fn expect_migrated(&self) -> anyhow::Result<()> {
        let steps = self.store.migrations().await?;
        let missing = steps.iter().filter(|step| !step.is_applied).count();
        anyhow::ensure!(
            missing == 0,
            "the database lacks {missing} migrations: run `almoner migrate up`, or start the server"
        );
        self.store.check_key().await?;
        if !self.store.has_names_in_order().await? {
            tracing::warn!(
                "names of this database stand in another order than that of language \
                 (ALMONER_LANGUAGE): what this command enters stands apart until the server starts anew. \
                 Give it the setting of the server"
            );
        }
        Ok(())
    }

    /// The use cases of every domain.
    ///
    /// # Errors
    /// When the hashing threads cannot be started or the list of breached passwords cannot be read.
    pub fn domains(&self, config: &Config) -> anyhow::Result<Domains> {
        let store = Arc::new(self.store.clone());
        let hasher: Arc<dyn PasswordHasher> = Arc::new(
            ArgonHasher::start(HasherLimits::with_threads(config.hash_threads))
                .context("cannot start the threads that hash passwords")?,
        );
        let breached: Arc<dyn BreachedPasswords> = match &config.breached_file {
            Some(file) => Arc::new(BreachedFile::open(file).with_context(|| {
                format!("cannot use {} as a list of breached passwords", file.display())
            })?),
            None => Arc::new(NoBreachedList),
        };
        let passwords = || {
            PasswordRules::new(config.password.clone(), Arc::clone(&breached), Arc::clone(&hasher))
        };
        let live = Arc::new(LiveSessions::new(LivePolicy {
            revalidate_after: (!store.is_single_process()).then_some(REVALIDATE_AFTER),
            ..LivePolicy::default()
        }));
        let ids = || Arc::clone(&self.ids);
        let link_policy =
            LinkPolicy { invitation: config.links.invitation_lifetime, ..LinkPolicy::default() };
        let is_mail_on = config.mail.is_some();
        let letters = || Letters::new(is_mail_on, link_policy, ids());
        let guard =
            || LoginGuard::new(store.clone(), Arc::clone(&hasher), self.link_key(), config.login);
        Ok(Domains {
            registry: &REGISTRY,
            recovery: Recovery::new(
                store.clone(),
                passwords(),
                Arc::new(SystemSecrets),
                letters(),
                self.link_key(),
                ids(),
                Arc::clone(&live),
            ),
            mails: MailService::new(store.clone(), Arc::new(templates(config)?), is_mail_on),
            authentication: Authentication::new(
                store.clone(),
                guard(),
                Arc::new(SystemSecrets),
                ids(),
                Arc::clone(&live),
                letters(),
                config.session,
            ),
            sessions: Sessions::new(store.clone(), Arc::new(SystemSecrets), Arc::clone(&live)),
            profile: Profile::new(
                store.clone(),
                guard(),
                passwords(),
                Arc::new(SystemSecrets),
                Arc::clone(&live),
                letters(),
            ),
            users: Administration::new(
                store.clone(),
                guard(),
                passwords(),
                Arc::new(SystemSecrets),
                ids(),
                Arc::clone(&live),
                letters(),
            ),
            roles: Roles::new(store.clone(), ids(), live),
            kinds: self.kinds(config),
            donations: Summaries::new(store.clone()),
            jobs: JobService::new(store.clone(), ids()),
            webhooks: WebhookService::new(
                store.clone(),
                Arc::new(SystemSecrets),
                ids(),
                config.webhooks_allow_private,
            ),
            audit: Audit::new(store),
            region: config.country.region,
        })
    }

    /// What sends mail, as jobs; nothing where no mail can be sent.
    ///
    /// # Errors
    /// In words for the operator.
    pub fn mail_jobs(
        &self,
        config: &Config,
        domains: &Domains,
    ) -> anyhow::Result<Vec<Arc<dyn JobHandler>>> {
        let Some(settings) = &config.mail else { return Ok(Vec::new()) };
        let courier = Courier::new(
            Arc::new(self.store.clone()),
            Arc::new(templates(config)?),
            Arc::new(PageLinks::new(self.link_key(), &config.links)),
            mail_transport(config, settings)?,
            CourierPolicy {
                from: settings.from.clone(),
                reply_to: settings.reply_to.clone(),
                max_per_recipient: settings.per_recipient,
                window: chrono::Duration::hours(1),
            },
        );
        Ok(vec![Arc::new(courier), Arc::new(domains.recovery.clone())])
    }

    /// What proves the links in mails.
    fn link_key(&self) -> LinkKey {
        LinkKey::new(self.keys.links.expose_secret())
    }

    /// The context of something the program does itself.
    pub fn context(&self, name: &'static str) -> Context {
        Context {
            actor: Actor::System(name),
            at: self.clock.now(),
            origin: Origin { change_set: Some(self.ids.next()), ..Origin::default() },
            replay: None,
            dry_run: false,
            suspicions: almoner_kernel::Suspicions::default(),
        }
    }

    /// What the change trail is sealed with.
    pub fn seal(&self) -> Seal {
        Seal::new(*self.keys.audit.expose_secret())
    }
}

fn templates(config: &Config) -> anyhow::Result<Templates> {
    Templates::new(&config.organisation).context("the templates of mails cannot be read")
}

/// The way mail goes with these settings.
///
/// # Errors
/// In words for the operator: a file that cannot be read, a folder that cannot be made.
pub fn mail_transport(
    config: &Config,
    settings: &MailSettings,
) -> anyhow::Result<Arc<dyn Transport>> {
    // The name that the server is known by.
    let url = Url::parse(&config.public_url.as_text())?;
    let us = ThisServer {
        name: url.host_str().unwrap_or("localhost").to_owned(),
        is_private: config.listen.ip().is_loopback(),
    };
    mail::transport(&settings.route, us)
}

/// Makes the first key of a database in which nothing is sealed yet.
fn first_key(config: &Config, database: &Database) -> anyhow::Result<(Keys, KeyOrigin)> {
    folders(config, database)?;
    let _lock = match database {
        // A server that runs on it has a key, wherever its file is now.
        Database::Sqlite(path) => Some(Store::reserve(path)?),
        Database::Postgres(_) => None,
    };
    Ok(keys::load_or_create(&config.key_file)?)
}

/// Makes the folders of the data.
fn folders(config: &Config, database: &Database) -> anyhow::Result<()> {
    if let Database::Sqlite(path) = database
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        private_dir(folder)?;
    }
    private_dir(&config.data_dir)
}

/// There is no key file, and the database needs the one there was.
fn missing(config: &Config, key_id: &str) -> anyhow::Error {
    anyhow::anyhow!(
        "the signing key {} is missing, and {} is sealed with it ({key_id}): put the key file back \
         from its copy. No new key was made, nothing was changed",
        config.key_file.display(),
        config.database.masked(),
    )
}

/// Refuses another key than the trail was sealed with.
fn fits(keys: &Keys, sealed_with: Option<String>) -> Result<(), OpenError> {
    let ours = Seal::new(*keys.audit.expose_secret()).key_id().to_owned();
    match sealed_with {
        Some(found) if found != ours => Err(OpenError::Key { found, ours }),
        _ => Ok(()),
    }
}

fn private_dir(dir: &Path) -> anyhow::Result<()> {
    keys::create_private_dir(dir)
        .with_context(|| format!("cannot make the folder {}", dir.display()))
}

/// The use cases of every kind of record over a store.
pub fn kinds(store: Arc<Store>, ids: Arc<dyn Ids>, terms: Terms) -> Vec<Arc<dyn Served>> {
    let mut assembling = Assembling { store, ids, terms: Arc::new(terms), kinds: Vec::new() };
    almoner_kinds::each(&mut assembling);
    assembling.kinds
}

/// Puts the use cases of each kind over the store.
struct Assembling {
    store: Arc<Store>,
    ids: Arc<dyn Ids>,
    terms: Arc<Terms>,
    kinds: Vec<Arc<dyn Served>>,
}

impl almoner_kinds::Visitor for Assembling {
    fn kind<R: Rules>(&mut self) {
        let (ids, terms) = (Arc::clone(&self.ids), Arc::clone(&self.terms));
        let records = Records::<R>::new(Arc::clone(&self.store) as _, ids, terms);
        self.kinds.push(Arc::new(records));
    }
}
