//! Records that may be another one of what is entered: told to whoever enters it, who decides.

use almoner_kernel::Context;

use super::{MAX_FOUND, Records, scope};
use crate::{
    error::RecordError,
    plain::Shown,
    record::{Alike, Created, Kept, Record, Rules},
    value::{Key, Show},
};

/// Records that are told at the most.
pub const MAX_ALIKE: usize = 5;

impl<R: Rules> Records<R> {
    /// [`Records::create`], with the records that may be the same: those that the caller may read with the
    /// same value in a field that a record is looked up by, or that is `alike`.
    ///
    /// # Errors
    /// As [`Records::create`].
    #[tracing::instrument(name = "create", skip_all, fields(kind = R::KIND.many))]
    pub async fn create_among(&self, cx: &Context, own: R) -> Result<Created<R>, RecordError> {
        // Whoever may not create hears that, and of no other record.
        cx.permit(R::KIND.permissions.create)?;
        // Before the change begins: nobody waits for what is only told.
        let alike = self.alike(cx, &own).await?;
        self.insert(cx, own, |kept| Created { kept, alike }).await
    }

    async fn alike(&self, cx: &Context, own: &R) -> Result<Vec<Alike>, RecordError> {
        let Ok(scope) = cx.permit(R::KIND.permissions.read) else { return Ok(Vec::new()) };
        let sight = R::KIND.sight(scope);
        let mut keys: Vec<(&'static crate::Field, Key)> = Vec::new();
        own.each(&mut |field, value| {
            if field.tells_twins()
                && field.is_shown_to(cx, sight)
                && let Some(key) = value.and_then(Show::key)
            {
                keys.push((field, key));
            }
        });
        let mut found: Vec<Alike> = Vec::new();
        for (field, key) in keys {
            let scope = self::scope::<R>(scope);
            for other in self.repository.lookup(field, &key, scope, MAX_FOUND).await? {
                match found.iter_mut().find(|known| known.id == other.id.uuid()) {
                    Some(known) => known.fields.push(field.name),
                    None => found.push(Alike {
                        id: other.id.uuid(),
                        label: label(&other),
                        fields: vec![field.name],
                    }),
                }
            }
        }
        // What is alike in most fields first, and of those the newest: ids are in the order of time.
        found.sort_by_key(|alike| std::cmp::Reverse((alike.fields.len(), alike.id)));
        found.truncate(MAX_ALIKE);
        Ok(found)
    }
}

/// What a record is called.
fn label<R: Record>(record: &Kept<R>) -> Option<String> {
    let mut label = None;
    record.own.each(&mut |field, value| {
        if field.is_label
            && let Some(Shown::Text(text)) = value.map(<dyn Show>::show)
        {
            label = Some(text.into_owned());
        }
    });
    label
}
