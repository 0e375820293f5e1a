//! Unique values and row scopes: that a value is taken tells that a record has it (see
//! `kernel::collision`).

use almoner_kernel::{
    Context, FieldError, Scope, SecurityEventKind, StoreError, Timestamp,
    collision::{collided, collisions_counted, may_collide},
};

use crate::{error::RecordError, kind::Field, ports::Unit, record::Rules, value::Key, words};

/// What became of a wish for unique values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// They may be stored: the database says whether they are free.
    Granted,
    /// Nobody may learn whether they are free: the dry run goes on without storing anything.
    Untold,
}

/// The records that a caller who does something within a scope knows to be there: also those that another
/// role lets them read. A unique field that has a right of its own they may not see there, so that its values
/// are no further known than they may give them.
pub(super) fn known<R: Rules>(cx: &Context, scope: Scope) -> Scope {
    let read = cx.permit(R::KIND.permissions.read).ok();
    let read = read.filter(|_| R::KIND.unique().all(|field| field.right.is_none()));
    super::scope::<R>(read.filter(|read| read.kind() > scope.kind()).unwrap_or(scope))
}

/// When a caller who gives a unique value has met those of others. From here on, their other requests of
/// the kind wait; to be called before any record is locked.
pub(super) async fn met<R: Rules>(
    cx: &Context,
    scope: Scope,
    unit: &mut dyn Unit<R>,
    gives_one: bool,
) -> Result<Vec<Timestamp>, StoreError> {
    match cx.user_id() {
        Some(caller) if gives_one && !scope.is_all() && !cx.dry_run => {
            let (since, until) = collisions_counted(cx);
            unit.lock_collisions(caller, since, until).await
        }
        _ => Ok(Vec::new()),
    }
}

/// Lets a caller give a record unique values. To a dry run of a caller who does not see every record each
/// value is free.
///
/// # Errors
/// `taken` when a record outside the scope has one, which is stored by then; [`RecordError::Collisions`]
/// after too many of those.
pub(super) async fn claim<R: Rules>(
    cx: &Context,
    scope: Scope,
    mut unit: Box<dyn Unit<R>>,
    met: &[Timestamp],
    given: &[(&'static Field, Key)],
) -> Result<(Box<dyn Unit<R>>, Claim), RecordError> {
    if cx.user_id().is_none() || given.is_empty() || scope.is_all() {
        return Ok((unit, Claim::Granted));
    }
    for (field, key) in given {
        let is_hidden = unit.is_hidden(field, key, scope).await?;
        if cx.dry_run {
            if is_hidden {
                cx.suspicions.note(SecurityEventKind::HiddenValueTried);
            }
            continue;
        }
        may_collide(cx, met)?;
        if is_hidden {
            let what = format!(
                "the {} of one of the {} outside the caller's scope",
                field.name,
                R::KIND.nouns()
            );
            collided(cx, unit, &what).await?;
            let detail = words::belongs_to_another();
            return Err(RecordError::Taken(vec![FieldError::new(
                field.pointer(),
                "taken",
                detail,
            )]));
        }
    }
    let claim = if cx.dry_run { Claim::Untold } else { Claim::Granted };
    Ok((unit, claim))
}
