//! The seal of a backup: HMAC-SHA256 over every byte of the file, at its end.
//!
//! SQLite knows from its header how many pages a database has and does not look behind them, so that
//! a sealed file is still one that its tools open. 64 bytes follow the last page: a mark, which key it
//! was, the HMAC. Pages are multiples of 512 bytes: the length of a file tells that a seal was there,
//! whatever became of its mark.
//!
//! The trail covers neither roles nor passwords nor triggers, and a flipped bit in a free page breaks
//! nothing that can be looked at: hence a seal over all of it, under a sub-key of its own. Rejected: a
//! second file beside it would be left behind at the first `cp`. The copy is sealed first and then
//! proven, so that nothing is sealed unseen. `restore` copies the bytes, without the seal, while it
//! computes the HMAC, and looks at that copy alone. Another key is told as such; that the fingerprint
//! was altered is not, because the HMAC then still fits. `--unsealed` does without.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use almoner_persistence::copies::{CopyError, Halt};
use anyhow::Context as _;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::keys::Keys;

/// What a seal begins with.
const MARK: &[u8; 16] = b"almoner backup 1";

/// Bytes of a key's fingerprint.
const ID: usize = 16;

/// Bytes of a seal: mark, fingerprint, HMAC.
const LENGTH: usize = MARK.len() + ID + 32;

/// What a SQLite database begins with.
const HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Bytes of the smallest page.
const SMALLEST_PAGE: u64 = 512;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// The backup was sealed with another key: nothing can be said about the file.
#[derive(Debug, thiserror::Error)]
#[error(
    "the backup was sealed with another signing key ({found}, this one is {ours}): put the key file \
     that belongs to it in place"
)]
pub struct OtherKey {
    found: String,
    ours: String,
}

/// Told bytes done and bytes in all.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// Seals backups with one key, and looks at their seals.
#[derive(Clone)]
pub struct Sealer {
    keyed: Hmac<Sha256>,
    id: String,
}

impl Sealer {
    /// What seals with the sub-key for backups.
    pub fn new(keys: &Keys) -> Self {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(keys.backup.expose_secret());
        Self { keyed: Hmac::new(&block.into()), id: keys.fingerprint().to_owned() }
    }

    /// Puts the seal at the end of a file.
    ///
    /// # Errors
    /// [`CopyError::Stopped`], or as the operating system says.
    pub fn seal(&self, mut file: &File, halt: &Halt, told: Told<'_>) -> anyhow::Result<()> {
        let length = file.metadata()?.len();
        file.rewind()?;
        let keyed = self.passed_on(file, &mut io::sink(), length, halt, told)?;
        let mut end = [MARK.as_slice(), self.id.as_bytes()].concat();
        end.extend(self.end_of(keyed).finalize().into_bytes());
        file.write_all(&end)?;
        Ok(())
    }

    /// Copies what a sealed file holds, without the seal, and looks whether it is what was sealed.
    ///
    /// # Errors
    /// [`CopyError::Unsound`] when there is no seal or something was changed, [`OtherKey`],
    /// [`CopyError::Stopped`], or as the operating system says.
    pub fn unsealed(
        &self,
        from: &Path,
        to: &File,
        halt: &Halt,
        told: Told<'_>,
    ) -> anyhow::Result<()> {
        let mut file =
            File::open(from).with_context(|| format!("cannot read {}", from.display()))?;
        anyhow::ensure!(file.metadata()?.is_file(), "{} is no file", from.display());
        let (length, end) = parts(&mut file)?;
        file.rewind()?;
        let keyed = self.passed_on(&file, &mut &*to, length, halt, told)?;
        let (mark, rest) = end.split_at(MARK.len());
        let (id, mac) = rest.split_at(ID);
        let fits = self.end_of(keyed).verify_slice(mac).is_ok();
        match (fits, id == self.id.as_bytes()) {
            (true, true) if mark == MARK => Ok(()),
            // Which key it was is not to be believed when it was ours after all.
            (false, false) if is_id(id) => {
                let found = String::from_utf8_lossy(id).into_owned();
                Err(OtherKey { found, ours: self.id.clone() }.into())
            }
            _ => Err(changed().into()),
        }
    }

    /// Passes bytes on and takes them along, a piece at a time.
    fn passed_on(
        &self,
        mut from: &File,
        to: &mut dyn Write,
        length: u64,
        halt: &Halt,
        told: Told<'_>,
    ) -> anyhow::Result<Hmac<Sha256>> {
        let mut keyed = self.keyed.clone();
        let mut piece = vec![0; PIECE];
        let mut done = 0;
        while done < length {
            if halt.is_called() {
                return Err(CopyError::Stopped.into());
            }
            let next = usize::try_from(length - done).map_or(PIECE, |left| left.min(PIECE));
            let piece = &mut piece[..next];
            from.read_exact(piece)?;
            keyed.update(piece);
            to.write_all(piece)?;
            done += next as u64;
            told(done, length);
        }
        Ok(keyed)
    }

