//! Donations.

use almoner_donations::{
    CampaignRef, Donation, DonationQuery, DonationSort, Donations, DonationsTx, DonorRef, Method,
    State, Summary, SummaryQuery,
};
use almoner_kernel::{
    CampaignId, DonationId, DonorId, Money, Page, PageRequest, PersonName, Position, Scope,
    SortKey, StoreError, UserId, Version,
    text::{fold, fold_all},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Value,
    sea_query::{Alias, Expr, ExprTrait, LockType, Query, SelectStatement},
};

use super::{currency, known, summary};
use crate::{
    commit::{UnitHandle, at_once, changed_one, deleted_one, in_chunks, insert_one},
    connection::Known,
    entities::{campaigns, donations, donors},
    error::store_error,
    paging::{KeysFirst, Listing, Ordering, instant, millis},
    rows::{self, FromRow},
    store::Store,
};
use uuid::Uuid;

#[async_trait]
impl Donations for Store {
    async fn begin(&self) -> Result<Box<dyn DonationsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn find(&self, id: DonationId, scope: Scope) -> Result<Option<Donation>, StoreError> {
        static ALL: Known = Known::new();
        static OWN: Known = Known::new();
        let (known, values) = match scope.creator() {
            None => (&ALL, vec![id.uuid().into()]),
            Some(creator) => (&OWN, vec![id.uuid().into(), creator.uuid().into()]),
        };
        let build = || with_names(by_id(id, scope)).into_query();
        let row = self.point().known_row(known, values, build).await.map_err(store_error)?;
        row.map(into_donation).transpose()
    }

    async fn list(
        &self,
        query: &DonationQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Donation>, StoreError> {
        let reader = self.scan();
        let direction = query.sort.direction;
        let column = |column| (donations::Entity, column);
        let id = column(donations::Column::Id);
        let ordering = match query.sort.field {
            DonationSort::CreatedAt => Ordering::by_id(id, direction),
            DonationSort::DonatedOn => {
                Ordering::by(column(donations::Column::DonatedOn), id, direction)
            }
            DonationSort::Amount => {
                Ordering::by(column(donations::Column::AmountMinor), id, direction)
            }
        };
        let position = |row: &Row| Position {
            key: match query.sort.field {
                DonationSort::CreatedAt => None,
                DonationSort::DonatedOn => Some(SortKey::Date(row.donation.donated_on)),
                DonationSort::Amount => Some(SortKey::Int(row.donation.amount_minor)),
            },
            id: row.donation.id,
        };
        Listing::new("donations", listed(query, scope), ordering)
            .with(common(query))
            .keys_first(keys_first(query, scope))
            .trash(query.trash)
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, into_donation)
            .await
    }

    async fn summary(&self, query: &SummaryQuery, scope: Scope) -> Result<Summary, StoreError> {
        summary::read(&self.scan(), query, scope).await
    }
}

