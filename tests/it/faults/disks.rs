//! Disks that can be full or broken. Where this machine lets the tests mount file systems (CI does),
//! they are real ones; elsewhere the kernel refuses the server's writes by a limit on file sizes.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::PATIENCE;
use crate::e2e::almoner::Almoner;

/// Starts the server so that a write beyond a limit is an error and not the end: what a limit on
/// file sizes needs.
pub const OUTLIVES_LIMITS: [&str; 3] = ["/bin/sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// Something that makes the server's writes fail, and takes that back.
pub trait Scarcity {
    fn begin(&self, almoner: &Almoner);
    fn end(&self, almoner: &Almoner);
}

/// The kernel refuses every write beyond the first 4 KiB of a file: an input/output error.
pub struct Limit;

impl Scarcity for Limit {
    fn begin(&self, almoner: &Almoner) {
        limit(almoner, "4096");
    }

    fn end(&self, almoner: &Almoner) {
        limit(almoner, "unlimited");
    }
}

fn limit(almoner: &Almoner, bytes: &str) {
    let process = almoner.process().to_string();
    let fsize = format!("--fsize={bytes}:unlimited");
    run("prlimit", &["--pid", &process, &fsize]).unwrap();
}

/// A small file system in memory over the folder of a server, log and all.
pub struct SmallDisk(Mount);

impl SmallDisk {
    /// None where this machine does not let us mount.
    pub fn mount(at: &Path) -> Option<Self> {
        let mount = Mount::new(at, &["-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs"]);
        mount.map_err(|refusal| left_out(&refusal)).ok().map(Self)
    }

    fn ballast(&self) -> PathBuf {
        self.0.at.join("ballast")
    }
}

impl Scarcity for SmallDisk {
    /// Fills the disk to its last block.
    fn begin(&self, _: &Almoner) {
        let mut ballast = File::create(self.ballast()).unwrap();
        let full = loop {
            if let Err(error) = ballast.write_all(&[0; 4096]) {
                break error;
            }
        };
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    fn end(&self, _: &Almoner) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

/// An ext4 file system over the folder of a server that the kernel makes read-only when it finds an
/// error, as it does with the root disk of most machines.
pub struct FragileDisk {
    mount: Option<Mount>,
    at: PathBuf,
    home: TempDir,
}

impl FragileDisk {
    /// None where this machine does not let us mount.
    pub fn mount(at: &Path) -> Option<Self> {
        let home = TempDir::new().unwrap();
        let mut disk = Self { mount: None, at: at.to_owned(), home };
        let image = File::create(disk.image()).unwrap();
        image.set_len(48 << 20).unwrap();
        let made = run("mkfs.ext4", &["-q", disk.image().to_str().unwrap()]);
        made.and_then(|_| disk.attach()).map_err(|refusal| left_out(&refusal)).ok().map(|()| disk)
    }

    /// The kernel finds an error and allows no write any more.
    pub fn fail(&self) {
        let device = run("findmnt", &["-n", "-o", "SOURCE", self.at.to_str().unwrap()]).unwrap();
        let device = device.trim().trim_start_matches("/dev/");
        fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "1").unwrap();
        let refused = File::create(self.at.join("anything")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ReadOnlyFilesystem);
    }

    /// What an operator does: takes it off, repairs it, puts it back. Nobody may be using it.
    pub fn repair(&mut self) {
        // Not lazily: whatever still used it would go on writing to the device under the repair.
        self.mount.take().unwrap().take_off();
        // 1: errors were corrected.
        let repaired =
            Command::new("e2fsck").args(["-f", "-y"]).arg(self.image()).output().unwrap();
        assert!(matches!(repaired.status.code(), Some(0 | 1)), "{repaired:?}");
        self.attach().unwrap();
    }

    fn image(&self) -> PathBuf {
        self.home.path().join("disk")
    }

    fn attach(&mut self) -> Result<(), String> {
        let image = self.image();
        let words = ["-o", "loop,errors=remount-ro", image.to_str().unwrap()];
        self.mount = Some(Mount::new(&self.at, &words)?);
        Ok(())
    }
}

/// A file or folder that nobody can write, root neither.
pub struct ReadOnly(#[expect(dead_code, reason = "taken off when it is dropped")] Mount);

impl ReadOnly {
    /// None where this machine does not let us mount: there, mode 0400 is enough, for want of root.
    pub fn make(at: &Path) -> Option<Self> {
        let path = at.to_str().unwrap();
        let mount = Mount::new(at, &["--bind", path]);
        let mount = mount.and_then(|mount| {
            run("mount", &["-o", "remount,bind,ro", path])?;
            Ok(mount)
        });
        mount.map_err(|refusal| left_out(&refusal)).ok().map(Self)
    }
}

/// Taken off when it is dropped, whoever still uses it.
struct Mount {
    at: PathBuf,
}

impl Mount {
    fn new(at: &Path, words: &[&str]) -> Result<Self, String> {
        run("mount", &[words, &[at.to_str().unwrap()]].concat())?;
        Ok(Self { at: at.to_owned() })
    }
}

impl Mount {
    /// Taken off once nobody uses it.
    fn take_off(self) {
        let began = Instant::now();
        while let Err(refusal) = run("umount", &[self.at.to_str().unwrap()]) {
            assert!(refusal.contains("busy") && began.elapsed() < PATIENCE, "{refusal}");
            thread::sleep(Duration::from_millis(20));
        }
        // There is nothing left to take off.
        std::mem::forget(self);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Twice the same answer to a fault would end the tests without a word.
        if let Err(refusal) = run("umount", &["-l", self.at.to_str().unwrap()]) {
            drop(writeln!(io::stderr(), "{refusal}"));
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Not through a macro: libtest would keep it to itself.
#[expect(clippy::explicit_write, reason = "a macro's text is only shown when the test fails")]
fn left_out(refusal: &str) {
    writeln!(
        io::stderr(),
        "\nalmoner-tests: no file system can be mounted here ({refusal}): \
         a limit on file sizes stands in for it\n"
    )
    .unwrap();
}
