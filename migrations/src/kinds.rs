//! The table of a kind of record. What every kind has stands here once: the columns of the house, the
//! indexes of its list and of its trash, and of each order that it offers.

use sea_orm_migration::prelude::*;

use crate::dialect::{both, drop_full_text, full_text, row_id};

/// A table, named as the kind is: `many`.
#[derive(Clone, Copy, Debug)]
pub struct KindTable<'a> {
    /// The plural noun.
    pub many: &'a str,
    /// The columns of its fields, as they stand in `CREATE TABLE`, in the words of [`crate::dialect`].
    pub columns: &'a str,
    /// Its `unique` fields, with the column in which no two records outside the trash have the same.
    pub unique: &'a [(&'a str, &'a str)],
    /// A filter or sort each: columns, separated by commas. Behind them stands the id, which makes a page
    /// of what the index finds. What may be absent is sorted by `coalesce(<column>, <smallest>)`, with `''`,
    /// `'0001-01-01'` or `-9223372036854775807`; texts that are sorted are `{folded}`.
    pub orders: &'a [&'a str],
    /// The columns of folded text that words are looked for in, as far as there are any: `search`, and
    /// `<field>_search` for what a reference names. They are made here.
    pub words: &'a [&'a str],
}

impl KindTable<'_> {
    /// Makes the table and its indexes.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn create(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let Self { many, columns, .. } = self;
        let (seq, key) = row_id(manager);
        let words: String =
            self.words.iter().map(|column| format!("{column} text NOT NULL, ")).collect();
        let mut statements = vec![
            format!(
                "CREATE TABLE {many} ({seq} id {{uuid}} NOT NULL, {columns}, {words}
                    version bigint NOT NULL, created_by {{uuid}}, created_at bigint NOT NULL,
                    updated_at bigint NOT NULL, deleted_at bigint, {key})"
            ),
            format!(
                "CREATE INDEX {many}_by_id ON {many} (id{{, deleted_at}}) WHERE deleted_at IS NULL"
            ),
            format!("CREATE INDEX {many}_in_trash ON {many} (id) WHERE deleted_at IS NOT NULL"),
        ];
        for (field, column) in self.unique {
            statements.push(format!(
                "CREATE UNIQUE INDEX {many}_{field} ON {many} ({column}) WHERE deleted_at IS NULL"
            ));
        }
        for order in self.orders {
            let letters = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { ' ' };
            let words: String = order.chars().map(letters).collect();
            let name = words.split_whitespace().collect::<Vec<_>>().join("_");
            statements.push(format!(
                "CREATE INDEX {many}_by_{name} ON {many} ({order}, id{{, deleted_at}})
                 WHERE deleted_at IS NULL"
            ));
        }
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        both(manager, &statements).await?;
        if self.words.is_empty() { Ok(()) } else { full_text(manager, many, self.words).await }
    }

    /// Takes all of it away.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove(&self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        if !self.words.is_empty() {
            drop_full_text(manager, self.many).await?;
        }
        both(manager, &[&format!("DROP TABLE {}", self.many)]).await
    }
}
