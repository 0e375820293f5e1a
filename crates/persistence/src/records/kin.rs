//! What hangs on a record within a unit of work: its children, and what names it.

use almoner_kernel::{StoreError, text::name_words};
use almoner_records::{Kept, Kind, Record, Shape, Show, Shown};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, SelectStatement},
};
use uuid::Uuid;

use super::{
    around,
    cells::{Written, written},
    plan::Plan,
};
use crate::{commit::UnitHandle, error::store_error};

impl UnitHandle {
    pub(super) fn cells<R: Record>(
        &self,
        plan: &Plan,
        record: &Kept<R>,
    ) -> Result<Written, StoreError> {
        written(plan, &self.inner.vault, &self.inner.collation, record)
    }

    /// The children of a record, and theirs: by kind, those above before those below, with their versions.
    pub(super) async fn below(
        &mut self,
        kind: &'static Kind,
        id: Uuid,
        limit: u32,
    ) -> Result<Vec<(&'static Kind, Vec<(Uuid, i64)>)>, StoreError> {
        let registry = self.inner.plans.registry();
        let (mut all, mut left) = (Vec::new(), limit);
        let mut above = vec![(kind, vec![id])];
        while let Some((kind, ids)) = above.pop() {
            for (child, field) in registry.children_of(kind.many) {
                let mut found: Vec<(Uuid, i64)> = Vec::new();
                for ids in ids.chunks(around::AT_ONCE) {
                    let select = around::children(child, field, ids, left);
                    let some: Vec<(Uuid, i64)> =
                        self.work.rows(&select).await.map_err(store_error)?;
                    left = left.saturating_sub(u32::try_from(some.len()).unwrap_or(u32::MAX));
                    found.extend(some);
                }
                if !found.is_empty() {
                    above.push((child, found.iter().map(|(id, _)| *id).collect()));
                    all.push((child, found));
                }
            }
        }
        Ok(all)
    }

    /// A kind of which a record names one of these and is no child of it.
    pub(super) async fn named_by(
        &mut self,
        named: &'static Kind,
        ids: &[Uuid],
    ) -> Result<Option<&'static Kind>, StoreError> {
        let names = self.inner.plans.registry().names_of(named.many);
        for (kind, field) in names.filter(|(kind, field)| kind.parent != Some(field.name)) {
            for ids in ids.chunks(around::AT_ONCE) {
                let mut select = SelectStatement::new();
                select
                    .column(Alias::new("id"))
                    .from(Alias::new(kind.many))
                    .and_where(Expr::col(Alias::new(field.key_column())).is_in(ids.to_vec()))
                    .limit(1);
                let held: Option<Uuid> = self.work.row(&select).await.map_err(store_error)?;
                if held.is_some() {
                    return Ok(Some(kind));
                }
            }
        }
        Ok(None)
    }

    /// Records that are found by what another one is called keep its words: they are told of a new name.
    pub(super) async fn tell_those_that_name(
        &self,
        kind: &'static Kind,
        id: Uuid,
        shape: &dyn Shape,
    ) -> Result<(), StoreError> {
        let names = self.inner.plans.registry().names_of(kind.many);
        for (other, field) in names.filter(|(_, field)| field.is_searched) {
            let label = label(kind, shape);
            let search = Alias::new(field.search_column());
            let update = sea_orm::sea_query::Query::update()
                .table(Alias::new(other.many))
                .value(search.clone(), label.clone())
                .and_where(Expr::col(Alias::new(field.key_column())).eq(id))
                .and_where(Expr::col(search).ne(label))
                .to_owned();
            let statement = self.work.get_database_backend().build(&update);
            self.work.execute_raw(statement).await.map_err(store_error)?;
        }
        Ok(())
    }
}

/// The words that what a record is called is found by.
fn label(kind: &'static Kind, shape: &dyn Shape) -> String {
    let mut label = String::new();
    let own = kind.label().map(|field| field.name);
    shape.each(&mut |field, value| {
        if Some(field.name) == own
            && let Some(Shown::Text(text)) = value.map(Show::show)
        {
            label = name_words(&text);
        }
    });
    label
}
