//! A server in a folder of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::support::Browser;

/// What every test logs in with.
pub const EMAIL: &str = "ayse@example.org";
/// A password that the rules accept.
pub const PASSWORD: &str = "seven quiet boats leave at dawn";

/// The `almoner` binary, built as these tests were.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let here = std::env::current_exe().unwrap();
        let folder = here.parent().and_then(Path::parent).unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        // As `cargo test --workspace` selects packages, so that dependencies are not built a second time.
        build.args(["build", "--quiet", "--workspace", "--bin", "almoner", "--target-dir"]);
        build.arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the binary cannot be built");
        folder.join("almoner")
    })
}

/// A folder with the settings of one server.
pub struct Almoner {
    pub folder: TempDir,
    pub url: String,
    settings: Vec<(String, String)>,
    server: Option<Child>,
}

impl Almoner {
    /// A folder in which nothing has run yet.
    pub fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        Self {
            folder: TempDir::new().unwrap(),
            url: format!("http://{listen}"),
            settings: vec![
                ("ALMONER_LISTEN".to_owned(), listen),
                ("ALMONER_LOG_FORMAT".to_owned(), "json".to_owned()),
            ],
            server: None,
        }
    }

    /// One more setting.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server; returns what it printed once it listens.
    pub fn start(&mut self) -> Vec<String> {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut server =
            self.command(&["serve"]).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut printed = Vec::new();
        for line in BufReader::new(server.stdout.take().unwrap()).lines() {
            printed.push(line.unwrap());
            if printed.last().is_some_and(|line| line.contains("Ctrl+C")) {
                break;
            }
        }
        assert!(!printed.is_empty(), "the server did not start:\n{}", self.log());
        self.server = Some(server);
        printed
    }

    /// A command in the folder, with the settings and nothing else of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Makes the first superadmin.
    pub fn create_admin(&self) {
        let mut create = self
            .command(&["admin", "create", "--email", EMAIL, "--name", "Ayşe Yılmaz"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        create.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
        let output = create.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The superadmin, logged in.
    pub async fn log_in(&self) -> Browser {
        Browser::log_in(&self.url, EMAIL, PASSWORD).await
    }

    /// Sends a signal to the server.
    pub fn signal(&self, name: &str) {
        let id = self.server.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Waits until the server has ended; says whether it ended well.
    pub fn ended(&mut self) -> bool {
        self.server.take().unwrap().wait().unwrap().success()
    }

    /// Everything the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The default database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/almoner.db")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }
}

impl Drop for Almoner {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }
}
