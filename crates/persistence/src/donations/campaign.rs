//! Campaigns.

use almoner_donations::{Campaign, CampaignQuery, CampaignSort, Campaigns, CampaignsTx};
use almoner_kernel::{
    CampaignId, Money, Page, PageRequest, PersonName, Position, SortKey, StoreError, UserId,
    Version,
    text::{fold, fold_all},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::ExprTrait,
};

use super::currency;
use crate::{
    commit::{UnitHandle, changed_one, deleted_one},
    entities::{campaigns, donations},
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
};

#[async_trait]
impl Campaigns for Store {
    async fn begin(&self) -> Result<Box<dyn CampaignsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn find(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        let select = campaigns::Entity::find_by_id(id.uuid()).into_query();
        let row = self.point().row(&select).await.map_err(store_error)?;
        row.map(into_campaign).transpose()
    }

    async fn list(
        &self,
        query: &CampaignQuery,
        page: &PageRequest,
    ) -> Result<Page<Campaign>, StoreError> {
        let reader = self.scan();
        let mut select = campaigns::Entity::find();
        if let Some(day) = query.running_on {
            let starts_on = campaigns::Column::StartsOn;
            let ends_on = campaigns::Column::EndsOn;
            select = select
                .filter(starts_on.is_null().or(starts_on.lte(day)))
                .filter(ends_on.is_null().or(ends_on.gte(day)));
        }
        let direction = query.sort.direction;
        let id = (campaigns::Entity, campaigns::Column::Id);
        let ordering = match query.sort.field {
            CampaignSort::CreatedAt => Ordering::by_id(id, direction),
            CampaignSort::Name => {
                Ordering::by((campaigns::Entity, campaigns::Column::NameFolded), id, direction)
            }
        };
        let position = |row: &campaigns::Model| Position {
            key: match query.sort.field {
                CampaignSort::CreatedAt => None,
                CampaignSort::Name => Some(SortKey::Text(row.name_folded.clone())),
            },
            id: row.id,
        };
        Listing::new("campaigns", select.into_query(), ordering)
            .trash(query.trash)
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, into_campaign)
            .await
    }
}

#[async_trait]
impl CampaignsTx for UnitHandle {
    async fn campaign(&mut self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        let row = campaigns::Entity::find_by_id(id.uuid())
            .lock_exclusive()
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        row.map(into_campaign).transpose()
    }

    async fn insert_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError> {
        campaigns::Entity::insert(row(campaign))
            .exec_without_returning(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn update_campaign(&mut self, campaign: &Campaign) -> Result<(), StoreError> {
        changed_one(
            campaigns::Entity::update_many()
                .set(campaigns::ActiveModel { id: NotSet, ..row(campaign) })
                .filter(campaigns::Column::Id.eq(campaign.id.uuid()))
                .filter(campaigns::Column::Version.eq(campaign.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }

    async fn campaign_has_donations(&mut self, id: CampaignId) -> Result<bool, StoreError> {
        let one = donations::Entity::find()
            .filter(donations::Column::CampaignId.eq(id.uuid()))
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(one.is_some())
    }

    async fn purge_campaign(&mut self, id: CampaignId) -> Result<(), StoreError> {
        deleted_one(
            campaigns::Entity::delete_many()
                .filter(campaigns::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }
}

fn into_campaign(row: campaigns::Model) -> Result<Campaign, StoreError> {
    let goal = match (row.goal_minor, row.goal_currency) {
        (Some(minor), Some(code)) => Some(Money::from_minor(minor, currency(&code)?)),
        _ => None,
    };
    Ok(Campaign {
        id: CampaignId::new(row.id),
        name: PersonName::from_stored(row.name),
        description: row.description,
        goal,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        version: Version::new(row.version),
        created_by: row.created_by.map(UserId::new),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
        deleted_at: row.deleted_at.map(instant).transpose()?,
    })
}

fn row(campaign: &Campaign) -> campaigns::ActiveModel {
    campaigns::ActiveModel {
        id: Set(campaign.id.uuid()),
        name: Set(campaign.name.as_str().to_owned()),
        name_folded: Set(fold(campaign.name.as_str())),
        description: Set(campaign.description.clone()),
        goal_minor: Set(campaign.goal.map(Money::minor)),
        goal_currency: Set(campaign.goal.map(|goal| goal.currency().code().to_owned())),
        starts_on: Set(campaign.starts_on),
        ends_on: Set(campaign.ends_on),
        search: Set(fold_all([Some(campaign.name.as_str()), campaign.description.as_deref()])),
        version: Set(campaign.version.number()),
        created_by: Set(campaign.created_by.map(UserId::uuid)),
        created_at: Set(millis(campaign.created_at)),
        updated_at: Set(millis(campaign.updated_at)),
        deleted_at: Set(campaign.deleted_at.map(millis)),
    }
}
