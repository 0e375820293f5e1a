//! Kinds of record: one implementation of their ports, which reads the description of a kind and not its
//! type. Statements are built with sea-query from the description; those by key are built once.

mod around;
mod cells;
mod kin;
mod list;
mod plan;
mod said;
mod scope;
mod stored;
mod summary;

use std::{any::Any, pin::Pin, sync::Arc};

use almoner_kernel::{
    Id, Page, PageRequest, Position, Scope, SortKey, StoreError, Timestamp, UnitOfWork, UserId,
    Version,
};
use almoner_records::{
    Child, Counter, Field, Holds, Kept, Key, Kind, Query, Record, Repository, Shape, Unit,
    reference::TargetName,
    summing::{Line, Summing},
};
use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Alias, Expr, ExprTrait, LockType, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

pub(crate) use self::plan::Plans;
use self::{
    plan::{Plan, column, label_of},
    said::{bound, one, refused},
    stored::Stored,
};
use crate::{
    audit,
    commit::{UnitHandle, in_chunks},
    error::store_error,
    store::{PATIENCE, Store},
    vault::Vault,
};

#[async_trait]
impl<R: Record> Repository<R> for Store {
    async fn begin(&self) -> Result<Box<dyn Unit<R>>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    fn join<'u>(&self, unit: &'u mut dyn UnitOfWork) -> Result<&'u mut dyn Unit<R>, StoreError> {
        let unit = unit.as_any().and_then(<dyn Any>::downcast_mut::<UnitHandle>);
        let unit = unit.filter(|unit| Arc::ptr_eq(&unit.inner, &self.0));
        let foreign = || StoreError::Failed("a unit of work of another storage".into());
        unit.map(|unit| unit as &mut dyn Unit<R>).ok_or_else(foreign)
    }

    async fn inside<'a>(
        &'a self,
        effects: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    ) -> Result<(), StoreError> {
        crate::batch::inside(effects).await
    }

    async fn find(&self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError> {
        let plan = self.0.plans.of(R::KIND)?;
        let build = || plan.shown_by_id(id.uuid(), scope);
        let row = match plan.known_by_id(id.uuid(), scope) {
            Some((known, values)) => self.point().known_row(known, values, build).await,
            None => self.point().row(&build()).await,
        };
        Ok(row.map_err(store_error)?.map(|Stored(record)| record))
    }

    async fn list(
        &self,
        query: &Query,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Kept<R>>, StoreError> {
        let plan = self.0.plans.of(R::KIND)?;
        let reader = self.scan();
        let field = query.order.field;
        let position = |(Stored(row), collated): &(Stored<R>, Option<String>)| Position {
            key: match collated {
                Some(key) => Some(SortKey::Text(key.clone())),
                None => field.and_then(|field| sort_key(&row.own, field)),
            },
            id: row.id.uuid(),
        };
        list::listing(plan, query, scope, &self.0.vault)
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, |(Stored(record), _)| Ok(record))
            .await
    }

    async fn lookup(
        &self,
        field: &'static Field,
        key: &Key,
        scope: Scope,
        limit: u32,
    ) -> Result<Vec<Kept<R>>, StoreError> {
        let plan = self.0.plans.of(R::KIND)?;
        let mut select = plan.select.clone();
        select
            .and_where(by_value(plan, &field.key_column(), key, &self.0.vault))
            .and_where(Expr::col(column(R::MANY, "deleted_at")).is_null())
            .order_by(column(R::MANY, "id"), Order::Desc)
            .limit(limit.into());
        scope::within(&mut select, R::KIND, scope, plan.registry, scope::Reach::Each);
        scope::with_parent(&mut select, R::KIND, plan.registry);
        let rows = self.point().rows(&select).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|Stored(record)| record).collect())
    }

    async fn summary(
        &self,
        summing: &Summing,
        scope: Scope,
    ) -> Result<Option<Vec<Line>>, StoreError> {
        let plan = self.0.plans.of(R::KIND)?;
        let busy = || StoreError::Busy("other sums are under way");
        let turn = tokio::time::timeout(PATIENCE, self.0.sums.acquire()).await;
        let _turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        summary::lines(plan, &self.scan(), summing, scope, &self.0.vault).await
    }

    async fn labels(
        &self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<(Uuid, String)>, StoreError> {
        let mut labels = Vec::new();
        for ids in ids.chunks(around::AT_ONCE) {
            let select = summary::labels(&self.0.plans, field, ids, scope)?;
            labels.extend(self.scan().rows::<(Uuid, String)>(&select).await.map_err(store_error)?);
        }
        Ok(labels)
    }

    async fn within(
        &self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<Uuid>, StoreError> {
        let select = around::within(&self.0.plans, field, ids, scope)?;
        self.point().rows(&select).await.map_err(store_error)
    }
}

/// The other half of [`Repository`] and [`Unit`] that finds records by a value.
fn by_value(plan: &Plan, by: &str, key: &Key, vault: &Vault) -> SimpleExpr {
    Expr::col(column(plan.kind.many, by)).eq(bound(key, vault))
}

fn sort_key(shape: &dyn Shape, by: &Field) -> Option<SortKey> {
    let mut key = None;
    shape.each(&mut |field, value| {
        if field.name == by.name {
            let absent = || field.is_optional.then(|| plan::absent(field));
            key = value.map_or_else(absent, almoner_records::Show::sort_key);
        }
    });
    key
}

#[async_trait]
impl<R: Record> Unit<R> for UnitHandle {
    async fn load(&mut self, id: Id<R>, scope: Scope) -> Result<Option<Kept<R>>, StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        let mut select = plan.by_id(id.uuid(), scope);
        if plan.has_labels() && !self.work.is_alone() {
            // First the lock, then the names: a statement that waited for a lock sees the locked row as
            // it is now, and the rows beside it as they were before.
            let lock = plan.lock(id.uuid(), scope);
            let locked: Option<Uuid> = self.work.row(&lock).await.map_err(store_error)?;
            if locked.is_none() {
                return Ok(None);
            }
        } else {
            select.lock(LockType::Update);
        }
        let row = self.work.row(&select).await.map_err(store_error)?;
        Ok(row.map(|Stored(record)| record))
    }

    async fn insert(&mut self, record: &Kept<R>) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        let values = self.cells(plan, record)?.all()?;
        let build = || plan.insert([values.clone()]);
        let backend = self.work.get_database_backend();
        let statement = plan.insert_one.statement(backend, values.clone(), build);
        let done = self.work.execute_raw(statement).await;
        done.map(|_| ()).map_err(|error| refused(plan.kind, error))
    }

    async fn insert_all(&mut self, records: &[Kept<R>]) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        for chunk in records.chunks(in_chunks(plan.columns.len())) {
            let rows = chunk.iter().map(|record| self.cells(plan, record)?.all());
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            let statement = self.work.get_database_backend().build(&plan.insert(rows));
            let done = self.work.execute_raw(statement).await;
            done.map_err(|error| refused(plan.kind, error))?;
        }
        Ok(())
    }

    async fn update(&mut self, record: &Kept<R>) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        let cells = self.cells(plan, record)?;
        let update = plan.update(cells, record.id.uuid(), record.version.number() - 1);
        let statement = self.work.get_database_backend().build(&update);
        one(self.work.execute_raw(statement).await, plan.kind)?;
        self.tell_those_that_name(plan.kind, record.id.uuid(), &record.own).await
    }

    async fn purge(&mut self, id: Id<R>) -> Result<(), StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        // From the last ones up: a row goes after those that name it.
        for (kind, ids) in self.below(R::KIND, id.uuid(), u32::MAX).await?.into_iter().rev() {
            let plan = inner.plans.of(kind)?;
            for (id, _) in ids {
                let statement = self.work.get_database_backend().build(&plan.delete(id));
                one(self.work.execute_raw(statement).await, kind)?;
            }
        }
        let statement = self.work.get_database_backend().build(&plan.delete(id.uuid()));
        one(self.work.execute_raw(statement).await, plan.kind)
    }

    async fn holder(&mut self, id: Id<R>) -> Result<Option<&'static Kind>, StoreError> {
        let below = self.below(R::KIND, id.uuid(), u32::MAX).await?;
        let family = below.into_iter().map(|(kind, ids)| (kind, ids.into_iter().map(|(id, _)| id)));
        let own = (R::KIND, vec![id.uuid()]);
        let family = std::iter::once(own).chain(family.map(|(kind, ids)| (kind, ids.collect())));
        for (named, ids) in family {
            if let Some(kind) = self.named_by(named, &ids).await? {
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }

    async fn children(&mut self, id: Id<R>, limit: u32) -> Result<Vec<Child>, StoreError> {
        let below = self.below(R::KIND, id.uuid(), limit).await?;
        let child = |kind| move |(id, version)| Child { kind, id, version: Version::new(version) };
        Ok(below.into_iter().flat_map(|(kind, ids)| ids.into_iter().map(child(kind))).collect())
    }

    async fn is_hidden(
        &mut self,
        field: &'static Field,
        key: &Key,
        scope: Scope,
    ) -> Result<bool, StoreError> {
        let inner = std::sync::Arc::clone(&self.inner);
        let plan = inner.plans.of(R::KIND)?;
        let mut select = SelectStatement::new();
        select
            .column(column(R::MANY, "id"))
            .from(Alias::new(R::MANY))
            .and_where(by_value(plan, &field.unique_column(), key, &inner.vault))
            .and_where(Expr::col(column(R::MANY, "deleted_at")).is_null());
        let found: Option<Uuid> = self.work.row(&select).await.map_err(store_error)?;
        if found.is_none() {
            return Ok(false);
        }
        scope::within(&mut select, R::KIND, scope, plan.registry, scope::Reach::Each);
        let seen: Option<Uuid> = self.work.row(&select).await.map_err(store_error)?;
        Ok(seen.is_none())
    }

    async fn secret(
        &mut self,
        field: &'static Field,
        id: Id<R>,
    ) -> Result<Option<(String, String)>, StoreError> {
        let sealed = field.columns.iter().any(|column| column.holds == Holds::Bytes);
        if !sealed {
            return Ok(None);
        }
        let mut select = SelectStatement::new();
        select
            .column(Alias::new(field.column_with("_kind")))
            .column(Alias::new(field.column_with("_sealed")))
            .from(Alias::new(R::MANY))
            .and_where(Expr::col(column(R::MANY, "id")).eq(id.uuid()));
        let row: Option<(Option<String>, Option<Vec<u8>>)> =
            self.work.row(&select).await.map_err(store_error)?;
        let Some((Some(register), Some(sealed))) = row else { return Ok(None) };
        let secret = self.inner.vault.open_text(id.uuid(), &sealed)?;
        Ok(Some((register, secret)))
    }

    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        audit::lock_collisions(self, user, since, until).await
    }

    async fn named(
        &mut self,
        field: &'static Field,
        id: Uuid,
        scope: Scope,
    ) -> Result<Option<String>, StoreError> {
        let target = self.inner.plans.target(field)?;
        let mut select = SelectStatement::new();
        select
            .column(column(target.many, &label_of(target)))
            .from(Alias::new(target.many))
            .and_where(Expr::col(column(target.many, "id")).eq(id))
            .and_where(scope::is_there(target));
        let registry = self.inner.plans.registry();
        scope::within(&mut select, target, scope, registry, scope::Reach::Each);
        scope::with_parent(&mut select, target, registry);
        // Whoever changes what it is called waits, when the record keeps that to be found by.
        // So does whoever puts the parent of a record in the trash.
        let is_parent = R::KIND.parent == Some(field.name);
        select.lock(if field.is_searched || is_parent {
            LockType::Share
        } else {
            LockType::KeyShare
        });
        self.work.row(&select).await.map_err(store_error)
    }

    async fn within(
        &mut self,
        field: &'static Field,
        ids: &[Uuid],
        scope: Scope,
    ) -> Result<Vec<Uuid>, StoreError> {
        let select = around::within(&self.inner.plans, field, ids, scope)?;
        self.work.rows(&select).await.map_err(store_error)
    }

    async fn word(
        &mut self,
        field: &'static Field,
        id: Uuid,
        of: &str,
    ) -> Result<Option<String>, StoreError> {
        let select = around::word(&self.inner.plans, field, id, of)?;
        let word: Option<Option<String>> = self.work.row(&select).await.map_err(store_error)?;
        Ok(word.flatten())
    }

    async fn count(
        &mut self,
        many: TargetName,
        by: &str,
        id: Uuid,
        limit: u32,
    ) -> Result<u32, StoreError> {
        let select = around::those_that_name(&self.inner.plans, many, by, id, limit)?;
        let found: Vec<Uuid> = self.work.rows(&select).await.map_err(store_error)?;
        Ok(u32::try_from(found.len()).unwrap_or(limit))
    }

    async fn draw(&mut self, counter: &Counter, year: i32) -> Result<i64, StoreError> {
        let insert = around::draw(counter, year);
        let statement = self.work.get_database_backend().build(&insert);
        let number: Option<i64> =
            self.work.found(statement).await.map_err(store_error)?.into_iter().next();
        number.ok_or_else(|| StoreError::Failed("a counter gave no number".into()))
    }
}
