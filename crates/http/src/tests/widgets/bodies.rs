//! Widgets as they are sent and shown.

use almoner_kernel::{Fields, Invalid, Patch, fault::Unfit, words::too_long};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Widget;
use crate::kit::patch;

#[derive(Serialize, ToSchema)]
pub(super) struct WidgetBody {
    id: Uuid,
    name: String,
}

impl WidgetBody {
    pub(super) fn of(widget: &Widget) -> Self {
        Self { id: widget.id.uuid(), name: widget.name.clone() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWidgetBody {
    name: Option<String>,
    size: Option<i64>,
    colour: Option<Colour>,
    parts: Option<Vec<PartBody>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartBody {
    weight: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    Red,
    Blue,
}

impl NewWidgetBody {
    pub(super) fn command(self, mut fields: Fields) -> Result<String, Invalid> {
        let _ = (self.colour.map(|colour| matches!(colour, Colour::Red | Colour::Blue)), self.size);
        let weights = self.parts.into_iter().flatten().filter_map(|part| part.weight);
        assert!(weights.sum::<u32>() < 1000);
        let name = fields.required("/name", self.name, |name| match name.len() {
            0..=10 => Ok(name),
            _ => Err(Unfit::new("too_long", too_long(10_u32))),
        });
        fields.finish(name)
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WidgetPatchBody {
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>)]
    pub(super) note: Patch<String>,
}
