//! What is worked out once for each kind: its columns, and the statements by key.

use std::{collections::HashMap, iter};

use almoner_kernel::{Scope, SortKey, StoreError};
use almoner_records::{Field, Holds, Kind, Registry};
use chrono::NaiveDate;
use sea_orm::{
    Value,
    sea_query::{
        Alias, DeleteStatement, Expr, ExprTrait, InsertStatement, LockType, Query, SelectStatement,
        SimpleExpr, UpdateStatement,
    },
};
use uuid::Uuid;

use super::{
    cells::Written,
    scope::{Reach, has_people, is_scoped, with_parent, within},
};
use crate::connection::Known;

/// The plans of all kinds of a registry.
pub struct Plans {
    registry: &'static Registry,
    plans: HashMap<&'static str, Plan>,
}

/// What storage knows of a kind.
pub struct Plan {
    pub kind: &'static Kind,
    /// The registry it is of.
    pub registry: &'static Registry,
    /// Every column that is written, in the order of its cells.
    pub columns: Vec<String>,
    /// Everything that is read of a row, from no row in particular.
    pub select: SelectStatement,
    /// True when there are words of its own to be found by.
    pub has_search: bool,
    /// True when users meet some rows only.
    pub is_scoped: bool,
    pub find_any: Known,
    pub find_own: Known,
    /// True when people belong to its records, or to those above, otherwise than by having entered them.
    has_people: bool,
    pub insert_one: Known,
}

impl Plans {
    /// Works the plans out.
    pub fn new(registry: &'static Registry) -> Self {
        let plan = |kind: &&'static Kind| (kind.many, Plan::new(kind, registry));
        Self { registry, plans: registry.kinds.iter().map(plan).collect() }
    }

    /// The registry they are of.
    pub const fn registry(&self) -> &'static Registry {
        self.registry
    }

    /// The plan of a kind.
    ///
    /// # Errors
    /// When the kind is not in the registry.
    pub fn of(&self, kind: &'static Kind) -> Result<&Plan, StoreError> {
        self.plans
            .get(kind.many)
            .ok_or_else(|| StoreError::Failed(format!("{} are in no registry", kind.many).into()))
    }

    /// The kind that a field names.
    ///
    /// # Errors
    /// When there is none.
    pub fn target(&self, field: &Field) -> Result<&'static Kind, StoreError> {
        let kind = field.target.and_then(|many| self.registry.target(many));
        kind.ok_or_else(|| StoreError::Failed(format!("{} names no kind", field.name).into()))
    }
}

/// A column of a table.
pub fn column(table: &str, name: &str) -> (Alias, Alias) {
    (Alias::new(table), Alias::new(name))
}

/// What a field is sorted by. One that may be absent comes before all others then, on both databases and
/// out of an index: in its place stands a value that is smaller than all.
pub fn sorted_by(kind: &Kind, field: &Field) -> SimpleExpr {
    let name = field.sort_column();
    let smallest = match (field.is_optional, absent(field)) {
        (true, SortKey::Int(number)) => number.to_string(),
        (true, SortKey::Text(text)) => format!("'{text}'"),
        (true, SortKey::Date(day)) => format!("'{day}'"),
        (false, _) => return Expr::col(column(kind.many, &name)),
    };
    Expr::cust(format!("coalesce({}.{name}, {smallest})", kind.many))
}

/// What a field that is absent is sorted by.
pub fn absent(field: &Field) -> SortKey {
    let holds = field.columns.iter().find(|column| column.suffix == field.sort);
    match holds.map(|column| column.holds) {
        Some(Holds::Int) => SortKey::Int(-i64::MAX),
        Some(Holds::Day) => SortKey::Date(NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default()),
        _ => SortKey::Text(String::new()),
    }
}

/// The column with what a record of the kind is called.
pub fn label_of(kind: &Kind) -> String {
    kind.label().map_or_else(|| "id".to_owned(), |field| field.column(0))
}

impl Plan {
    fn new(kind: &'static Kind, registry: &'static Registry) -> Self {
        let has_search =
            kind.fields.iter().any(|field| field.is_searched && field.target.is_none());
        let by_others =
            kind.references().filter(|field| field.is_searched).map(Field::search_column);
        let own = kind
            .fields
            .iter()
            .flat_map(|field| field.column_names().chain(field.unique_form_column()));
        let columns = iter::once("id".to_owned())
            .chain(own)
            .chain(has_search.then(|| "search".to_owned()))
            .chain(by_others)
            .chain(COMMON.map(str::to_owned))
            .collect();
        Self {
            kind,
            registry,
            columns,
            select: select(kind, registry),
            has_search,
            is_scoped: is_scoped(kind, registry),
            find_any: Known::new(),
            find_own: Known::new(),
            has_people: has_people(kind, registry),
            insert_one: Known::new(),
        }
    }

