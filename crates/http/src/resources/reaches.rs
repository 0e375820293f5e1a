//! How far somebody reaches, by what it is: roles say it, and sessions tell it.

use std::{borrow::Cow, collections::BTreeMap};

use almoner_kernel::{Caller, FieldError, Fields, Permission, Reaches, ScopeKind};
use almoner_records::Registry;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::AdditionalProperties},
};

use super::words::{ScopeWord, Word};
use crate::kit::problem::shown;

/// A scope by the plural noun.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ReachesBody(BTreeMap<String, ScopeWord>);

impl ReachesBody {
    pub(crate) fn of<'a>(reaches: impl Iterator<Item = (&'a str, ScopeKind)>) -> Self {
        Self(reaches.map(|(noun, reach)| (noun.to_owned(), Word(reach))).collect())
    }

    /// How far a caller reads what has rows that not everybody meets.
    pub(crate) fn of_caller(caller: &Caller, registry: &Registry) -> Self {
        let reach = |read: Permission| Some((read.module(), caller.reach_of(read)?));
        Self::of(registry.reached().into_iter().filter_map(reach))
    }

    /// Complains of each noun that nobody reaches further or less far than others.
    pub(crate) fn read(self, registry: &Registry, fields: &mut Fields) -> Option<Reaches> {
        let known = registry.reached();
        let mut is_fine = true;
        let is_known = |noun: &str| known.iter().any(|read| read.module() == noun);
        for noun in self.0.keys().filter(|noun| !is_known(noun)) {
            is_fine = false;
            let noun = shown(noun).replace('~', "~0").replace('/', "~1");
            let detail = almoner_kernel::words::not_a_known_field();
            fields.wrong(FieldError::new(format!("/reaches/{noun}"), "unknown_field", detail));
        }
        is_fine.then(|| self.0.into_iter().map(|(noun, Word(reach))| (noun, reach)).collect())
    }
}

impl PartialSchema for ReachesBody {
    fn schema() -> RefOr<Schema> {
        // Its fields are those of the registry, which the document is completed with.
        ObjectBuilder::new()
            .description(Some("A scope for each plural noun that is named."))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
            .into()
    }
}

impl ToSchema for ReachesBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Reaches")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ScopeWord::name().into_owned(), ScopeWord::schema()));
    }
}

/// Says in the document which nouns there are.
pub(crate) fn describe(schema: &mut Value, registry: &Registry) {
    let scope = || json!({ "$ref": "#/components/schemas/Scope" });
    let nouns = registry.reached().into_iter().map(|read| (read.module().to_owned(), scope()));
    schema["properties"] = nouns.collect::<serde_json::Map<_, _>>().into();
}
