//! `almoner serve`: from an empty folder to a server that listens, and down again without losing a
//! request.

use std::{
    io::{self, Write},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::rt;
use almoner_accounts::{
    administration::NewSuperadmin,
    user::{Locale, TimeZone},
};
use almoner_adapters::{
    backup::schedule::{Scheduler, Standing},
    keys::KeyOrigin,
    telemetry::{self, RequestTraces},
    trusted::TrustedTime,
};
use almoner_http::{
    Domains, HttpKeys, HttpSettings, Mock, PublicUrl, Quotas, Reserved, Server, Services, Traces,
    adapters::{LiveCallers, TrailRefusals},
    health::{self, Readiness},
    settings::Origin,
};
use almoner_kernel::{Epoch, PersonName};
use almoner_kinds::REGISTRY;
use almoner_persistence::{EpochCause, EpochRecord, Store, measures};
use anyhow::Context as _;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;

use crate::{
    assembly::{Neighbours, Office},
    config::{Config, Database, WebOrigin},
    jobs::{
        self,
        worker::{self, Worker},
    },
    readiness::StoreReadiness,
    signals::{self, Ends, Signals},
    tended::tended,
    webhooks,
};

/// How long ago an epoch may have begun to be news: other instances began a moment earlier.
const JUST_BEGUN: chrono::Duration = chrono::Duration::minutes(5);

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// In words for the operator; also when the database was restored meanwhile, or another server took
/// over.
pub async fn serve(config: &Config) -> anyhow::Result<()> {
    // Whatever can go wrong with the address does before anything is made or brought up to date.
    let address = address(config)?;
    let office = Office::open(config, Neighbours::None).await?;
    if office.key_origin == KeyOrigin::Created {
        tracing::info!(
            file = %config.key_file.display(),
            "made a signing key: keep a copy of it apart from the database"
        );
    }
    office.migrate().await?;
    if let Some(difference) = office.store.schema_difference().await? {
        // An index that a careful administrator added is no reason to stand still.
        tracing::error!(
            difference,
            "somebody has changed the schema of the database: backups are refused until it is as it \
             was made"
        );
    }
    let epoch = office.store.settle_epoch(office.clock.now()).await?;
    tell(&epoch, &office);
    let domains = Arc::new(office.domains(config)?);
    first_superadmin(config, &office, &domains).await?;

    let metrics = record_metrics()?;
    telemetry::expose_metrics(config.traces.as_ref(), config.errors.as_ref());
    let known = office.store.trusted_time().await?;
    let time = Arc::new(TrustedTime::new(Arc::clone(&office.clock), known, Store::made_after()));
    let scheduler = scheduler(config, &office, &time)?;
    let standing = scheduler.as_ref().map(Scheduler::standing);
    let worker = worker(config, &office, &domains, &time)?;
    let readiness = StoreReadiness::new(office.store.clone())
        .with_queue(worker.standing())
        .with_backups(standing.clone())
        .with_time(Arc::clone(&time));
    let readiness = Arc::new(readiness);
    let services = Arc::new(Services {
        clock: Arc::clone(&office.clock),
        ids: Arc::clone(&office.ids),
        callers: Arc::new(LiveCallers(domains.sessions.clone())),
        answers: Arc::new(office.store.clone()),
        feed: Arc::new(office.store.clone()),
        signals: Arc::new(office.store.clone()),
        batches: Arc::new(office.store.clone()),
        refusals: Arc::new(TrailRefusals(domains.audit.clone())),
        readiness: Arc::clone(&readiness) as Arc<dyn Readiness>,
        metrics: Some(metrics.clone()),
        traces: config.traces.as_ref().map(|_| Arc::new(RequestTraces) as Arc<dyn Traces>),
    });
    let server =
        Server::new(settings(config, &office, epoch.epoch)?, services, Arc::clone(&domains))?;
    let (live, intake) = (server.live(), server.intake());
    let watched = Arc::clone(&readiness);
    let signals = Signals::listen().context("cannot listen for signals")?;
    let http = server
        .serve(address, config.shutdown_grace)
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let worker = worker.start();
    let is_over = Arc::new(AtomicBool::new(false));
    let stopping = rt::spawn(signals::stop(
        Ends { signals, over: over(office.store.clone(), epoch, Arc::clone(&is_over)) },
        http.handle(),
        worker.halt(),
        readiness,
        live.clone(),
        intake,
        config.shutdown_drain,
    ));
    let (store, lists) = (office.store.clone(), live.clone());
    let listening = rt::spawn(async move { tended("feed", || store.listen()).await });
    let following = rt::spawn(async move { tended("live lists", || lists.run()).await });
    let telling = rt::spawn(webhooks::tell(&office));
    let (minded, noting) = (Arc::clone(&time), office.store.clone());
    let minding = rt::spawn(async move { tended("clock", || minded.mind(&noting)).await });
    let watching = rt::spawn(async move { tended("readiness", || watched.watch()).await });
    let upkeep = rt::spawn(upkeep(office.store.clone(), metrics, standing));
    let backups = scheduler.map(Scheduler::start).transpose()?;
    announce(config, &office).await?;

    let served = http.await.context("the server stopped");
    stopping.abort();
    following.abort();
    telling.abort();
    listening.abort();
    // It lets go of its connection to PostgreSQL, which takes a runtime. Aborted is how it ends.
    let _ = listening.await;
    upkeep.abort();
    minding.abort();
    watching.abort();
    worker.stop().await;
    if let Some(backups) = backups {
        backups.stop().await;
    }
    if let Err(error) = office.store.close().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database was not closed");
    }
    tracing::info!("stopped");
    anyhow::ensure!(
        !is_over.load(Ordering::Relaxed),
        "the database is on another time line than at the start: it was restored, or another server \
         took over. Start Almoner anew"
    );
    served
}

