//! Kinds of record without their type: what HTTP, live lists, the trash and the demo work with, compiled
//! once for all of them.

use std::any::Any;

use almoner_kernel::{
    Context, Denied, FieldError, Fields, Id, Invalid, Page, PageRequest, Permission, Version,
    fault::Unfit, text,
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    error::RecordError,
    kind::{Field, Kind},
    plain::{Body, Plain},
    query::Query,
    record::{Created, Kept, Made, Rules},
    service::Records,
    slot::nothing_left,
    steps::{MAX_REASON, Reason, Step},
    summing::{Line, Summing},
    value::Terms,
    words,
};

/// A record that was made, found or changed.
pub type AnyRecord = Box<dyn Made>;

/// The use cases of a kind, without its type.
#[async_trait]
pub trait Served: Send + Sync {
    /// The kind.
    fn kind(&self) -> &'static Kind;

    /// What values are understood by.
    fn terms(&self) -> &Terms;

    /// Reads what a use case has made.
    fn reads(&self) -> fn(&dyn Any) -> Option<&dyn Made>;

    /// [`Records::list`].
    async fn list(
        &self,
        cx: &Context,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<AnyRecord>, RecordError>;

    /// [`Records::summary`].
    async fn summary(&self, cx: &Context, summing: &Summing) -> Result<Vec<Line>, RecordError>;

    /// [`Records::find`].
    async fn find(&self, cx: &Context, id: Uuid) -> Result<AnyRecord, RecordError>;

    /// [`Records::lookup`] by the one field of the body.
    async fn lookup(
        &self,
        cx: &Context,
        body: Body,
        fields: Fields,
    ) -> Result<Vec<AnyRecord>, RecordError>;

    /// [`Records::create`]; `fields` is what is wrong with the body already. Whoever may not create at all
    /// learns that, and nothing about their body.
    async fn create(
        &self,
        cx: &Context,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError>;

    /// [`Records::create_among`], as [`Self::create`].
    async fn create_among(
        &self,
        cx: &Context,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError>;

    /// [`Records::update`], as [`Self::create`].
    async fn update(
        &self,
        cx: &Context,
        id: Uuid,
        expected: Version,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError>;

    /// [`Records::delete`].
    async fn delete(&self, cx: &Context, id: Uuid, expected: Version) -> Result<(), RecordError>;

    /// [`Records::restore`].
    async fn restore(&self, cx: &Context, id: Uuid) -> Result<AnyRecord, RecordError>;

    /// [`Records::purge`].
    async fn purge(&self, cx: &Context, id: Uuid, expected: Version) -> Result<(), RecordError>;

    /// [`Records::step`], as [`Self::create`].
    async fn step(
        &self,
        cx: &Context,
        id: Uuid,
        step: &'static Step,
        expected: Option<Version>,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError>;

    /// [`Records::reveal`].
    async fn reveal(
        &self,
        cx: &Context,
        permission: Permission,
        id: Uuid,
        field: &'static Field,
        reason: String,
    ) -> Result<(String, String), RecordError>;
}

#[async_trait]
impl<R: Rules> Served for Records<R> {
    fn kind(&self) -> &'static Kind {
        R::KIND
    }

    fn terms(&self) -> &Terms {
        self.terms()
    }

    fn reads(&self) -> fn(&dyn Any) -> Option<&dyn Made> {
        |made| {
            let created = || made.downcast_ref::<Created<R>>().map(|created| created as &dyn Made);
            made.downcast_ref::<Kept<R>>().map(|kept| kept as &dyn Made).or_else(created)
        }
    }

    async fn list(
        &self,
        cx: &Context,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<AnyRecord>, RecordError> {
        let Page { items, next, total } = self.list(cx, query, page).await?;
        Ok(Page { items: items.into_iter().map(any).collect(), next, total })
    }

    async fn summary(&self, cx: &Context, summing: &Summing) -> Result<Vec<Line>, RecordError> {
        self.summary(cx, summing).await
    }

    async fn find(&self, cx: &Context, id: Uuid) -> Result<AnyRecord, RecordError> {
        self.find(cx, Id::new(id)).await.map(any)
    }

    async fn lookup(
        &self,
        cx: &Context,
        mut body: Body,
        mut fields: Fields,
    ) -> Result<Vec<AnyRecord>, RecordError> {
        may_send(cx, R::KIND, R::KIND.permissions.read, &body)?;
        let by = R::KIND.fields.iter().filter(|field| field.is_looked_up);
        let given: Vec<(&'static Field, Plain)> =
            by.filter_map(|field| Some((field, body.remove(field.name)?))).collect();
        nothing_left(body, "", &mut fields);
        let one_of = || FieldError::new("", "one_of", words::one_field_to_look_up());
        let found = match <[_; 1]>::try_from(given) {
            Ok([(field, plain)]) => {
                let at = format!("/{}", field.name);
                let key = (field.read_key)(plain, &at, self.terms(), &mut fields);
                key.map(|key| (field, key))
            }
            Err(given) => {
                // The one field may have been there, and not be readable: that is said already.
                if given.is_empty() {
                    fields.finish(Some(()))?;
                    return Err(Invalid::one(one_of()).into());
                }
                fields.wrong(one_of());
                None
            }
        };
        let (field, key) = fields.finish(found)?;
        Ok(self.lookup(cx, field, &key).await?.into_iter().map(any).collect())
    }

    async fn create(
        &self,
        cx: &Context,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError> {
        let own = new::<R>(cx, body, self.terms(), fields)?;
        self.create(cx, own).await.map(any)
    }

    async fn create_among(
        &self,
        cx: &Context,
        body: Body,
        fields: Fields,
    ) -> Result<AnyRecord, RecordError> {
        let own = new::<R>(cx, body, self.terms(), fields)?;
        let created = self.create_among(cx, own).await?;
        Ok(Box::new(created))
    }

    async fn update(
        &self,
        cx: &Context,
        id: Uuid,
        expected: Version,
        mut body: Body,
        mut fields: Fields,
    ) -> Result<AnyRecord, RecordError> {
        may_send(cx, R::KIND, R::KIND.permissions.update, &body)?;
        let patch = R::change(&mut body, self.terms(), &mut fields);
        nothing_left(body, "", &mut fields);
        let patch = fields.finish(Some(patch))?;
        self.update(cx, Id::new(id), expected, &patch).await.map(any)
    }

    async fn delete(&self, cx: &Context, id: Uuid, expected: Version) -> Result<(), RecordError> {
        self.delete(cx, Id::new(id), expected).await
    }

    async fn restore(&self, cx: &Context, id: Uuid) -> Result<AnyRecord, RecordError> {
        self.restore(cx, Id::new(id)).await.map(any)
    }

    async fn purge(&self, cx: &Context, id: Uuid, expected: Version) -> Result<(), RecordError> {
        self.purge(cx, Id::new(id), expected).await
    }

    async fn step(
        &self,
        cx: &Context,
        id: Uuid,
        step: &'static Step,
        expected: Option<Version>,
        mut body: Body,
        mut fields: Fields,
    ) -> Result<AnyRecord, RecordError> {
        may_send(cx, R::KIND, step.permission, &body)?;
        let reason = reason(step, &mut body, &mut fields);
        for name in step.needs.iter().filter(|name| !body.contains_key(**name)) {
            let detail = almoner_kernel::words::is_required();
            fields.wrong(FieldError::new(format!("/{name}"), "required", detail));
        }
        let taken = step.takes.iter().filter_map(|name| body.remove_entry(*name));
        let mut with: Body = taken.collect();
        let patch = R::change(&mut with, self.terms(), &mut fields);
        nothing_left(with, "", &mut fields);
        nothing_left(body, "", &mut fields);
        fields.finish(Some(()))?;
        self.step(cx, Id::new(id), step, expected, reason, &patch).await.map(any)
    }

    async fn reveal(
        &self,
        cx: &Context,
        permission: Permission,
        id: Uuid,
        field: &'static Field,
        reason: String,
    ) -> Result<(String, String), RecordError> {
        self.reveal(cx, permission, Id::new(id), field, reason).await
    }
}

/// Allows somebody to do something, and to send what is in the body for it: a field with a right of its own
/// is for those who have it, whatever else is wrong with it.
fn may_send(cx: &Context, kind: &Kind, permission: Permission, body: &Body) -> Result<(), Denied> {
    let sight = kind.sight(cx.permit(permission)?);
    let sent = kind.fields.iter().filter(|field| body.contains_key(field.name));
    sent.into_iter().try_for_each(|field| field.permit(cx, sight))
}

/// Reads a new record.
fn new<R: Rules>(
    cx: &Context,
    mut body: Body,
    terms: &Terms,
    mut fields: Fields,
) -> Result<R, RecordError> {
    may_send(cx, R::KIND, R::KIND.permissions.create, &body)?;
    let own = R::take(&mut body, terms, &mut fields);
    nothing_left(body, "", &mut fields);
    Ok(fields.finish(own)?)
}

fn any<R: Rules>(kept: Kept<R>) -> AnyRecord {
    Box::new(kept)
}

/// Takes the reason out of the body of a step.
fn reason(step: &Step, body: &mut Body, fields: &mut Fields) -> Option<String> {
    if step.reason == Reason::None {
        return None;
    }
    let parse = |plain: Plain| match plain {
        Plain::Text(reason) => text::free_text(&reason, MAX_REASON),
        _ => Err(Unfit::new("type", almoner_kernel::words::must_be_a_string())),
    };
    let sent = body.remove("reason").filter(|reason| *reason != Plain::Null);
    match step.reason {
        Reason::Required => fields.required("/reason", sent, parse),
        _ => fields.optional("/reason", sent, parse),
    }
}
