//! Statements about the records around one: those it names, those that name it, and counters.

use almoner_kernel::{Scope, StoreError};
use almoner_records::{Counter, Field, Holds, Kind, reference::TargetName};
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, InsertStatement, LockType, OnConflict, Query, SelectStatement,
};
use uuid::Uuid;

use super::{
    plan::{Plans, column},
    scope,
};

/// Ids in one statement.
pub const AT_ONCE: usize = 500;

/// Those of the records that a field names which are within the scope.
pub fn within(
    plans: &Plans,
    field: &Field,
    ids: &[Uuid],
    scope: Scope,
) -> Result<SelectStatement, StoreError> {
    let target = plans.target(field)?;
    let id = column(target.many, "id");
    let mut select = Query::select();
    select
        .column(id.clone())
        .from(Alias::new(target.many))
        .and_where(Expr::col(id).is_in(ids.to_vec()));
    scope::within(&mut select, target, scope, plans.registry(), scope::Reach::Each);
    Ok(select)
}

/// A text of the record that a field names, which stays what it is until the end of the change.
pub fn word(
    plans: &Plans,
    field: &Field,
    id: Uuid,
    of: &str,
) -> Result<SelectStatement, StoreError> {
    let target = plans.target(field)?;
    let is_text = |field: &&'static Field| {
        field.name == of && field.columns.first().is_some_and(|column| column.holds == Holds::Text)
    };
    let of = target.fields.iter().find(is_text).ok_or_else(|| unknown(target.many, of))?;
    Ok(Query::select()
        .column(Alias::new(of.column(0)))
        .from(Alias::new(target.many))
        .and_where(Expr::col(Alias::new("id")).eq(id))
        .lock(LockType::Share)
        .to_owned())
}

/// The records of a kind outside the trash that name this one.
pub fn those_that_name(
    plans: &Plans,
    many: TargetName,
    by: &str,
    id: Uuid,
    limit: u32,
) -> Result<SelectStatement, StoreError> {
    let field = plans.registry().kind(many).and_then(|kind| kind.field(by));
    let field = field.filter(|field| field.target.is_some()).ok_or_else(|| unknown(many, by))?;
    Ok(Query::select()
        .column(Alias::new("id"))
        .from(Alias::new(many))
        .and_where(Expr::col(Alias::new(field.key_column())).eq(id))
        .and_where(Expr::col(Alias::new("deleted_at")).is_null())
        .limit(limit.into())
        .to_owned())
}

/// The children of these records: ids and versions, locked.
pub fn children(child: &Kind, field: &Field, of: &[Uuid], limit: u32) -> SelectStatement {
    Query::select()
        .columns(["id", "version"].map(Alias::new))
        .from(Alias::new(child.many))
        .and_where(Expr::col(Alias::new(field.key_column())).is_in(of.to_vec()))
        .limit(limit.into())
        .lock(LockType::Update)
        .to_owned()
}

/// The next number of a counter.
pub fn draw(counter: &Counter, year: i32) -> InsertStatement {
    let last = Expr::col(column("counters", "last")).add(1);
    let mut insert = Query::insert();
    insert
        .into_table(Alias::new("counters"))
        .columns(["series", "year", "last"].map(Alias::new))
        // As many as there are columns.
        .values_panic([counter.series.into(), i64::from(year).into(), 1_i64.into()])
        .on_conflict(
            OnConflict::columns(["series", "year"].map(Alias::new))
                .value(Alias::new("last"), last)
                .to_owned(),
        )
        .returning_col(Alias::new("last"));
    insert
}

fn unknown(many: &str, field: &str) -> StoreError {
    StoreError::Failed(format!("{many} have no field {field} to go by").into())
}
