//! What queries about widgets may say.

use std::time::Duration;

use almoner_kernel::Fields;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{Params, kit::query};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WidgetFilter {
    /// Only widgets of this size.
    size: Option<i64>,
    /// Colour.
    #[param(inline)]
    colour: Option<Shade>,
    /// The order.
    sort: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Shade {
    Light,
    Dark,
}

impl Params for WidgetFilter {
    type Query = String;

    fn read(self, fields: &mut Fields) -> Option<String> {
        let sort = fields.optional("sort", self.sort, |sort| query::sort(&sort, &[("name", 1)]));
        let shade = matches!(self.colour, Some(Shade::Light | Shade::Dark));
        Some(format!("{:?} {shade} {sort:?}", self.size))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteParams {
    /// Destroy it.
    purge: Option<bool>,
}

impl Params for DeleteParams {
    type Query = bool;

    fn read(self, _: &mut Fields) -> Option<bool> {
        Some(self.purge.unwrap_or_default())
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RoleParams {
    /// The role.
    role: Option<String>,
    /// Remember.
    remember: Option<bool>,
}

impl Params for RoleParams {
    type Query = (String, Option<Duration>);

    fn read(self, fields: &mut Fields) -> Option<Self::Query> {
        let remember = self.remember.unwrap_or_default();
        let for_ = remember.then(|| Duration::from_secs(600));
        fields.required("role", self.role, Ok).map(|role| (role, for_))
    }
}
