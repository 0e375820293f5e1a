//! The ways mail goes, and the links in it.

mod compose;
mod folder;
mod links;
mod log;
mod smtp;

use std::{path::PathBuf, sync::Arc};

use almoner_mail::ports::Transport;
use anyhow::Context as _;

pub use compose::{ComposeError, compose};
pub use links::{LinkSettings, PageLinks};
pub use smtp::{SmtpPassword, SmtpRoute, SmtpTls, SmtpTransport};

/// Which way mail goes.
#[derive(Clone, Debug)]
pub enum MailRoute {
    /// To another server.
    Smtp(SmtpRoute),
    /// Into a folder, a file for each.
    Folder(PathBuf),
    /// Into the log, without what it says.
    Log,
}

/// This server, as others and the log know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThisServer {
    /// What it says hello as: the name it is known by.
    pub name: String,
    /// Nobody but this machine can reach it.
    pub is_private: bool,
}

/// The way mail goes.
///
/// # Errors
/// In words for the operator: a file that cannot be read, a folder that cannot be made.
pub fn transport(route: &MailRoute, us: ThisServer) -> anyhow::Result<Arc<dyn Transport>> {
    Ok(match route {
        MailRoute::Smtp(route) => {
            Arc::new(SmtpTransport::new(route, us.name).context("cannot send mail over SMTP")?)
        }
        MailRoute::Folder(folder) => Arc::new(folder::FolderTransport::new(folder)?),
        MailRoute::Log => Arc::new(log::LogTransport { is_private: us.is_private }),
    })
}