    /// The HMAC covers mark and fingerprint beside the pages.
    fn end_of(&self, keyed: Hmac<Sha256>) -> Hmac<Sha256> {
        keyed.chain_update(MARK).chain_update(self.id.as_bytes())
    }
}

/// Bytes in front of the seal, and the seal.
fn parts(file: &mut File) -> anyhow::Result<(u64, [u8; LENGTH])> {
    let length = file.metadata()?.len();
    let mut begin = Vec::new();
    (&*file).take(HEADER.len() as u64).read_to_end(&mut begin)?;
    let mut end = [0; LENGTH];
    let before = length.checked_sub(LENGTH as u64);
    if let Some(before) = before {
        file.seek(SeekFrom::Start(before))?;
        file.read_exact(&mut end)?;
    }
    match before {
        Some(before) if end.starts_with(MARK) => Ok((before, end)),
        _ if begin != HEADER => {
            Err(CopyError::Unsound("it is not a database".to_owned()).into())
        }
        _ if length % SMALLEST_PAGE != 0 => Err(changed().into()),
        _ => Err(CopyError::Unsound(
            "it has no seal: it is of an older version, or a plain copy of a database. Whoever could \
             write to it may have changed what the change trail does not tell, such as roles and \
             passwords; --unsealed takes it all the same"
                .to_owned(),
        )
        .into()),
    }
}

fn changed() -> CopyError {
    CopyError::Unsound(
        "its seal does not fit: the file was changed, damaged or cut off after it was made"
            .to_owned(),
    )
}

fn is_id(id: &[u8]) -> bool {
    id.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::SecretBox;

    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&Keys::derive(&SecretBox::new(Box::new([byte; 64]))).unwrap())
    }

    fn sealed(folder: &Path, pages: &[u8]) -> std::path::PathBuf {
        let path = folder.join("backup.db");
        fs::write(&path, pages).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        sealer(1).seal(&file, &Halt::default(), &mut |_, _| {}).unwrap();
        path
    }

    fn taken(folder: &Path, path: &Path, byte: u8) -> anyhow::Result<Vec<u8>> {
        let copy = folder.join("copy.db");
        let file = File::create(&copy).unwrap();
        sealer(byte).unsealed(path, &file, &Halt::default(), &mut |_, _| {})?;
        Ok(fs::read(copy).unwrap())
    }

    fn database() -> Vec<u8> {
        let mut pages = HEADER.to_vec();
        // More than one piece.
        pages.resize(PIECE + 4_096, 7);
        pages
    }

    #[test]
    fn what_was_sealed_comes_back_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path(), &database());
        assert_eq!(fs::metadata(&path).unwrap().len() % SMALLEST_PAGE, LENGTH as u64);
        assert!(taken(folder.path(), &path, 1).unwrap() == database());
    }

    #[test]
    fn every_flipped_bit_is_told_as_a_change_and_none_as_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut pages = HEADER.to_vec();
        pages.resize(SMALLEST_PAGE as usize, 7);
        let path = sealed(folder.path(), &pages);
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, flipped).unwrap();
            let error = taken(folder.path(), &path, 1).unwrap_err();
            let told = error.downcast_ref::<CopyError>();
            assert!(matches!(told, Some(CopyError::Unsound(_))), "bit {bit}: {error:#}");
        }
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let error = taken(folder.path(), &path, 1).unwrap_err();
            assert!(error.downcast_ref::<CopyError>().is_some(), "{length} bytes: {error:#}");
        }
    }

    #[test]
    fn another_key_is_told_as_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = sealed(folder.path(), &database());
        let error = taken(folder.path(), &path, 2).unwrap_err();
        assert!(error.downcast_ref::<OtherKey>().is_some(), "{error:#}");
        assert!(error.to_string().contains(&sealer(1).id), "{error:#}");
    }

    #[test]
    fn a_file_without_a_seal_says_how_to_take_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.db");
        let mut pages = HEADER.to_vec();
        pages.resize(SMALLEST_PAGE as usize, 7);
        fs::write(&path, pages).unwrap();
        let error = taken(folder.path(), &path, 1).unwrap_err();
        assert!(error.to_string().contains("--unsealed"), "{error:#}");
    }
}
