//! Bodies whose fields only the kind knows.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use almoner_kernel::Fields;
use almoner_records::{Body, Plain};
use serde_json::{Number, Value};

use crate::kit::{
    body::{JsonObject, without_nul},
    problem::Problem,
};

/// A JSON object, and what is wrong with its texts already.
pub(crate) struct KindBody {
    /// Its fields.
    pub(crate) fields: Body,
    /// Complaints.
    pub(crate) wrong: Fields,
}

impl KindBody {
    /// Of an object that was read. Every text with a NUL is taken out, and complained of.
    pub(crate) fn of(mut value: Value) -> Self {
        let wrong = Fields::with(without_nul(&mut value));
        let fields = match plain(value) {
            Plain::Object(fields) => fields,
            _ => Body::new(),
        };
        Self { fields, wrong }
    }
}

impl FromRequest for KindBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let object = JsonObject::from_request(req, payload);
        Box::pin(async move { Ok(Self::of(object.await?.0)) })
    }
}

fn plain(value: Value) -> Plain {
    match value {
        Value::Null => Plain::Null,
        Value::Bool(flag) => Plain::Flag(flag),
        Value::Number(number) => whole(&number),
        Value::String(text) => Plain::Text(text),
        Value::Array(items) => Plain::List(items.into_iter().map(plain).collect()),
        Value::Object(fields) => {
            Plain::Object(fields.into_iter().map(|(name, value)| (name, plain(value))).collect())
        }
    }
}

fn whole(number: &Number) -> Plain {
    number.as_i64().map_or_else(|| Plain::Number(number.to_string()), Plain::Whole)
}
