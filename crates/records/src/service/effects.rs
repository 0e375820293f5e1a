//! Effects of a change on records of other kinds: in the same transaction, on the same trail.
//!
//! The domain that asks knows nothing of the other one. Where the program is put together, an [`Effect`] is
//! given to its use cases, which runs an operation of the owner: [`Records::create_in`], `update_in`,
//! `step_in`. These begin nothing and commit nothing; the asker's permission was asked for, and the owner's
//! rules hold. Each change that follows has the asker's as its cause.
//!
//! An effect changes other records than the one it follows from, which is answered as it was written. It
//! reads through the unit of work alone. At most eight changes follow from one another. Unique values that it gives are not counted as tries of the asker.
//! What the owner's rules refuse is told to the asker as it stands; any other refusal speaks of a body and a
//! record that the asker has not sent, and is told as a refusal of its own. A dry run that stores nothing,
//! because its caller may not learn what is taken, rehearses no effects.
//!
//! An effect comes after the record is written, which it may name. So the counters of the asker are drawn
//! before what the owner locks: two kinds that follow from each other and draw numbers could wait for each
//! other, which PostgreSQL ends, and one of both is asked to come again.

use std::pin::Pin;

use almoner_kernel::{Action, ChangeId, Context, Fields, Id, Scope, StoreError, Trail, UnitOfWork};
use async_trait::async_trait;

use super::{
    Records,
    around::guard,
    deeds::Taken,
    identify_parts,
    labels::conceal_in,
    names::{Naming, name_all},
    outside_the_trash, swapped,
};
use crate::{
    error::RecordError,
    ports::Unit,
    record::{Kept, Refusal, Rules},
    steps::Step,
    words,
};

/// What follows from a change of a record.
#[async_trait]
pub trait Effect<R: Rules>: Send + Sync {
    /// Does it, in the unit of work of the change; answers the trail with what was done.
    ///
    /// # Errors
    /// What the other kind's rules refuse: then nothing of the change is stored.
    async fn follow(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        change: &Changed<'_, R>,
        trail: Trail,
    ) -> Result<Trail, RecordError>;
}

/// A change of a record, which is written and not yet committed.
#[derive(Debug)]
pub struct Changed<'a, R> {
    /// What was done: created, updated, deleted, restored, or a step.
    pub action: Action,
    /// The record before; none of a new one.
    pub before: Option<&'a Kept<R>>,
    /// The record after.
    pub after: &'a Kept<R>,
}

/// What the refusal of another record is to whoever asked for something else.
fn of_another(error: RecordError) -> RecordError {
    match error {
        RecordError::Refused(_)
        | RecordError::Denied(_)
        | RecordError::Collisions(_)
        | RecordError::Store(_) => error,
        other => {
            tracing::warn!(error = %other, "what follows from a change was refused");
            Refusal { code: "effect_refused", detail: words::effect_refused() }.into()
        }
    }
}

impl<R: Rules> Records<R> {
    /// Runs what follows from a change.
    pub(super) async fn follow(
        &self,
        cx: &Context,
        unit: &mut dyn Unit<R>,
        change: Changed<'_, R>,
        mut trail: Trail,
    ) -> Result<Trail, RecordError> {
        if self.effects.is_empty() {
            return Ok(trail);
        }
        let cause = ChangeId::new(self.ids.next());
        trail = trail.known_as(cause);
        let own = trail.changes.len();
        let not_run = StoreError::Failed("what follows was not run".into());
        let mut done: Result<Trail, RecordError> = Err(not_run.into());
        let run = async {
            done = async {
                for effect in &self.effects {
                    trail = effect.follow(cx, unit, &change, trail).await?;
                }
                Ok(trail)
            }
            .await;
        };
        let run: Pin<Box<dyn Future<Output = ()> + Send + '_>> = Box::pin(run);
        self.repository.inside(run).await?;
        let trail = done.map_err(of_another)?;
        // Whoever answers another trail than the one they were given would store the change without it.
        if !trail.changes.iter().take(own).any(|change| change.id == Some(cause)) {
            return Err(StoreError::Failed("what follows has lost the trail".into()).into());
        }
        Ok(trail.all_caused_by(cause, own))
    }

