//! Roles and changes of them, as they are sent and shown.

use almoner_accounts::role::{
    Access, CustomRole, EditWindow, NewRole, Role, RoleDescription, RoleLabel, RoleName, RolePatch,
};
use almoner_kernel::{FieldError, Fields, Invalid, Patch, PermissionSet};
use almoner_records::Registry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    kit::patch,
    resources::{
        reaches::ReachesBody,
        shared,
        words::{PermissionName, ScopeWord, Word},
    },
};

/// Every role.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleList)]
pub(crate) struct RoleListBody {
    /// The built-in roles, the mightiest first, then the custom ones by name.
    pub(crate) items: Vec<RoleBody>,
}

/// What the users who have it may do.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
pub(crate) struct RoleBody {
    /// The id in the trail; only of a custom role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019cec40-6a11-7b3e-9f02-84d1c6e5a733")]
    id: Option<Uuid>,
    /// What users and the API know it by; it never changes.
    #[schema(format = "role_name", example = "volunteer")]
    name: String,
    /// What people read: English for a built-in role, which frontends translate by its name.
    #[schema(format = "line", min_length = 1, max_length = 80, example = "Gönüllü")]
    label: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "text",
        min_length = 1,
        max_length = 500,
        nullable = false,
        example = "Records donations at stands, corrects them for an hour"
    )]
    description: Option<String>,
    /// True for a part of the program, which cannot be changed.
    #[schema(example = false)]
    built_in: bool,
    /// What it may do.
    #[schema(example = json!(["donors:read", "donations:read", "donations:create"]))]
    permissions: Vec<PermissionName>,
    /// Which records it may meet, where `reaches` says nothing else.
    scope: ScopeWord,
    /// Which records it may meet of single kinds.
    reaches: ReachesBody,
    /// For how many minutes after its creation a record may be corrected; no limit when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 527_040, example = 60)]
    edit_window_minutes: Option<u32>,
    /// Grows with every change; only of a custom role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, example = 1)]
    version: Option<i64>,
}

impl RoleBody {
    pub(crate) fn of(role: &Role, registry: &Registry) -> Self {
        let custom = role.custom();
        let access = role.access();
        Self {
            id: custom.map(|role| role.id.uuid()),
            name: role.name().as_str().to_owned(),
            label: role.label().to_owned(),
            description: role.description().map(str::to_owned),
            built_in: custom.is_none(),
            permissions: PermissionName::all_of(&access.permissions, registry),
            scope: Word(access.scope),
            reaches: ReachesBody::of(access.reaches.iter()),
            edit_window_minutes: access.edit_window.map(EditWindow::minutes),
            version: custom.map(|role| role.version.number()),
        }
    }

    pub(crate) fn of_custom(role: &CustomRole, registry: &Registry) -> Self {
        Self::of(&Role::from(role.clone()), registry)
    }
}

/// A role to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRole)]
pub(crate) struct NewRoleBody {
    /// What users and the API will know it by: lower snake_case, not the name of another role. It
    /// never changes.
    #[schema(
        required = true,
        nullable = false,
        min_length = 3,
        max_length = 40,
        pattern = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
        example = "volunteer"
    )]
    name: Option<String>,
    /// What people read: one line.
    #[schema(
        format = "line",
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 80,
        example = "Gönüllü"
    )]
    label: Option<String>,
    /// What it is for.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(
        format = "text",
        nullable = false,
        min_length = 1,
        max_length = 500,
        example = "Records donations at stands, corrects them for an hour"
    )]
    description: Option<String>,
    /// What it may do, each once.
    #[schema(
        required = true,
        nullable = false,
        example = json!(["donors:read", "donations:read", "donations:create"]),
    )]
    permissions: Option<Vec<PermissionName>>,
    /// Which records it may meet, where `reaches` says nothing else.
    #[schema(value_type = ScopeWord, required = true)]
    scope: Option<ScopeWord>,
    /// Which records it may meet of single kinds, by the plural noun of the permissions.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(value_type = ReachesBody, required = false)]
    reaches: Option<ReachesBody>,
    /// For how many minutes after its creation a record may be corrected, at most 366 days; no limit
    /// when absent.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(nullable = false, minimum = 1, maximum = 527_040, example = 60)]
    edit_window_minutes: Option<u32>,
}

impl NewRoleBody {
    pub(crate) fn command(
        self,
        mut fields: Fields,
        registry: &Registry,
    ) -> Result<NewRole, Invalid> {
        let name = fields.required("/name", self.name, |text| RoleName::parse(&text));
        let label = fields.required("/label", self.label, |text| RoleLabel::parse(&text));
        let description =
            fields.optional("/description", self.description, |text| RoleDescription::parse(&text));
        let names = fields.required("/permissions", self.permissions, Ok);
        let permissions = names.and_then(|names| set(names, registry, &mut fields));
        let scope = fields.required("/scope", self.scope, |Word(scope)| Ok(scope));
        let reaches = self.reaches.unwrap_or_default().read(registry, &mut fields);
        let edit_window =
            fields.optional("/edit_window_minutes", self.edit_window_minutes, EditWindow::parse);
        let new = (|| {
            let (permissions, scope, reaches) = (permissions?, scope?, reaches?);
            let access = Access { permissions, scope, reaches, edit_window };
            Some(NewRole { name: name?, label: label?, description, access })
        })();
        fields.finish(new)
    }
}

