//! Times that were written down while the clock was ahead.

use almoner_jobs::{
    JobState, Jobs, Plan,
    job::{FURTHEST, LONGEST_LEASE},
};
use almoner_kernel::{StoreError, Timestamp};
use chrono::Duration;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, UpdateMany,
    sea_query::Expr,
};

use crate::{
    entities::{jobs, schedules},
    error::store_error,
    paging::millis,
    store::Store,
};

/// What is left of a lease: time for its worker, if there is one, to make it longer.
const LEFT: Duration = Duration::minutes(1);

/// Gives schedules that are adrift the next time of their rule.
pub async fn schedules(store: &Store, plans: &[Plan], at: Timestamp) -> Result<u64, StoreError> {
    use schedules::Column;

    let stored = Jobs::schedules(store).await?;
    let adrift = stored.iter().filter_map(|schedule| {
        let plan = plans.iter().find(|plan| plan.name == schedule.name)?;
        schedule.is_adrift(plan, at).then_some((schedule, plan))
    });
    let adrift: Vec<_> = adrift.collect();
    if adrift.is_empty() {
        return Ok(0);
    }
    let unit = store.unit().await?;
    let mut mended = 0;
    for (schedule, plan) in adrift {
        let update = schedules::Entity::update_many()
            .col_expr(Column::NextAt, Expr::val(plan.rule.next(at).map(millis)))
            .filter(Column::Name.eq(&schedule.name))
            // Another instance may have been faster.
            .filter(Column::NextAt.eq(schedule.next_at.map(millis)));
        mended += update.exec(&*unit.work).await.map_err(store_error)?.rows_affected;
    }
    unit.commit_upkeep().await?;
    Ok(mended)
}

/// Makes jobs due that wait for a time that is years ahead, and ends leases of that kind.
pub async fn jobs(store: &Store, at: Timestamp) -> Result<u64, StoreError> {
    use jobs::Column;

    let beyond = |state: JobState, span: Duration| {
        Condition::all()
            .add(Column::State.eq(state.as_str()))
            .add(Column::DueAt.gt(millis(at + span)))
    };
    let waiting = || beyond(JobState::Waiting, FURTHEST);
    let running = || beyond(JobState::Running, LONGEST_LEASE);
    let look = jobs::Entity::find()
        .filter(Column::DueAt.gt(millis(at + LONGEST_LEASE)))
        .filter(Condition::any().add(waiting()).add(running()))
        .select_only()
        .column(Column::Id)
        .limit(1)
        .into_query();
    let found: Option<uuid::Uuid> = store.point().row(&look).await.map_err(store_error)?;
    if found.is_none() {
        return Ok(0);
    }
    let due = |filter: Condition, at: Timestamp| -> UpdateMany<jobs::Entity> {
        jobs::Entity::update_many().col_expr(Column::DueAt, Expr::val(millis(at))).filter(filter)
    };
    let unit = store.unit().await?;
    let mut mended = 0;
    for update in [due(waiting(), at), due(running(), at + LEFT)] {
        mended += update.exec(&*unit.work).await.map_err(store_error)?.rows_affected;
    }
    unit.commit_upkeep().await?;
    Ok(mended)
}
