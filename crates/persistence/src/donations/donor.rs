//! Donors.

use almoner_donations::{Donor, DonorKind, DonorLookup, DonorQuery, DonorSort, Donors, DonorsTx};
use almoner_kernel::{
    DonorId, EmailAddress, IdentityKind, IdentityNumber, IdentityOnFile, Page, PageRequest,
    PersonName, PhoneNumber, Position, Scope, SortKey, StoreError, Timestamp, UserId, Version,
    text::{fold, fold_all},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Value,
    sea_query::{Expr, SelectStatement},
};
use uuid::Uuid;

use super::known;
use crate::{
    audit,
    commit::{UnitHandle, at_once, changed_one, deleted_one, in_chunks, insert_one},
    connection::Known,
    entities::{donations, donors},
    error::store_error,
    paging::{KeysFirst, Listing, Ordering, instant, millis},
    store::Store,
};

#[async_trait]
impl Donors for Store {
    async fn begin(&self) -> Result<Box<dyn DonorsTx>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }

    async fn find(&self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError> {
        static ALL: Known = Known::new();
        static OWN: Known = Known::new();
        let (known, values) = match scope.creator() {
            None => (&ALL, vec![id.uuid().into()]),
            Some(creator) => (&OWN, vec![id.uuid().into(), creator.uuid().into()]),
        };
        let build = || by_id(id, scope).into_query();
        let row = self.point().known_row(known, values, build).await.map_err(store_error)?;
        row.map(into_donor).transpose()
    }

    async fn list(
        &self,
        query: &DonorQuery,
        scope: Scope,
        page: &PageRequest,
    ) -> Result<Page<Donor>, StoreError> {
        let reader = self.scan();
        let direction = query.sort.direction;
        let id = (donors::Entity, donors::Column::Id);
        let ordering = match query.sort.field {
            DonorSort::CreatedAt => Ordering::by_id(id, direction),
            DonorSort::Name => {
                Ordering::by((donors::Entity, donors::Column::NameFolded), id, direction)
            }
        };
        let position = |row: &donors::Model| Position {
            key: match query.sort.field {
                DonorSort::CreatedAt => None,
                DonorSort::Name => Some(SortKey::Text(row.name_folded.clone())),
            },
            id: row.id,
        };
        Listing::new("donors", listed(query, scope), ordering)
            .with(common(query))
            .keys_first(keys_first(query, scope))
            .trash(query.trash)
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, into_donor)
            .await
    }

    async fn lookup(
        &self,
        lookup: &DonorLookup,
        scope: Scope,
        limit: u32,
    ) -> Result<Vec<Donor>, StoreError> {
        let found = match lookup {
            DonorLookup::Email(email) => donors::Column::EmailKey.eq(email.key()),
            DonorLookup::Phone(phone) => donors::Column::Phone.eq(phone.as_str()),
            DonorLookup::Identity(number) => {
                donors::Column::IdentityHash.eq(self.0.vault.hash(number))
            }
        };
        let mut select = donors::Entity::find()
            .filter(found)
            .filter(donors::Column::DeletedAt.is_null())
            .order_by_desc(donors::Column::Id)
            .limit(u64::from(limit));
        if let Some(creator) = scope.creator() {
            select = select.filter(donors::Column::CreatedBy.eq(creator.uuid()));
        }
        let rows = select.all(&self.point()).await.map_err(store_error)?;
        rows.into_iter().map(into_donor).collect()
    }
}

#[async_trait]
impl DonorsTx for UnitHandle {
    async fn donor(&mut self, id: DonorId, scope: Scope) -> Result<Option<Donor>, StoreError> {
        let select = by_id(id, scope).lock_exclusive().into_query();
        let row = self.work.row(&select).await.map_err(store_error)?;
        row.map(into_donor).transpose()
    }

    async fn insert_donor(
        &mut self,
        donor: &Donor,
        identity: Option<&IdentityNumber>,
    ) -> Result<(), StoreError> {
        let row = self.new_row(donor, identity)?;
        static ONE: Known = Known::new();
        insert_one(&self.work, &ONE, row).await
    }

