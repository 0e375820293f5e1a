//! A file that gets its name when it is whole.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::folder_of;

/// What happens to a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is refused.
    Refused,
    /// The new one takes its place, at once.
    Replaced,
}

/// The end of a draft's name.
const ENDING: &str = ".part";

/// A file without its name yet, which only its owner can read: `.NAME.part` in the same folder. It is
/// removed when it is dropped.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    // Its lock tells a draft that somebody writes from one that was left behind by a crash.
    file: File,
    is_published: bool,
}

impl Draft {
    /// Makes an empty draft of a file.
    ///
    /// # Errors
    /// When the folder cannot be written to, or somebody else is writing the same file.
    pub fn beside(file: &Path) -> anyhow::Result<Self> {
        let name = file.file_name().with_context(|| format!("{} names no file", file.display()))?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(ENDING);
        let path = folder_of(file).join(hidden);
        let draft = Self::open(&path, OpenOptions::new().create(true))
            .with_context(|| format!("cannot write {}", path.display()))?;
        draft.with_context(|| format!("another almoner is writing {} just now", file.display()))
    }

    /// Removes the drafts of a folder that nobody writes any more and whose final names `is_ours`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sweep(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let ours = name
                .to_str()
                .and_then(|name| name.strip_prefix('.')?.strip_suffix(ENDING))
                .is_some_and(&is_ours);
            if ours {
                // Dropped at once, which removes it.
                drop(Self::open(&folder.join(name), &mut OpenOptions::new())?);
            }
        }
        Ok(())
    }

    /// None when somebody else has it.
    fn open(path: &Path, options: &mut OpenOptions) -> io::Result<Option<Self>> {
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
        let file = options.read(true).write(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had the lock until now has given the file its final name: it is no draft any more.
        if !is_still(&file, path) {
            return Ok(None);
        }
        file.set_len(0)?;
        Ok(Some(Self { path: path.to_owned(), file, is_published: false }))
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Fills it.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        (&self.file)
            .write_all(bytes)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Flushes it to disk, gives it its name, and flushes that too.
    ///
    /// # Errors
    /// When the name is taken, or as the operating system says. Nothing is left behind then.
    pub fn publish(mut self, file: &Path, existing: Existing) -> anyhow::Result<()> {
        self.flush()?;
        self.name(file, existing).with_context(|| format!("cannot write {}", file.display()))?;
        flush_folder(folder_of(file))
    }

    /// Flushes what was written to disk.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn flush(&self) -> anyhow::Result<()> {
        self.file.sync_all().with_context(|| format!("cannot flush {}", self.path.display()))
    }

    fn name(&mut self, file: &Path, existing: Existing) -> io::Result<()> {
        if existing == Existing::Refused {
            match fs::hard_link(&self.path, file) {
                // The draft's own name goes with the draft.
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // Some network and container file systems have no hard links.
                Err(_) if !file.exists() => {}
                Err(error) => return Err(error),
            }
        }
        fs::rename(&self.path, file)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "a draft could not be removed");
        }
    }
}

#[cfg(unix)]
fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

#[cfg(not(unix))]
fn is_still(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Flushes the names in a folder to disk.
///
/// # Errors
/// As the operating system says.
pub fn flush_folder(folder: &Path) -> anyhow::Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot flush the folder {}", folder.display()))
}
