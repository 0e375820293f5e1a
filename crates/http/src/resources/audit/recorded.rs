//! What the trail holds of a record. Every part of it has a name of its own in the contract: what has
//! none becomes an empty type in generated clients.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr, Schema,
        schema::{KnownFormat, Object, ObjectBuilder, OneOfBuilder, SchemaFormat, Type},
    },
};

/// Fields of a record by their names, exactly as they were sealed.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct RecordedFields(Box<RawValue>);

impl RecordedFields {
    /// Fields without those that are withheld, and the names of these.
    pub(super) fn read(
        sealed: String,
        withheld: &[&'static str],
    ) -> Result<(Self, Vec<&'static str>), serde_json::Error> {
        if withheld.is_empty() {
            return Ok((Self(RawValue::from_string(sealed)?), Vec::new()));
        }
        let mut fields: serde_json::Map<String, Value> = serde_json::from_str(&sealed)?;
        let hidden = withheld.iter().filter(|name| fields.remove(**name).is_some()).copied();
        let hidden = hidden.collect();
        Ok((Self(serde_json::value::to_raw_value(&fields)?), hidden))
    }
}

impl PartialSchema for RecordedFields {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some(
                "Fields of a record by their names. Money is a text such as `1250.00 TRY`; sensitive \
                 values are masked. Personal values of somebody whose record was destroyed are \
                 `{\"erased\":true}`: nobody can read them any more.",
            ))
            .additional_properties(Some(Ref::from_schema_name(RecordedValue::name())))
            .examples([json!({ "email": "ayse.yilmaz@example.org", "contact_consent": true })])
            .into()
    }
}

impl ToSchema for RecordedFields {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecordedFields")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((RecordedValue::name().into_owned(), RecordedValue::schema()));
        schemas.push((ErasedValue::name().into_owned(), ErasedValue::schema()));
    }
}

/// What `FieldValue` of the kernel can be.
struct RecordedValue;

impl PartialSchema for RecordedValue {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            // As long as the longest text of a record: its notes.
            .max_length(Some(4000))
            .pattern(Some(r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$"));
        let whole = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
        let choices = OneOfBuilder::new()
            .description(Some(
                "The value of a field: a text, a whole number, yes or no, `null` for empty, or one that \
                 nobody can read any more.",
            ))
            .item(text)
            .item(whole)
            .item(ObjectBuilder::new().schema_type(Type::Boolean))
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .item(Ref::from_schema_name(ErasedValue::name()));
        Schema::OneOf(choices.build()).into()
    }
}

impl ToSchema for RecordedValue {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RecordedValue")
    }
}

/// A value that nobody can read any more.
#[derive(ToSchema)]
#[allow(dead_code, reason = "values are shown as they were sealed; only the schema is used")]
struct ErasedValue {
    /// Always `true`.
    #[schema(schema_with = always)]
    erased: bool,
}

fn always() -> Object {
    ObjectBuilder::new()
        .description(Some("Always `true`."))
        .schema_type(Type::Boolean)
        .enum_values(Some([true]))
        .build()
}
