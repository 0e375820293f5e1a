//! Where the trail begins and ends according to storage.

use super::has_seal;
use crate::{Mac, Mark, Seal};

/// Where the trail ends according to storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of the last row.
    pub position: i64,
    /// Its seal; anything but 32 bytes is no seal.
    pub mac: Vec<u8>,
    /// [`Seal::key_id`] of the key that sealed it.
    pub key_id: String,
    /// How far an older trail was sealed anew; none when it never was.
    pub anew: Option<Anew>,
}

/// How far the rows of an older format were sealed anew, from the first one on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anew {
    /// The last row that was.
    pub position: i64,
    /// The seal it had before, which the next row follows on; none once the whole trail was done.
    pub before: Option<Vec<u8>>,
}

/// Where the trail begins according to storage: behind rows whose time was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// The position of the last row that is gone; 0 when none is.
    pub position: i64,
    /// Its seal; anything but 32 bytes is no seal.
    pub mac: Vec<u8>,
    /// [`Seal::proof`] of both; anything but 32 bytes is no proof.
    pub proof: Vec<u8>,
}

impl Floor {
    /// The floor behind a mark.
    pub fn behind(mark: &Mark, seal: &Seal) -> Self {
        let proof = seal.proof(mark).as_bytes().to_vec();
        Self { position: mark.position, mac: mark.mac.as_bytes().to_vec(), proof }
    }

    /// The mark it stands on, when that is what somebody with the key said.
    pub(super) fn mark(&self, seal: &Seal) -> Option<Mark> {
        if self.position == 0 {
            return Some(Mark::GENESIS);
        }
        let mac = Mac::from_bytes(self.mac.as_slice().try_into().ok()?);
        let mark = Mark { position: self.position, mac };
        has_seal(&self.proof, &seal.proof(&mark)).then_some(mark)
    }
}