    async fn insert_donors(
        &mut self,
        donors: &[(Donor, Option<IdentityNumber>)],
    ) -> Result<(), StoreError> {
        for chunk in donors.chunks(in_chunks(22)) {
            let rows = chunk
                .iter()
                .map(|(donor, identity)| self.new_row(donor, identity.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            at_once(&self.work, donors::Entity::insert_many(rows)).await?;
        }
        Ok(())
    }

    async fn update_donor(&mut self, donor: &Donor) -> Result<(), StoreError> {
        // The identity columns belong to `set_identity`: on a row of PostgreSQL and SQLite alike
        // the masked form must not be written without the sealed one.
        let row = row(donor);
        let renamed = row.name_folded.clone();
        changed_one(
            donors::Entity::update_many()
                .set(donors::ActiveModel { id: NotSet, ..row })
                .filter(donors::Column::Id.eq(donor.id.uuid()))
                .filter(donors::Column::Version.eq(donor.version.number() - 1))
                .exec(&*self.work)
                .await,
        )?;
        if let Set(name) = renamed {
            donations::Entity::update_many()
                .col_expr(donations::Column::DonorSearch, Expr::val(name.clone()))
                .filter(donations::Column::DonorId.eq(donor.id.uuid()))
                .filter(donations::Column::DonorSearch.ne(name))
                .exec(&*self.work)
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }

    async fn set_identity(
        &mut self,
        id: DonorId,
        identity: Option<&IdentityNumber>,
    ) -> Result<(), StoreError> {
        let row = self.sealed(id.uuid(), identity)?;
        changed_one(
            donors::Entity::update_many()
                .set(row)
                .filter(donors::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }

    async fn identity(&mut self, id: DonorId) -> Result<Option<IdentityNumber>, StoreError> {
        let row =
            donors::Entity::find_by_id(id.uuid()).one(&*self.work).await.map_err(store_error)?;
        match row {
            Some(donors::Model {
                identity_kind: Some(kind),
                identity_sealed: Some(sealed),
                ..
            }) => self.inner.vault.open(id.uuid(), &kind, &sealed).map(Some),
            _ => Ok(None),
        }
    }

    async fn identity_is_hidden(
        &mut self,
        identity: &IdentityNumber,
        scope: Scope,
    ) -> Result<bool, StoreError> {
        let Some(creator) = scope.creator() else { return Ok(false) };
        let found: Option<Option<Uuid>> = donors::Entity::find()
            .filter(donors::Column::IdentityHash.eq(self.inner.vault.hash(identity)))
            .filter(donors::Column::DeletedAt.is_null())
            .select_only()
            .column(donors::Column::CreatedBy)
            .into_tuple()
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(found.is_some_and(|found| found != Some(creator.uuid())))
    }

    async fn lock_collisions(
        &mut self,
        user: UserId,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreError> {
        audit::lock_collisions(self, user, since, until).await
    }

    async fn donor_has_donations(&mut self, id: DonorId) -> Result<bool, StoreError> {
        let one = donations::Entity::find()
            .filter(donations::Column::DonorId.eq(id.uuid()))
            .one(&*self.work)
            .await
            .map_err(store_error)?;
        Ok(one.is_some())
    }

    async fn purge_donor(&mut self, id: DonorId) -> Result<(), StoreError> {
        deleted_one(
            donors::Entity::delete_many()
                .filter(donors::Column::Id.eq(id.uuid()))
                .exec(&*self.work)
                .await,
        )
    }
}

impl UnitHandle {
    fn new_row(
        &self,
        donor: &Donor,
        identity: Option<&IdentityNumber>,
    ) -> Result<donors::ActiveModel, StoreError> {
        let sealed = self.sealed(donor.id.uuid(), identity)?;
        Ok(donors::ActiveModel {
            identity_kind: sealed.identity_kind,
            identity_masked: sealed.identity_masked,
            identity_sealed: sealed.identity_sealed,
            identity_hash: sealed.identity_hash,
            ..row(donor)
        })
    }

    fn sealed(
        &self,
        record: Uuid,
        identity: Option<&IdentityNumber>,
    ) -> Result<donors::ActiveModel, StoreError> {
        let vault = &self.inner.vault;
        let on_file = identity.map(IdentityNumber::on_file);
        Ok(donors::ActiveModel {
            identity_kind: Set(on_file.as_ref().map(|on_file| on_file.kind.as_str().to_owned())),
            identity_masked: Set(on_file.map(|on_file| on_file.masked)),
            identity_sealed: Set(identity.map(|number| vault.seal(record, number)).transpose()?),
            identity_hash: Set(identity.map(|number| vault.hash(number))),
            ..<donors::ActiveModel as sea_orm::ActiveModelTrait>::default()
        })
    }
}

fn by_id(id: DonorId, scope: Scope) -> sea_orm::Select<donors::Entity> {
    let select = donors::Entity::find_by_id(id.uuid());
    match scope.creator() {
        Some(creator) => select.filter(donors::Column::CreatedBy.eq(creator.uuid())),
        None => select,
    }
}

fn listed(query: &DonorQuery, scope: Scope) -> SelectStatement {
    let mut select = donors::Entity::find();
    for creator in [query.created_by, scope.creator()].into_iter().flatten() {
        select = select.filter(donors::Column::CreatedBy.eq(creator.uuid()));
    }
    select.into_query()
}

/// The filters by values that many donors have.
fn common(query: &DonorQuery) -> Vec<(&'static str, Value)> {
    let kind = query.kind.map(|kind| ("kind", kind.as_str().into()));
    let consent = query.contact_consent.map(|consent| ("contact_consent", consent.into()));
    [kind, consent].into_iter().flatten().collect()
}

/// By name, only the list of all donors comes out of an index in its order.
fn keys_first(query: &DonorQuery, scope: Scope) -> Option<KeysFirst> {
    let is_of_few = query.created_by.is_some() || scope.creator().is_some();
    let is_filtered =
        is_of_few || query.kind.is_some() || query.contact_consent.is_some() || query.q.is_some();
    (matches!(query.sort.field, DonorSort::Name) && is_filtered)
        .then(|| KeysFirst { rows: donors::Entity::find().into_query(), in_order: !is_of_few })
}

fn into_donor(row: donors::Model) -> Result<Donor, StoreError> {
    let identity = match (row.identity_kind, row.identity_masked) {
        (Some(kind), Some(masked)) => Some(IdentityOnFile {
            kind: known(IdentityKind::parse(&kind), "donors.identity_kind")?,
            masked,
        }),
        _ => None,
    };
    Ok(Donor {
        id: DonorId::new(row.id),
        kind: known(DonorKind::parse(&row.kind), "donors.kind")?,
        name: PersonName::from_stored(row.name),
        email: row.email.map(EmailAddress::from_stored),
        phone: row.phone.map(PhoneNumber::from_stored),
        identity,
        address: row.address,
        language: row.language,
        notes: row.notes,
        contact_consent: row.contact_consent,
        version: Version::new(row.version),
        created_by: row.created_by.map(UserId::new),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
        deleted_at: row.deleted_at.map(instant).transpose()?,
    })
}

/// Everything of a donor but the identity columns.
fn row(donor: &Donor) -> donors::ActiveModel {
    let search = fold_all([
        Some(donor.name.as_str()),
        donor.email.as_ref().map(EmailAddress::as_str),
        donor.phone.as_ref().map(PhoneNumber::as_str),
        donor.address.as_deref(),
        donor.notes.as_deref(),
    ]);
    donors::ActiveModel {
        id: Set(donor.id.uuid()),
        kind: Set(donor.kind.as_str().to_owned()),
        name: Set(donor.name.as_str().to_owned()),
        name_folded: Set(fold(donor.name.as_str())),
        email: Set(donor.email.as_ref().map(|email| email.as_str().to_owned())),
        email_key: Set(donor.email.as_ref().map(EmailAddress::key)),
        phone: Set(donor.phone.as_ref().map(|phone| phone.as_str().to_owned())),
        identity_kind: NotSet,
        identity_masked: NotSet,
        identity_sealed: NotSet,
        identity_hash: NotSet,
        address: Set(donor.address.clone()),
        language: Set(donor.language.clone()),
        notes: Set(donor.notes.clone()),
        contact_consent: Set(donor.contact_consent),
        search: Set(search),
        version: Set(donor.version.number()),
        created_by: Set(donor.created_by.map(UserId::uuid)),
        created_at: Set(millis(donor.created_at)),
        updated_at: Set(millis(donor.updated_at)),
        deleted_at: Set(donor.deleted_at.map(millis)),
    }
}
