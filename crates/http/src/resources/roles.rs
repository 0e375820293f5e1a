//! Roles: the built-in ones, and the custom ones administrators make.

pub(crate) mod bodies;

use actix_web::{
    HttpRequest, delete, get, patch, post,
    web::{Data, Path},
};
use almoner_accounts::role::{CustomRole, RoleName};
use almoner_kernel::Context;
use utoipa_actix_web::service_config::ServiceConfig;

use self::bodies::{
    NewRoleBody, RoleBody, RoleListBody, RolePatchBody, built_in_example, new_role_example,
    role_example,
};
use super::audit;
use crate::{
    Answer, Body, Cx, Domains, IfMatch, IfMatchParam, IfNoneMatch, IfNoneMatchParam, NoParams,
    Problem, StrictQuery, kit::replay,
};

/// Registers the handlers.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_roles)
        .service(create_role)
        .service(get_role)
        .service(update_role)
        .service(delete_role)
        .service(audit::get_role_history);
}

/// List roles
///
/// Every role: the built-in ones, the mightiest first, then the custom ones by name. The list is
/// short and has no pages.
#[utoipa::path(
    tag = "roles",
    responses((
        status = 200,
        description = "Every role",
        body = RoleListBody,
        example = json!({ "items": [built_in_example(), role_example()] }),
    )),
    extensions(("x-permission" = json!("roles:read"))),
)]
#[get("")]
async fn list_roles(
    cx: Cx,
    domains: Data<Domains>,
    _: StrictQuery<NoParams>,
) -> Result<Answer, Problem> {
    let roles = domains.roles.list(&cx).await?;
    Ok(Answer::plain(&RoleListBody {
        items: roles.iter().map(|role| RoleBody::of(role, domains.registry)).collect(),
    }))
}

/// Create a role
///
/// Makes a custom role that allows no more than yours: each of its permissions is one that a role of yours
/// gives, with as much reach and as long a time to correct.
#[utoipa::path(
    tag = "roles",
    request_body(
        content = NewRoleBody,
        description = "The new role",
        example = json!(new_role_example()),
    ),
    responses((
        status = 201,
        description = "The new role",
        body = RoleBody,
        example = json!(role_example()),
    )),
    extensions(("x-permission" = json!("roles:manage"))),
)]
#[post("")]
async fn create_role(
    cx: Cx,
    req: HttpRequest,
    domains: Data<Domains>,
    body: Body<NewRoleBody>,
) -> Result<Answer, Problem> {
    let registry = domains.registry;
    let new = body.value.command(body.fields, registry)?;
    let create = async |cx: &Context| domains.roles.create(cx, new).await;
    replay::run(&cx, &req, create, move |role: &CustomRole| {
        let at = format!("/api/v1/roles/{}", role.name);
        Answer::created(at, role.version, &RoleBody::of_custom(role, registry))
    })
    .await
}

/// Get a role
///
/// Built-in roles are part of the program: they have no version and no `ETag`.
#[utoipa::path(
    tag = "roles",
    params(
        ("name" = String, Path, description = "The name of the role", format = "role_name", example = "volunteer"),
        IfNoneMatchParam,
    ),
    responses(
        (status = 200, description = "The role", body = RoleBody, example = json!(role_example())),
    ),
    extensions(("x-permission" = json!("roles:read"))),
)]
#[get("/{name}")]
async fn get_role(
    cx: Cx,
    domains: Data<Domains>,
    name: Path<String>,
    known: IfNoneMatch,
) -> Result<Answer, Problem> {
    let role = domains.roles.find(&cx, &role_name(&name)?).await?;
    let body = RoleBody::of(&role, domains.registry);
    Ok(match role.custom() {
        Some(custom) => Answer::read(&known, custom.version, &body),
        None => Answer::plain(&body),
    })
}

/// Change a role
///
/// Changes a custom role that allows, before and after, no more than yours; nobody changes what a role of
/// their own allows. When it allows something else afterwards, the sessions of the users who
/// have it end. The name stays: users are bound to it.
#[utoipa::path(
    tag = "roles",
    params(
        ("name" = String, Path, description = "The name of the role", format = "role_name", example = "volunteer"),
        IfMatchParam,
    ),
    request_body(
        content = RolePatchBody,
        description = "The fields to change; absent ones stay",
        example = json!({ "label": "Gönüllü", "edit_window_minutes": null }),
    ),
    responses((
        status = 200,
        description = "The changed role",
        body = RoleBody,
        example = json!(role_example()),
    )),
    extensions(("x-permission" = json!("roles:manage"))),
)]
#[patch("/{name}")]
async fn update_role(
    cx: Cx,
    domains: Data<Domains>,
    name: Path<String>,
    expected: IfMatch,
    body: Body<RolePatchBody>,
) -> Result<Answer, Problem> {
    let name = role_name(&name)?;
    let patch = body.value.command(body.fields, domains.registry)?;
    let role = domains.roles.update(&cx, &name, expected.0, patch).await?;
    Ok(Answer::ok(role.version, &RoleBody::of_custom(&role, domains.registry)))
}

/// Delete a role
///
/// Deletes a custom role for good. No user may have it any more.
#[utoipa::path(
    tag = "roles",
    params(
        ("name" = String, Path, description = "The name of the role", format = "role_name", example = "volunteer"),
        IfMatchParam,
    ),
    responses((status = 204, description = "The role is gone")),
    extensions(("x-permission" = json!("roles:manage"))),
)]
#[delete("/{name}")]
async fn delete_role(
    cx: Cx,
    domains: Data<Domains>,
    name: Path<String>,
    expected: IfMatch,
) -> Result<Answer, Problem> {
    domains.roles.delete(&cx, &role_name(&name)?, expected.0).await?;
    Ok(Answer::no_content())
}

/// A name that no role can have is the name of no role.
pub(super) fn role_name(text: &str) -> Result<RoleName, Problem> {
    RoleName::parse(text).map_err(|_| Problem::not_found())
}
