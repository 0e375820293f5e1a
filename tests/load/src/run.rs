//! One run from the seeded database to the report.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::{
    bare, baseline,
    database::{self, Amount, Copy, Engine},
    drive::{Outcome, drive},
    report::{Beside, Line, Report},
    sample::Sample,
    server::{Almoner, PASSWORD, Server},
    visitor::Visitor,
    waits::Waits,
    works::{Create, Fixed, Kind, Login, Work, World, Written},
};

/// What is to be measured.
#[derive(Args, Clone, Debug)]
pub struct Order {
    /// sqlite, or the URL of a database on a PostgreSQL server, beside which others are created.
    #[arg(long, default_value = "sqlite", value_name = "sqlite|URL")]
    pub database: Engine,
    /// Donations in the database.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    pub donations: u32,
    /// Donors in the database.
    #[arg(long, default_value_t = 300_000, value_name = "N")]
    pub donors: u32,
    /// Where the data is kept between runs; seeding it takes minutes.
    #[arg(long, default_value = "target/load", value_name = "DIR")]
    pub folder: PathBuf,
    /// Connections at the same time.
    #[arg(long, default_value = "1,8,64", value_name = "N,…", value_delimiter = ',')]
    pub connections: Vec<usize>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5.0, value_name = "S")]
    pub seconds: f64,
    /// Parts each measurement is cut into, with the comparisons between them.
    #[arg(long, default_value_t = 2, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Only these works.
    #[arg(long, value_enum, value_name = "WORK,…", value_delimiter = ',')]
    pub only: Vec<Kind>,
    /// The binary to measure; built and taken from target/release when nothing is said.
    #[arg(long, value_name = "PATH")]
    pub binary: Option<PathBuf>,
    /// What the server logs, to see what its log costs [default: as the server does].
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
    /// Puts the report into a file too: between its marks for this database, where it has them.
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Ends with 1 when something that must hold does not.
    #[arg(long)]
    pub strict: bool,
    /// Drops the seeded database of a PostgreSQL server at the end.
    #[arg(long)]
    pub drop: bool,
}

/// Connections that log in, and that read beside it.
const LOGINS: usize = 16;
/// How often the server is started.
const STARTS: usize = 7;
/// Connections that sum up everything: each keeps a thread busy for a good while.
const SUMMING: usize = 8;
/// No single answer may take this long.
const TOO_LONG: Duration = Duration::from_secs(60);
/// Before each measurement.
const WARM_UP: Duration = Duration::from_millis(400);

/// Runs it all.
pub async fn run(order: &Order, facts: Vec<(&'static str, String)>) -> anyhow::Result<Report> {
    let binary = match &order.binary {
        Some(binary) => binary.clone(),
        None => build()?,
    };
    fs::create_dir_all(&order.folder)?;
    let root = order.folder.canonicalize()?;
    let amount = Amount { donors: order.donors, donations: order.donations };
    database::seeded(&order.database, &binary, &root, amount).await?;
    let copy = Copy::make(&order.database, &root, amount, "server").await?;
    let bench = match order.database {
        Engine::Sqlite => Some(Copy::make(&order.database, &root, amount, "bare").await?),
        Engine::Postgres(_) => None,
    };
    let almoner =
        Almoner::new(&binary, &copy.folder, copy.url.as_deref()).logging(order.log.as_deref());
    for number in 0..LOGINS as u64 {
        almoner.create_admin(&Login::email(number))?;
    }
    almoner.create_admin(READER)?;

    let log = root.join("server.log");
    fs::write(&log, "")?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let server = almoner.serve(&log).await?;
        starts.push(server.ready_after.as_secs_f64() * 1_000.0);
        server.stop()?;
    }
    starts.sort_by(f64::total_cmp);
    let server = almoner.serve(&log).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = server.process.memory_in_detail()?;

    let visitor = Visitor::log_in(server.address, LOGIN, READER, PASSWORD).await?;
    let sample = Sample::take(&visitor).await?;
    let (rows, everything) = (copy.folder.join("rows.json"), copy.folder.join("sample.json"));
    fs::write(&rows, serde_json::to_vec(&sample.rows)?)?;
    fs::write(&everything, serde_json::to_vec(&sample)?)?;
    let world = Rc::new(World { visitor, sample, written: Written::default().into() });
    let mut field = Field { order, server, world, bench, sample: everything, baseline: None };
    field.prepare(&rows).await?;
    let mut report = field.measure().await?;
    report.starts = starts;
    report.idle = idle;
    let mut all = facts;
    all.push(("binary", almoner.version()?));
    all.push(("database", copy.version().await?));
    all.push(("data", format!("{} donations, {} donors", order.donations, order.donors)));
    report.facts = all;

    report.found_again = field.read_again().await?;
    report.written = field.world.written.borrow().all;
    let Field { server, bench, .. } = field;
    server.stop()?;
    almoner.verify_trail()?;
    copy.remove().await?;
    if let Some(bench) = bench {
        bench.remove().await?;
    }
    if order.drop {
        database::forget_seeded(&order.database, &root, amount).await?;
    }
    Ok(report)
}

