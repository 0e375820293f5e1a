//! `almoner mail …`

use std::io::{self, Write};

use almoner_adapters::clock::UuidIds;
use almoner_kernel::{EmailAddress, Ids, MailId};
use almoner_mail::{Mailbox, Message, Subject};
use anyhow::Context as _;

use crate::{assembly::mail_transport, config::Config};

/// Sends a trial to an address, and says what became of it.
///
/// # Errors
/// In words for the operator, with what the other server said.
pub async fn test(config: &Config, to: &str) -> anyhow::Result<()> {
    let to = EmailAddress::parse(to).map_err(|unfit| anyhow::anyhow!("--to {unfit}"))?;
    let settings = config.mail.as_ref().context(
        "no mail can be sent: set mail.transport (ALMONER_MAIL_TRANSPORT) and mail.from",
    )?;
    let transport = mail_transport(config, settings)?;
    let organisation = &config.organisation;
    let text = format!("This is a trial from the Almoner server of {organisation}.\n");
    let message = Message {
        id: MailId::new(UuidIds::default().next()),
        template: None,
        from: settings.from.clone(),
        reply_to: settings.reply_to.clone(),
        to: Mailbox { name: None, address: to },
        subject: Subject::of(&format!("A trial – {organisation}")),
        html: format!("<p>{}</p>\n", escaped(&text)),
        text,
        language: "en",
    };
    let answer = transport.send(&message).await?;
    let mut out = io::stdout().lock();
    match answer {
        Some(code) => writeln!(out, "the other server took the mail and answered {code}")?,
        None => writeln!(out, "the mail was written down: this transport sends nothing")?,
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