    /// Creates a record in the unit of work of another one.
    ///
    /// # Errors
    /// As [`Records::create`], without permissions.
    pub async fn create_in(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        own: R,
        trail: Trail,
    ) -> Result<(Kept<R>, Trail), RecordError> {
        let unit = self.repository.join(unit)?;
        let mut fields = Fields::default();
        let mut made = self.first(cx, own, &mut fields);
        name_all(unit, &mut made.own, |_, _| true, Naming::Any, &mut fields).await?;
        identify_parts(&mut made.own, None, &*self.ids, &mut fields);
        fields.finish(Some(()))?;
        guard(unit, &made, None).await?;
        self.number(cx, unit, &mut made.own, "").await?;
        unit.insert(&made).await.map_err(|error| RecordError::of(R::KIND, error))?;
        let change = Changed { action: Action::Created, before: None, after: &made };
        let trail = self.follow(cx, unit, change, trail.created(&made)).await?;
        conceal_in(cx, Scope::All, unit, &mut made).await?;
        Ok((made, trail))
    }

    /// Changes a record outside the trash in the unit of work of another one.
    ///
    /// # Errors
    /// As [`Records::update`], without permissions, edit window and versions: the record is locked from here
    /// on.
    pub async fn update_in(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        id: Id<R>,
        patch: &R::Patch,
        trail: Trail,
    ) -> Result<(Kept<R>, Trail), RecordError> {
        let unit = self.repository.join(unit)?;
        let mut before = outside_the_trash(unit, id, Scope::All).await?;
        let mut after = self.revised(cx, unit, &before, patch, Naming::Any).await?;
        let swapped = swapped(unit, &before, &mut after).await?;
        if after.own == before.own {
            conceal_in(cx, Scope::All, unit, &mut before).await?;
            return Ok((before, trail));
        }
        unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        let change = Changed { action: Action::Updated, before: Some(&before), after: &after };
        let mut trail = trail.changed(&before, &after);
        for (field, shown) in swapped {
            trail = trail.replaced(field.name, shown.clone(), shown);
        }
        let trail = self.follow(cx, unit, change, trail).await?;
        conceal_in(cx, Scope::All, unit, &mut after).await?;
        Ok((after, trail))
    }

    /// Takes a step with a record in the unit of work of another one.
    ///
    /// # Errors
    /// As [`Records::step`], without permissions and versions: the record is locked from here on.
    #[expect(clippy::too_many_arguments, reason = "a step, and where it is taken")]
    pub async fn step_in(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        id: Id<R>,
        step: &'static Step,
        reason: Option<String>,
        with: &R::Patch,
        trail: Trail,
    ) -> Result<(Kept<R>, Trail), RecordError> {
        let unit = self.repository.join(unit)?;
        let before = outside_the_trash(unit, id, Scope::All).await?;
        let taken = Taken { step, reason: reason.as_deref(), with, naming: Naming::Any };
        let mut after = self.taken(cx, unit, &before, taken).await?;
        let swapped = swapped(unit, &before, &mut after).await?;
        self.number(cx, unit, &mut after.own, step.name).await?;
        unit.update(&after).await.map_err(|error| RecordError::of(R::KIND, error))?;
        let change = Changed { action: step.action, before: Some(&before), after: &after };
        let mut trail = trail.acted(step.action, &before, &after, reason);
        for (field, shown) in swapped {
            trail = trail.replaced(field.name, shown.clone(), shown);
        }
        let trail = self.follow(cx, unit, change, trail).await?;
        conceal_in(cx, Scope::All, unit, &mut after).await?;
        Ok((after, trail))
    }
}
