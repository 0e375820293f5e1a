//! The ports of the webhooks domain.

mod rows;

use almoner_kernel::{
    DeliveryId, Direction, NewJob, Page, PageRequest, Position, StoreError, Timestamp, WebhookId,
};
use almoner_webhooks::{
    Delivery, DeliveryQuery, DeliveryState, Due, Outbox, Secret, Webhook, Webhooks, WebhooksTx,
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, UpdateMany,
    sea_query::Expr,
};
use uuid::Uuid;

use self::rows::{delivery_row, into_delivery, into_webhook, webhook_row};
use crate::{
    commit::{UnitHandle, at_once, changed_one, deleted_one, in_chunks},
    entities::{trail_head, webhook_deliveries, webhook_position, webhooks},
    error::store_error,
    jobs,
    paging::{Listing, Ordering, millis},
    store::Store,
};

#[async_trait]
impl Webhooks for Store {
    async fn begin(&self) -> Result<Box<dyn WebhooksTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn find(&self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let select = webhooks::Entity::find_by_id(id.uuid()).into_query();
        let row = self.point().row(&select).await.map_err(store_error)?;
        row.map(into_webhook).transpose()
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<Webhook>, StoreError> {
        let select = webhooks::Entity::find().into_query();
        let ordering = Ordering::by_id((webhooks::Entity, webhooks::Column::Id), Direction::Down);
        let position = |row: &webhooks::Model| Position { key: None, id: row.id };
        Listing::new("webhooks", select, ordering)
            .page(&self.scan(), page, position, into_webhook)
            .await
    }

    async fn deliveries(
        &self,
        webhook: WebhookId,
        query: &DeliveryQuery,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, StoreError> {
        use webhook_deliveries::{Column, Entity, Model};

        let mut select = Entity::find().filter(Column::WebhookId.eq(webhook.uuid()));
        if let Some(state) = query.state {
            select = select.filter(Column::State.eq(state.as_str()));
        }
        let ordering = Ordering::by_id((Entity, Column::Id), Direction::Down);
        let position = |row: &Model| Position { key: None, id: row.id };
        Listing::new("webhook_deliveries", select.into_query(), ordering)
            .page(&self.scan(), page, position, into_delivery)
            .await
    }
}

#[async_trait]
impl WebhooksTx for UnitHandle {
    async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let select = webhooks::Entity::find_by_id(id.uuid()).lock_exclusive().into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_webhook).transpose()
    }

    async fn head(&mut self) -> Result<i64, StoreError> {
        let select = trail_head::Entity::find_by_id(1).into_query();
        let head: Option<trail_head::Model> = self.work.row(&select).await.map_err(store_error)?;
        Ok(head.map_or(0, |head| head.position))
    }

    async fn count(&mut self) -> Result<u64, StoreError> {
        webhooks::Entity::find().count(&*self.work).await.map_err(store_error)
    }

