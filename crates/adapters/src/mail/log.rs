//! Mail into the log, for development.

use std::io::{self, Write};

use almoner_kernel::MailTemplate;
use almoner_mail::{
    Message,
    ports::{SendError, Transport},
};
use async_trait::async_trait;

/// Logs that there was a mail. What it says, and to whom, is printed on standard output, never
/// logged, and only by a server that nobody but this machine can reach: a log is read by many, and a
/// link in a mail opens an account.
pub(super) struct LogTransport {
    /// Nobody but this machine can reach the server.
    pub(super) is_private: bool,
}

#[async_trait]
impl Transport for LogTransport {
    async fn send(&self, message: &Message) -> Result<Option<u16>, SendError> {
        tracing::info!(
            mail = %message.id,
            template = message.template.map_or("trial", MailTemplate::as_str),
            subject = message.subject.as_str(),
            "a mail would be sent"
        );
        if self.is_private {
            let Message { to, subject, text, .. } = message;
            let (to, subject) = (to.address.as_str(), subject.as_str());
            let mut out = io::stdout().lock();
            let printed = writeln!(
                out,
                "--- mail to {to}, printed because only this machine reaches the server\n\
                 Subject: {subject}\n\n{text}\n---"
            );
            printed
                .and_then(|()| out.flush())
                .map_err(|error| SendError::Unreachable(error.into()))?;
        }
        Ok(None)
    }
}
