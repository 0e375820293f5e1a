//! Passwords known from breaches, looked up in a file that is far too large to hold: the "ordered by
//! hash" list of Have I Been Pwned, one `SHA1:COUNT` per line.

use std::{
    cmp::Ordering,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use almoner_accounts::ports::{BreachedListError, BreachedPasswords};
use async_trait::async_trait;

/// Bytes of a SHA-1.
const SHA1_LEN: usize = 20;
/// A line is 40 digits, a colon, a count of at most 10 digits and the end of line.
const LONGEST_LINE: usize = 64;
/// Below this many bytes the rest is read in one go instead of halved once more.
const SCAN_LEN: u64 = 4_096;

/// The list in a file. Each look-up opens it anew, so that a newer list can be moved into its place;
/// it reads about 25 small pieces of the 40 GB one.
#[derive(Clone, Debug)]
pub struct BreachedFile {
    file: PathBuf,
}

impl BreachedFile {
    /// The list in that file, after a look at its beginning.
    ///
    /// # Errors
    /// When it cannot be read or does not begin with a line of such a list.
    pub fn open(file: &Path) -> Result<Self, BreachedListError> {
        let list = Self { file: file.to_owned() };
        // Any hash will do: the look-up checks each line that it meets.
        list.search(&[0; SHA1_LEN]).map_err(|error| BreachedListError(error.into()))?;
        Ok(list)
    }

    fn search(&self, wanted: &[u8; SHA1_LEN]) -> io::Result<bool> {
        let mut file = File::open(&self.file)?;
        let length = file.seek(SeekFrom::End(0))?;
        // The wanted line, if there is one, begins within `low..high`; both are beginnings of lines.
        let (mut low, mut high) = (0, length);
        while high - low > SCAN_LEN {
            let middle = low + (high - low) / 2;
            let piece = read_at(&mut file, middle, LONGEST_LINE * 2)?;
            let start = end_of_line(&piece).ok_or_else(malformed)?;
            let line = &piece[start..];
            let line = &line[..end_of_line(line).ok_or_else(malformed)?];
            let begins = middle + start as u64;
            match hash_of(line)?.cmp(wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => low = begins,
                Ordering::Greater => high = begins,
            }
        }
        let rest = read_at(&mut file, low, (high - low) as usize)?;
        for line in rest.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            if hash_of(line)? == *wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[async_trait]
impl BreachedPasswords for BreachedFile {
    async fn contains(&self, sha1: &[u8; SHA1_LEN]) -> Result<bool, BreachedListError> {
        let (list, sha1) = (self.clone(), *sha1);
        tokio::task::spawn_blocking(move || list.search(&sha1))
            .await
            .map_err(|error| BreachedListError(error.into()))?
            .map_err(|error| BreachedListError(error.into()))
    }
}

/// No list: nothing is known to be breached.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBreachedList;

#[async_trait]
impl BreachedPasswords for NoBreachedList {
    async fn contains(&self, _: &[u8; SHA1_LEN]) -> Result<bool, BreachedListError> {
        Ok(false)
    }
}

fn read_at(file: &mut File, position: u64, at_most: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(position))?;
    let mut piece = Vec::with_capacity(at_most);
    file.take(at_most as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

/// The position behind the first line of the piece.
fn end_of_line(piece: &[u8]) -> Option<usize> {
    piece.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
}

fn hash_of(line: &[u8]) -> io::Result<[u8; SHA1_LEN]> {
    let (digits, rest) = line.split_at_checked(SHA1_LEN * 2).ok_or_else(malformed)?;
    if !matches!(rest.first(), None | Some(b':' | b'\r' | b'\n')) {
        return Err(malformed());
    }
    let mut hash = [0; SHA1_LEN];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).ok_or_else(malformed);
        // Two hexadecimal digits are at most 255.
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Ok(hash)
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a list of SHA1:COUNT lines ordered by hash")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use sha1::{Digest, Sha1};

    use super::*;

    fn sha1(text: &str) -> [u8; SHA1_LEN] {
        Sha1::digest(text).into()
    }

    /// The hashes of `0`, `1`, … in order, with counts of different lengths.
    fn list(count: usize, end: &str) -> String {
        let mut hashes: Vec<_> = (0..count).map(|n| sha1(&n.to_string())).collect();
        hashes.sort_unstable();
        let mut text = String::new();
        for (at, hash) in hashes.iter().enumerate() {
            for byte in hash {
                write!(text, "{byte:02X}").unwrap();
            }
            write!(text, ":{}{end}", 7_usize.pow((at % 9) as u32)).unwrap();
        }
        text
    }

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("list.txt");
        std::fs::write(&file, text).unwrap();
        (dir, file)
    }

    #[tokio::test]
    async fn every_listed_password_is_found_and_no_other() {
        for (count, end) in [(1, "\n"), (2, "\r\n"), (80, "\n"), (3_000, "\r\n")] {
            for text in [list(count, end), list(count, end).trim_end().to_owned()] {
                let (_dir, file) = written(&text);
                let list = BreachedFile::open(&file).unwrap();
                for n in 0..count {
                    assert!(list.contains(&sha1(&n.to_string())).await.unwrap(), "{n} of {count}");
                }
                for n in count..count + 500 {
                    assert!(!list.contains(&sha1(&n.to_string())).await.unwrap(), "{n} of {count}");
                }
                for extreme in [[0; 20], [255; 20]] {
                    assert!(!list.contains(&extreme).await.unwrap());
                }
            }
        }
    }

    #[tokio::test]
    async fn an_empty_list_contains_nothing() {
        let (_dir, file) = written("");
        assert!(!BreachedFile::open(&file).unwrap().contains(&sha1("x")).await.unwrap());
        assert!(!NoBreachedList.contains(&sha1("x")).await.unwrap());
    }

    #[test]
    fn a_file_of_another_kind_is_refused_when_it_is_opened() {
        for text in ["password\n123456\n", &"password\n".repeat(5_000), &"x".repeat(20_000)] {
            let (_dir, file) = written(text);
            assert!(BreachedFile::open(&file).is_err());
        }
        assert!(BreachedFile::open(Path::new("/nowhere/at/all")).is_err());
    }
}