/// Builds the release binary, as it is shipped.
fn build() -> anyhow::Result<PathBuf> {
    let status = Command::new("cargo").args(["build", "--release", "--bin", "almoner"]).status()?;
    ensure!(status.success(), "the binary cannot be built");
    let output =
        Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let target = metadata["target_directory"].as_str().context("no target directory")?;
    Ok(Path::new(target).join("release/almoner"))
}

const READER: &str = "load-reader@example.org";
const LOGIN: &str = "/api/v1/auth/login";

/// Everything that runs while it is measured.
struct Field<'a> {
    order: &'a Order,
    server: Server,
    world: Rc<World>,
    /// A database of the bare loops' own.
    bench: Option<Copy>,
    sample: PathBuf,
    baseline: Option<Comparison>,
}

/// The baseline, with a session of its own.
struct Comparison {
    baseline: baseline::Running,
    visitor: Visitor,
    /// Mean bytes of the answers that it stands for.
    sizes: Vec<(Kind, usize)>,
}

impl Field<'_> {
    fn kinds(&self) -> Vec<Kind> {
        use clap::ValueEnum;
        let is_wanted = |kind: &&Kind| self.order.only.is_empty() || self.order.only.contains(kind);
        Kind::value_variants().iter().filter(is_wanted).copied().collect()
    }

    fn connections(&self, kind: Kind) -> Vec<usize> {
        match kind {
            Kind::Login => vec![LOGINS],
            Kind::SummaryAll => {
                self.order.connections.iter().copied().filter(|count| *count <= SUMMING).collect()
            }
            _ => self.order.connections.clone(),
        }
    }

    /// Finds out how large the answers are, and starts the baseline with answers of that size.
    async fn prepare(&mut self, rows: &Path) -> anyhow::Result<()> {
        let mut sizes = Vec::new();
        for kind in self.kinds() {
            let mut taste = Duration::from_millis(500);
            let outcome = loop {
                let works = self.world.works(kind, 1);
                let outcome =
                    drive(self.server.address, works, None, Duration::ZERO, taste).await?;
                ensure!(outcome.wrong == 0, "{}: {:?}", kind.title(), outcome.complaints);
                ensure!(taste < TOO_LONG, "{}: no answer", kind.title());
                if outcome.answers > 0 {
                    break outcome;
                }
                taste *= 4;
            };
            sizes.push((kind, outcome.body()));
        }
        let all: BTreeSet<usize> = sizes.iter().map(|(_, size)| *size).collect();
        let baseline = baseline::Running::start(rows, &all)?;
        let visitor = Visitor::log_in(baseline.address, "/in/login", "", "").await?;
        self.baseline = Some(Comparison { baseline, visitor, sizes });
        Ok(())
    }

    async fn measure(&self) -> anyhow::Result<Report> {
        let mut cells = Vec::new();
        for kind in self.kinds() {
            cells.extend(self.connections(kind).into_iter().map(|connections| (kind, connections)));
        }
        let bar = ProgressBar::new(cells.len() as u64).with_style(
            ProgressStyle::with_template("{bar:30} {pos} of {len} {msg}, {elapsed} so far")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.enable_steady_tick(Duration::from_millis(500));
        let mut lines = Vec::new();
        for (kind, connections) in cells {
            bar.set_message(format!("{} × {connections}", kind.title()));
            let line = self.line(kind, connections).await?;
            bar.println(Report::row(&line));
            if bar.is_hidden() {
                say(&Report::row(&line))?;
            }
            lines.push(line);
            bar.inc(1);
        }
        let beside = match self.kinds().contains(&Kind::Login) {
            true => Some(self.beside().await?),
            false => None,
        };
        bar.finish_and_clear();
        Ok(Report {
            facts: Vec::new(),
            lines,
            beside,
            starts: Vec::new(),
            idle: Default::default(),
            written: 0,
            found_again: 0,
        })
    }

    /// One work at one number of connections, in turns with what it is compared to.
    async fn line(&self, kind: Kind, connections: usize) -> anyhow::Result<Line> {
        let part = Duration::from_secs_f64(self.order.seconds / f64::from(self.order.rounds));
        let short = part / 2;
        let mut server = Outcome::nothing()?;
        let mut fixed = Outcome::nothing()?;
        let mut serialised: Option<Outcome> = None;
        let mut bare: Option<Vec<f64>> = None;
        let mut waits: Option<Waits> = None;
        for _ in 0..self.order.rounds {
            let before = self.waits(kind).await?;
            server = server.then(&self.ours(kind, connections, part).await?)?;
            if let (Some(before), Some(after)) = (before, self.waits(kind).await?) {
                let since = after.since(&before);
                waits = Some(waits.map_or(since.clone(), |sum| sum.and(&since)));
            }
            fixed = fixed.then(&self.fixed(kind, connections, short).await?)?;
            if let Some(count) = kind.rows() {
                let one = self.serialised(count, connections, short).await?;
                serialised = Some(serialised.map_or(Outcome::nothing()?, |sum| sum).then(&one)?);
            }
            if let Some(bench) = self.bench.as_ref().filter(|_| kind.is_bare_too()) {
                let batch = connections.min(64);
                let done = bare::measure(&bench.file(), &self.sample, kind, batch, short)?;
                bare.get_or_insert_default().push(done.rate());
            }
        }
        let memory = self.server.process.memory_in_detail()?;
        let bare = bare.map(|rates| rates.iter().sum::<f64>() / rates.len() as f64);
        Ok(Line { kind, connections, server, fixed, serialised, bare, waits, memory })
    }

    /// Where writes have waited so far, for works that write.
    async fn waits(&self, kind: Kind) -> anyhow::Result<Option<Waits>> {
        if !matches!(kind, Kind::Create | Kind::Update) {
            return Ok(None);
        }
        let metrics = self.world.visitor.fetch("/metrics").await?;
        Ok(Waits::read(&String::from_utf8_lossy(&metrics)))
    }

    async fn ours(
        &self,
        kind: Kind,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<Outcome> {
        let works = self.world.works(kind, connections);
        drive(self.server.address, works, Some(&self.server.process), WARM_UP, time).await
    }

    async fn fixed(
        &self,
        kind: Kind,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<Outcome> {
        let Comparison { baseline, visitor, sizes } =
            self.baseline.as_ref().context("no baseline")?;
        let size = sizes.iter().find(|(known, _)| *known == kind).map(|(_, size)| *size);
        let size = size.context("no size")?;
        let body = Create::example(&self.world);
        let one = || match kind {
            Kind::Create | Kind::Update => {
                Fixed::post(visitor, &format!("/in/static/{size}"), body.as_bytes(), size)
            }
            Kind::Login => Fixed::post(visitor, &format!("/static/{size}"), b"{}", size),
            _ => Fixed::get(visitor, &format!("/in/static/{size}"), size),
        };
        let works = (0..connections).map(|_| Box::new(one()) as Box<dyn Work>).collect();
        drive(baseline.address, works, Some(&baseline.process), WARM_UP, time).await
    }

    async fn serialised(
        &self,
        count: usize,
        connections: usize,
        time: Duration,
    ) -> anyhow::Result<Outcome> {
        let Comparison { baseline, visitor, .. } = self.baseline.as_ref().context("no baseline")?;
        let path = format!("/in/rows/{count}");
        let size = visitor.fetch(&path).await?.len();
        let one = || Box::new(Fixed::get(visitor, &path, size)) as Box<dyn Work>;
        let works = (0..connections).map(|_| one()).collect();
        drive(baseline.address, works, Some(&baseline.process), WARM_UP, time).await
    }

    /// Reads alone, then beside logins, in turns.
    async fn beside(&self) -> anyhow::Result<Beside> {
        let part = Duration::from_secs_f64(self.order.seconds / f64::from(self.order.rounds));
        let mut beside = Beside {
            quiet: Outcome::nothing()?,
            busy: Outcome::nothing()?,
            logins: Outcome::nothing()?,
        };
        for _ in 0..self.order.rounds {
            beside.quiet = beside.quiet.then(&self.ours(Kind::Get, LOGINS, part).await?)?;
            let (busy, logins) = tokio::try_join!(
                self.ours(Kind::Get, LOGINS, part),
                self.ours(Kind::Login, LOGINS, part)
            )?;
            beside.busy = beside.busy.then(&busy)?;
            beside.logins = beside.logins.then(&logins)?;
        }
        Ok(beside)
    }

    /// Reads what was written once more.
    async fn read_again(&self) -> anyhow::Result<usize> {
        let expected: Vec<_> = {
            let written = self.world.written.borrow();
            let owned =
                |(id, field, text): (&str, _, &str)| (id.to_owned(), field, text.to_owned());
            written.expected().map(owned).collect()
        };
        let mut found = 0;
        for (id, field, expected) in &expected {
            let record = self.world.visitor.read(&format!("/api/v1/donations/{id}")).await?;
            let there = record[*field].as_str();
            ensure!(
                there == Some(expected.as_str()),
                "{id} lost its {field}: {there:?}, not {expected}"
            );
            found += 1;
        }
        Ok(found)
    }
}

/// A line for whoever follows a run without a terminal.
fn say(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    writeln!(std::io::stderr(), "{line}")?;
    Ok(())
}
