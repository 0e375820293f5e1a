//! Keyset paging, counting and searching: the same for every list.
//!
//! Totals stop at 10,000 (`total_is_capped`): counting 200,000 rows costs more than a hundred pages.
//! There is no `OFFSET`.
//!
//! A search is FTS5 or `tsvector` over folded text, every word required, the last one as a beginning.
//! Newest first it is read in order. In another order every match is sorted, by keys alone: half a
//! microsecond for each, 0.2 s for a letter that a quarter of 1,000,000 donations has. A rare filter
//! beside words is tried on each match. PostgreSQL follows the order when it takes the words for
//! common; where the two exclude each other (`q=sms&sort=-amount`) that is 2 s.
//!
//! Beginnings of one to eight letters have indexes of their own in FTS5. Without them it merges the
//! lists of every word with that beginning before it gives the first match: 0.2 s for a letter, 2 to 3
//! ms for a common surname. They cost a seventh more of file and half as much again of what a new
//! donation writes into the search. Of 64 searches at a time the slowest hundredth took 86 ms with
//! three of them, 31 to 36 ms with eight.

use almoner_kernel::{
    Direction, Page, PageRequest, Position, SortKey, StoreError, Timestamp, Total, Trash,
    text::{Sought, sought},
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

    /// Orders by an expression that is never absent, then by id.
    pub fn by_value(key: SimpleExpr, id: impl IntoColumnRef, direction: Direction) -> Self {
        Self { key: Some(key), id: Some(Expr::col(id)), direction }
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

/// The value of a key.
pub fn bound(key: &SortKey) -> Value {
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
    common: Vec<(String, Common)>,
    keys_first: Option<KeysFirst>,
    indexed: Indexed,
}

/// What holds for a column of many records.
#[derive(Clone, Debug)]
pub enum Common {
    /// It has this value.
    Is(Value),
    /// It has one of these values.
    AnyOf(Vec<Value>),
    /// It has a value.
    Present,
}

/// What the search of a table goes by.
#[derive(Clone, Copy)]
struct Indexed {
    /// What FTS5 knows a row by.
    row_id: &'static str,
    /// What PostgreSQL looks words up in, if that is not the column `words`.
    words: Option<&'static str>,
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
            indexed: Indexed { row_id: SEQ_COLUMN, words: None },
        }
    }

    /// Searches by another number than `seq`, and in another expression than the column `words`.
    #[must_use]
    pub const fn indexed(mut self, row_id: &'static str, words: &'static str) -> Self {
        self.indexed = Indexed { row_id, words: Some(words) };
        self
    }

    /// Restricts the list to records whose columns are like that, which many are.
    #[must_use]
    pub fn with(mut self, common: Vec<(String, Common)>) -> Self {
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

    /// Restricts the list to records with every word of `q`, in one of its forms, the last one as a
    /// beginning. A `q` without a word, or with one that no index holds, matches nothing.
    #[must_use]
    pub fn search(mut self, reader: &Reader<'_>, q: Option<&str>) -> Self {
        let Some(q) = q else { return self };
        let words = sought(q, MAX_WORDS);
        let is_too_long =
            |forms: &Vec<Sought>| forms.first().is_some_and(|form| form.word.len() > LONGEST_WORD);
        if words.is_empty() || words.iter().any(is_too_long) {
            self.is_empty = true;
            return self;
        }
        let (table, row_id) = (self.table, self.indexed.row_id);
        if reader.is_sqlite() {
            let fts = format!("{table}_fts");
            // The matches come first, and each finds its row: a cross join keeps SQLite to that. By
            // statistics of a table that was small when they were made it would ask the index of words
            // about each row, which takes seconds at some thousands.
            self.select
                .from_clear()
                .from(Alias::new(&fts))
                .cross_join(Alias::new(table))
                .and_where(Expr::cust(format!("{fts}.rowid = {table}.{row_id}")))
                .and_where(Expr::cust_with_values(
                    format!("{fts} MATCH ?"),
                    [asked(&words, &FTS5)],
                ));
            if self.ordering.key.is_none() {
                // Full-text search gives its matches in the order of its row ids, which is that of
                // creation, and stops after a page.
                self.ordering.key = Some(Expr::cust(format!("{fts}.rowid")));
                self.ordering.id = None;
                self.by_match = true;
                self.select.expr_as(Expr::cust(format!("{table}.{row_id}")), Alias::new(SEQ));
            }
        } else {
            let indexed =
                self.indexed.words.map_or_else(|| format!("{table}.words"), str::to_owned);
            self.select.and_where(Expr::cust_with_values(
                format!("{indexed} @@ to_tsquery('simple', $1)"),
                [asked(&words, &TSQUERY)],
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

    /// Everything that the list would show, in no order; none when it is nothing.
    pub fn matching(&self) -> Option<SelectStatement> {
        (!self.is_empty).then(|| self.filtered(false))
    }

    /// The list with its common filters. SQLite does not know that a page ends: it would rather find
    /// every record with a value and sort them, unless the column stands behind a plus sign.
    fn filtered(&self, walks: bool) -> SelectStatement {
        let mut select = self.select.clone();
        for (column, common) in &self.common {
            let table = self.table;
            let plain = Expr::col((Alias::new(table), Alias::new(column)));
            select.and_where(match (walks, common) {
                (true, Common::Is(value)) => {
                    Expr::cust_with_values(format!("+{table}.{column} = ?"), [value.clone()])
                }
                (true, Common::AnyOf(values)) => Expr::cust_with_values(
                    format!("+{table}.{column} IN ({})", vec!["?"; values.len()].join(", ")),
                    values.clone(),
                ),
                (true, Common::Present) => Expr::cust(format!("+{table}.{column} IS NOT NULL")),
                (false, Common::Is(value)) => plain.eq(value.clone()),
                (false, Common::AnyOf(values)) => plain.is_in(values.clone()),
                (false, Common::Present) => plain.is_not_null(),
            });
        }
        select
    }
}

/// Words of a search that count; more of them would only cost.
const MAX_WORDS: usize = 10;

/// How a full-text search is asked.
struct Syntax {
    quote: char,
    beginning: &'static str,
    or: &'static str,
    and: &'static str,
}

const FTS5: Syntax = Syntax { quote: '"', beginning: "*", or: " OR ", and: " AND " };
const TSQUERY: Syntax = Syntax { quote: '\'', beginning: ":*", or: " | ", and: " & " };

/// Asks for every word in one of its forms. They are quoted, and have neither quotes nor signs in them:
/// nothing a user types is syntax.
fn asked(words: &[Vec<Sought>], syntax: &Syntax) -> String {
    let form = |form: &Sought| {
        let (quote, word) = (syntax.quote, &form.word);
        let beginning = if form.is_beginning { syntax.beginning } else { "" };
        format!("{quote}{word}{quote}{beginning}")
    };
    let word = |forms: &Vec<Sought>| {
        let forms: Vec<String> =
            forms.iter().filter(|form| form.word.len() <= LONGEST_WORD).map(form).collect();
        match forms.as_slice() {
            [only] => only.clone(),
            _ => format!("({})", forms.join(syntax.or)),
        }
    };
    words.iter().map(word).collect::<Vec<_>>().join(syntax.and)
}

/// Bytes of the longest word that PostgreSQL keeps: it would pass over a longer one in a search, and
/// find what has only the other words.
const LONGEST_WORD: usize = 2_046;

/// SQLite's row id under a name of its own.
const SEQ_COLUMN: &str = "seq";

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
