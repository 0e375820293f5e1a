//! What the operating system says about a process: memory, and time on the processors.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context;

/// A running process.
#[derive(Clone, Debug)]
pub struct Process(u32);

/// Memory of a process in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident: everything below together.
    pub resident: u64,
    /// Its own: heap and stacks.
    pub anonymous: u64,
    /// Pages of mapped files: the program itself, and the database. The operating system gives these
    /// back whenever it needs them.
    pub file: u64,
    /// Of those, pages of the database.
    pub database: u64,
    /// The most that was ever resident.
    pub peak: u64,
}

impl Memory {
    /// What the process costs: everything but the mapped pages of the database.
    pub const fn own(&self) -> u64 {
        self.resident.saturating_sub(self.database)
    }
}

impl Process {
    /// The process with that number.
    pub const fn new(id: u32) -> Self {
        Self(id)
    }

    /// The time it has used on all processors.
    pub fn time(&self) -> anyhow::Result<Duration> {
        processor_time(&self.file("stat")?).context("/proc/…/stat cannot be read")
    }

    /// Its memory, without looking for the database: cheap.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        Ok(memory(&self.file("status")?))
    }

    /// Its memory, with what it has mapped of the database.
    pub fn memory_in_detail(&self) -> anyhow::Result<Memory> {
        let database = mapped_database(&self.file("smaps")?);
        Ok(Memory { database, ..self.memory()? })
    }

    fn file(&self, name: &str) -> anyhow::Result<String> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.0));
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }
}

/// Linux counts in hundredths of a second, whatever the kernel's own clock.
const TICK: Duration = Duration::from_millis(10);

fn processor_time(stat: &str) -> Option<Duration> {
    // The name stands in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * (user + system))
}

fn memory(status: &str) -> Memory {
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(kibibytes).unwrap_or_default()
    };
    Memory {
        resident: of("VmRSS"),
        anonymous: of("RssAnon"),
        file: of("RssFile"),
        database: 0,
        peak: of("VmHWM"),
    }
}

fn mapped_database(smaps: &str) -> u64 {
    let mut is_database = false;
    let mut sum = 0;
    for line in smaps.lines() {
        if let Some(value) = line.strip_prefix("Rss:") {
            if is_database {
                sum += kibibytes(value).unwrap_or_default();
            }
        } else if line.split_ascii_whitespace().next().is_some_and(|word| !word.ends_with(':')) {
            // A mapping begins: addresses, rights, offset, device, inode, file.
            is_database = line.contains(".db");
        }
    }
    sum
}

fn kibibytes(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_that_of_user_and_system() {
        let stat = "7 (a) b (c) S 1 1 1 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 5 0 1 2 3";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(2)));
    }

    #[test]
    fn memory_of_its_own_is_without_the_mapped_database() {
        let status = "Name:\talmoner\nVmHWM:\t  900 kB\nVmRSS:\t  800 kB\nRssAnon:\t  200 kB\n\
                      RssFile:\t  600 kB\n";
        let smaps = "55d0-55d1 r-xp 00000000 fe:00 12 /usr/bin/almoner\nRss:  100 kB\nPss: 1 kB\n\
                     7f00-7f01 r--s 00000000 fe:00 13 /data/almoner.db\nSize: 999 kB\n\
                     Rss:   500 kB\n7f02-7f03 rw-p 00000000 00:00 0\nRss:   200 kB\n";
        let memory = Memory { database: mapped_database(smaps), ..memory(status) };
        let expected =
            Memory { resident: 800, anonymous: 200, file: 600, database: 500, peak: 900 };
        assert_eq!(memory, expected);
        assert_eq!(memory.own(), 300);
    }
}
