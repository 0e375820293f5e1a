//! The command line: what `almoner` can be asked to do.
//!
//! Settings that are also configuration keys are read as texts here and parsed by `config`, which
//! knows their variables; arguments of one command only are read by clap, variable included. So each
//! variable is read in one place.

mod exit;

use std::path::PathBuf;

use almoner_audit::Mark;
use chrono::NaiveDate;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::config::{
    Sources,
    schema::{self, Key},
};

pub use exit::Exit;

const EXAMPLES: &str = "\
Examples:
  almoner                                        serve with the defaults: SQLite in ./data, port 8080
  almoner --listen 0.0.0.0:8080 --public-url https://almoner.example.org
  almoner --config /etc/almoner.toml migrate status
  almoner admin create --email ayse@example.org --name 'Ayşe Yılmaz'

Exit codes:
  0  done
  1  failed; the log says why
  2  the command line is wrong, or the command is not for PostgreSQL
  3  the configuration is wrong
  4  `audit verify` found a row that was altered, removed or inserted, or a changed schema
  5  `backup` or `restore` found the copy damaged, altered or without its seal, and threw it away

Every setting can also stand in a TOML file; deploy/almoner.example.toml explains all of them. The
command line wins over variables, variables over the file.";

/// The back office of a charity.
#[derive(Debug, Parser)]
#[command(name = "almoner", version, after_help = EXAMPLES)]
#[command(propagate_version = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Settings, before or after the command.
    #[command(flatten)]
    pub settings: Settings,

    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// What to do.
    pub fn task(&self) -> &Command {
        static SERVE: Command = Command::Serve(Serve { mock: false });
        self.command.as_ref().unwrap_or(&SERVE)
    }

    /// What the configuration is read from.
    pub fn sources(&self) -> Sources {
        // An empty variable counts as unset, as for every other setting.
        let file = self.settings.config.clone().filter(|file| !file.as_os_str().is_empty());
        Sources::of_process(file, self.settings.flags(), variables())
    }
}

/// The settings that are worth a flag.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Configuration file (TOML) [default: almoner.toml, when it exists].
    #[arg(long, global = true, value_name = "FILE", env = schema::CONFIG_VARIABLE)]
    #[arg(hide_env_values = true)]
    pub config: Option<PathBuf>,

    /// Database: sqlite://FILE or postgres://… [default: sqlite://<data-dir>/almoner.db]
    /// [env: ALMONER_DATABASE_URL]. Other users of this machine can see command lines: give an
    /// address with a password as the variable or in the file.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Folder of the database and the key file [default: data] [env: ALMONER_DATA_DIR].
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,

    /// Address and port to listen on [default: 127.0.0.1:8080] [env: ALMONER_LISTEN].
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Origin under which browsers reach the server [default: http://<listen>]
    /// [env: ALMONER_PUBLIC_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Proxies whose X-Forwarded-For counts, with commas [default: none]
    /// [env: ALMONER_TRUSTED_PROXIES].
    #[arg(long, global = true, value_name = "CIDR,…")]
    pub trusted_proxies: Option<String>,

    /// Request quotas, on or off [default: on] [env: ALMONER_RATE_LIMIT].
    #[arg(long, global = true, value_name = "on|off")]
    pub rate_limit: Option<String>,

    /// What is logged [default: info] [env: ALMONER_LOG].
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,

    /// How it is written, text or json [default: text] [env: ALMONER_LOG_FORMAT].
    #[arg(long, global = true, value_name = "text|json")]
    pub log_format: Option<String>,
}

impl Settings {
    /// The configuration keys that were given, with their texts.
    pub fn flags(&self) -> Vec<(&'static Key, String)> {
        [
            (schema::DATABASE_URL, &self.database_url),
            (schema::DATA_DIR, &self.data_dir),
            (schema::LISTEN, &self.listen),
            (schema::PUBLIC_URL, &self.public_url),
            (schema::TRUSTED_PROXIES, &self.trusted_proxies),
            (schema::RATE_LIMIT, &self.rate_limit),
            (schema::LOG, &self.log),
            (schema::LOG_FORMAT, &self.log_format),
        ]
        .into_iter()
        .filter_map(|(key, text)| text.clone().map(|text| (key, text)))
        .collect()
    }
}

