//! Records as clients see them, written straight from their values.

use std::cell::RefCell;

use almoner_records::{Alike, Made, Show, Shown, values::instant};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};

use super::chosen::Chosen;

/// A record as JSON: its id, its own fields in their order, what every record has, its version. What is
/// absent is left out.
pub(crate) struct Seen<'a> {
    record: &'a dyn Made,
    chosen: &'a Chosen,
}

impl<'a> Seen<'a> {
    /// All of a record.
    pub(crate) const fn whole(record: &'a dyn Made) -> Self {
        Self { record, chosen: &Chosen::All }
    }

    /// What was asked for of a record.
    pub(crate) const fn chosen(record: &'a dyn Made, chosen: &'a Chosen) -> Self {
        Self { record, chosen }
    }
}

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { record, chosen } = self;
        let map = RefCell::new((serializer.serialize_map(None)?, None));
        let entry = |name: &str, value: &dyn erased::Entry<S>| {
            if !chosen.has(name) {
                return;
            }
            let (map, failed) = &mut *map.borrow_mut();
            if failed.is_none()
                && let Err(error) = value.write(name, map)
            {
                *failed = Some(error);
            }
        };
        entry("id", &record.id().to_string().as_str());
        record.each(&mut |field, value| {
            let Some(value) = value else { return };
            entry(field.name, &Value(&value.show()));
            if let Some(label) = Show::label(value) {
                entry(field.label_name, &label);
            }
        });
        if let Some(user) = record.created_by() {
            entry("created_by", &user.to_string().as_str());
        }
        entry("created_at", &instant(record.created_at()).as_str());
        entry("updated_at", &instant(record.updated_at()).as_str());
        if let Some(at) = record.deleted_at() {
            entry("deleted_at", &instant(at).as_str());
        }
        entry("version", &record.version().number());
        let kind = record.kind();
        let is_asked_for = |name: &&&'static str| {
            let label = kind.field(name).map_or("", |field| field.label_name);
            chosen.has(name) || chosen.has(label)
        };
        let hidden = record.hidden().iter().filter(is_asked_for);
        let hidden: Vec<&'static str> = hidden.copied().collect();
        if !hidden.is_empty() {
            entry(HIDDEN, &hidden);
        }
        match map.into_inner() {
            (_, Some(error)) => Err(error),
            (map, None) => map.end(),
        }
    }
}

/// Where a record says which of its fields are withheld from whoever asked for it.
pub(super) const HIDDEN: &str = "hidden";

/// Where a new record's answer tells of those that may be the same.
pub(super) const POSSIBLE_DUPLICATES: &str = "possible_duplicates";

/// A record that may be the same as a new one.
#[derive(Serialize)]
pub(super) struct Twin<'a> {
    id: uuid::Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    fields: &'a [&'static str],
}

impl<'a> Twin<'a> {
    /// Shows one.
    pub(super) fn of(alike: &'a Alike) -> Self {
        Self { id: alike.id, label: alike.label.as_deref(), fields: &alike.fields }
    }
}

/// An entry of a map whatever its type: a closure has no type parameters.
mod erased {
    use serde::{Serialize, Serializer, ser::SerializeMap};

    pub(super) trait Entry<S: Serializer> {
        fn write(&self, name: &str, map: &mut S::SerializeMap) -> Result<(), S::Error>;
    }

    impl<S: Serializer, T: Serialize> Entry<S> for T {
        fn write(&self, name: &str, map: &mut S::SerializeMap) -> Result<(), S::Error> {
            map.serialize_entry(name, self)
        }
    }
}

/// One value.
struct Value<'a, 'v>(&'a Shown<'v>);

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Shown::Flag(value) => serializer.serialize_bool(*value),
            Shown::Whole(value) => serializer.serialize_i64(*value),
            Shown::Text(value) => serializer.serialize_str(value),
            Shown::Object(parts) => {
                let mut map = serializer.serialize_map(Some(parts.len()))?;
                for (name, part) in parts {
                    map.serialize_entry(name, &Value(part))?;
                }
                map.end()
            }
            Shown::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Value(item))?;
                }
                list.end()
            }
        }
    }
}
