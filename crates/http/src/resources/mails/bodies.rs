//! Mails, as they are shown.

use almoner_accounts::user::Locale;
use almoner_kernel::{Fields, Invalid, MailTemplate};
use almoner_mail::{Mail, Rendered};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resources::{
    shared,
    words::{MailProblemWord, MailStateWord, MailTemplateWord, Word},
};

/// One mail to one user.
#[derive(Serialize, ToSchema)]
#[schema(as = Mail)]
pub(crate) struct MailBody {
    /// Which one.
    #[schema(example = "019cec06-4a10-7c3e-8b52-1f7d9e6a3c08")]
    id: Uuid,
    /// What it is about.
    template: MailTemplateWord,
    /// Whom it is for.
    #[schema(example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Uuid,
    /// Where it stands.
    state: MailStateWord,
    /// Why it was not sent, the last time it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MailProblemWord)]
    problem: Option<MailProblemWord>,
    /// What the other server answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 100, maximum = 599, example = 250)]
    reply: Option<u16>,
    /// How often it was tried.
    #[schema(minimum = 0, example = 1)]
    attempts: u32,
    /// When it was last tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime, example = "2026-03-14T09:26:54.102Z")]
    tried_at: Option<String>,
    /// The language it was written in, BCP 47; absent before it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "language", example = "tr")]
    language: Option<String>,
    /// Grows when it is to be sent again.
    #[schema(minimum = 1, example = 1)]
    version: i64,
    /// When what it tells of happened.
    #[schema(format = DateTime, example = "2026-03-14T09:26:53.589Z")]
    created_at: String,
}

impl MailBody {
    pub(crate) fn of(mail: &Mail) -> Self {
        Self {
            id: mail.id.uuid(),
            template: Word(mail.template),
            user_id: mail.user_id.uuid(),
            state: Word(mail.state),
            problem: mail.problem.map(Word),
            reply: mail.reply,
            attempts: mail.attempts,
            tried_at: mail.tried_at.map(shared::instant),
            language: mail.language.clone(),
            version: mail.version.number(),
            created_at: shared::instant(mail.created_at),
        }
    }
}

/// Which mail to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailToPreview)]
pub(crate) struct PreviewBody {
    /// What it is about.
    #[schema(required = true, value_type = MailTemplateWord)]
    template: Option<MailTemplateWord>,
    /// The language of its reader, BCP 47; where there is no mail in it, it is English.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "language",
        nullable = false,
        min_length = 2,
        max_length = 35,
        default = "en",
        example = "tr"
    )]
    locale: Option<String>,
}

impl PreviewBody {
    pub(crate) fn command(self, mut fields: Fields) -> Result<(MailTemplate, Locale), Invalid> {
        let template = fields.required("/template", self.template, |word| Ok(word.0));
        let locale = fields.optional("/locale", self.locale, |text| Locale::parse(&text));
        fields.finish(template.map(|template| (template, locale.unwrap_or_default())))
    }
}

/// How a mail looks.
#[derive(Serialize, ToSchema)]
#[schema(as = MailPreview)]
pub(crate) struct MailPreviewBody {
    /// The language it is in, BCP 47.
    #[schema(format = "language", example = "en")]
    language: &'static str,
    /// The subject.
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        example = "Your password was changed – Umut Derneği"
    )]
    subject: String,
    /// The body for those who read text.
    #[schema(format = "text", min_length = 1, max_length = 65_536, example = "Hello Elif Kaya, …")]
    text: String,
    /// The same for those who read HTML. Show it in a frame without rights.
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 65_536,
        example = "<!doctype html><html lang=\"en\">…</html>"
    )]
    html: String,
}

impl MailPreviewBody {
    pub(crate) fn of(rendered: Rendered) -> Self {
        Self {
            language: rendered.language.as_str(),
            subject: rendered.subject.as_str().to_owned(),
            text: rendered.text,
            html: rendered.html,
        }
    }
}

pub(super) fn mail_example() -> Value {
    json!({
        "id": "019cec06-4a10-7c3e-8b52-1f7d9e6a3c08",
        "template": "password_changed",
        "user_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        "state": "sent",
        "reply": 250,
        "attempts": 1,
        "tried_at": "2026-03-14T09:26:54.102Z",
        "language": "tr",
        "version": 1,
        "created_at": "2026-03-14T09:26:53.589Z",
    })
}

pub(super) fn failed_mail_example() -> Value {
    json!({
        "id": "019cec01-77b4-7d25-9a06-2c8e5b1f4d93",
        "template": "invitation",
        "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55",
        "state": "bounced",
        "problem": "refused",
        "reply": 550,
        "attempts": 1,
        "tried_at": "2026-03-14T09:21:45.330Z",
        "language": "tr",
        "version": 1,
        "created_at": "2026-03-14T09:21:44.564Z",
    })
}

pub(super) fn queued_mail_example() -> Value {
    json!({
        "id": "019cec01-77b4-7d25-9a06-2c8e5b1f4d93",
        "template": "invitation",
        "user_id": "019cec2a-4f80-7a52-8c39-0d6e1f2b7c55",
        "state": "queued",
        "reply": 550,
        "attempts": 1,
        "tried_at": "2026-03-14T09:21:45.330Z",
        "language": "tr",
        "version": 2,
        "created_at": "2026-03-14T09:21:44.564Z",
    })
}

pub(super) fn preview_example() -> Value {
    json!({
        "language": "en",
        "subject": "Your password was changed – Umut Derneği",
        "text": "Hello Elif Kaya,\n\nThe password of your account at Umut Derneği was changed on \
            2026-03-14 12:26 (Europe/Istanbul).\n",
        "html": "<!doctype html><html lang=\"en\"><body><p>Hello Elif Kaya,</p></body></html>",
    })
}
