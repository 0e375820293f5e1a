//! What operators do with mails: look at them, look at how they would be, have them sent again.

use std::sync::Arc;

use almoner_kernel::{
    Action, Context, MailId, MailTemplate, Page, PageRequest, Permission, Trail, mail,
};

use crate::{Mail, MailError, MailQuery, Rendered, Templates, ports::Mails};

/// What operators do with mails.
pub struct MailService {
    mails: Arc<dyn Mails>,
    templates: Arc<Templates>,
    is_on: bool,
}

impl MailService {
    /// The service; `is_on` is false where no mail can be sent.
    pub fn new(mails: Arc<dyn Mails>, templates: Arc<Templates>, is_on: bool) -> Self {
        Self { mails, templates, is_on }
    }

    /// A page of mails, the newest first. They have no row scope: whoever may look after the mail of
    /// the server sees all of it.
    ///
    /// # Errors
    /// Without `mail:read`.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &MailQuery,
        page: &PageRequest,
    ) -> Result<Page<Mail>, MailError> {
        cx.permit(Permission::MAIL_READ)?;
        Ok(self.mails.mails(query, page).await?)
    }

    /// One mail.
    ///
    /// # Errors
    /// Without `mail:read`; [`MailError::NotFound`].
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: MailId) -> Result<Mail, MailError> {
        cx.permit(Permission::MAIL_READ)?;
        self.mails.mail(id).await?.ok_or(MailError::NotFound)
    }

    /// How a mail would be, about an invented user: nothing in it is real, and no link leads
    /// anywhere.
    ///
    /// # Errors
    /// Without `mail:read`.
    #[tracing::instrument(skip_all)]
    pub async fn preview(
        &self,
        cx: &Context,
        template: MailTemplate,
        locale: &str,
    ) -> Result<Rendered, MailError> {
        cx.permit(Permission::MAIL_READ)?;
        Ok(self.templates.example(template, locale, cx.at)?)
    }

    /// Has a mail sent again that was not sent: the limit of its recipient and the time of its link
    /// hold as before.
    ///
    /// # Errors
    /// Without `mail:manage`; [`MailError::NotFound`], [`MailError::NotFailed`], [`MailError::Off`].
    #[tracing::instrument(skip_all)]
    pub async fn retry(&self, cx: &Context, id: MailId) -> Result<Mail, MailError> {
        cx.permit(Permission::MAIL_MANAGE)?;
        if !self.is_on {
            return Err(MailError::Off);
        }
        let mut tx = self.mails.begin().await?;
        let before = tx.mail(id).await?.ok_or(MailError::NotFound)?;
        if !before.state.can_be_retried() {
            return Err(MailError::NotFailed);
        }
        let after = before.requeued();
        tx.requeue(&after).await?;
        let trail = Trail::of(cx)
            .acted(Action::Retried, &before, &after, None)
            .enqueue(mail::job(id))
            .answering(cx, &after);
        tx.commit(trail).await?;
        Ok(after)
    }
}
