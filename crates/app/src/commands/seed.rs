//! `almoner seed`: fills the database with invented data, the way real data gets in: in units of
//! work, each with its trail.

use std::{
    io::{self, Write},
    sync::Arc,
};

use almoner_accounts::{
    administration::NewSuperadmin,
    ports::Secrets,
    role::{BuiltIn, RoleNames},
    user::{Locale, NewUser, TimeZone, User},
};
use almoner_adapters::secrets::SystemSecrets;
use almoner_demo::{Demo, DemoOrder};
use almoner_donations::{Campaign, Donor};
use almoner_kernel::{Context, EmailAddress, PageRequest, PersonName, Scope, Trail};
use almoner_records::{Kept, Query, Record, Repository};
use anyhow::Context as _;
use chrono::Days;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    assembly::{Neighbours, Office},
    cli,
    commands::progress,
    config::Config,
};

/// Records of one unit of work: enough that flushing costs nothing, few enough that its memory does
/// not count.
const BATCH: usize = 2_000;

/// Batches that are made ahead of the writer.
const AHEAD: usize = 2;

/// `almoner seed`
///
/// # Errors
/// In words for the operator: the database has donors already, or storage fails.
pub async fn seed(config: &Config, order: &cli::Seed) -> anyhow::Result<()> {
    let office = Office::open(config, Neighbours::None).await?;
    office.migrate().await?;
    let donors_kept: &dyn Repository<Donor> = &office.store;
    let known = donors_kept.list(&Query::default(), Scope::All, &PageRequest::first(1)).await?;
    anyhow::ensure!(
        known.items.is_empty(),
        "the database has donors already: demo data goes into an empty one"
    );
    let yesterday = office.clock.now().date_naive() - Days::new(1);
    let (currency, other_currencies) =
        config.currencies.split_first().context("no currency is configured")?;
    let (donors, donations, years) = match order.demo {
        true => (240, 1_600, 1),
        false => (order.donors, order.donations, 3),
    };
    let staff = match order.demo {
        true => Some(staff(config, &office).await?),
        false => None,
    };
    let entered_by = staff.as_ref().and_then(|(users, _)| {
        let clerk = users.iter().find(|user| user.roles.has_built_in(BuiltIn::DataEntry));
        clerk.map(|user| user.id)
    });
    let demo = Arc::new(Demo::new(DemoOrder {
        donors,
        donations,
        rng_seed: order.rng_seed,
        until: order.until.unwrap_or(yesterday),
        years,
        currency: *currency,
        other_currencies: other_currencies.to_vec(),
        entered_by,
    }));

    let cx = office.context("seed");
    let campaigns: Vec<Kept<Campaign>> = demo.campaigns().cloned().collect();
    keep(&office, &cx, &campaigns).await?;

    let bar = progress("donors");
    bar.set_length(u64::from(donors));
    let mut made = made_ahead(Arc::clone(&demo), donors, Demo::donor)?;
    while let Some(batch) = made.recv().await {
        keep(&office, &cx, &batch).await?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();

    let bar = progress("donations");
    bar.set_length(u64::from(donations));
    let mut made = made_ahead(demo, donations, Demo::donation)?;
    while let Some(batch) = made.recv().await {
        keep(&office, &cx, &batch).await?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    office.store.refresh_statistics().await?;
    office.store.close().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "made {donors} donors and {donations} donations")?;
    if let Some((users, password)) = staff {
        writeln!(out, "these can log in, all with the password {}", password.expose_secret())?;
        for user in users {
            writeln!(out, "  {:30} {}", user.email.as_str(), user.roles)?;
        }
    }
    Ok(())
}

/// Stores records in one unit of work, with its trail.
async fn keep<R: Record>(office: &Office, cx: &Context, records: &[Kept<R>]) -> anyhow::Result<()> {
    let repository: &dyn Repository<R> = &office.store;
    let mut unit = repository.begin().await?;
    unit.insert_all(records).await?;
    unit.commit(records.iter().fold(Trail::of(cx), Trail::created)).await?;
    Ok(())
}

/// Who works in the demo, one for each kind of work that the domains have so far. `.example` never
/// belongs to anybody (RFC 2606).
const STAFF: [(&str, &str, BuiltIn); 5] = [
    ("Ayşe Yılmaz", "ayse@dernek.example", BuiltIn::Superadmin),
    ("Mehmet Demir", "mehmet@dernek.example", BuiltIn::Admin),
    ("Elif Şahin", "elif@dernek.example", BuiltIn::Accountant),
    ("Hasan Çelik", "hasan@dernek.example", BuiltIn::DataEntry),
    ("Zeynep Kaya", "zeynep@dernek.example", BuiltIn::Viewer),
];

/// Makes those who work in the demo. They share a password that nobody else can know.
async fn staff(config: &Config, office: &Office) -> anyhow::Result<(Vec<User>, SecretString)> {
    let domains = office.domains(config)?;
    let cx = office.context("seed");
    let password = SecretString::from(SystemSecrets.session_key()?.expose());
    let mut users = Vec::new();
    for (name, email, role) in STAFF {
        let (name, email) = (PersonName::parse(name)?, EmailAddress::parse(email)?);
        let (locale, time_zone) = (Locale::default(), TimeZone::default());
        let made = match role {
            BuiltIn::Superadmin => {
                let new = NewSuperadmin { name, email, locale, time_zone };
                domains.users.create_superadmin(&cx, new, password.clone()).await?
            }
            role => {
                let roles = RoleNames::one(role.role_name());
                let new = NewUser { name, email, phone: None, locale, time_zone, roles };
                domains.users.create(&cx, new, Some(password.clone())).await?
            }
        };
        users.push(made);
    }
    Ok((users, password))
}

/// Makes records on a thread of its own, in batches, a little ahead of the writer.
fn made_ahead<T: Send + 'static>(
    demo: Arc<Demo>,
    count: u32,
    make: fn(&Demo, u32) -> T,
) -> anyhow::Result<tokio::sync::mpsc::Receiver<Vec<T>>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(AHEAD);
    std::thread::Builder::new().name("almoner-demo".to_owned()).spawn(move || {
        let mut number = 0;
        while number < count {
            let end = count.min(number + BATCH as u32);
            let batch: Vec<T> = (number..end).map(|number| make(&demo, number)).collect();
            // The writer has failed and said so.
            if sender.blocking_send(batch).is_err() {
                break;
            }
            number = end;
        }
    })?;
    Ok(receiver)
}
