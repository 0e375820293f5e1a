//! Lists of a kind: filters, order, and how a page is found.
//!
//! **Keys first, then rows.** A page in another order than its filter's index gives is found in two
//! steps of one statement: the keys from an index that has every column of the filters and sorts, then
//! the rows of these keys. So the indexes of donations by day, amount, campaign and creator carry those
//! columns, and the one by id those of the ranges (some 2 kB more of log for a new donation). The
//! alternative, an index for each filter with each sort, finds a page at once, but ten of them double
//! what a new donation writes.
//!
//! **Common values** (state, method, currency) are tried in the order of the sort: a plus sign before
//! the column keeps SQLite, which does not know that a page ends, from sorting all of them. PostgreSQL
//! decides by its statistics.
//!
//! At 1,000,000 donations a page takes some milliseconds. The worst is one index read from end to end,
//! where value and order exclude each other (`method=sms&sort=-amount`, 70 ms on both databases), or a
//! year of days in order of amount (45 ms).

use almoner_kernel::{Currency, Scope, Trash};
use almoner_records::{Field, Filtering, Query, Test};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, SelectStatement, SimpleExpr};

use super::{
    plan::{Plan, absent, column, sorted_by},
    said::bound,
    scope::{Reach, with_parent, within},
};
use crate::{
    collation::is_collated,
    paging::{Common, KeysFirst, Listing, Ordering},
    vault::Vault,
};

/// The list, without its words and its page.
pub fn listing(plan: &Plan, query: &Query, scope: Scope, vault: &Vault) -> Listing {
    let table = plan.kind.many;
    let direction = query.order.direction;
    let id = column(table, "id");
    let ordering = match query.order.field {
        None => Ordering::by_id(id, direction),
        Some(field) => Ordering::by_value(sorted_by(plan.kind, field), id, direction),
    };
    let mut select = with_key(plan, query);
    let reach = if query.trash == Trash::Without { Reach::Many } else { Reach::Each };
    within(&mut select, plan.kind, scope, plan.registry, reach);
    if query.trash == Trash::Without {
        with_parent(&mut select, plan.kind, plan.registry);
    }
    let mut common = Vec::new();
    for test in &query.tests {
        match of(plan, test, vault) {
            Narrowed::Common(name, value) => common.push((name, value)),
            Narrowed::By(condition) => {
                select.and_where(condition);
            }
        }
    }
    Listing::new(table, select, ordering)
        .keys_first(keys_first(plan, query, scope, !common.is_empty()))
        .with(common)
        .trash(query.trash)
}

/// Everything that is read of a row, and behind it the key of the name that the list is sorted by, if it is:
/// the stored one, which is what the page was found by.
fn with_key(plan: &Plan, query: &Query) -> SelectStatement {
    let key = match query.order.field.filter(|field| is_collated(field)) {
        Some(field) => sorted_by(plan.kind, field),
        None => Expr::cust("CAST(NULL AS text)"),
    };
    let mut select = plan.select.clone();
    select.expr_as(key, Alias::new("collated"));
    select
}

/// What a filter asks of a row.
enum Narrowed {
    /// Something that holds for many rows.
    Common(String, Common),
    /// Anything else.
    By(SimpleExpr),
}