#[async_trait]
impl DonationsTx for UnitHandle {
    async fn donation(
        &mut self,
        id: DonationId,
        scope: Scope,
    ) -> Result<Option<Donation>, StoreError> {
        // First the lock, then the names: a statement that waited for a lock sees the locked row as
        // it is now, and the rows beside it as they were before.
        if !self.work.is_alone() {
            let lock = by_id(id, scope).select_only().column(donations::Column::Id);
            let lock = lock.lock_exclusive().into_query();
            let locked: Option<Uuid> = self.work.row(&lock).await.map_err(store_error)?;
            if locked.is_none() {
                return Ok(None);
            }
        }
        let select = with_names(by_id(id, scope)).into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_donation).transpose()
    }

    async fn donor_ref(
        &mut self,
        id: DonorId,
        scope: Scope,
    ) -> Result<Option<DonorRef>, StoreError> {
        let mut select =
            donors::Entity::find_by_id(id.uuid()).filter(donors::Column::DeletedAt.is_null());
        if let Some(creator) = scope.creator() {
            select = select.filter(donors::Column::CreatedBy.eq(creator.uuid()));
        }
        // A donor who is renamed waits until the donation is there: it keeps the name to be found by.
        let select = select.lock_shared().select_only().column(donors::Column::Name).into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        Ok(row.map(|name| DonorRef { id, name: PersonName::from_stored(name) }))
    }

    async fn campaign_ref(&mut self, id: CampaignId) -> Result<Option<CampaignRef>, StoreError> {
        let select = campaigns::Entity::find_by_id(id.uuid())
            .filter(campaigns::Column::DeletedAt.is_null())
            .lock(LockType::KeyShare)
            .select_only()
            .column(campaigns::Column::Name)
            .into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        Ok(row.map(|name| CampaignRef { id, name: PersonName::from_stored(name) }))
    }

    async fn insert_donation(&mut self, donation: &Donation) -> Result<(), StoreError> {
        static ONE: Known = Known::new();
        insert_one(&self.work, &ONE, row(donation)).await
    }

    async fn insert_donations(&mut self, donations: &[Donation]) -> Result<(), StoreError> {
        for chunk in donations.chunks(in_chunks(20)) {
            let rows: Vec<_> = chunk.iter().map(row).collect();
            at_once(&self.work, donations::Entity::insert_many(rows)).await?;
        }
        Ok(())
    }

    async fn update_donation(&mut self, donation: &Donation) -> Result<(), StoreError> {
        changed_one(
            donations::Entity::update_many()
                .set(donations::ActiveModel { id: NotSet, ..row(donation) })
                .filter(donations::Column::Id.eq(donation.id.uuid()))
                .filter(donations::Column::Version.eq(donation.version.number() - 1))
                .exec(&*self.work)
                .await,
        )
    }

    async fn purge_donation(&mut self, id: DonationId) -> Result<(), StoreError> {
        deleted_one(
            donations::Entity::delete_many()
                .filter(donations::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }
}

/// A donation with the names it refers to.
struct Row {
    donation: donations::Model,
    donor_name: Option<String>,
    campaign_name: Option<String>,
}

impl FromRow for Row {
    fn from_row(row: &mut rows::Row<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            donation: donations::Model::from_row(row)?,
            donor_name: row.take()?,
            campaign_name: row.take()?,
        })
    }
}

fn by_id(id: DonationId, scope: Scope) -> Select<donations::Entity> {
    let select = donations::Entity::find_by_id(id.uuid());
    match scope.creator() {
        Some(creator) => select.filter(donations::Column::CreatedBy.eq(creator.uuid())),
        None => select,
    }
}

/// The names are looked up for the rows of a page only, whatever was sorted or counted for it.
fn with_names(mut select: Select<donations::Entity>) -> Select<donations::Entity> {
    let donor = Query::select()
        .column((donors::Entity, donors::Column::Name))
        .from(donors::Entity)
        .and_where(
            Expr::col((donors::Entity, donors::Column::Id))
                .equals((donations::Entity, donations::Column::DonorId)),
        )
        .take();
    let campaign = Query::select()
        .column((campaigns::Entity, campaigns::Column::Name))
        .from(campaigns::Entity)
        .and_where(
            Expr::col((campaigns::Entity, campaigns::Column::Id))
                .equals((donations::Entity, donations::Column::CampaignId)),
        )
        .take();
    QueryTrait::query(&mut select)
        .expr_as(Expr::SubQuery(None, Box::new(donor.into())), Alias::new("donor_name"))
        .expr_as(Expr::SubQuery(None, Box::new(campaign.into())), Alias::new("campaign_name"));
    select
}

fn listed(query: &DonationQuery, scope: Scope) -> SelectStatement {
    use donations::Column;

    let mut select = with_names(donations::Entity::find());
    let mut filter = |condition: Option<sea_orm::sea_query::SimpleExpr>| {
        if let Some(condition) = condition {
            QueryTrait::query(&mut select).and_where(condition);
        }
    };
    filter(query.campaign_id.map(|id| Column::CampaignId.eq(id.uuid())));
    filter(query.donor_id.map(|id| Column::DonorId.eq(id.uuid())));
    filter(query.created_by.map(|id| Column::CreatedBy.eq(id.uuid())));
    filter(scope.creator().map(|id| Column::CreatedBy.eq(id.uuid())));
    filter(query.donated_from.map(|day| Column::DonatedOn.gte(day)));
    filter(query.donated_to.map(|day| Column::DonatedOn.lte(day)));
    filter(query.amount_min.map(|minor| Column::AmountMinor.gte(minor)));
    filter(query.amount_max.map(|minor| Column::AmountMinor.lte(minor)));
    select.into_query()
}

