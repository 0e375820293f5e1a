//! The master key, and one sub-key for each use, so that no key serves two purposes.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use almoner_persistence::StoreKeys;
use base64::{Engine, engine::general_purpose::STANDARD};
use hkdf::Hkdf;
use secrecy::{
    ExposeSecret, ExposeSecretMut, SecretBox,
    zeroize::{Zeroize, Zeroizing},
};
use sha2::Sha256;

/// Bytes of the master key: 512 bits.
pub const MASTER_LEN: usize = 64;

/// A sub-key of 256 bits.
pub type Key32 = SecretBox<[u8; 32]>;
/// A sub-key of 512 bits.
pub type Key64 = SecretBox<[u8; 64]>;

/// The sub-keys, each HKDF-SHA256 (RFC 5869) of the master key under a label of its own. `Debug`
/// shows none of them.
pub struct Keys {
    /// Signs the session cookie: 64 bytes, as `actix_web::cookie::Key` wants.
    pub cookie: Key64,
    /// Binds CSRF tokens to their session (HMAC).
    pub csrf: Key32,
    /// Seals the change trail (HMAC).
    pub audit: Key32,
    /// Signs page cursors (HMAC).
    pub cursor: Key32,
    /// Encrypts sensitive columns.
    pub vault: Key32,
    /// Hashes sensitive values, so that they can be found again (HMAC).
    pub lookup: Key32,
    /// Makes the digests of records that changes carry (HMAC).
    pub records: Key32,
    /// Makes the secrets in mailed links (HMAC).
    pub links: Key32,
    /// Seals backups (HMAC).
    pub backup: Key32,
    fingerprint: String,
}

