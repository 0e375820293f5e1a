//! Mail into a folder, for development: a file for each, as another server would have got it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use almoner_mail::{
    Message,
    ports::{SendError, Transport},
};
use anyhow::Context as _;
use async_trait::async_trait;

use super::compose;
use crate::keys::create_private_dir;

/// Writes mails into a folder that only its owner can read: there are links in them that work.
pub(super) struct FolderTransport {
    folder: PathBuf,
}

impl FolderTransport {
    /// Makes the folder when it is missing.
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        create_private_dir(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned() })
    }
}

#[async_trait]
impl Transport for FolderTransport {
    async fn send(&self, message: &Message) -> Result<Option<u16>, SendError> {
        let mail = compose(message)
            .map_err(|error| SendError::NotAccepted { code: None, source: Box::new(error) })?;
        let file = self.folder.join(format!("{}.eml", message.id));
        let written = tokio::task::spawn_blocking(move || write(&file, &mail.formatted()));
        match written.await {
            Ok(Ok(())) => Ok(None),
            Ok(Err(error)) => Err(SendError::Unreachable(error.into())),
            Err(error) => Err(SendError::Unreachable(error.into())),
        }
    }
}

/// A second attempt at the same mail replaces the first.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = file.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut handle = options.open(&draft)?;
    handle.write_all(bytes)?;
    handle.sync_all()?;
    fs::rename(draft, file)
}
