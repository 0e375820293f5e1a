//! A server in a folder of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

use crate::support::Browser;

/// What every test logs in with.
pub const EMAIL: &str = "ayse@example.org";
/// A password that the rules accept.
pub const PASSWORD: &str = "seven quiet boats leave at dawn";

/// The `almoner` binary, built as these tests were, or the one that `ALMONER_TEST_BINARY` names.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("ALMONER_TEST_BINARY") {
            return given.into();
        }
        let here = std::env::current_exe().unwrap();
        let folder = here.parent().and_then(Path::parent).unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        // As `cargo test --workspace` selects packages and targets: without the tests, some dependencies
        // have fewer features and are built a second time, and all that stands on them.
        build.args(["build", "--quiet", "--workspace", "--bin", "almoner", "--tests"]);
        build.arg("--target-dir").arg(folder.parent().unwrap());
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
    launcher: Vec<String>,
    serve: Vec<String>,
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
            launcher: Vec::new(),
            serve: vec!["serve".to_owned()],
            server: None,
        }
    }

    /// Another program that starts the server: it is given the binary and its arguments.
    pub fn through(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Another way to serve.
    pub fn serving(mut self, arguments: &[&str]) -> Self {
        self.serve = arguments.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// One more setting.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server; returns what it printed once it listens.
    pub fn start(&mut self) -> Vec<String> {
        let output = self.launch();
        let mut printed = Vec::new();
        for line in BufReader::new(output).lines() {
            printed.push(line.unwrap());
            if printed.last().is_some_and(|line| line.contains("Ctrl+C")) {
                break;
            }
        }
        assert!(!printed.is_empty(), "the server did not start:\n{}", self.log());
        self.wait_for_an_answer();
        printed
    }

    /// The server listens before its workers have started, and hears no signal until they have.
    fn wait_for_an_answer(&self) {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(address).unwrap();
        let request = format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close");
        connection.write_all(format!("{request}\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Starts the server and does not wait for it; returns its standard output.
    pub fn launch(&mut self) -> ChildStdout {
        let log = File::options().create(true).append(true).open(self.log_file()).unwrap();
        let serve: Vec<&str> = self.serve.iter().map(String::as_str).collect();
        let mut server = self.command(&serve).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let output = server.stdout.take().unwrap();
        self.server = Some(server);
        output
    }

    /// A command in the folder, with the settings and nothing else of the environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.launcher.split_first() {
            Some((launcher, words)) => {
                let mut command = Command::new(launcher);
                command.args(words).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
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

    /// The process of the server.
    pub fn process(&self) -> u32 {
        self.server.as_ref().unwrap().id()
    }

    /// Kills the server as `kill -9` does: it has no time for a last word.
    pub fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Sends a signal to the server.
    pub fn signal(&self, name: &str) {
        let id = self.process().to_string();
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