fn of(plan: &Plan, test: &Test, vault: &Vault) -> Narrowed {
    let of = |name: &str| Expr::col(column(plan.kind.many, name));
    match test {
        Test::Is(field, key) if field.filtering == Filtering::Common => {
            Narrowed::Common(field.key_column(), Common::Is(bound(key, vault)))
        }
        Test::Is(field, key) => Narrowed::By(of(&field.key_column()).eq(bound(key, vault))),
        Test::AnyOf(field, keys) if field.filtering == Filtering::Common => {
            let values = keys.iter().map(|key| bound(key, vault)).collect();
            Narrowed::Common(field.key_column(), Common::AnyOf(values))
        }
        Test::AnyOf(field, keys) => {
            let values = keys.iter().map(|key| bound(key, vault));
            Narrowed::By(of(&field.key_column()).is_in(values))
        }
        Test::Present(field) => Narrowed::Common(field.key_column(), Common::Present),
        // In the index that sorts it, what is absent has a value.
        Test::Absent(field) if field.is_sorted => {
            Narrowed::By(sorted_by(plan.kind, field).eq(crate::paging::bound(&absent(field))))
        }
        Test::Absent(field) => Narrowed::By(of(&field.key_column()).is_null()),
        Test::From(field, key) => Narrowed::By(range(plan, field).gte(bound(key, vault))),
        Test::UpTo(field, key) => {
            let up_to = range(plan, field).lte(bound(key, vault));
            Narrowed::By(match field.is_optional {
                true => up_to.and(of(&field.key_column()).is_not_null()),
                false => up_to,
            })
        }
        Test::In(field, currencies) => {
            let of_each = |currency: &Currency| currency.code().into();
            let common = match currencies.as_slice() {
                [only] => Common::Is(of_each(only)),
                several => Common::AnyOf(several.iter().map(of_each).collect()),
            };
            Narrowed::Common(field.column_with("_currency"), common)
        }
        Test::CreatedBy(users) => Narrowed::By(match users.as_slice() {
            [only] => of("created_by").eq(only.uuid()),
            several => of("created_by").is_in(several.iter().map(|user| user.uuid())),
        }),
        Test::On(span, day) => {
            let end = |name: &'static str| match plan.kind.field(name) {
                Some(field) => of(&field.key_column()),
                None => of(name),
            };
            let from = end(span.from).is_null().or(end(span.from).lte(*day));
            let to = end(span.to).is_null().or(end(span.to).gte(*day));
            Narrowed::By(from.and(to))
        }
    }
}

/// What a range of a field is compared with.
fn range(plan: &Plan, field: &Field) -> SimpleExpr {
    match field.is_sorted && field.sort == field.key {
        true => sorted_by(plan.kind, field),
        false => Expr::col(column(plan.kind.many, &field.key_column())),
    }
}

/// Where no index gives the rows of a page in their order, their keys come first. Newest first, a search
/// gives them in order, and so does the index of every filter but those by a range or by several values.
fn keys_first(plan: &Plan, query: &Query, scope: Scope, has_common: bool) -> Option<KeysFirst> {
    let is_newest_first = query.order.field.is_none();
    let is_range = |test: &Test| matches!(test, Test::From(..) | Test::UpTo(..));
    let is_of_days = |test: &Test| match test {
        Test::From(field, _) | Test::UpTo(field, _) => field.filtering == Filtering::Days,
        _ => false,
    };
    // An index has the rows of each value in order, not those of all together.
    let is_several = |test: &Test| match test {
        Test::AnyOf(..) | Test::Present(_) => true,
        Test::In(_, currencies) => currencies.len() > 1,
        Test::CreatedBy(users) => users.len() > 1,
        _ => false,
    };
    let is_few = |test: &Test| match test {
        Test::Is(field, _) | Test::AnyOf(field, _) => field.filtering != Filtering::Common,
        Test::Absent(_) | Test::CreatedBy(_) => true,
        _ => false,
    };
    let has_range = query.tests.iter().any(is_range);
    let is_of_few = query.tests.iter().any(is_few) || (plan.is_scoped && scope.creator().is_some());
    let is_filtered = has_range || is_of_few || query.q.is_some() || has_common;
    let has_several = query.tests.iter().any(is_several);
    let is_in_order =
        !is_filtered || (is_newest_first && (query.q.is_some() || !(has_range || has_several)));
    (!is_in_order).then(|| KeysFirst {
        rows: with_key(plan, query),
        // A range of amounts comes with a currency, whose index has the amounts newest first.
        // Several common values are those of so many rows that some stand among the newest.
        in_order: (!is_newest_first || has_several || query.tests.iter().any(is_of_days))
            && !is_of_few,
    })
}
