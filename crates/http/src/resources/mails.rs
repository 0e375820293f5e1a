//! Mails: what users were told, whether it reached them, and how it looks.

pub(crate) mod bodies;

use actix_web::{HttpRequest, get, post, web::Data};
use almoner_kernel::{Context, Fields, id::MailEntity};
use almoner_mail::{Mail, MailQuery};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use self::bodies::{
    MailBody, MailPreviewBody, PreviewBody, failed_mail_example, mail_example, preview_example,
};
use super::{
    shared,
    words::{MailStateWord, MailTemplateWord},
};
use crate::{
    Answer, Body, Cx, Domains, IdPath, ListOf, ListQuery, NoBody, PageParams, Params, Problem,
    kit::replay,
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_mails).service(preview_mail).service(get_mail).service(retry_mail);
}

/// List mails
///
/// Every mail to a user, the newest first. It names its user by id: whoever may see users finds the
/// address there. Mails are kept for 90 days.
#[utoipa::path(
    tag = "mail",
    params(PageParams, MailFilter),
    responses((
        status = 200,
        description = "A page of mails",
        body = ListOf<MailBody>,
        example = json!({ "items": [mail_example(), failed_mail_example()] }),
    )),
    extensions(("x-permission" = json!("mail:read"))),
)]
#[get("")]
async fn list_mails(
    cx: Cx,
    domains: Data<Domains>,
    list: ListQuery<MailFilter>,
) -> Result<Answer, Problem> {
    let page = domains.mails.list(&cx, &list.query, &list.page).await?;
    Ok(list.answer(page, |mail| MailBody::of(&mail)))
}

/// Look at a mail before it is sent
///
/// How a mail looks in a language, about an invented user. Nothing is sent or stored, and its link
/// leads nowhere.
#[utoipa::path(
    tag = "mail",
    request_body(
        content = PreviewBody,
        description = "Which mail, in which language",
        example = json!({ "template": "password_changed", "locale": "en" }),
    ),
    responses((
        status = 200,
        description = "The mail",
        body = MailPreviewBody,
        example = json!(preview_example()),
    )),
    extensions(("x-permission" = json!("mail:read")), ("x-not-repeatable" = json!(true))),
)]
#[post("/preview")]
async fn preview_mail(
    cx: Cx,
    domains: Data<Domains>,
    body: Body<PreviewBody>,
) -> Result<Answer, Problem> {
    let (template, locale) = body.value.command(body.fields)?;
    let rendered = domains.mails.preview(&cx, template, locale.as_str()).await?;
    Ok(Answer::plain(&MailPreviewBody::of(rendered)))
}

/// Get a mail
///
/// `attempts`, `state` and what goes with them change without a new version: an attempt is no edit.
#[utoipa::path(
    tag = "mail",
    params(("id" = Uuid, Path, description = "The mail")),
    responses(
        (status = 200, description = "The mail", body = MailBody, example = json!(mail_example())),
    ),
    extensions(("x-permission" = json!("mail:read"))),
)]
#[get("/{id}")]
async fn get_mail(
    cx: Cx,
    domains: Data<Domains>,
    id: IdPath<MailEntity>,
) -> Result<Answer, Problem> {
    let mail = domains.mails.find(&cx, id.0).await?;
    Ok(Answer::plain(&MailBody::of(&mail)))
}

/// Have a mail sent again
///
/// One that failed, bounced or was held back waits to be sent again; any other is a 409 with the code
/// `mail_not_failed`. The limit of its user and the time of its link hold as before.
#[utoipa::path(
    tag = "mail",
    params(("id" = Uuid, Path, description = "The mail")),
    responses((
        status = 200,
        description = "The mail, waiting",
        headers(("ETag" = String, description = "The version of the mail.")),
        body = MailBody,
        example = json!(bodies::queued_mail_example()),
    )),
    extensions(("x-permission" = json!("mail:manage"))),
)]
#[post("/{id}/retry")]
async fn retry_mail(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    id: IdPath<MailEntity>,
    _: NoBody,
) -> Result<Answer, Problem> {
    let retry = async |cx: &Context| domains.mails.retry(cx, id.0).await;
    replay::run(&cx, &req, retry, |mail: &Mail| Answer::ok(mail.version, &MailBody::of(mail))).await
}

/// Which mails to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MailFilter {
    /// Only mails in this state.
    #[param(inline, example = "bounced")]
    state: Option<MailStateWord>,
    /// Only mails about this.
    #[param(inline, example = "invitation")]
    template: Option<MailTemplateWord>,
    /// Only mails to this user.
    #[param(value_type = Option<Uuid>, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    user_id: Option<String>,
}

impl Params for MailFilter {
    type Query = MailQuery;

    fn read(self, fields: &mut Fields) -> Option<MailQuery> {
        Some(MailQuery {
            state: self.state.map(|state| state.0),
            template: self.template.map(|template| template.0),
            user_id: fields.optional("user_id", self.user_id, shared::id),
        })
    }
}