/// How to serve.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Serve {
    /// Answer every operation from the examples of the contract instead, for frontends that have no
    /// data yet: no database is opened, and nobody has to log in. `Prefer: code=422` asks for another
    /// of the documented answers.
    #[arg(long, env = "ALMONER_SERVE_MOCK", hide_env_values = true)]
    pub mock: bool,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serves the API until it is told to stop (SIGINT or SIGTERM); the default.
    ///
    /// Makes the data folder, the database, the key and the tables when they are missing.
    Serve(Serve),

    /// Moves the database between versions of its schema.
    #[command(subcommand)]
    Migrate(Migrate),

    /// Manages those who administer Almoner.
    #[command(subcommand)]
    Admin(Admin),

    /// Prints the OpenAPI document to standard output.
    ///
    /// Example: almoner openapi > openapi/openapi.json
    Openapi,

    /// Asks the server that runs with these settings whether it can work: ends with 0 or 1.
    ///
    /// For supervisors of containers, where there is neither a shell nor curl.
    Health,

    /// Prints the configuration that holds as a TOML file that can be used, without secrets.
    Config,

    /// Fills the database with invented donors, campaigns and donations.
    ///
    /// The same numbers, seed and last day always give the same data.
    ///
    /// Example: almoner seed --donors 50000 --donations 1000000 --rng-seed 7
    Seed(Seed),

    /// Copies a SQLite database into one file, also while a server runs and writes.
    ///
    /// The copy is proven before it gets its name: every page, index and reference, the schema, the
    /// number of rows, every seal of the change trail. It is sealed as a whole. The key is not in it.
    /// For PostgreSQL, says which of its tools to run.
    ///
    /// Example: almoner backup /mnt/backup/almoner-2026-11-21.db
    Backup(Backup),

    /// Puts a backup in the place of the SQLite database, which is kept under another name. No server
    /// may be running on it.
    ///
    /// The backup must be as `backup` sealed it, to the last bit, and is proven again. For PostgreSQL,
    /// says which of its tools to run.
    ///
    /// Example: almoner restore /mnt/backup/almoner-2026-11-21.db
    Restore(Restore),

    /// Checks what was recorded about changes.
    #[command(subcommand)]
    Audit(Audit),

    /// Tries out how mail leaves the server.
    #[command(subcommand)]
    Mail(Mail),

    /// Says that the clock is right after all.
    #[command(subcommand)]
    Clock(Clock),

    /// Looks after the counts and sums that the database keeps of its donations.
    #[command(subcommand)]
    Totals(Totals),
}

/// Moves the database between versions of its schema.
#[derive(Clone, Debug, Subcommand)]
pub enum Migrate {
    /// Applies the migrations that are missing.
    Up {
        /// How many; all of them when nothing is said.
        #[arg(long, env = "ALMONER_MIGRATE_STEPS", value_name = "N", hide_env_values = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        steps: Option<u32>,
    },
    /// Takes migrations back, the last one first. What only a newer schema can hold is lost.
    Down {
        /// How many.
        #[arg(long, env = "ALMONER_MIGRATE_STEPS", value_name = "N", hide_env_values = true)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..), default_value_t = 1)]
        steps: u32,
    },
    /// Lists the migrations, applied or not.
    Status,
}

/// Manages those who administer Almoner.
#[derive(Clone, Debug, Subcommand)]
pub enum Admin {
    /// Makes a superadmin.
    ///
    /// The password is asked for, twice, or read as one line from standard input when that is no
    /// terminal. It is never an argument, because other users of the machine can see those.
    ///
    /// Example: almoner admin create --email ayse@example.org --name 'Ayşe Yılmaz'
    Create {
        /// What to log in with.
        #[arg(long, env = "ALMONER_ADMIN_CREATE_EMAIL", hide_env_values = true)]
        email: String,
        /// The name in full.
        #[arg(long, env = "ALMONER_ADMIN_CREATE_NAME", hide_env_values = true)]
        name: String,
        /// Reads the password from standard input even when that is a terminal.
        #[arg(long, env = "ALMONER_ADMIN_CREATE_PASSWORD_STDIN", hide_env_values = true)]
        password_stdin: bool,
    },
    /// Ends what keeps a user from logging in: locks after wrong passwords, and the waiting that
    /// strangers' guesses have led to. The server may be running.
    ///
    /// Example: almoner admin unlock --email ayse@example.org
    Unlock {
        /// What the user logs in with.
        #[arg(long, env = "ALMONER_ADMIN_UNLOCK_EMAIL", hide_env_values = true)]
        email: String,
    },
}

