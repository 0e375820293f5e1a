//! Sums and counts of donations: added up from the totals that the database keeps. Those of one donor
//! are read from its donations.

use std::collections::{HashMap, HashSet};

use almoner_donations::{
    CampaignId, CampaignRef, DonorId, GroupBy, Method, Summary, SummaryLine, SummaryQuery,
};
use almoner_kernel::{Scope, StoreError};
use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, SimpleExpr, UnionType},
};
use uuid::Uuid;

use super::{
    currency, known,
    spans::{Span, Stretch, stretches},
};
use crate::{
    collation::Collation, commit::in_chunks, connection::Reader, entities::donation_totals,
    error::store_error,
};

/// Sums are read in two halves: the sum of the millions and the sum of the rests, which cannot
/// overflow 64 bits before the number of donations does.
const MILLION: i64 = 1_000_000;

/// Reads a summary.
pub async fn read(
    reader: &Reader<'_>,
    query: &SummaryQuery,
    scope: Scope,
    collation: &Collation,
) -> Result<Summary, StoreError> {
    let groups = |group| query.group_by.contains(&group);
    let sum = |column: &str| Expr::cust(format!("CAST(sum({column}) AS bigint)"));
    let parts = match query.donor_id {
        Some(donor) => of_donor(reader, query, scope, donor),
        None => of_totals(reader, query, scope),
    };
    let currency_column = donation_totals::Column::Currency;
    let mut select = Query::select();
    select
        .from_subquery(parts, Alias::new("parts"))
        .column(currency_column)
        .expr_as(sum("donations"), Alias::new("counted"))
        .expr_as(sum("millions"), Alias::new("millions"))
        .expr_as(sum("rests"), Alias::new("rests"))
        .group_by_col(currency_column)
        // Totals stay behind when their donations have moved to other ones.
        .and_having(Expr::cust("sum(donations) > 0"));
    if groups(GroupBy::Month) {
        let month = if reader.is_sqlite() {
            Expr::cust("substr(begins_on, 1, 7)")
        } else {
            Expr::cust("to_char(begins_on, 'YYYY-MM')")
        };
        // Every part has the first day of the month there, which is in the order of the totals.
        select.expr_as(month, Alias::new("month")).group_by_col(donation_totals::Column::BeginsOn);
    }
    if groups(GroupBy::Method) {
        let method = donation_totals::Column::Method;
        select.column(method).group_by_col(method);
    }
    if groups(GroupBy::Campaign) {
        let campaign = donation_totals::Column::CampaignId;
        select.column(campaign).group_by_col(campaign);
    }
    let rows = reader.query_all(&select).await.map_err(store_error)?;

    let names = match groups(GroupBy::Campaign) {
        true => {
            let ids = rows.iter().map(|row| row.try_get("", "campaign_id").map_err(store_error));
            campaign_names(reader, ids.collect::<Result<_, _>>()?).await?
        }
        false => HashMap::new(),
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let get = |column: &str| row.try_get::<i64>("", column).map_err(store_error);
        let (counted, millions, rests) = (get("counted")?, get("millions")?, get("rests")?);
        let code: String = row.try_get("", "currency").map_err(store_error)?;
        let month = match groups(GroupBy::Month) {
            true => Some(month_start(row.try_get("", "month").map_err(store_error)?)?),
            false => None,
        };
        let method = match groups(GroupBy::Method) {
            true => {
                let name: String = row.try_get("", "method").map_err(store_error)?;
                Some(known(Method::parse(&name), "donations.method")?)
            }
            false => None,
        };
        let campaign_id: Option<Uuid> = match groups(GroupBy::Campaign) {
            true => row.try_get("", "campaign_id").map_err(store_error)?,
            false => None,
        };
        lines.push(SummaryLine {
            // Nothing stands for goods whose worth nobody knows.
            currency: (!code.is_empty()).then(|| currency(&code)).transpose()?,
            month,
            method,
            campaign: campaign_id.and_then(|id| names.get(&id).cloned()),
            count: u64::try_from(counted).unwrap_or_default(),
            sum_minor: i128::from(millions) * i128::from(MILLION) + i128::from(rests),
        });
    }
    lines.sort_by_cached_key(|line| {
        (
            line.month,
            line.currency.map(|currency| currency.code()),
            line.method.map(Method::as_str),
            // Two campaigns may have one name when one of them is in the trash.
            line.campaign.as_ref().map(|one| (collation.key(&one.name), one.id)),
        )
    });
    Ok(Summary { lines })
}