/// A change of a custom role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RolePatch)]
pub(crate) struct RolePatchBody {
    /// What people read: one line.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "line", 
        value_type = String,
        required = false,
        min_length = 1,
        max_length = 80,
        example = "Gönüllü",
    )]
    label: Patch<String>,
    /// What it is for; `null` removes it.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(format = "text", 
        value_type = Option<String>,
        min_length = 1,
        max_length = 500,
        example = "Records donations at stands, corrects them for an hour",
    )]
    description: Patch<String>,
    /// All that it may do from now on: what is not named is taken away. Each once.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(
        value_type = Vec<PermissionName>,
        required = false,
        example = json!(["donors:read", "donations:read", "donations:create"]),
    )]
    permissions: Patch<Vec<PermissionName>>,
    /// Which records it may meet, where `reaches` says nothing else.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = ScopeWord, required = false)]
    scope: Patch<ScopeWord>,
    /// All that it says of single kinds from now on: to what is not named, `scope` applies.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = ReachesBody, required = false)]
    reaches: Patch<ReachesBody>,
    /// For how many minutes after its creation a record may be corrected, at most 366 days; `null`
    /// removes the limit.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 527_040, example = 60)]
    edit_window_minutes: Patch<u32>,
}

impl RolePatchBody {
    pub(crate) fn command(
        self,
        mut fields: Fields,
        registry: &Registry,
    ) -> Result<RolePatch, Invalid> {
        let permissions = match self.permissions {
            Patch::Set(names) => Patch::Set(set(names, registry, &mut fields)),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let reaches = match self.reaches {
            Patch::Set(reaches) => Patch::Set(reaches.read(registry, &mut fields)),
            Patch::Clear => Patch::Clear,
            Patch::Keep => Patch::Keep,
        };
        let patch = RolePatch {
            label: fields.patch_required("/label", self.label, |text| RoleLabel::parse(&text)),
            description: fields
                .patch("/description", self.description, |text| RoleDescription::parse(&text)),
            permissions: fields.patch_required("/permissions", permissions, Ok).flatten(),
            scope: fields.patch_required("/scope", self.scope, |Word(scope)| Ok(scope)),
            reaches: fields.patch_required("/reaches", reaches, Ok).flatten(),
            edit_window: fields.patch(
                "/edit_window_minutes",
                self.edit_window_minutes,
                EditWindow::parse,
            ),
        };
        fields.finish(Some(patch))
    }
}

/// The permissions with these names; complains of each that there is none of, and of doubles.
fn set(
    names: Vec<PermissionName>,
    registry: &Registry,
    fields: &mut Fields,
) -> Option<PermissionSet> {
    let all = registry.all_permissions();
    let known = |name: &str| all.iter().copied().find(|permission| permission.as_str() == name);
    let mut is_fine = true;
    for (at, PermissionName(name)) in names.iter().enumerate() {
        if known(name).is_none() {
            is_fine = false;
            let choices: Vec<&str> = all.iter().map(|permission| permission.as_str()).collect();
            let detail = almoner_kernel::words::choice(&choices);
            fields.wrong(FieldError::new(format!("/permissions/{at}"), "choice", detail));
        }
    }
    let set: PermissionSet = names.iter().filter_map(|name| known(&name.0)).collect();
    if is_fine && set.names().count() != names.len() {
        is_fine = false;
        let detail = crate::kit::words::each_permission_once();
        fields.wrong(FieldError::new("/permissions", "choice", detail));
    }
    is_fine.then_some(set)
}

pub(crate) fn new_role_example() -> Value {
    json!({
        "name": "volunteer",
        "label": "Gönüllü",
        "description": "Records donations at stands, corrects them for an hour",
        "permissions": ["donors:read", "donors:create", "donations:read", "donations:create"],
        "scope": "own",
        "reaches": { "donors": "all" },
        "edit_window_minutes": 60,
    })
}

pub(super) fn role_example() -> Value {
    json!({
        "id": "019cec40-6a11-7b3e-9f02-84d1c6e5a733",
        "name": "volunteer",
        "label": "Gönüllü",
        "description": "Records donations at stands, corrects them for an hour",
        "built_in": false,
        "permissions": ["donors:read", "donors:create", "donations:read", "donations:create"],
        "scope": "own",
        "reaches": { "donors": "all" },
        "edit_window_minutes": 60,
        "version": 1,
    })
}

pub(super) fn built_in_example() -> Value {
    json!({
        "name": "viewer",
        "label": "Viewer",
        "description": "Reads donors, campaigns and donations",
        "built_in": true,
        "permissions": ["donors:read", "campaigns:read", "donations:read"],
        "scope": "all",
        "reaches": {},
    })
}
