//! What can be done with records of every kind, once for all of them.

mod alike;
mod around;
mod claims;
mod deeds;
mod effects;
mod labels;
mod money;
mod names;
mod open;

use std::{any::Any, sync::Arc};

use almoner_kernel::{
    Action, Context, FieldValue, Fields, Id, Ids, Page, PageRequest, Scope, Trail, Version,
};

pub use self::{
    alike::MAX_ALIKE,
    effects::{Changed, Effect},
};
use self::{
    around::guard,
    claims::{Claim, claim, known, met},
    labels::{conceal_in, must_match},
    money::accepted,
    names::{Naming, keep_names, name_all, named},
    open::must_be_open,
};
use crate::{
    error::RecordError,
    kind::{Field, Rows},
    parts::identify,
    ports::{Repository, Unit},
    query::Query,
    record::{Kept, Now, Rules},
    value::{Key, Show, Terms},
};

/// The use cases of a kind.
pub struct Records<R: Rules> {
    repository: Arc<dyn Repository<R>>,
    ids: Arc<dyn Ids>,
    terms: Arc<Terms>,
    effects: Vec<Arc<dyn Effect<R>>>,
}

impl<R: Rules> Clone for Records<R> {
    fn clone(&self) -> Self {
        Self {
            repository: Arc::clone(&self.repository),
            ids: Arc::clone(&self.ids),
            terms: Arc::clone(&self.terms),
            effects: self.effects.clone(),
        }
    }
}

impl<R: Rules> Records<R> {
    /// The use cases over their ports.
    pub fn new(repository: Arc<dyn Repository<R>>, ids: Arc<dyn Ids>, terms: Arc<Terms>) -> Self {
        Self { repository, ids, terms, effects: Vec::new() }
    }

    /// The same, with something that follows when a record is created, changed, put in the trash or brought
    /// back, or takes a step.
    #[must_use]
    pub fn followed_by(mut self, effect: Arc<dyn Effect<R>>) -> Self {
        self.effects.push(effect);
        self
    }

