//! Which rows of a kind somebody may meet, as a part of every query.

use almoner_kernel::{Scope, UserId};
use almoner_records::{Belonging, Field, Kind, Registry, Rows, people::USERS};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, SimpleExpr, UnionType};

use super::plan::column;

/// How rows within a scope are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of them outside the trash: out of the indexes of those who entered them and belong to them.
    Many,
    /// Those that something else finds: each is looked at.
    Each,
}

/// Only rows within a scope, where the kind knows scopes.
pub fn within(
    select: &mut SelectStatement,
    kind: &'static Kind,
    scope: Scope,
    registry: &Registry,
    reach: Reach,
) {
    if let Some(condition) = scoped(kind, scope, registry, reach) {
        select.and_where(condition);
    }
}

/// What a scope asks of a row of the kind; of a child, of its parent.
fn scoped(
    kind: &'static Kind,
    scope: Scope,
    registry: &Registry,
    reach: Reach,
) -> Option<SimpleExpr> {
    let creator = scope.creator()?;
    match kind.rows {
        Rows::All => None,
        Rows::OfCreator => {
            let own = Expr::col(column(kind.many, "created_by")).eq(creator.uuid());
            let Scope::Assigned(user) = scope else { return Some(own) };
            let people: Vec<Belonging> = registry.people_of(kind).collect();
            Some(match (reach, people.as_slice()) {
                (_, []) => own,
                (Reach::Many, people) => any_of(kind, own, people, user),
                (Reach::Each, people) => {
                    people.iter().fold(own, |any, people| any.or(belongs(kind, *people, user)))
                }
            })
        }
        Rows::OfParent => {
            let (field, parent) = parent(kind, registry)?;
            let condition = scoped(parent, scope, registry, reach)?;
            if reach == Reach::Each {
                return Some(of_parent(kind, field, parent, condition));
            }
            // Those of one's own parents, not for every child whether its parent is one's own.
            let own = Query::select()
                .column(column(parent.many, "id"))
                .from(Alias::new(parent.many))
                .and_where(condition)
                .and_where(Expr::col(column(parent.many, "deleted_at")).is_null())
                .to_owned();
            Some(Expr::col(column(kind.many, &field.key_column())).in_subquery(own))
        }
    }
}

/// Rows that a user entered or belongs to, each out of its index: of conditions joined by `OR` SQLite takes
/// no index that leaves the trash out, and PostgreSQL none beside a subquery.
fn any_of(kind: &Kind, own: SimpleExpr, people: &[Belonging], user: UserId) -> SimpleExpr {
    let of_kind = |such: SimpleExpr| {
        Query::select()
            .column(column(kind.many, "id"))
            .from(Alias::new(kind.many))
            .and_where(such)
            .and_where(Expr::col(column(kind.many, "deleted_at")).is_null())
            .to_owned()
    };
    let others = people.iter().map(|people| match people {
        Belonging::Field(_) => of_kind(belongs(kind, *people, user)),
        Belonging::Child { kind: child, parent, user: field } => theirs(child, parent, field, user),
    });
    let mut all = of_kind(own);
    all.unions(others.map(|other| (UnionType::All, other)));
    Expr::col(column(kind.many, "id")).in_subquery(all)
}

/// What the children name that a user is named by.
fn theirs(child: &Kind, parent: &Field, field: &Field, user: UserId) -> SelectStatement {
    Query::select()
        .column(column(child.many, &parent.key_column()))
        .from(Alias::new(child.many))
        .and_where(Expr::col(column(child.many, &field.key_column())).eq(user.uuid()))
        .and_where(Expr::col(column(child.many, "deleted_at")).is_null())
        .to_owned()
}

/// True of a row that the user belongs to.
fn belongs(kind: &Kind, people: Belonging, user: UserId) -> SimpleExpr {
    match people {
        Belonging::Field(field) => {
            Expr::col(column(kind.many, &field.key_column())).eq(user.uuid())
        }
        Belonging::Child { kind: child, parent, user: field } => {
            let theirs = theirs(child, parent, field, user);
            Expr::col(column(kind.many, "id")).in_subquery(theirs)
        }
    }
}

/// What can be named for the first time: a record outside the trash, a user who may log in.
pub fn is_there(target: &Kind) -> SimpleExpr {
    if target.many == USERS.many {
        return Expr::col(column(target.many, "active")).eq(true);
    }
    Expr::col(column(target.many, "deleted_at")).is_null()
}

/// True when users meet some rows of the kind only. Children of what everybody meets, everybody meets.
pub fn is_scoped(kind: &Kind, registry: &Registry) -> bool {
    match kind.rows {
        Rows::All => false,
        Rows::OfCreator => true,
        Rows::OfParent => parent(kind, registry).is_some_and(|(_, kind)| is_scoped(kind, registry)),
    }
}

pub fn has_people(kind: &'static Kind, registry: &Registry) -> bool {
    let above = parent(kind, registry).is_some_and(|(_, above)| has_people(above, registry));
    above || registry.people_of(kind).next().is_some()
}

/// Only rows whose parent, and its parent, is outside the trash: what is in the trash has its children
/// there with it.
pub fn with_parent(select: &mut SelectStatement, kind: &Kind, registry: &Registry) {
    if let Some(condition) = parented(kind, registry) {
        select.and_where(condition);
    }
}

fn parented(kind: &Kind, registry: &Registry) -> Option<SimpleExpr> {
    let (field, parent) = parent(kind, registry)?;
    let is_there = Expr::col(column(parent.many, "deleted_at")).is_null();
    let condition = match parented(parent, registry) {
        Some(above) => is_there.and(above),
        None => is_there,
    };
    Some(of_parent(kind, field, parent, condition))
}

/// The kind of the parent, and the field that names it.
fn parent(kind: &Kind, registry: &Registry) -> Option<(&'static Field, &'static Kind)> {
    let field = kind.parent()?;
    Some((field, registry.kind(field.target?)?))
}

/// True of a row whose parent is such.
fn of_parent(kind: &Kind, field: &Field, parent: &Kind, such: SimpleExpr) -> SimpleExpr {
    let is_parent =
        Expr::col(column(parent.many, "id")).equals(column(kind.many, &field.key_column()));
    let select = Query::select()
        .expr(Expr::cust("1"))
        .from(Alias::new(parent.many))
        .and_where(is_parent)
        .and_where(such)
        .to_owned();
    Expr::exists(select)
}
