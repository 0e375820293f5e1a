//! What users are told by mail: stored in the unit of work that causes it, and sent by a job.

use std::sync::Arc;

use almoner_kernel::{
    Context, EmailAddress, Ids, LinkId, MailId, MailTemplate, NewMail, StoreError, Trail, UserId,
    mail,
};
use uuid::Uuid;

use crate::{
    link::{Link, LinkPolicy, Purpose},
    ports::AccountsTx,
};

/// Leaves mail to users behind.
#[derive(Clone)]
pub struct Letters {
    is_on: bool,
    policy: LinkPolicy,
    ids: Arc<dyn Ids>,
}

/// What a user is told.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub template: MailTemplate,
    pub user_id: UserId,
    pub address: Option<EmailAddress>,
    pub about: Option<Uuid>,
}

impl Letter {
    /// Something about the user, at the address they have.
    pub const fn to(user_id: UserId, template: MailTemplate) -> Self {
        Self { template, user_id, address: None, about: None }
    }
}

impl Letters {
    /// `is_on` is false where no mail can be sent: then nothing is left behind.
    pub fn new(is_on: bool, policy: LinkPolicy, ids: Arc<dyn Ids>) -> Self {
        Self { is_on, policy, ids }
    }

    /// True where mail can be sent.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// How long links are good for.
    pub const fn policy(&self) -> &LinkPolicy {
        &self.policy
    }

    /// Stores a letter, and leaves the job that sends it in the trail.
    pub(crate) async fn post(
        &self,
        cx: &Context,
        tx: &mut dyn AccountsTx,
        trail: Trail,
        letter: Letter,
    ) -> Result<Trail, StoreError> {
        if !self.is_on {
            return Ok(trail);
        }
        let Letter { template, user_id, address, about } = letter;
        let id = MailId::new(self.ids.next());
        tx.insert_mail(&NewMail { id, template, user_id, address, about, at: cx.at }).await?;
        Ok(trail.enqueue(mail::job(id)))
    }

    /// Makes a link, the only one the user has from now on, and posts it.
    pub(crate) async fn post_link(
        &self,
        cx: &Context,
        tx: &mut dyn AccountsTx,
        trail: Trail,
        user_id: UserId,
        purpose: Purpose,
    ) -> Result<Trail, StoreError> {
        let (lifetime, template) = match purpose {
            Purpose::PasswordReset => (self.policy.reset, MailTemplate::PasswordReset),
            Purpose::Invitation => (self.policy.invitation, MailTemplate::Invitation),
        };
        let id = LinkId::new(self.ids.next());
        tx.end_links(user_id).await?;
        tx.insert_link(&Link { id, user_id, purpose, expires_at: cx.at + lifetime }).await?;
        let letter = Letter { about: Some(id.uuid()), ..Letter::to(user_id, template) };
        self.post(cx, tx, trail, letter).await
    }
}
