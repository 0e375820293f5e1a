//! Roles with an edit window may only correct what they have just entered.

use almoner_kernel::{Context, Denied, Permission};

use super::scope;
use crate::{
    error::RecordError,
    ports::Unit,
    record::{Kept, Rules},
};

/// Refuses a change of a record when no role of the caller that lets them do it still does: one that reaches
/// the record may be too late for it, and one that is not may not reach it.
pub(super) async fn must_be_open<R: Rules>(
    cx: &Context,
    unit: &mut dyn Unit<R>,
    doing: Permission,
    record: &Kept<R>,
) -> Result<(), RecordError> {
    let met = scope::<R>(cx.permit(doing)?);
    let open = scope::<R>(cx.permit_edit(doing, record.created_at)?);
    if open != met && unit.load(record.id, open).await?.is_none() {
        return Err(Denied::EditWindowClosed.into());
    }
    Ok(())
}