    async fn insert_webhook(
        &mut self,
        webhook: &Webhook,
        secret: &Secret,
    ) -> Result<(), StoreError> {
        let sealed = self.inner.vault.seal_secret(webhook.id.uuid(), secret.expose())?;
        let row = webhooks::ActiveModel {
            secret_sealed: Set(sealed),
            old_secret_sealed: Set(None),
            old_secret_until: Set(None),
            ..webhook_row(webhook)
        };
        webhooks::Entity::insert(row)
            .exec_without_returning(&*self.work)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn update_webhook(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        changed_one(
            webhooks::Entity::update_many()
                .set(webhooks::ActiveModel { id: NotSet, ..webhook_row(webhook) })
                .filter(webhooks::Column::Id.eq(webhook.id.uuid()))
                .filter(webhooks::Column::Version.eq(webhook.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }

    async fn replace_secret(
        &mut self,
        id: WebhookId,
        secret: &Secret,
        both_until: Timestamp,
    ) -> Result<(), StoreError> {
        use webhooks::Column;

        let sealed = self.inner.vault.seal_secret(id.uuid(), secret.expose())?;
        changed_one(
            webhooks::Entity::update_many()
                .col_expr(Column::OldSecretSealed, Expr::col(Column::SecretSealed))
                .col_expr(Column::OldSecretUntil, Expr::val(millis(both_until)))
                .col_expr(Column::SecretSealed, Expr::val(sealed))
                .filter(Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }

    async fn remove_webhook(&mut self, id: WebhookId) -> Result<(), StoreError> {
        webhook_deliveries::Entity::delete_many()
            .filter(webhook_deliveries::Column::WebhookId.eq(id.uuid()))
            .exec(&*self.work)
            .await
            .map_err(store_error)?;
        deleted_one(
            webhooks::Entity::delete_many()
                .filter(webhooks::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }

    async fn end_quiet(&mut self, id: WebhookId) -> Result<(), StoreError> {
        changed_one(
            webhooks::Entity::update_many()
                .col_expr(webhooks::Column::QuietUntil, Expr::val(None::<i64>))
                .filter(webhooks::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }

    async fn delivery(
        &mut self,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        let select = webhook_deliveries::Entity::find_by_id(id.uuid())
            .filter(webhook_deliveries::Column::WebhookId.eq(webhook.uuid()))
            .lock_exclusive()
            .into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_delivery).transpose()
    }

    async fn insert_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        webhook_deliveries::Entity::insert(delivery_row(delivery))
            .exec_without_returning(&*self.work)
            .await
            .map(|_| ())
            .map_err(store_error)
    }

    async fn update_delivery(&mut self, delivery: &Delivery) -> Result<(), StoreError> {
        changed_one(
            webhook_deliveries::Entity::update_many()
                .set(webhook_deliveries::ActiveModel { id: NotSet, ..delivery_row(delivery) })
                .filter(webhook_deliveries::Column::Id.eq(delivery.id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }
}

/// A change of a delivery that has not come to its end.
fn of_pending(delivery: &Delivery) -> UpdateMany<webhook_deliveries::Entity> {
    webhook_deliveries::Entity::update_many()
        .set(webhook_deliveries::ActiveModel { id: NotSet, ..delivery_row(delivery) })
        .filter(webhook_deliveries::Column::Id.eq(delivery.id.uuid()))
        .filter(webhook_deliveries::Column::State.eq(DeliveryState::Pending.as_str()))
}

#[async_trait]
impl Outbox for Store {
    async fn position(&self) -> Result<i64, StoreError> {
        let select = webhook_position::Entity::find_by_id(1).into_query();
        let row: Option<webhook_position::Model> =
            self.point().row(&select).await.map_err(store_error)?;
        row.map(|row| row.position)
            .ok_or_else(|| StoreError::Damaged("webhook_position is empty".to_owned()))
    }

    async fn active(&self) -> Result<Vec<Webhook>, StoreError> {
        let select = webhooks::Entity::find()
            .filter(webhooks::Column::IsActive.eq(true))
            .order_by_asc(webhooks::Column::Id)
            .into_query();
        let rows = self.point().rows(&select).await.map_err(store_error)?;
        rows.into_iter().map(into_webhook).collect()
    }

    async fn put(
        &self,
        from: i64,
        to: i64,
        deliveries: &[Delivery],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let unit = self.unit().await?;
        // Whoever comes second waits here, and then finds another position.
        let moved = webhook_position::Entity::update_many()
            .col_expr(webhook_position::Column::Position, Expr::val(to))
            .filter(webhook_position::Column::Id.eq(1))
            .filter(webhook_position::Column::Position.eq(from))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        if moved.rows_affected == 0 {
            return Ok(false);
        }
        // A webhook that was deleted meanwhile is told nothing any more.
        let mut there: Vec<Uuid> = deliveries.iter().map(|one| one.webhook.uuid()).collect();
        there.sort_unstable();
        there.dedup();
        if !there.is_empty() {
            let select = webhooks::Entity::find()
                .filter(webhooks::Column::Id.is_in(there))
                .select_only()
                .column(webhooks::Column::Id)
                .order_by_asc(webhooks::Column::Id)
                .lock_shared()
                .into_query();
            there = unit.work.rows(&select).await.map_err(store_error)?;
        }
        let told: Vec<&Delivery> =
            deliveries.iter().filter(|one| there.contains(&one.webhook.uuid())).collect();
        for chunk in told.chunks(in_chunks(18)) {
            let rows = chunk.iter().map(|delivery| delivery_row(delivery));
            at_once(&unit.work, webhook_deliveries::Entity::insert_many(rows)).await?;
        }
        let new: Vec<NewJob> = told.iter().map(|delivery| delivery.job()).collect();
        jobs::put(&self.0, &unit.work, &new, at).await?;
        unit.commit_upkeep().await?;
        if !new.is_empty() {
            self.0.stirred.notify_one();
        }
        Ok(true)
    }

    async fn due(&self, id: DeliveryId, at: Timestamp) -> Result<Option<Due>, StoreError> {
        let select = webhook_deliveries::Entity::find_by_id(id.uuid()).into_query();
        let delivery: Option<webhook_deliveries::Model> =
            self.point().row(&select).await.map_err(store_error)?;
        let Some(delivery) = delivery else { return Ok(None) };
        let select = webhooks::Entity::find_by_id(delivery.webhook_id).into_query();
        let webhook: Option<webhooks::Model> =
            self.point().row(&select).await.map_err(store_error)?;
        let Some(webhook) = webhook else { return Ok(None) };
        let open =
            |sealed: &[u8]| self.0.vault.open_secret(webhook.id, sealed).map(Secret::from_stored);
        let mut secrets = vec![open(&webhook.secret_sealed)?];
        if let (Some(old), Some(until)) = (&webhook.old_secret_sealed, webhook.old_secret_until)
            && millis(at) < until
        {
            secrets.push(open(old)?);
        }
        let (delivery, webhook) = (into_delivery(delivery)?, into_webhook(webhook)?);
        Ok(Some(Due { delivery, webhook, secrets }))
    }

    async fn record(
        &self,
        delivery: &Delivery,
        quiet_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        use webhooks::Column;

        let unit = self.unit().await?;
        // The webhook first, as whoever removes it does: nobody waits for the other in a circle.
        let webhook = webhooks::Entity::update_many()
            .filter(Column::Id.eq(delivery.webhook.uuid()))
            .col_expr(Column::QuietUntil, Expr::val(quiet_until.map(millis)));
        let webhook = match (delivery.failure, delivery.attempted_at) {
            (Some(_), Some(at)) => {
                // A time that cannot be is of a clock that was wrong.
                let since = Expr::col(Column::FailingSince);
                let is_possible = since
                    .clone()
                    .gte(Expr::col(Column::CreatedAt))
                    .and(since.clone().lte(millis(at)));
                let since = Expr::case(is_possible, since).finally(millis(at));
                webhook.col_expr(Column::FailingSince, since.into())
            }
            _ => webhook
                .col_expr(Column::FailingSince, Expr::val(None::<i64>))
                .filter(Column::FailingSince.is_not_null()),
        };
        webhook.exec(&*unit.work).await.map_err(store_error)?;
        let done = of_pending(delivery).exec(&*unit.work).await.map_err(store_error)?;
        if done.rows_affected == 0 {
            return Ok(());
        }
        unit.commit_upkeep().await
    }

    async fn drop_pending(&self, delivery: &Delivery) -> Result<(), StoreError> {
        let unit = self.unit().await?;
        of_pending(delivery).exec(&*unit.work).await.map_err(store_error)?;
        unit.commit_upkeep().await
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        use webhook_deliveries::{Column, Entity};

        let old = Entity::find()
            .filter(Column::EndedAt.is_not_null())
            .filter(Column::CreatedAt.lt(millis(before)))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .select_only()
            .column(Column::Id)
            .limit(u64::from(limit))
            .into_query();
        let old: Vec<Uuid> = self.scan().rows(&old).await.map_err(store_error)?;
        if old.is_empty() {
            return Ok(0);
        }
        let unit = self.unit().await?;
        let gone = Entity::delete_many()
            .filter(Column::Id.is_in(old))
            .filter(Column::EndedAt.is_not_null())
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(gone.rows_affected)
    }
}
