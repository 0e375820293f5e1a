//! Keyset paging, counting and searching: the same for every list.

use almoner_kernel::{
    Direction, Page, PageRequest, Position, SortKey, StoreError, Timestamp, Total, Trash,
    text::fold,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    Order, Value,
    sea_query::{Alias, Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, SimpleExpr},
};

use crate::{connection::Reader, error::store_error, rows::FromRow};

/// How a list is ordered: by a key and an id, by an id alone, or by a key that is unique itself.
pub struct Ordering {
    key: Option<SimpleExpr>,
    id: Option<SimpleExpr>,
    direction: Direction,
}

impl Ordering {
    /// Orders by a column, then by id.
    pub fn by(key: impl IntoColumnRef, id: impl IntoColumnRef, direction: Direction) -> Self {
        Self { key: Some(Expr::col(key)), id: Some(Expr::col(id)), direction }
    }

    /// Orders by id, which is the order of creation.
    pub fn by_id(id: impl IntoColumnRef, direction: Direction) -> Self {
        Self { key: None, id: Some(Expr::col(id)), direction }
    }

    fn apply(&self, select: &mut SelectStatement, after: Option<&Position>) {
        let order = match self.direction {
            Direction::Up => Order::Asc,
            Direction::Down => Order::Desc,
        };
        if let Some(position) = after {
            let key = self.key.iter().cloned().zip(position.key.as_ref().map(bound).map(Expr::val));
            let id = self.id.iter().cloned().map(|id| (id, Expr::val(position.id)));
            let (here, there): (Vec<_>, Vec<_>) = key.chain(id).unzip();
            let (here, there) = (tuple(here), tuple(there));
            select.and_where(match self.direction {
                Direction::Up => here.gt(there),
                Direction::Down => here.lt(there),
            });
        }
        for column in self.key.iter().chain(&self.id) {
            select.order_by_expr(column.clone(), order.clone());
        }
    }
}

fn tuple(mut columns: Vec<SimpleExpr>) -> SimpleExpr {
    match columns.pop() {
        Some(only) if columns.is_empty() => only,
        Some(last) => {
            columns.push(last);
            Expr::tuple(columns)
        }
        None => Expr::tuple([]),
    }
}

fn bound(key: &SortKey) -> Value {
    match key {
        SortKey::Int(value) => (*value).into(),
        SortKey::Text(value) => value.clone().into(),
        SortKey::Date(value) => (*value).into(),
    }
}

/// A list of one table: its columns, joins and filters, and its order.
pub struct Listing {
    table: &'static str,
    select: SelectStatement,
    ordering: Ordering,
    by_match: bool,
    is_empty: bool,
    common: Vec<(&'static str, Value)>,
    keys_first: Option<KeysFirst>,
}

/// How the keys of a page are found before its rows are read.
pub struct KeysFirst {
    /// Everything that is read of a row.
    pub rows: SelectStatement,
    /// Follow the order, and try the common filters on the way: not the other way round.
    pub in_order: bool,
}

impl Listing {
    /// A list; `select` has no order and no limit yet.
    pub const fn new(table: &'static str, select: SelectStatement, ordering: Ordering) -> Self {
        Self {
            table,
            select,
            ordering,
            by_match: false,
            is_empty: false,
            common: Vec::new(),
            keys_first: None,
        }
    }