    /// What values are understood by.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// A page of records within the caller's scope.
    ///
    /// # Errors
    /// Without the permission to read, or the right to a field that is filtered or sorted by; when storage
    /// fails.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn list(
        &self,
        cx: &Context,
        query: &Query,
        page: &PageRequest,
    ) -> Result<Page<Kept<R>>, RecordError> {
        let wide = cx.permit(R::KIND.permissions.read)?;
        query.permit(cx, R::KIND.sight(wide))?;
        let mut page = self.repository.list(query, scope::<R>(wide), page).await?;
        self.conceal(cx, wide, &mut page.items).await?;
        Ok(page)
    }

    /// One record, in the trash or not.
    ///
    /// # Errors
    /// Without the permission to read; `not_found` when absent or out of scope.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn find(&self, cx: &Context, id: Id<R>) -> Result<Kept<R>, RecordError> {
        let wide = cx.permit(R::KIND.permissions.read)?;
        let record = self.repository.find(id, scope::<R>(wide)).await?;
        let mut found = [record.ok_or(RecordError::NotFound)?];
        self.conceal(cx, wide, &mut found).await?;
        let [record] = found;
        Ok(record)
    }

    /// Records outside the trash whose field is exactly this, newest first, at most [`MAX_FOUND`].
    ///
    /// # Errors
    /// Without the permission to read, or when storage fails.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn lookup(
        &self,
        cx: &Context,
        field: &'static Field,
        key: &Key,
    ) -> Result<Vec<Kept<R>>, RecordError> {
        let wide = cx.permit(R::KIND.permissions.read)?;
        field.permit(cx, R::KIND.sight(wide))?;
        let mut found = self.repository.lookup(field, key, scope::<R>(wide), MAX_FOUND).await?;
        self.conceal(cx, wide, &mut found).await?;
        Ok(found)
    }

    /// Creates a record.
    ///
    /// # Errors
    /// Without the permission to create; `validation`, also for a record that is named and does not exist
    /// or is out of scope; `taken`.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn create(&self, cx: &Context, own: R) -> Result<Kept<R>, RecordError> {
        self.insert(cx, own, |made| made).await
    }

    /// Creates a record; what is answered is made of it before it is stored, to be kept with it.
    async fn insert<T: Any + Send + Sync>(
        &self,
        cx: &Context,
        own: R,
        answered: impl FnOnce(Kept<R>) -> T + Send,
    ) -> Result<T, RecordError> {
        let doing = R::KIND.permissions.create;
        let scope = cx.permit(doing)?;
        let known = known::<R>(cx, scope);
        let mut fields = Fields::default();
        let mut made = self.first(cx, own, &mut fields);
        let given = unique_values(&made.own, |_, _| true);
        let mut unit = self.repository.begin().await?;
        let met = met(cx, known, unit.as_mut(), !given.is_empty()).await?;
        let naming = Naming::By(cx, doing, None);
        name_all(unit.as_mut(), &mut made.own, |_, _| true, naming, &mut fields).await?;
        identify_parts(&mut made.own, None, &*self.ids, &mut fields);
        fields.finish(Some(()))?;
        guard(unit.as_mut(), &made, None).await?;
        let claimed;
        (unit, claimed) = claim(cx, known, unit, &met, &given).await?;
        self.number(cx, unit.as_mut(), &mut made.own, "").await?;
        // Whoever may not know what is taken rehearses without storing: that would tell.
        if claimed == Claim::Granted {
            unit.insert(&made).await.map_err(|error| RecordError::of(R::KIND, error))?;
        }
        let change = Changed { action: Action::Created, before: None, after: &made };
        let mut trail = Trail::of(cx).created(&made);
        if claimed == Claim::Granted {
            trail = self.follow(cx, unit.as_mut(), change, trail).await?;
        }
        conceal_in(cx, scope, unit.as_mut(), &mut made).await?;
        let made = answered(made);
        unit.commit(trail.answering(cx, &made)).await?;
        Ok(made)
    }

    /// Changes a record.
    ///
    /// # Errors
    /// Without the permission to update; `not_found`; `stale`; `edit_window_closed`; `validation`; `taken`;
    /// what the kind's rules refuse.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn update(
        &self,
        cx: &Context,
        id: Id<R>,
        expected: Version,
        patch: &R::Patch,
    ) -> Result<Kept<R>, RecordError> {
        let doing = R::KIND.permissions.update;
        let scope = cx.permit(doing)?;
        let known = known::<R>(cx, scope);
        let mut unit = self.repository.begin().await?;
        let gives = R::KIND.unique().any(|field| R::gives(patch, field.name));
        let met = met(cx, known, unit.as_mut(), gives).await?;
        let mut before = outside_the_trash(unit.as_mut(), id, self::scope::<R>(scope)).await?;
        must_match(cx, scope, unit.as_mut(), &before, expected).await?;
        must_be_open(cx, unit.as_mut(), doing, &before).await?;
        let naming = Naming::By(cx, doing, Some(before.created_at));
        let mut after = self.revised(cx, unit.as_mut(), &before, patch, naming).await?;
        let swapped = swapped(unit.as_mut(), &before, &mut after).await?;
        if after.own == before.own {
            conceal_in(cx, scope, unit.as_mut(), &mut before).await?;
            return Ok(before);
        }
        let given = new_values(&before.own, &after.own);
        let claimed;
        (unit, claimed) = claim(cx, known, unit, &met, &given).await?;
        if claimed == Claim::Granted {
            unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        }
        let mut trail = Trail::of(cx).changed(&before, &after);
        for (field, shown) in swapped {
            trail = trail.replaced(field.name, shown.clone(), shown);
        }
        let change = Changed { action: Action::Updated, before: Some(&before), after: &after };
        if claimed == Claim::Granted {
            trail = self.follow(cx, unit.as_mut(), change, trail).await?;
        }
        conceal_in(cx, scope, unit.as_mut(), &mut after).await?;
        unit.commit(trail).await?;
        Ok(after)
    }

    /// The record after a change, which may name others within a scope.
    async fn revised(
        &self,
        cx: &Context,
        unit: &mut dyn Unit<R>,
        before: &Kept<R>,
        patch: &R::Patch,
        naming: Naming<'_>,
    ) -> Result<Kept<R>, RecordError> {
        let mut after = before.clone().changed(cx.at);
        after.own.apply(patch);
        keep_names(&mut after.own, &before.own);
        let mut fields = Fields::default();
        // A record may go on naming one that went to the trash meanwhile.
        let is_new = renames(&before.own);
        name_all(unit, &mut after.own, is_new, naming, &mut fields).await?;
        after.own.may_follow(&before.own)?;
        after.own.check(Some(&before.own), &mut fields);
        after.own.check_now(Some(&before.own), &self.now(cx), &mut fields);
        accepted(Some(&before.own), &after.own, &self.terms, &mut fields);
        identify_parts(&mut after.own, Some(&before.own), &*self.ids, &mut fields);
        fields.finish(Some(()))?;
        guard(unit, &after, Some(&before.own)).await?;
        Ok(after)
    }

    /// A new record, with what is wrong with it by itself.
    fn first(&self, cx: &Context, own: R, fields: &mut Fields) -> Kept<R> {
        own.check(None, fields);
        own.check_now(None, &self.now(cx), fields);
        accepted(None, &own, &self.terms, fields);
        Kept {
            id: Id::new(self.ids.next()),
            version: Version::FIRST,
            created_by: cx.user_id(),
            created_at: cx.at,
            updated_at: cx.at,
            deleted_at: None,
            own,
            hidden: Vec::new(),
        }
    }

    fn now(&self, cx: &Context) -> Now<'_> {
        Now { at: cx.at, terms: &self.terms }
    }
}