/// Says that an epoch has begun with this start.
fn tell(epoch: &EpochRecord, office: &Office) {
    let EpochRecord { number, epoch: id, cause, began_at, .. } = epoch;
    let (cause, began_at) = (cause.as_str(), began_at.to_rfc3339());
    match epoch.cause {
        // It began just now, or a short time ago with another instance.
        EpochCause::Restored | EpochCause::Moved
            if office.clock.now() - epoch.began_at < JUST_BEGUN =>
        {
            tracing::warn!(
                number,
                epoch = %id,
                cause,
                "a new epoch has begun: nothing that clients have from before fits any more"
            );
        }
        _ => tracing::info!(number, epoch = %id, cause, began_at, "the epoch"),
    }
}

/// Waits until the database has left the epoch, and says so.
async fn over(store: Store, epoch: EpochRecord, is_over: Arc<AtomicBool>) {
    store.epoch_over(&epoch).await;
    tracing::error!(
        epoch = %epoch.epoch,
        "the database is on another time line than at the start: this process ends, because what it \
         remembers may be lost"
    );
    is_over.store(true, Ordering::Relaxed);
}

/// Keeps the address that is served at.
fn address(config: &Config) -> anyhow::Result<Reserved> {
    Reserved::take(config.listen).or_else(|error| {
        if let Database::Sqlite { path } = &config.database
            && path.exists()
        {
            // Most of the time it is this server itself, started twice: that says more.
            Store::reserve(path)?;
        }
        Err(error).with_context(|| format!("cannot listen on {}", config.listen))
    })
}

/// Serves the examples of the contract until SIGINT or SIGTERM.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn mock(config: &Config) -> anyhow::Result<()> {
    let public = config.is_public_url_given.then(|| config.public_url.as_text());
    let http = Mock::new(&REGISTRY, public.as_deref())
        .bind(config.listen)
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let url = config.public_url.as_text();
    say(&[
        format!("Almoner {} listens on {}", env!("CARGO_PKG_VERSION"), config.listen),
        "  it answers with examples only: nothing is stored, and nobody has to log in".to_owned(),
        format!("  documentation  {url}/docs"),
        format!("  contract       {url}/api/openapi.json"),
        "  stop it with Ctrl+C".to_owned(),
    ]);
    http.await.context("the server stopped")
}

/// What makes backups by itself, when the configuration says so.
fn scheduler(
    config: &Config,
    office: &Office,
    time: &Arc<TrustedTime>,
) -> anyhow::Result<Option<Scheduler>> {
    let (Some(plan), Database::Sqlite { path }) = (&config.backup, &config.database) else {
        return Ok(None);
    };
    let scheduler = Scheduler::new(
        plan.clone(),
        path.clone(),
        &config.key_file,
        Arc::clone(&office.clock),
        Arc::clone(time),
    );
    scheduler.map(Some)
}

/// What does the jobs of this process.
fn worker(
    config: &Config,
    office: &Office,
    domains: &Domains,
    time: &Arc<TrustedTime>,
) -> anyhow::Result<Worker> {
    let host = gethostname::gethostname();
    let instance = format!("{}:{}", host.to_string_lossy(), config.listen.port());
    let settings = worker::Settings::new(config.jobs.concurrency, instance, config.shutdown_grace);
    Ok(Worker::new(
        Arc::new(office.store.clone()),
        Arc::clone(&office.clock),
        Arc::clone(&office.ids),
        jobs::handlers(office, config, domains, time)?,
        jobs::plans(config)?,
        settings,
    )
    .minding(Arc::clone(time)))
}