/// The filters by values that many donations have.
fn common(query: &DonationQuery) -> Vec<(&'static str, Value)> {
    let state = query.state.map(|state| ("state", state.as_str().into()));
    let method = query.method.map(|method| ("method", method.as_str().into()));
    let currency = query.currency.map(|currency| ("currency", currency.code().into()));
    [state, method, currency].into_iter().flatten().collect()
}

/// Where no index gives the rows of a page in their order, their keys come first. Newest first, a
/// search gives them in order, and so does the index of every filter but those by a range.
fn keys_first(query: &DonationQuery, scope: Scope) -> Option<KeysFirst> {
    let is_newest_first = matches!(query.sort.field, DonationSort::CreatedAt);
    let has_days = query.donated_from.is_some() || query.donated_to.is_some();
    let has_amounts = query.amount_min.is_some() || query.amount_max.is_some();
    let has_range = has_days || has_amounts;
    let is_of_few = query.campaign_id.is_some()
        || query.donor_id.is_some()
        || query.created_by.is_some()
        || scope.creator().is_some();
    let is_filtered = has_range || is_of_few || query.q.is_some() || !common(query).is_empty();
    let is_in_order = !is_filtered || (is_newest_first && (query.q.is_some() || !has_range));
    (!is_in_order).then(|| KeysFirst {
        rows: with_names(donations::Entity::find()).into_query(),
        // A range of amounts comes with a currency, whose index has the amounts newest first.
        in_order: (!is_newest_first || has_days) && !is_of_few,
    })
}

fn into_donation(row: Row) -> Result<Donation, StoreError> {
    let Row { donation: row, donor_name, campaign_name } = row;
    Ok(Donation {
        id: DonationId::new(row.id),
        donor: row.donor_id.zip(donor_name).map(|(id, name)| DonorRef {
            id: DonorId::new(id),
            name: PersonName::from_stored(name),
        }),
        campaign: row.campaign_id.zip(campaign_name).map(|(id, name)| CampaignRef {
            id: CampaignId::new(id),
            name: PersonName::from_stored(name),
        }),
        amount: Money::from_minor(row.amount_minor, currency(&row.currency)?),
        method: known(Method::parse(&row.method), "donations.method")?,
        state: known(State::parse(&row.state), "donations.state")?,
        purpose: row.purpose,
        donated_on: row.donated_on,
        reference: row.reference,
        notes: row.notes,
        reason: row.reason,
        settled_at: row.settled_at.map(instant).transpose()?,
        version: Version::new(row.version),
        created_by: row.created_by.map(UserId::new),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
        deleted_at: row.deleted_at.map(instant).transpose()?,
    })
}

fn row(donation: &Donation) -> donations::ActiveModel {
    let search = fold_all([
        donation.purpose.as_deref(),
        donation.reference.as_deref(),
        donation.notes.as_deref(),
    ]);
    let donor_search = donation.donor.as_ref().map(|donor| fold(donor.name.as_str()));
    donations::ActiveModel {
        id: Set(donation.id.uuid()),
        donor_id: Set(donation.donor.as_ref().map(|donor| donor.id.uuid())),
        campaign_id: Set(donation.campaign.as_ref().map(|campaign| campaign.id.uuid())),
        amount_minor: Set(donation.amount.minor()),
        currency: Set(donation.amount.currency().code().to_owned()),
        method: Set(donation.method.as_str().to_owned()),
        state: Set(donation.state.as_str().to_owned()),
        purpose: Set(donation.purpose.clone()),
        donated_on: Set(donation.donated_on),
        reference: Set(donation.reference.clone()),
        notes: Set(donation.notes.clone()),
        reason: Set(donation.reason.clone()),
        settled_at: Set(donation.settled_at.map(millis)),
        search: Set(search),
        donor_search: Set(donor_search.unwrap_or_default()),
        version: Set(donation.version.number()),
        created_by: Set(donation.created_by.map(UserId::uuid)),
        created_at: Set(millis(donation.created_at)),
        updated_at: Set(millis(donation.updated_at)),
        deleted_at: Set(donation.deleted_at.map(millis)),
    }
}