/// Records that a lookup finds at the most.
pub const MAX_FOUND: u32 = 20;

/// Which records of the kind the caller may meet.
fn scope<R: Rules>(scope: Scope) -> Scope {
    match R::KIND.rows {
        Rows::All => Scope::All,
        Rows::OfCreator | Rows::OfParent => scope,
    }
}

async fn outside_the_trash<R: Rules>(
    unit: &mut dyn Unit<R>,
    id: Id<R>,
    scope: Scope,
) -> Result<Kept<R>, RecordError> {
    let record = unit.load(id, scope).await?.filter(|record| !record.is_in_trash());
    let record = record.ok_or(RecordError::NotFound)?;
    has_parent(unit, &record.own).await?;
    Ok(record)
}

/// Locks the parent of a child, which stays out of the trash until the end of the change. What is in the
/// trash has its children there with it.
async fn has_parent<R: Rules>(unit: &mut dyn Unit<R>, record: &R) -> Result<(), RecordError> {
    let named = named(record);
    let Some(parent) = R::KIND.parent() else { return Ok(()) };
    let Some((_, id)) = named.iter().find(|(field, _)| field.name == parent.name) else {
        return Ok(());
    };
    let label = unit.named(parent, *id, Scope::All).await?;
    label.map(|_| ()).ok_or(RecordError::NotFound)
}

/// Gives ids to new parts.
fn identify_parts<R: Rules>(
    record: &mut R,
    before: Option<&R>,
    ids: &dyn Ids,
    fields: &mut Fields,
) {
    let mut known = Vec::new();
    if let Some(before) = before {
        before.clone().lists(&mut |field, list| known.push((field.name, list.ids())));
    }
    record.lists(&mut |field, list| {
        let of = |(name, _): &&(&str, _)| *name == field.name;
        let known = known.iter().find(of).map_or(&[][..], |(_, ids)| ids);
        identify(list, known, &field.pointer(), &mut || ids.next(), fields);
    });
}

/// True for what a record names that it did not name before.
fn renames<R: Rules>(before: &R) -> impl Fn(&'static Field, uuid::Uuid) -> bool + Send + use<R> {
    let known = named(before);
    move |field, id| !known.iter().any(|(old, known)| old.name == field.name && *known == id)
}

/// The values of a record that no other one may have. One that is sealed is known only when it was sent.
fn unique_values<R: Rules>(
    record: &R,
    is_wanted: impl Fn(&'static Field, &Key) -> bool,
) -> Vec<(&'static Field, Key)> {
    let mut values = Vec::new();
    record.each(&mut |field, value| {
        if field.is_unique
            && let Some(key) = value.and_then(Show::unique)
            && is_wanted(field, &key)
        {
            values.push((field, key));
        }
    });
    values
}

/// The values that no other record may have and that this one did not have before.
fn new_values<R: Rules>(before: &R, after: &R) -> Vec<(&'static Field, Key)> {
    let known = unique_values(before, |_, _| true);
    unique_values(after, |field, key| {
        !known.iter().any(|(old, value)| old.name == field.name && value == key)
    })
}

/// Sealed values that were sent and look like the ones before: another number can have the same mask. One
/// that is the same is taken back; the others are told, with what is shown of them.
async fn swapped<R: Rules>(
    unit: &mut dyn Unit<R>,
    before: &Kept<R>,
    after: &mut Kept<R>,
) -> Result<Vec<(&'static Field, FieldValue)>, RecordError> {
    let mut fresh = Vec::new();
    after.own.each(&mut |field, value| {
        if let Some(value) = value.filter(|value| value.is_fresh()) {
            fresh.push((field, value.key(), value.recorded(), value.recorded_beside()));
        }
    });
    let mut swapped = Vec::new();
    for (field, key, shown, beside) in fresh {
        let mut looks_alike = false;
        before.own.each(&mut |known, value| {
            looks_alike |= known.name == field.name
                && value.is_some_and(|value| {
                    value.recorded() == shown && value.recorded_beside() == beside
                });
        });
        if !looks_alike {
            continue;
        }
        let stored = unit.secret(field, before.id).await?;
        let is_same = matches!((&stored, &key), (Some((_, known)), Some(Key::Secret(_, sent))) if known == sent);
        match is_same {
            true => after.own.take_back(field.name, &before.own),
            false => swapped.push((field, shown)),
        }
    }
    Ok(swapped)
}