async fn first_superadmin(
    config: &Config,
    office: &Office,
    domains: &Domains,
) -> anyhow::Result<()> {
    let Some(admin) = &config.first_admin else { return Ok(()) };
    let name = PersonName::parse(admin.email.local_part())
        .unwrap_or_else(|_| PersonName::from_stored("Superadmin".to_owned()));
    let new = NewSuperadmin {
        name,
        email: admin.email.clone(),
        locale: Locale::default(),
        time_zone: TimeZone::default(),
    };
    let cx = office.context("environment");
    let made = domains
        .users
        .create_first_superadmin(&cx, new, admin.password.clone())
        .await
        .context("cannot make the first superadmin of ALMONER_ADMIN_EMAIL")?;
    if made.is_some() {
        tracing::info!("made the first superadmin; ALMONER_ADMIN_PASSWORD can be removed now");
    }
    Ok(())
}

/// What the HTTP layer is told by the configuration.
///
/// # Errors
/// When an origin that was checked already cannot be parsed.
pub fn settings(config: &Config, office: &Office, epoch: Epoch) -> anyhow::Result<HttpSettings> {
    let per_minute = |limit: u32| NonZeroU32::new(limit).context("a quota is zero");
    let origin = |origin: &WebOrigin| Origin::parse(&origin.as_text());
    let roles = config.rate_limit.roles.iter();
    Ok(HttpSettings {
        public_url: PublicUrl::parse(&config.public_url.as_text())?,
        is_public_url_given: config.is_public_url_given,
        same_site: config.same_site,
        trusted_proxies: config.trusted_proxies.clone(),
        cors_origins: config.cors_origins.iter().map(origin).collect::<Result<_, _>>()?,
        quotas: Quotas {
            is_on: config.rate_limit.enabled,
            stranger: per_minute(config.rate_limit.stranger_per_minute)?,
            user: per_minute(config.rate_limit.user_per_minute)?,
            roles: roles
                .map(|(role, limit)| Ok((role.clone(), per_minute(*limit)?)))
                .collect::<anyhow::Result<_>>()?,
        },
        live: config.live,
        body_limit: config.body_limit,
        bodies: config.bodies,
        keys: HttpKeys {
            cookie: *office.keys.cookie.expose_secret(),
            csrf: *office.keys.csrf.expose_secret(),
            cursor: *office.keys.cursor.expose_secret(),
        },
        epoch,
        order: office.store.order_of_names().to_owned(),
        metrics_token: config.metrics_token.as_ref().map(|token| token.expose_secret().to_owned()),
    })
}

fn record_metrics() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(health::REQUEST_SECONDS.to_owned()),
            health::REQUEST_SECONDS_BUCKETS,
        )?
        .set_buckets_for_metric(
            Matcher::Full(measures::FLUSH_UNITS.to_owned()),
            measures::UNITS_BUCKETS,
        )?
        .set_buckets_for_metric(
            Matcher::Prefix("almoner_sqlite_".to_owned()),
            measures::SECONDS_BUCKETS,
        )?
        .set_buckets_for_metric(Matcher::Full(worker::SECONDS.to_owned()), worker::SECONDS_BUCKETS)?
        .install_recorder()
        .context("cannot record metrics")
}

/// Keeps the metrics in shape and tells the state of the pool.
async fn upkeep(
    store: almoner_persistence::Store,
    metrics: PrometheusHandle,
    backups: Option<Arc<Standing>>,
) {
    let mut round = rt::time::interval(Duration::from_secs(5));
    loop {
        round.tick().await;
        metrics.run_upkeep();
        let (busy, idle) = store.pool();
        metrics::gauge!("almoner_database_connections", "state" => "busy").set(busy);
        metrics::gauge!("almoner_database_connections", "state" => "idle").set(idle);
        if let Some(backups) = &backups {
            backups.record();
        }
    }
}

/// Tells the operator where to go: on standard output, because it is not a log.
async fn announce(config: &Config, office: &Office) -> anyhow::Result<()> {
    use almoner_accounts::ports::Accounts;

    let url = config.public_url.as_text();
    let mut lines = vec![
        format!("Almoner {} listens on {}", env!("CARGO_PKG_VERSION"), config.listen),
        format!("  documentation  {url}/docs"),
        format!("  contract       {url}/api/openapi.json"),
        format!("  database       {}", config.database.masked()),
    ];
    if !office.store.has_users().await? {
        lines.push(
            "  nobody can log in yet; make the first account in another terminal:".to_owned(),
        );
        lines
            .push("    almoner admin create --email you@example.org --name 'Your Name'".to_owned());
    }
    lines.push("  stop it with Ctrl+C".to_owned());
    say(&lines);
    Ok(())
}

fn say(lines: &[String]) {
    let mut out = io::stdout().lock();
    let printed = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
    // A closed standard output is no reason not to serve.
    if let Err(error) = printed.and_then(|()| out.flush()) {
        tracing::warn!(%error, "the welcome could not be printed");
    }
}
