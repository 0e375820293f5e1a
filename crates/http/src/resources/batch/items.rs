//! The items of a batch: how they come, and how each is carried out.

use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use almoner_kernel::{Context, FieldError, Fields, Invalid, Version};
use almoner_records::{RecordError, Served};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    kit::{
        answer::Answer,
        body::{self, AnyText, Body},
        problem::{Problem, registry},
        words,
    },
    middleware::quotas::MAX_ITEMS,
    resources::{
        kinds::{self, AnyEntity, KindBody},
        shared,
    },
};

/// The items of a request, each read when its turn comes.
#[derive(Debug)]
pub(crate) struct Items(pub(super) Vec<Value>);

/// The envelope of the items.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    items: Option<Vec<Value>>,
}

impl FromRequest for Items {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = AnyText::<Envelope>::from_request(req, payload);
        Box::pin(async move {
            let AnyText(Body { value, mut fields }) = body.await?;
            let items = fields.required("/items", value.items, |items| match items.len() {
                1..=MAX_ITEMS => Ok(items),
                _ => Err(almoner_kernel::fault::Unfit::new(
                    "range",
                    words::items_out_of_range(MAX_ITEMS as i64),
                )),
            });
            Ok(Self(fields.finish(items)?))
        })
    }
}

/// An item without the fields of its record.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    op: Option<Op>,
    id: Option<String>,
    version: Option<i64>,
    value: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Op {
    Create,
    Update,
    Delete,
}

impl Op {
    /// What an item asks for, as far as it can be told without reading all of it.
    pub(super) fn of(item: &Value) -> Option<Self> {
        Self::deserialize(item.get("op")?).ok()
    }
}

/// Carries one item out.
pub(super) async fn change(
    cx: &Context,
    served: &dyn Served,
    item: Value,
) -> Result<Answer, Problem> {
    if !item.is_object() {
        return Err(Invalid::one(FieldError::new("", "type", words::must_be_an_object())).into());
    }
    let (head, errors) = body::recovered::<Head>(item)?;
    let mut fields = Fields::with(errors);
    let op = fields.required("/op", head.op, Ok);
    let is_create = op == Some(Op::Create);
    let unwanted = |is_there: bool, pointer, fields: &mut Fields| {
        if is_there {
            fields.wrong(FieldError::new(pointer, "unknown_field", words::not_a_known_field()));
        }
    };
    let (mut id, mut version) = (None, None);
    match is_create {
        true => {
            unwanted(head.id.is_some(), "/id", &mut fields);
            unwanted(head.version.is_some(), "/version", &mut fields);
        }
        false => {
            id = fields.required("/id", head.id, shared::id::<AnyEntity>);
            version =
                fields.required("/version", head.version, |version| Ok(Version::new(version)));
        }
    }
    let value = match op {
        Some(Op::Delete) => {
            unwanted(head.value.is_some(), "/value", &mut fields);
            None
        }
        _ => fields.required("/value", head.value, Ok),
    };
    match (op, id.zip(version), value) {
        (Some(Op::Create), _, Some(value)) => {
            fields.finish(Some(()))?;
            let body = read(value)?;
            let record = served.create(cx, body.fields, body.wrong).await;
            within_value(record.map(|record| kinds::created(&*record)))
        }
        (Some(Op::Update), Some((id, expected)), Some(value)) => {
            fields.finish(Some(()))?;
            let body = read(value)?;
            let record = served.update(cx, id.uuid(), expected, body.fields, body.wrong).await;
            within_value(record.map(|record| kinds::shown(&*record)))
        }
        (Some(Op::Delete), Some((id, expected)), _) => {
            fields.finish(Some(()))?;
            served.delete(cx, id.uuid(), expected).await?;
            Ok(Answer::no_content())
        }
        _ => Err(fields
            .finish(None::<()>)
            .map_or_else(Problem::from, |()| Problem::new(registry::INTERNAL))),
    }
}

fn read(value: Value) -> Result<KindBody, Problem> {
    match value.is_object() {
        true => Ok(KindBody::of(value)),
        false => {
            Err(Invalid::one(FieldError::new("/value", "type", words::must_be_an_object())).into())
        }
    }
}

fn within_value(answer: Result<Answer, RecordError>) -> Result<Answer, Problem> {
    answer.map_err(|error| Problem::from(error).within("/value"))
}