    /// One row by its key, as a statement that is known, with its values; none where what a scope asks differs
    /// from kind to kind.
    pub fn known_by_id(&self, id: Uuid, scope: Scope) -> Option<(&Known, Vec<Value>)> {
        match scope.creator().filter(|_| self.is_scoped) {
            None => Some((&self.find_any, vec![id.into()])),
            Some(_) if self.has_people && matches!(scope, Scope::Assigned(_)) => None,
            Some(creator) => Some((&self.find_own, vec![id.into(), creator.uuid().into()])),
        }
    }

    /// True when other records' names are shown in a record.
    pub fn has_labels(&self) -> bool {
        self.kind.references().next().is_some()
    }

    /// One row with everything that is read of it.
    pub fn by_id(&self, id: Uuid, scope: Scope) -> SelectStatement {
        let mut select = self.select.clone();
        select.and_where(Expr::col(column(self.kind.many, "id")).eq(id));
        within(&mut select, self.kind, scope, self.registry, Reach::Each);
        select
    }

    /// The same as others may read it: what is in the trash has its children there with it, of which
    /// nothing is told until they come back together.
    pub fn shown_by_id(&self, id: Uuid, scope: Scope) -> SelectStatement {
        let mut select = self.by_id(id, scope);
        with_parent(&mut select, self.kind, self.registry);
        select
    }

    /// The id of one row, which is locked.
    pub fn lock(&self, id: Uuid, scope: Scope) -> SelectStatement {
        let mut select = Query::select();
        select
            .column(column(self.kind.many, "id"))
            .from(Alias::new(self.kind.many))
            .and_where(Expr::col(column(self.kind.many, "id")).eq(id))
            .lock(LockType::Update);
        within(&mut select, self.kind, scope, self.registry, Reach::Each);
        select
    }

    /// New rows.
    pub fn insert(&self, rows: impl IntoIterator<Item = Vec<Value>>) -> InsertStatement {
        let mut insert = Query::insert();
        insert.into_table(Alias::new(self.kind.many)).columns(self.columns.iter().map(Alias::new));
        for row in rows {
            // As many as there are columns: both come from the fields of the kind.
            insert.values_panic(row.into_iter().map(Expr::val));
        }
        insert
    }

    /// A changed row, if it is still the one before.
    pub fn update(&self, cells: Written, id: Uuid, before: i64) -> UpdateStatement {
        let mut update = Query::update();
        update.table(Alias::new(self.kind.many));
        // Never the id, nor who entered it and when.
        let fixed = ["id", "created_by", "created_at"];
        for (name, cell) in self.columns.iter().zip(cells.0) {
            if let Some(value) = cell.filter(|_| !fixed.contains(&name.as_str())) {
                update.value(Alias::new(name), value);
            }
        }
        update
            .and_where(Expr::col(Alias::new("id")).eq(id))
            .and_where(Expr::col(Alias::new("version")).eq(before));
        update
    }

    /// A row that goes for good.
    pub fn delete(&self, id: Uuid) -> DeleteStatement {
        Query::delete()
            .from_table(Alias::new(self.kind.many))
            .and_where(Expr::col(Alias::new("id")).eq(id))
            .to_owned()
    }
}

/// What every record has behind its own columns.
const COMMON: [&str; 5] = ["version", "created_by", "created_at", "updated_at", "deleted_at"];

fn select(kind: &'static Kind, registry: &'static Registry) -> SelectStatement {
    let mut select = Query::select();
    select.from(Alias::new(kind.many)).column(column(kind.many, "id"));
    for field in kind.fields {
        let read = field.columns.iter().enumerate().filter(|(_, column)| column.is_read);
        for (at, _) in read {
            select.column(column(kind.many, &field.column(at)));
        }
    }
    for name in COMMON {
        select.column(column(kind.many, name));
    }
    // The names are looked up for the rows of a page only, whatever was sorted or counted for it, and in
    // the same snapshot.
    for field in kind.references() {
        let Some(target) = field.target.and_then(|many| registry.target(many)) else { continue };
        let name = Query::select()
            .column(column(target.many, &label_of(target)))
            .from(Alias::new(target.many))
            .and_where(
                Expr::col(column(target.many, "id")).equals(column(kind.many, &field.key_column())),
            )
            .to_owned();
        let name = Expr::SubQuery(None, Box::new(name.into()));
        select.expr_as(name, Alias::new(field.label_name));
    }
    select
}
