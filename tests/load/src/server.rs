//! The program that is measured: its release binary, started as an operator starts it.

use std::{
    fs::File,
    io::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::{client::Connection, process::Process, visitor::Visitor};

/// What the load program logs in with.
pub const PASSWORD: &str = "seven quiet boats leave at dawn";

/// The binary with its settings.
#[derive(Clone, Debug)]
pub struct Almoner {
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
}

/// A running server; dropping it ends it.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub process: Process,
    /// From its start to the first `200` of `/health/ready`.
    pub ready_after: Duration,
}

impl Almoner {
    /// The binary over a data folder, on a database of its own when one is named.
    pub fn new(binary: &Path, data_dir: &Path, database: Option<&str>) -> Self {
        let mut settings = vec![
            ("ALMONER_DATA_DIR", data_dir.display().to_string()),
            ("ALMONER_RATE_LIMIT", "off".to_owned()),
            // Logins come from as many addresses as there are, or they would meet the limit on guessing.
            ("ALMONER_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
        ];
        settings.extend(database.map(|url| ("ALMONER_DATABASE_URL", url.to_owned())));
        Self { binary: binary.to_owned(), settings }
    }

    /// With a log other than the default.
    #[must_use]
    pub fn logging(mut self, filter: Option<&str>) -> Self {
        self.settings.extend(filter.map(|filter| ("ALMONER_LOG", filter.to_owned())));
        self
    }

    /// With one more setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    /// `almoner --version`.
    pub fn version(&self) -> anyhow::Result<String> {
        let output = self.command(&["--version"]).output().context("cannot run the binary")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// `almoner seed`.
    pub fn seed(&self, donors: u32, donations: u32) -> anyhow::Result<()> {
        let (donors, donations) = (donors.to_string(), donations.to_string());
        let order = ["seed", "--donors", &donors, "--donations", &donations, "--rng-seed", "1"];
        let status = self.command(&order).status().context("cannot run the binary")?;
        ensure!(status.success(), "the database cannot be seeded");
        Ok(())
    }

    /// `almoner audit verify`: nothing of the trail may be missing after all of this.
    pub fn verify_trail(&self) -> anyhow::Result<()> {
        let output =
            self.command(&["audit", "verify"]).output().context("cannot run the binary")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        Ok(())
    }

    /// `almoner admin create`.
    pub fn create_admin(&self, email: &str) -> anyhow::Result<()> {
        let mut create = self
            .command(&["admin", "create", "--email", email, "--name", "Load", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run the binary")?;
        let mut input = create.stdin.take().context("no standard input")?;
        input.write_all(format!("{PASSWORD}\n").as_bytes())?;
        drop(input);
        let output = create.wait_with_output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Starts the server and waits until it is ready. Its log goes to a file.
    pub async fn serve(&self, log: &Path) -> anyhow::Result<Server> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let file = File::options().create(true).append(true).open(log)?;
        let started = Instant::now();
        let child = self
            .command(&["serve"])
            .env("ALMONER_LISTEN", address.to_string())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .context("cannot run the binary")?;
        let process = Process::new(child.id());
        let mut server = Server { child, address, process, ready_after: Duration::ZERO };
        while !server.is_ready().await {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}; see {}", log.display());
            }
            ensure!(started.elapsed() < PATIENCE, "the server is not ready; see {}", log.display());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).stdin(Stdio::null());
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Server {
    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = Connection::open(self.address).await else { return false };
        let mut request = Vec::new();
        Visitor::stranger(self.address).get(&mut request, "/health/ready");
        connection.exchange(&request).await.is_ok_and(|answer| answer.status == 200)
    }

    /// Ends the server as an operator does, and waits for it.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        ensure!(Command::new("kill").args(["-TERM", &id]).status()?.success(), "cannot stop it");
        let asked = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the server ended with {status}"),
                None if asked.elapsed() > PATIENCE => bail!("the server does not stop"),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already in most cases.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);
