//! What is done with a record as a whole: the trash, destroying, steps, showing what is sealed.

use almoner_kernel::{Action, Context, FieldError, Fields, Id, Permission, Trail, Version};

use super::{
    Changed, Records,
    around::guard,
    claims::{Claim, claim, known, met},
    has_parent, identify_parts,
    labels::{conceal_in, must_match},
    money::accepted,
    names::{Naming, keep_names, name_all},
    new_values,
    open::must_be_open,
    outside_the_trash, renames, scope, swapped, unique_values,
};
use crate::{
    error::RecordError,
    kind::Field,
    ports::{Child, Unit},
    record::{Kept, Refusal, Rules},
    steps::{By, Step},
    value::Key,
    words,
};

/// Records that are destroyed together with the one they are a part of at the most.
pub const MAX_CHILDREN: u32 = 10_000;

/// A step that is taken, and what goes with it.
pub(super) struct Taken<'a, R: Rules> {
    pub(super) step: &'static Step,
    pub(super) reason: Option<&'a str>,
    pub(super) with: &'a R::Patch,
    /// Who names others with it.
    pub(super) naming: Naming<'a>,
}

impl<R: Rules> Records<R> {
    /// Puts a record in the trash. Records that name it stay and go on naming it.
    ///
    /// # Errors
    /// Without the permission to delete; `not_found`; `stale`; `edit_window_closed`; what the kind's rules
    /// refuse.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn delete(
        &self,
        cx: &Context,
        id: Id<R>,
        expected: Version,
    ) -> Result<(), RecordError> {
        let doing = R::KIND.permissions.delete;
        let wide = cx.permit(doing)?;
        let mut unit = self.repository.begin().await?;
        let before = outside_the_trash(unit.as_mut(), id, scope::<R>(wide)).await?;
        must_match(cx, wide, unit.as_mut(), &before, expected).await?;
        must_be_open(cx, unit.as_mut(), doing, &before).await?;
        before.own.may_be_deleted()?;
        let after = Kept { deleted_at: Some(cx.at), ..before.clone().changed(cx.at) };
        unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        let change = Changed { action: Action::Deleted, before: Some(&before), after: &after };
        let trail = Trail::of(cx).acted(Action::Deleted, &before, &after, None);
        let trail = self.follow(cx, unit.as_mut(), change, trail).await?;
        unit.commit(trail).await?;
        Ok(())
    }

    /// Brings a record back from the trash.
    ///
    /// # Errors
    /// Without the permission to delete; `not_found`; `not_in_trash`; `taken` when another record has taken
    /// a unique value meanwhile.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn restore(&self, cx: &Context, id: Id<R>) -> Result<Kept<R>, RecordError> {
        let wide = cx.permit(R::KIND.permissions.delete)?;
        let known = known::<R>(cx, wide);
        let mut unit = self.repository.begin().await?;
        let has_unique = R::KIND.unique().next().is_some();
        let met = met(cx, known, unit.as_mut(), has_unique).await?;
        let before = unit.load(id, scope::<R>(wide)).await?.ok_or(RecordError::NotFound)?;
        has_parent(unit.as_mut(), &before.own).await?;
        if !before.is_in_trash() {
            return Err(RecordError::NotInTrash);
        }
        let mut after = Kept { deleted_at: None, ..before.clone().changed(cx.at) };
        guard(unit.as_mut(), &after, None).await?;
        let mut given = unique_values(&before.own, |_, _| true);
        if !known.is_all() {
            for field in sealed_unique(&before.own) {
                if let Some((register, secret)) = unit.secret(field, id).await? {
                    given.push((field, Key::Secret(register, secret)));
                }
            }
        }
        let claimed;
        (unit, claimed) = claim(cx, known, unit, &met, &given).await?;
        if claimed == Claim::Granted {
            unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        }
        let change = Changed { action: Action::Restored, before: Some(&before), after: &after };
        let mut trail = Trail::of(cx).acted(Action::Restored, &before, &after, None);
        if claimed == Claim::Granted {
            trail = self.follow(cx, unit.as_mut(), change, trail).await?;
        }
        conceal_in(cx, wide, unit.as_mut(), &mut after).await?;
        unit.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    /// Destroys a record that is in the trash and that nothing names.
    ///
    /// # Errors
    /// Without the permission to purge; `not_found`; `stale`; `not_in_trash`; `has_…`.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn purge(
        &self,
        cx: &Context,
        id: Id<R>,
        expected: Version,
    ) -> Result<(), RecordError> {
        let wide = cx.permit(R::KIND.permissions.purge)?;
        let mut unit = self.repository.begin().await?;
        let record = unit.load(id, scope::<R>(wide)).await?.ok_or(RecordError::NotFound)?;
        must_match(cx, wide, unit.as_mut(), &record, expected).await?;
        if !record.is_in_trash() {
            return Err(RecordError::NotInTrash);
        }
        // First of all: it bounds what is looked at, and held, for the rest.
        let children = unit.children(id, MAX_CHILDREN + 1).await?;
        if children.len() > MAX_CHILDREN as usize {
            let detail = words::too_many_children(MAX_CHILDREN as usize);
            return Err(Refusal { code: "too_many_children", detail }.into());
        }
        if let Some(holder) = unit.holder(id).await? {
            return Err(RecordError::InUse(holder));
        }
        unit.purge(id).await?;
        let mut trail = Trail::of(cx).noted(Action::Purged, &record, None);
        for Child { kind, id, version } in children {
            let subject = (kind.subject == "self").then_some((kind.one, id));
            trail = trail.purged_with_it(kind.one, id, version, subject);
        }
        unit.commit(trail).await?;
        Ok(())
    }

    /// Takes a step of the kind's state machine, with what it changes beside the state.
    ///
    /// # Errors
    /// Without the permission of the step; `not_found`; `stale`; `second_person` when somebody else has to
    /// take it; `transition` from another state; `validation`.
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many, step = step.name))]
    pub async fn step(
        &self,
        cx: &Context,
        id: Id<R>,
        step: &'static Step,
        expected: Option<Version>,
        reason: Option<String>,
        with: &R::Patch,
    ) -> Result<Kept<R>, RecordError> {
        let wide = cx.permit(step.permission)?;
        let known = known::<R>(cx, wide);
        let mut unit = self.repository.begin().await?;
        // A step may set a value that nobody sent.
        let may_give = R::KIND.unique().next().is_some();
        let met = met(cx, known, unit.as_mut(), may_give).await?;
        let before = outside_the_trash(unit.as_mut(), id, scope::<R>(wide)).await?;
        if let Some(expected) = expected {
            must_match(cx, wide, unit.as_mut(), &before, expected).await?;
        }
        let is_own = cx.user_id().is_some() && cx.user_id() == before.created_by;
        if step.by == By::Another && is_own {
            return Err(Refusal { code: "second_person", detail: words::second_person() }.into());
        }
        let naming = Naming::By(cx, step.permission, None);
        let taken = Taken { step, reason: reason.as_deref(), with, naming };
        let mut after = self.taken(cx, unit.as_mut(), &before, taken).await?;
        let swapped = swapped(unit.as_mut(), &before, &mut after).await?;
        let given = new_values(&before.own, &after.own);
        let claimed;
        (unit, claimed) = claim(cx, known, unit, &met, &given).await?;
        self.number(cx, unit.as_mut(), &mut after.own, step.name).await?;
        if claimed == Claim::Granted {
            unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        }
        let mut trail = Trail::of(cx).acted(step.action, &before, &after, reason);
        for (field, shown) in swapped {
            trail = trail.replaced(field.name, shown.clone(), shown);
        }
        let change = Changed { action: step.action, before: Some(&before), after: &after };
        if claimed == Claim::Granted {
            trail = self.follow(cx, unit.as_mut(), change, trail).await?;
        }
        conceal_in(cx, wide, unit.as_mut(), &mut after).await?;
        unit.commit(trail.answering(cx, &after)).await?;
        Ok(after)
    }

    /// The record after a step.
    pub(super) async fn taken(
        &self,
        cx: &Context,
        unit: &mut dyn Unit<R>,
        before: &Kept<R>,
        taken: Taken<'_, R>,
    ) -> Result<Kept<R>, RecordError> {
        let Taken { step, reason, with, naming } = taken;
        if !step.is_from(before.own.state()) {
            return Err(before.own.out_of_order(step).into());
        }
        let mut after = before.clone().changed(cx.at);
        after.own.apply(with);
        keep_names(&mut after.own, &before.own);
        let mut fields = Fields::default();
        let is_new = renames(&before.own);
        name_all(unit, &mut after.own, is_new, naming, &mut fields).await?;
        after.own.step(step, reason, cx.at);
        after.own.check(Some(&before.own), &mut fields);
        after.own.check_now(Some(&before.own), &self.now(cx), &mut fields);
        accepted(Some(&before.own), &after.own, self.terms(), &mut fields);
        identify_parts(&mut after.own, Some(&before.own), &*self.ids, &mut fields);
        // A step that leads nowhere is there for what goes with it.
        if let Some(name) = step.needs.first().filter(|_| step.to.is_empty())
            && after.own == before.own
        {
            fields.wrong(FieldError::new(format!("/{name}"), "unchanged", words::unchanged()));
        }
        fields.finish(Some(()))?;
        guard(unit, &after, Some(&before.own)).await?;
        Ok(after)
    }

    /// Shows a sealed value in full: the register it comes from, and the value. That it was seen, by whom
    /// and why, is recorded before it is shown.
    ///
    /// # Errors
    /// Without the permission, or the right to the field; `not_found`; [`RecordError::NoSecret`].
    #[tracing::instrument(skip_all, fields(kind = R::KIND.many))]
    pub async fn reveal(
        &self,
        cx: &Context,
        permission: Permission,
        id: Id<R>,
        field: &'static Field,
        reason: String,
    ) -> Result<(String, String), RecordError> {
        let wide = cx.permit(permission)?;
        field.permit(cx, R::KIND.sight(wide))?;
        let mut unit = self.repository.begin().await?;
        let record = unit.load(id, scope::<R>(wide)).await?.ok_or(RecordError::NotFound)?;
        has_parent(unit.as_mut(), &record.own).await?;
        let secret = unit.secret(field, id).await?.ok_or(RecordError::NoSecret(field))?;
        unit.commit(Trail::of(cx).noted(Action::Revealed, &record, Some(reason))).await?;
        Ok(secret)
    }
}

/// Unique values of a record that only storage has in full.
fn sealed_unique<R: Rules>(record: &R) -> Vec<&'static Field> {
    let mut sealed = Vec::new();
    record.each(&mut |field, value| {
        if field.is_unique && value.is_some_and(|value| value.key().is_none()) {
            sealed.push(field);
        }
    });
    sealed
}
