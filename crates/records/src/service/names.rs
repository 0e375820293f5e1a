//! Records that name others.

use almoner_kernel::{Context, Denied, FieldError, Fields, Permission, Scope, Timestamp};
use uuid::Uuid;

use crate::{
    error::RecordError,
    kind::Field,
    ports::Unit,
    record::Rules,
    value::{Key, Show},
    words,
};

/// The records that one names.
pub(super) fn named<R: Rules>(record: &R) -> Vec<(&'static Field, Uuid)> {
    let mut names = Vec::new();
    record.clone().links(&mut |field, link| names.push((field, link.id())));
    names
}

/// Who names records, and so within which scope.
#[derive(Clone, Copy)]
pub(super) enum Naming<'a> {
    /// Somebody who does what this permission is for, with a record that was created then, if that matters.
    By(&'a Context, Permission, Option<Timestamp>),
    /// Nobody: it follows from something else, and may name whatever there is.
    Any,
}

impl Naming<'_> {
    fn scope<R: Rules>(self, field: &Field) -> Result<Scope, Denied> {
        let is_parent = R::KIND.parent().is_some_and(|parent| parent.name == field.name);
        match self {
            // Whoever writes a child writes in its parent: reading that one is not enough.
            Self::By(cx, doing, _) if is_parent => cx.permit(doing),
            Self::By(cx, doing, created_at) => {
                let read = field.target_read;
                let noun = read.map_or(field.target, |read| Some(read.module()));
                cx.scope_to_name(doing, created_at, noun.unwrap_or_default(), read)
            }
            Self::Any => Ok(Scope::All),
        }
    }
}

/// Looks the records up that are named anew, in the transaction and within the scope of whoever names them,
/// and complains of those that are not there.
pub(super) async fn name_all<R: Rules>(
    unit: &mut dyn Unit<R>,
    record: &mut R,
    is_new: impl Fn(&'static Field, Uuid) -> bool + Send,
    naming: Naming<'_>,
    fields: &mut Fields,
) -> Result<(), RecordError> {
    let mut labels = Vec::new();
    for (field, id) in named(record) {
        if !is_new(field, id) {
            continue;
        }
        let label = unit.named(field, id, naming.scope::<R>(field)?).await?;
        if label.is_none() {
            let detail = words::not_to_be_named();
            fields.wrong(FieldError::new(field.pointer(), "unknown", detail));
        }
        labels.push((field.name, label));
    }
    record.links(&mut |field, link| {
        if let Some((_, label)) = labels.iter().find(|(name, _)| *name == field.name) {
            link.call(label.clone());
        }
    });
    Ok(())
}

/// What is named as before is called as before, also when it was sent once more.
pub(super) fn keep_names<R: Rules>(record: &mut R, before: &R) {
    let mut known = Vec::new();
    before.each(&mut |field, value| {
        if let Some(value) = value.filter(|_| field.target.is_some())
            && let Some(Key::Uuid(id)) = value.key()
        {
            known.push((field.name, id, Show::label(value).map(str::to_owned)));
        }
    });
    record.links(&mut |field, link| {
        let is_same = |(name, id, _): &&(&str, Uuid, _)| *name == field.name && *id == link.id();
        if let Some((_, _, label)) = known.iter().find(is_same) {
            link.call(label.clone());
        }
    });
}