impl Keys {
    /// The sub-keys of a master key.
    ///
    /// # Errors
    /// [`KeyError::Derivation`], which the fixed lengths rule out.
    pub fn derive(master: &SecretBox<[u8; MASTER_LEN]>) -> Result<Self, KeyError> {
        let hkdf = Hkdf::<Sha256>::new(None, master.expose_secret());
        let mut mark = [0; 8];
        hkdf.expand(b"almoner/v1/fingerprint", &mut mark).map_err(|_| KeyError::Derivation)?;
        Ok(Self {
            cookie: sub_key(&hkdf, b"almoner/v1/cookie")?,
            csrf: sub_key(&hkdf, b"almoner/v1/csrf")?,
            audit: sub_key(&hkdf, b"almoner/v1/audit")?,
            cursor: sub_key(&hkdf, b"almoner/v1/cursor")?,
            vault: sub_key(&hkdf, b"almoner/v1/vault")?,
            lookup: sub_key(&hkdf, b"almoner/v1/lookup")?,
            records: sub_key(&hkdf, b"almoner/v1/records")?,
            links: sub_key(&hkdf, b"almoner/v1/links")?,
            backup: sub_key(&hkdf, b"almoner/v1/backup")?,
            fingerprint: mark.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Tells master keys apart and reveals nothing of them: 16 hexadecimal digits. A database that
    /// keeps it can refuse to be opened with another key.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The sub-keys that storage needs.
    pub fn store_keys(&self) -> StoreKeys {
        StoreKeys {
            audit: *self.audit.expose_secret(),
            vault: *self.vault.expose_secret(),
            lookup: *self.lookup.expose_secret(),
            records: *self.records.expose_secret(),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

/// Where the master key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// It was in the file.
    Loaded,
    /// There was no file: it was made now.
    Created,
}

/// Reads the key file, or makes it when there is none.
///
/// # Errors
/// [`KeyError`], naming the file.
pub fn load_or_create(file: &Path) -> Result<(Keys, KeyOrigin), KeyError> {
    match load(file) {
        Err(error) if error.is_missing() => {}
        loaded => return loaded.map(|keys| (keys, KeyOrigin::Loaded)),
    }
    let origin = create(file)?;
    Ok((load(file)?, origin))
}

/// Reads the key file.
///
/// # Errors
/// [`KeyError`], naming the file.
pub fn load(file: &Path) -> Result<Keys, KeyError> {
    let io_error = |source| KeyError::Io { file: file.to_owned(), what: "read", source };
    let handle = fs::File::open(file).map_err(io_error)?;
    let metadata = handle.metadata().map_err(io_error)?;
    if !metadata.is_file() {
        return Err(KeyError::Malformed { file: file.to_owned() });
    }
    refuse_if_shared(file, &metadata)?;

    // A key is 88 characters; whoever gives a larger file gave the wrong one.
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    handle.take(256).read_to_end(&mut text).map_err(io_error)?;
    let mut bytes = Zeroizing::new([0; MASTER_LEN + 2]);
    let length = STANDARD
        .decode_slice(text.trim_ascii(), bytes.as_mut_slice())
        .map_err(|_| KeyError::Malformed { file: file.to_owned() })?;
    if length != MASTER_LEN {
        return Err(KeyError::Malformed { file: file.to_owned() });
    }
    let mut master = SecretBox::new(Box::new([0; MASTER_LEN]));
    master.expose_secret_mut().copy_from_slice(&bytes[..MASTER_LEN]);
    Keys::derive(&master)
}

/// Makes the folder for data with mode 0700, and its parents; one that exists is left as it is.
///
/// # Errors
/// As the operating system says.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The operating system refused.
    #[error("cannot {what} the key file {}", file.display())]
    Io {
        /// The key file.
        file: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may use the key file.
    #[error(
        "the key file {} has mode {mode:04o}, so that others can use it: run chmod 600 on it, and \
         replace the key if somebody may have read it",
        file.display()
    )]
    Shared {
        /// The key file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error(
        "the key file {} does not hold 64 bytes in base64: restore it from its copy; only while the \
         database is empty may it be deleted to get a new one",
        file.display()
    )]
    Malformed {
        /// The key file.
        file: PathBuf,
    },
    /// The operating system has no randomness to give.
    #[error("the operating system gave no randomness for a key")]
    Randomness(#[source] getrandom::Error),
    /// A sub-key could not be made.
    #[error("a sub-key could not be derived")]
    Derivation,
}

impl KeyError {
    /// True when there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Makes the key file so that it is either there in whole or not at all: a crash between two steps
/// leaves no half key behind, and of two processes that start at once both use the first one's.
fn create(file: &Path) -> Result<KeyOrigin, KeyError> {
    let io_error = |source| KeyError::Io { file: file.to_owned(), what: "create", source };
    let dir = match file.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    create_private_dir(dir).map_err(io_error)?;

    let mut master: SecretBox<[u8; MASTER_LEN]> = SecretBox::new(Box::new([0; MASTER_LEN]));
    getrandom::fill(master.expose_secret_mut()).map_err(KeyError::Randomness)?;
    let mut text = STANDARD.encode(master.expose_secret());
    text.push('\n');

    let draft = file.with_extension(format!("key.{}.new", std::process::id()));
    let written = write_private(&draft, text.as_bytes()).and_then(|()| publish(&draft, file));
    text.zeroize();
    let removed = fs::remove_file(&draft);
    let origin = written.map_err(io_error)?;
    match removed {
        // A rename leaves no draft behind.
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        _ => {}
    }
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error)?;
    Ok(origin)
}

fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the draft its name, unless there is a file of that name by now.
fn publish(draft: &Path, file: &Path) -> io::Result<KeyOrigin> {
    match fs::hard_link(draft, file) {
        Ok(()) => Ok(KeyOrigin::Created),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(KeyOrigin::Loaded),
        // Some network and container file systems have no hard links.
        Err(_) if !file.exists() => fs::rename(draft, file).map(|()| KeyOrigin::Created),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn refuse_if_shared(file: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Shared { file: file.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_if_shared(_: &Path, _: &fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

fn sub_key<const N: usize>(
    hkdf: &Hkdf<Sha256>,
    label: &[u8],
) -> Result<SecretBox<[u8; N]>, KeyError>
where
    [u8; N]: Zeroize,
{
    let mut key = SecretBox::new(Box::new([0; N]));
    hkdf.expand(label, key.expose_secret_mut()).map_err(|_| KeyError::Derivation)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_first_start_makes_a_private_key_and_the_next_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data/almoner.key");
        let (first, origin) = load_or_create(&file).unwrap();
        assert_eq!(origin, KeyOrigin::Created);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&dir.path().join("data")), 0o700);
        assert_eq!(fs::read_dir(dir.path().join("data")).unwrap().count(), 1, "no draft is left");

        let (again, origin) = load_or_create(&file).unwrap();
        assert_eq!(origin, KeyOrigin::Loaded);
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(first.cookie.expose_secret(), again.cookie.expose_secret());
    }

    #[test]
    fn processes_that_start_at_once_share_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("almoner.key");
        let draft = dir.path().join("draft");
        write_private(&draft, b"one").unwrap();
        assert_eq!(publish(&draft, &file).unwrap(), KeyOrigin::Created);
        let late = dir.path().join("late");
        write_private(&late, b"two").unwrap();
        assert_eq!(publish(&late, &file).unwrap(), KeyOrigin::Loaded);
        assert_eq!(fs::read(&file).unwrap(), b"one");
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("almoner.key");
        load_or_create(&file).unwrap();
        for shared in [0o640, 0o604, 0o660] {
            fs::set_permissions(&file, fs::Permissions::from_mode(shared)).unwrap();
            let error = load_or_create(&file).unwrap_err();
            assert!(matches!(error, KeyError::Shared { mode, .. } if mode == shared));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("almoner.key");
        let long = STANDARD.encode([7; 65]);
        let short = STANDARD.encode([7; 63]);
        let huge = "A".repeat(10_000);
        for text in ["", "not base64 at all!", &short, &long, &huge] {
            if file.exists() {
                fs::remove_file(&file).unwrap();
            }
            write_private(&file, text.as_bytes()).unwrap();
            let error = load_or_create(&file).unwrap_err();
            assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[test]
    fn sub_keys_differ_from_one_another_and_stay_the_same_for_ever() {
        let master = SecretBox::new(Box::new([1; MASTER_LEN]));
        let keys = Keys::derive(&master).unwrap();
        let mut all = vec![&keys.csrf, &keys.audit, &keys.cursor, &keys.vault];
        all.extend([&keys.lookup, &keys.links, &keys.backup]);
        for (at, key) in all.iter().enumerate() {
            for other in &all[..at] {
                assert_ne!(key.expose_secret(), other.expose_secret());
            }
            assert_ne!(key.expose_secret().as_slice(), &keys.cookie.expose_secret()[..32]);
        }
        // A change of these would make every encrypted column unreadable.
        assert_eq!(keys.fingerprint(), "8a29a5889ea5f804");
        assert_eq!(
            STANDARD.encode(keys.vault.expose_secret()),
            "TwAfAnEqYatAHVG8liQJINrm8KB0d7HUMNay0F9gOug="
        );
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = Keys::derive(&SecretBox::new(Box::new([1; MASTER_LEN]))).unwrap();
        let shown = format!("{keys:?} {:?}", keys.vault);
        assert_eq!(
            shown,
            format!(
                "Keys {{ fingerprint: \"{}\", .. }} SecretBox<[u8; 32]>([REDACTED])",
                keys.fingerprint()
            )
        );
    }
}
