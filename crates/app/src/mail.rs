//! The ways mail goes, and the links in it.

mod compose;
mod folder;
mod links;
mod log;
mod smtp;

use std::sync::Arc;

use almoner_mail::ports::Transport;
use anyhow::Context as _;

use crate::config::{Config, MailRoute, MailSettings};

pub use compose::{ComposeError, compose};
pub use links::PageLinks;
pub use smtp::SmtpTransport;

/// The way mail goes with these settings.
///
/// # Errors
/// In words for the operator: a file that cannot be read, a folder that cannot be made.
pub fn transport(config: &Config, settings: &MailSettings) -> anyhow::Result<Arc<dyn Transport>> {
    Ok(match &settings.route {
        MailRoute::Smtp(route) => {
            // What the server says hello as: the name it is known by.
            let name = url::Url::parse(&config.public_url.as_text())?;
            let name = name.host_str().unwrap_or("localhost").to_owned();
            Arc::new(SmtpTransport::new(route, name).context("cannot send mail over SMTP")?)
        }
        MailRoute::Folder(folder) => Arc::new(folder::FolderTransport::new(folder)?),
        MailRoute::Log => {
            Arc::new(log::LogTransport { is_private: config.listen.ip().is_loopback() })
        }
    })
}