/// How much demo data to make.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// A small association instead: 240 donors and 1,600 donations of one year, and somebody who can
    /// log in for each kind of work, with a password that is printed once.
    #[arg(long, env = "ALMONER_SEED_DEMO", hide_env_values = true)]
    #[arg(conflicts_with_all = ["donors", "donations"])]
    pub demo: bool,
    /// How many donors.
    #[arg(long, env = "ALMONER_SEED_DONORS", value_name = "N", hide_env_values = true)]
    #[arg(default_value_t = 1_000)]
    pub donors: u32,
    /// How many donations.
    #[arg(long, env = "ALMONER_SEED_DONATIONS", value_name = "N", hide_env_values = true)]
    #[arg(default_value_t = 10_000)]
    pub donations: u32,
    /// Which data: another seed gives other people.
    #[arg(long, env = "ALMONER_SEED_RNG_SEED", value_name = "S", hide_env_values = true)]
    #[arg(default_value_t = 1)]
    pub rng_seed: u64,
    /// The last day of the data, YYYY-MM-DD; yesterday when nothing is said.
    #[arg(long, env = "ALMONER_SEED_UNTIL", value_name = "DAY", hide_env_values = true)]
    pub until: Option<NaiveDate>,
}

/// Where a backup goes.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The file to make, readable for its owner alone.
    #[arg(env = "ALMONER_BACKUP_FILE", hide_env_values = true)]
    pub file: PathBuf,
    /// Replaces FILE when it is there already, once the new one is proven.
    #[arg(long, env = "ALMONER_BACKUP_FORCE", hide_env_values = true)]
    pub force: bool,
    /// Copies the key file too, to a place of its own in another folder than FILE's: whoever has both
    /// can read everything, and who has lost the key cannot read the backup.
    #[arg(long, env = "ALMONER_BACKUP_WITH_KEY", value_name = "KEYFILE-COPY")]
    #[arg(hide_env_values = true)]
    pub with_key: Option<PathBuf>,
}

/// Where the database comes back from.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// The backup.
    #[arg(env = "ALMONER_RESTORE_FILE", hide_env_values = true)]
    pub file: PathBuf,
    /// Takes a file without a seal, or one whose seal does not fit: of an older version, a plain copy of
    /// a database, or all that is left. What is given up: nobody notices when somebody who could write
    /// to the file has changed what the change trail does not tell, such as roles and passwords. Every
    /// other proof is still asked for.
    #[arg(long, env = "ALMONER_RESTORE_UNSEALED", hide_env_values = true)]
    pub unsealed: bool,
    /// Does not ask before a present database is replaced.
    #[arg(long, env = "ALMONER_RESTORE_YES", hide_env_values = true)]
    pub yes: bool,
}

/// Checks what was recorded about changes.
#[derive(Clone, Debug, Subcommand)]
pub enum Audit {
    /// Verifies the seals of the change trail; ends with 4 and names the first row that was altered,
    /// removed or inserted. On SQLite the schema too: a trigger that somebody has added.
    ///
    /// Example: almoner audit verify --expect-head 1042:9f86d081884c7d65…
    Verify {
        /// The end of the trail as an earlier run printed it. Only this finds rows that were cut off
        /// the end.
        #[arg(long, env = "ALMONER_AUDIT_EXPECT_HEAD", value_name = "POSITION:MAC")]
        #[arg(hide_env_values = true)]
        expect_head: Option<Mark>,
    },
}

/// Tries out how mail leaves the server.
#[derive(Clone, Debug, Subcommand)]
pub enum Mail {
    /// Sends a trial and says what the other server answered; needs no database.
    ///
    /// Example: almoner mail test --to ayse@example.org
    Test {
        /// Where to.
        #[arg(long, env = "ALMONER_MAIL_TEST_TO", value_name = "ADDRESS", hide_env_values = true)]
        to: String,
    },
}

/// Says that the clock is right after all.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Clock {
    /// Has the server trust the time again, within half a minute.
    ///
    /// A server whose clock is far ahead of the last time that is known destroys nothing: neither the
    /// trash nor old events. After up to 400 days without a server it goes on by itself six hours
    /// later. This is for longer ones, and for who cannot wait.
    Confirm {
        /// Does not ask whether the time is right.
        #[arg(long, env = "ALMONER_CLOCK_CONFIRM_YES", hide_env_values = true)]
        yes: bool,
    },
}

/// Looks after the counts and sums that the database keeps of its donations.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Totals {
    /// Compares them with the donations; ends with 1 when they differ, which only happens after
    /// somebody has changed the database past its triggers.
    Check,
    /// Counts them anew. Changes of donations wait meanwhile.
    Rebuild,
}

/// The variables that clap reads, so that the configuration does not call them unknown.
pub fn variables() -> Vec<String> {
    fn collect(command: &clap::Command, variables: &mut Vec<String>) {
        let own = command.get_arguments().filter_map(|argument| argument.get_env());
        variables.extend(own.map(|variable| variable.to_string_lossy().into_owned()));
        for inner in command.get_subcommands() {
            collect(inner, variables);
        }
    }
    let mut variables = Vec::new();
    collect(&Cli::command(), &mut variables);
    variables.sort_unstable();
    variables.dedup();
    variables
}

#[cfg(test)]
mod tests;
