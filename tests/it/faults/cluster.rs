//! A PostgreSQL server of a test's own, which it may stop and kill.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A server in a folder.
pub struct Cluster {
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes a server and starts it.
    pub fn start_new() -> Self {
        let folder = TempDir::new().unwrap();
        if is_root() {
            // PostgreSQL refuses to run as root.
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { folder, port };
        run(cluster.program("initdb").args(["-U", "postgres", "-A", "trust", "-E", "UTF8"]));
        cluster.start();
        cluster
    }

    /// Starts the server; returns when it takes connections.
    pub fn start(&self) {
        let options =
            format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        let log = self.folder.path().join("log");
        let mut start = self.program("pg_ctl");
        run(start.args(["start", "-w", "-o", &options, "-l"]).arg(log));
    }

    /// Stops it as a power cut would: nothing is finished, connections break.
    pub fn stop(&self) {
        run(self.program("pg_ctl").args(["stop", "-w", "-m", "immediate"]));
    }

    /// Starts a server that was stopped as one that follows another: it can be read.
    pub fn start_as_standby(&self) {
        let signal = self.folder.path().join("data/standby.signal");
        fs::write(&signal, "").unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(signal));
        }
        self.start();
    }

    /// Lets a server that follows another take over: on a time line of its own.
    pub fn take_over(&self) {
        run(self.program("pg_ctl").args(["promote", "-w"]));
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn program(&self, name: &str) -> Command {
        let path = programs().join(name);
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        command.arg("-D").arg(self.folder.path().join("data")).current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Without a word when it is stopped already.
        drop(self.program("pg_ctl").args(["stop", "-w", "-m", "immediate"]).output());
    }
}

/// Debian keeps the programs of a server out of the path.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.unwrap().path().join("bin")).collect();
    found.extend(
        std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect::<Vec<_>>(),
    );
    let with_initdb = |folder: &PathBuf| folder.join("initdb").exists();
    found.into_iter().find(with_initdb).expect("initdb comes with a PostgreSQL server")
}

fn is_root() -> bool {
    fs::metadata(Path::new("/proc/self")).unwrap().uid() == 0
}

fn run(command: &mut Command) {
    // pg_ctl's server keeps the streams open for good: they must not be pipes.
    let output = tempfile::tempfile().unwrap();
    command.stdout(output.try_clone().unwrap()).stderr(output.try_clone().unwrap());
    let status = command.status().unwrap();
    if !status.success() {
        use std::io::{Read, Seek};
        let (mut output, mut said) = (output, String::new());
        output.rewind().unwrap();
        output.read_to_string(&mut said).unwrap();
        panic!("{command:?}: {said}");
    }
}