/// What the totals have within the days that were asked for.
fn of_totals(reader: &Reader<'_>, query: &SummaryQuery, scope: Scope) -> SelectStatement {
    use donation_totals::Column;

    let part = |stretch: Stretch| {
        let filters: [Option<SimpleExpr>; 8] = [
            Some(Column::CreatedBy.eq(scope.creator().map_or(Uuid::nil(), |user| user.uuid()))),
            Some(Column::Span.eq(stretch.span.as_str())),
            Some(Column::State.eq(query.state.as_str())),
            stretch.from.map(|day| Column::BeginsOn.gte(day)),
            stretch.to.map(|day| Column::BeginsOn.lte(day)),
            query.currency.map(|currency| Column::Currency.eq(currency.code())),
            query.method.map(|method| Column::Method.eq(method.as_str())),
            // In the totals, the id that is nobody's is that of no campaign.
            query
                .campaign_id
                .map(|id| Column::CampaignId.eq(id.uuid()).and(Column::CampaignId.ne(Uuid::nil()))),
        ];
        let mut select = Query::select();
        let begins_on = match stretch.span {
            Span::Month => Expr::col(Column::BeginsOn),
            Span::Day => first_of_month(reader, "begins_on"),
        };
        select.from(donation_totals::Entity).expr_as(begins_on, Alias::new("begins_on")).columns([
            Column::Currency,
            Column::Method,
            Column::CampaignId,
            Column::Donations,
            Column::Millions,
            Column::Rests,
        ]);
        filters.into_iter().flatten().for_each(|filter| {
            select.and_where(filter);
        });
        select
    };
    let (from, to) = (query.donated_from, query.donated_to);
    let stretches = match scope.creator() {
        None => stretches(from, to),
        Some(_) => vec![Stretch { span: Span::Day, from, to }],
    };
    let mut parts = stretches.into_iter().map(part);
    let mut select = parts.next().unwrap_or_default();
    // One statement, so that all of it is of one moment.
    select.unions(parts.map(|part| (UnionType::All, part)));
    select
}

/// The donations of one donor, each as a total of its own.
fn of_donor(
    reader: &Reader<'_>,
    query: &SummaryQuery,
    scope: Scope,
    donor: DonorId,
) -> SelectStatement {
    let of = |name: &str| Expr::col((Alias::new("donations"), Alias::new(name)));
    let filters: [Option<SimpleExpr>; 7] = [
        Some(of("donor_id").eq(donor.uuid())),
        query.donated_from.map(|day| of("donated_on").gte(day)),
        query.donated_to.map(|day| of("donated_on").lte(day)),
        query.currency.map(|currency| of("currency").eq(currency.code())),
        query.method.map(|method| of("method").eq(method.as_str())),
        query.campaign_id.map(|id| of("campaign_id").eq(id.uuid())),
        scope.creator().map(|id| of("created_by").eq(id.uuid())),
    ];
    let mut select = Query::select();
    select
        .from(Alias::new("donations"))
        .expr_as(first_of_month(reader, "donated_on"), Alias::new("begins_on"))
        .expr_as(Expr::cust("coalesce(currency, '')"), Alias::new("currency"))
        .columns(["method", "campaign_id"].map(Alias::new))
        .expr_as(Expr::cust("1"), Alias::new("donations"))
        .expr_as(
            Expr::cust(format!("coalesce(amount_minor, 0) / {MILLION}")),
            Alias::new("millions"),
        )
        .expr_as(Expr::cust(format!("coalesce(amount_minor, 0) % {MILLION}")), Alias::new("rests"))
        .and_where(of("deleted_at").is_null())
        .and_where(of("state").eq(query.state.as_str()));
    filters.into_iter().flatten().for_each(|filter| {
        select.and_where(filter);
    });
    select
}

fn first_of_month(reader: &Reader<'_>, day: &str) -> SimpleExpr {
    if reader.is_sqlite() {
        Expr::cust(format!("substr({day}, 1, 7) || '-01'"))
    } else {
        Expr::cust(format!("CAST(date_trunc('month', {day}) AS date)"))
    }
}

async fn campaign_names(
    reader: &Reader<'_>,
    ids: HashSet<Option<Uuid>>,
) -> Result<HashMap<Uuid, CampaignRef>, StoreError> {
    let ids: Vec<Uuid> = ids.into_iter().flatten().collect();
    let mut names = HashMap::with_capacity(ids.len());
    for some in ids.chunks(in_chunks(1)) {
        let select = Query::select()
            .columns(["id", "name"].map(Alias::new))
            .from(Alias::new("campaigns"))
            .and_where(Expr::col(Alias::new("id")).is_in(some.iter().copied()))
            .to_owned();
        let rows: Vec<(Uuid, String)> = reader.rows(&select).await.map_err(store_error)?;
        let named = |(id, name)| (id, CampaignRef { id: CampaignId::new(id), name });
        names.extend(rows.into_iter().map(named));
    }
    Ok(names)
}

fn month_start(month: String) -> Result<NaiveDate, StoreError> {
    NaiveDate::parse_from_str(&format!("{month}-01"), "%Y-%m-%d")
        .map_err(|_| StoreError::Damaged("a month cannot be read".to_owned()))
}
