//! Whom a change of the first format was about: that was not written down, but follows from the trail.

use almoner_accounts::user::User;
use almoner_kernel::{Audited, StoreError, trail::Subject};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryTrait,
    sea_query::{Alias, Expr, ExprTrait, Query},
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{connection::Work, entities::changes, error::store_error};

/// What the trail of the first format calls a donor.
const DONOR_KIND: &str = "donor";

/// The field of a donation that names its donor.
const DONOR: &str = "donor_id";

/// Whom the values before and after are about.
pub async fn subjects(
    work: &Work,
    row: &changes::Model,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<[Option<Subject>; 2], StoreError> {
    let own = |entity| [Some((entity, row.entity_id)); 2];
    match row.entity.as_str() {
        DONOR_KIND => Ok(own(DONOR_KIND)),
        User::ENTITY => Ok(own(User::ENTITY)),
        "donation" => {
            let donors = match (named(before), named(after)) {
                (None, None) => [donor_then(work, row).await?; 2],
                (before, after) => [before.flatten(), after.flatten()],
            };
            Ok(donors.map(|donor| donor.map(|donor| (DONOR_KIND, donor))))
        }
        _ => Ok([None; 2]),
    }
}

/// The donor that one side of a change names; none when it names no donor, or says nothing of it.
fn named(side: &Map<String, Value>) -> Option<Option<Uuid>> {
    side.get(DONOR).map(|value| value.as_str().and_then(|id| id.parse().ok()))
}

/// The donor that a donation had at a change that says nothing of it.
async fn donor_then(work: &Work, row: &changes::Model) -> Result<Option<Uuid>, StoreError> {
    let select = changes::Entity::find()
        .filter(changes::Column::EntityId.eq(row.entity_id))
        .filter(changes::Column::Entity.eq("donation"))
        .order_by_asc(changes::Column::Position)
        .into_query();
    let history: Vec<changes::Model> = work.rows(&select).await.map_err(store_error)?;
    let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (earlier, later): (Vec<_>, Vec<_>) =
        history.iter().partition(|other| other.position <= row.position);
    for other in earlier.iter().rev() {
        match named(&fields(&other.after)) {
            Some(donor) => return Ok(donor),
            // What is absent is left out of the first change.
            None if other.action == "created" => return Ok(None),
            None => {}
        }
    }
    // The start of its history is past its time.
    if let Some(donor) = later.iter().find_map(|other| named(&fields(&other.before))) {
        return Ok(donor);
    }
    let select = Query::select()
        .column(Alias::new(DONOR))
        .from(Alias::new("donations"))
        .and_where(Expr::col(Alias::new("id")).eq(row.entity_id))
        .to_owned();
    let now: Option<Option<Uuid>> = work.row(&select).await.map_err(store_error)?;
    Ok(now.flatten())
}
