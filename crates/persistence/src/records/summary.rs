//! Sums of records of a kind, over what a list with the same filters would show.

use almoner_kernel::{Currency, Scope, StoreError};
use almoner_records::{
    Field, Query,
    summing::{Grouping, Line, MAX_LINES, MAX_SUMMED, Member, Of, Summing},
};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Alias, Expr, Query as Sql, SelectStatement, SimpleExpr},
};
use uuid::Uuid;

use super::{
    around, list,
    plan::{Plan, Plans, column, label_of},
};
use crate::{connection::Reader, error::store_error, vault::Vault};

/// Amounts are added up in two parts, so that no sum of as many as there can be overflows.
const MILLION: i64 = 1_000_000;

/// The lines of a summary; none when it would be too much.
pub async fn lines(
    plan: &Plan,
    reader: &Reader<'_>,
    summing: &Summing,
    scope: Scope,
    vault: &Vault,
) -> Result<Option<Vec<Line>>, StoreError> {
    // In no order: none is asked for.
    let query = Query { order: almoner_records::Order::default(), ..summing.query.clone() };
    let listing = list::listing(plan, &query, scope, vault).search(reader, query.q.as_deref());
    let Some(matching) = listing.matching() else {
        // As of a search that finds nothing: without groups there is one line, which says so.
        let is_one = summing.by.is_empty() && summing.sum.is_none();
        let none = is_one.then(|| Line { by: Vec::new(), count: 0, sum: None });
        return Ok(Some(none.into_iter().collect()));
    };
    let select = summed(plan, reader, summing, matching);
    let rows = reader.query_all(&select).await.map_err(store_error)?;
    if rows.len() > MAX_LINES {
        return Ok(None);
    }
    let mut lines = rows.iter().map(|row| line(row, summing)).collect::<Result<Vec<_>, _>>()?;
    // Databases differ in where nothing stands among words, and in the order of these.
    lines.sort_by(|one, other| key(one).cmp(&key(other)));
    let looked_at: u64 = lines.iter().map(|line| line.count).sum();
    Ok((looked_at <= MAX_SUMMED).then_some(lines))
}

/// What a line is ordered by: what is absent first.
fn key(line: &Line) -> (Vec<(u8, String)>, Option<&'static str>) {
    let member = |member: &Member| match member {
        Member::Absent => (0, String::new()),
        Member::Flag(flag) => (1, flag.to_string()),
        Member::Text(text) => (1, text.clone()),
        Member::Record(id, _) => (1, id.to_string()),
    };
    (line.by.iter().map(member).collect(), line.sum.map(|(currency, _)| currency.code()))
}

/// What the records that a field names are called.
pub fn labels(
    plans: &Plans,
    field: &Field,
    ids: &[Uuid],
    scope: Scope,
) -> Result<SelectStatement, StoreError> {
    let target = plans.target(field)?;
    let mut select = around::within(plans, field, ids, scope)?;
    select.column(column(target.many, &label_of(target)));
    Ok(select)
}

fn summed(
    plan: &Plan,
    reader: &Reader<'_>,
    summing: &Summing,
    mut matching: SelectStatement,
) -> SelectStatement {
    let of = |name: &str| Expr::col(column(plan.kind.many, name));
    matching.clear_selects().expr_as(Expr::cust("1"), Alias::new("one")).limit(MAX_SUMMED + 1);
    for (at, grouping) in summing.by.iter().enumerate() {
        matching.expr_as(member(plan, reader, grouping), group(at));
    }
    if let Some(field) = summing.sum {
        matching.expr_as(of(&field.key_column()), Alias::new("minor"));
        matching.expr_as(of(&field.column_with("_currency")), Alias::new("currency"));
    }
    let mut select = Sql::select();
    select.expr_as(Expr::cust("count(*)"), Alias::new("counted"));
    let groups = (0..summing.by.len()).map(group);
    for group in groups.chain(summing.sum.map(|_| Alias::new("currency"))) {
        select.column(group.clone()).group_by_col(group);
    }
    if summing.sum.is_some() {
        // Of no amount there is no sum; of some PostgreSQL makes a number without bounds.
        let part = |sign: char| {
            Expr::cust(format!("CAST(coalesce(sum(minor {sign} {MILLION}), 0) AS bigint)"))
        };
        select.expr_as(part('/'), Alias::new("millions"));
        select.expr_as(part('%'), Alias::new("rests"));
    }
    select.from_subquery(matching, Alias::new("parts")).limit(MAX_LINES as u64 + 1);
    select
}

fn group(at: usize) -> Alias {
    Alias::new(format!("group_{at}"))
}

fn member(plan: &Plan, reader: &Reader<'_>, grouping: &Grouping) -> SimpleExpr {
    let name = grouping.field.key_column();
    match grouping.of {
        Of::Month if reader.is_sqlite() => {
            Expr::cust(format!("substr({}.{name}, 1, 7)", plan.kind.many))
        }
        Of::Month => Expr::cust(format!("to_char({}.{name}, 'YYYY-MM')", plan.kind.many)),
        Of::Word | Of::Flag | Of::Record => Expr::col(column(plan.kind.many, &name)),
    }
}

fn line(row: &QueryResult, summing: &Summing) -> Result<Line, StoreError> {
    let number = |name: &str| row.try_get::<i64>("", name).map_err(store_error);
    let mut by = Vec::with_capacity(summing.by.len());
    for (at, grouping) in summing.by.iter().enumerate() {
        let name = format!("group_{at}");
        let member = match grouping.of {
            Of::Flag => row.try_get::<Option<bool>>("", &name).map(|flag| flag.map(Member::Flag)),
            Of::Record => row
                .try_get::<Option<Uuid>>("", &name)
                .map(|id| id.map(|id| Member::Record(id, None))),
            Of::Word | Of::Month => {
                row.try_get::<Option<String>>("", &name).map(|text| text.map(Member::Text))
            }
        };
        by.push(member.map_err(store_error)?.unwrap_or(Member::Absent));
    }
    let mut sum = None;
    if summing.sum.is_some()
        && let Some(code) = row.try_get::<Option<String>>("", "currency").map_err(store_error)?
    {
        let unknown = |_| StoreError::Damaged("a currency that nobody knows".to_owned());
        let (millions, rests) = (number("millions")?, number("rests")?);
        let minor = i128::from(millions) * i128::from(MILLION) + i128::from(rests);
        sum = Some((Currency::parse(&code).map_err(unknown)?, minor));
    }
    Ok(Line { by, count: number("counted")?.unsigned_abs(), sum })
}
