//! What of a record its reader may not see. What named records are called is told to whoever may read them,
//! in their scope; where the field says that it is public, to whoever sees the record. A field with a right
//! of its own is for those who have it; to the others its name is told, so that hidden is not empty.

use almoner_kernel::{Context, Scope, Version, store};
use uuid::Uuid;

use super::{Records, names::named, scope};
use crate::{
    error::RecordError,
    kind::Field,
    ports::Unit,
    record::{Kept, Rules},
    summing::{Line, Member, Summing},
};

/// The fields whose labels are not for everybody.
fn guarded<R: Rules>() -> impl Iterator<Item = &'static Field> {
    R::KIND.references().filter(|field| !field.is_public)
}

/// How far the caller sees the records that a field names; none when not at all.
fn reach(cx: &Context, field: &Field) -> Option<Scope> {
    field.target_read.and_then(|read| cx.permit(read).ok())
}

/// The records that the field names, each once.
fn all_named<R: Rules>(records: &[&R], by: &Field) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = records
        .iter()
        .flat_map(|record| named(*record))
        .filter(|(field, _)| field.name == by.name)
        .map(|(_, id)| id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn silence<R: Rules>(record: &mut R, by: &Field, seen: &[Uuid]) {
    record.links(&mut |field, link| {
        if field.name == by.name && !seen.contains(&link.id()) {
            link.call(None);
        }
    });
}

impl<R: Rules> Records<R> {
    /// Sums of the records within the caller's scope, in the order of what they share.
    ///
    /// # Errors
    /// Without the permission to read, or the right to a field; [`RecordError::TooMuchToSum`]; when storage
    /// fails.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn summary(&self, cx: &Context, summing: &Summing) -> Result<Vec<Line>, RecordError> {
        let wide = cx.permit(R::KIND.permissions.read)?;
        summing.permit(cx, R::KIND.sight(wide))?;
        let lines = self.repository.summary(summing, scope::<R>(wide)).await?;
        let mut lines = lines.ok_or(RecordError::TooMuchToSum)?;
        for (at, field) in summing.by.iter().map(|grouping| grouping.field).enumerate() {
            let reach = if field.is_public { Some(Scope::All) } else { reach(cx, field) };
            let (Some(_), Some(reach)) = (field.target, reach) else { continue };
            let named = |line: &Line| match line.by.get(at) {
                Some(Member::Record(id, _)) => Some(*id),
                _ => None,
            };
            let mut ids: Vec<Uuid> = lines.iter().filter_map(named).collect();
            ids.sort_unstable();
            ids.dedup();
            let labels = self.repository.labels(field, &ids, reach).await?;
            for line in &mut lines {
                if let Some(Member::Record(id, label)) = line.by.get_mut(at) {
                    let known = labels.iter().find(|(known, _)| known == id);
                    *label = known.map(|(_, label)| label.clone());
                }
            }
        }
        Ok(lines)
    }

    /// Takes away what a caller who meets the records within a scope may not see.
    pub(super) async fn conceal(
        &self,
        cx: &Context,
        scope: Scope,
        records: &mut [Kept<R>],
    ) -> Result<(), RecordError> {
        let hidden = R::KIND.hidden_from(cx, R::KIND.sight(scope));
        for record in &mut *records {
            record.hidden.clone_from(&hidden);
        }
        for field in guarded::<R>() {
            let ids = all_named(&records.iter().map(|kept| &kept.own).collect::<Vec<_>>(), field);
            let seen = match reach(cx, field) {
                Some(Scope::All) => continue,
                Some(scope) if !ids.is_empty() => {
                    self.repository.within(field, &ids, scope).await?
                }
                _ => Vec::new(),
            };
            for record in &mut *records {
                silence(&mut record.own, field, &seen);
            }
        }
        Ok(())
    }
}

/// As [`Records::conceal`], of a record that was just written.
pub(super) async fn conceal_in<R: Rules>(
    cx: &Context,
    scope: Scope,
    unit: &mut dyn Unit<R>,
    record: &mut Kept<R>,
) -> Result<(), RecordError> {
    record.hidden = R::KIND.hidden_from(cx, R::KIND.sight(scope));
    let record = &mut record.own;
    for field in guarded::<R>() {
        let ids = all_named(&[&*record], field);
        let seen = match reach(cx, field) {
            Some(Scope::All) => continue,
            Some(scope) if !ids.is_empty() => unit.within(field, &ids, scope).await?,
            _ => Vec::new(),
        };
        silence(record, field, &seen);
    }
    Ok(())
}

/// Refuses a change that was made from an older version of the record: the fields that changed meanwhile
/// are told, those left out that a caller who meets the record within the scope may not see.
pub(super) async fn must_match<R: Rules>(
    cx: &Context,
    scope: Scope,
    unit: &mut dyn Unit<R>,
    record: &Kept<R>,
    expected: Version,
) -> Result<(), RecordError> {
    let matched = store::must_match::<_, _, RecordError>(unit, record, expected).await;
    matched.map_err(|error| match error {
        RecordError::Stale(mut stale) => {
            let hidden = R::KIND.recorded_names(&R::KIND.hidden_from(cx, R::KIND.sight(scope)));
            stale.fields.retain(|field| !hidden.contains(&field.as_str()));
            RecordError::Stale(stale)
        }
        other => other,
    })
}