    /// Restricts the list to records with these values, each of which many records have.
    #[must_use]
    pub fn with(mut self, common: Vec<(&'static str, Value)>) -> Self {
        self.common = common;
        self
    }

    /// Finds the keys of a page first, for which indexes have every column, and reads the rows of
    /// these keys only.
    #[must_use]
    pub fn keys_first(mut self, keys_first: Option<KeysFirst>) -> Self {
        self.keys_first = keys_first;
        self
    }

    /// Restricts the list to one side of the trash.
    #[must_use]
    pub fn trash(mut self, trash: Trash) -> Self {
        let deleted_at = Expr::col((Alias::new(self.table), Alias::new("deleted_at")));
        self.select.and_where(match trash {
            Trash::Without => deleted_at.is_null(),
            Trash::Only => deleted_at.is_not_null(),
        });
        self
    }

    /// Restricts the list to records with every word of `q`, the last one as a beginning. A `q`
    /// without a word, or with one that no index holds, matches nothing.
    #[must_use]
    pub fn search(mut self, reader: &Reader<'_>, q: Option<&str>) -> Self {
        let Some(q) = q else { return self };
        let folded = fold(q);
        let words = folded.split(' ').take(MAX_WORDS);
        if folded.is_empty() || words.clone().any(|word| word.len() > LONGEST_WORD) {
            self.is_empty = true;
            return self;
        }
        let table = self.table;
        if reader.is_sqlite() {
            // Every word is quoted: nothing a user types is FTS5 syntax.
            let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
            let fts = format!("{table}_fts");
            self.select
                .inner_join(Alias::new(&fts), Expr::cust(format!("{fts}.rowid = {table}.seq")))
                .and_where(Expr::cust_with_values(
                    format!("{fts} MATCH ?"),
                    [format!("{}*", words.join(" "))],
                ));
            if self.ordering.key.is_none() {
                // Full-text search gives its matches in the order of its row ids, which is that of
                // creation, and stops after a page.
                self.ordering.key = Some(Expr::cust(format!("{fts}.rowid")));
                self.ordering.id = None;
                self.by_match = true;
                self.select.expr_as(Expr::cust(format!("{table}.seq")), Alias::new(SEQ));
            }
        } else {
            let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
            self.select.and_where(Expr::cust_with_values(
                format!("{table}.words @@ to_tsquery('simple', $1)"),
                [format!("{}:*", words.join(" & "))],
            ));
        }
        self
    }

    /// Reads one page.
    pub async fn page<R, T>(
        self,
        reader: &Reader<'_>,
        request: &PageRequest,
        position: impl Fn(&R) -> Position,
        record: impl Fn(R) -> Result<T, StoreError>,
    ) -> Result<Page<T>, StoreError>
    where
        R: FromRow + Send + 'static,
    {
        if self.is_empty {
            let total = request.count.then_some(Total::capped(0));
            return Ok(Page { items: Vec::new(), next: None, total });
        }
        let total = match request.count {
            true => Some(count(reader, self.filtered(false)).await?),
            false => None,
        };
        let select = self.paged(reader, request);
        let (mut rows, seqs): (Vec<R>, Vec<i64>) = if self.by_match {
            let rows = reader.rows::<(R, i64)>(&select).await.map_err(store_error)?;
            rows.into_iter().unzip()
        } else {
            (reader.rows(&select).await.map_err(store_error)?, Vec::new())
        };
        let limit = request.limit as usize;
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_next).map(|last| {
            let mut last = position(last);
            if let Some(seq) = seqs.get(limit - 1) {
                last.key = Some(SortKey::Int(*seq));
            }
            last
        });
        let items = rows.into_iter().map(record).collect::<Result<_, _>>()?;
        Ok(Page { items, next, total })
    }
}

impl Listing {
    /// The statement of one page, and of one row more, which shows whether there is a next one.
    fn paged(&self, reader: &Reader<'_>, request: &PageRequest) -> SelectStatement {
        let walks = self.keys_first.as_ref().is_some_and(|keys_first| keys_first.in_order);
        let mut select = self.filtered(walks && reader.is_sqlite());
        self.ordering.apply(&mut select, request.after.as_ref());
        select.limit(u64::from(request.limit) + 1);
        let Some(KeysFirst { rows, .. }) = &self.keys_first else { return select };
        let key =
            (Alias::new(self.table), Alias::new(if reader.is_sqlite() { "seq" } else { "id" }));
        select.clear_selects().column(key.clone());
        let mut rows = rows.clone();
        rows.and_where(Expr::col(key).in_subquery(select));
        self.ordering.apply(&mut rows, None);
        rows
    }

    /// The list with its common filters. SQLite does not know that a page ends: it would rather find
    /// every record with a value and sort them, unless the column stands behind a plus sign.
    fn filtered(&self, walks: bool) -> SelectStatement {
        let mut select = self.select.clone();
        for (column, value) in &self.common {
            let table = self.table;
            select.and_where(match walks {
                true => Expr::cust_with_values(format!("+{table}.{column} = ?"), [value.clone()]),
                false => Expr::col((Alias::new(table), Alias::new(*column))).eq(value.clone()),
            });
        }
        select
    }
}

/// Words of a search that count; more of them would only cost.
const MAX_WORDS: usize = 10;

/// Bytes of the longest word that PostgreSQL keeps: it would pass over a longer one in a search, and
/// find what has only the other words.
const LONGEST_WORD: usize = 2_046;

/// SQLite's row id in the rows of a search.
const SEQ: &str = "match_position";

async fn count(reader: &Reader<'_>, mut select: SelectStatement) -> Result<Total, StoreError> {
    select.clear_selects().expr(Expr::val(1_i64)).limit(Total::CAP + 1);
    let outer = Query::select()
        .expr_as(Expr::cust("count(*)"), Alias::new("counted"))
        .from_subquery(select, Alias::new("matches"))
        .to_owned();
    let counted: Option<i64> = reader.row(&outer).await.map_err(store_error)?;
    Ok(Total::capped(counted.and_then(|counted| counted.try_into().ok()).unwrap_or_default()))
}

/// An instant as storage keeps it.
pub const fn millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// An instant that storage kept.
pub fn instant(millis: i64) -> Result<Timestamp, StoreError> {
    DateTime::<Utc>::from_timestamp_millis(millis)
        .ok_or_else(|| StoreError::Damaged("an instant is out of range".to_owned()))
}
