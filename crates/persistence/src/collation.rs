//! The order of names: that of the organisation's language, in which `Ç` stands behind `C` in Turkish, and
//! among the other `C` in English.
//!
//! Neither database sorts like this by itself without a library that the other one lacks, and an index made
//! with a collation of the operating system is silently wrong after its update. So a name is stored with
//! the key that the Unicode collation algorithm gives it (CLDR's order of the language, its secondary
//! strength: case alone makes no difference, accents do, where the letters are the same). Both databases
//! compare the keys byte by byte.
//!
//! A key is worth nothing beside one of another language or of newer data. The table `collations` says how
//! the stored ones were made; a start that would make other ones makes all of them anew, by batches, while
//! other instances go on. Nobody has to raise a number for it: what is compared is what comes out for a
//! sample of every script (`Collation::version`). Instances that are told different languages would make
//! them anew at each start in turn; until all have the same one, new names stand where the others' order has
//! them.

use std::fmt;

use almoner_kernel::{Locale, StoreError, fault::Unfit, words};
use almoner_records::Registry;
use icu_collator::{
    Collator, CollatorBorrowed, CollatorPreferences,
    options::{CollatorOptions, Strength},
};
use icu_locale_core::Locale as IcuLocale;
use sea_orm::{
    ConnectionTrait, EntityTrait, QueryTrait,
    sea_query::{
        Alias, CaseStatement, Expr, ExprTrait, LockType, OnConflict, Order, Query, SelectStatement,
        SimpleExpr, UpdateStatement,
    },
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{entities::collations, error::store_error, store::Store};

/// The suffix of the column with the key of a name.
const SUFFIX: &str = "_sort";

/// Characters of a key at the most: an index has room for them, and what is behind tells no two names apart
/// that people have.
const LONGEST: usize = 600;

/// Rows that are written at once.
const AT_ONCE: u64 = 200;

/// Rows after which it is said how far it is.
const TOLD_EVERY: u64 = 100_000;

/// The order of a language.
pub struct Collation {
    collator: CollatorBorrowed<'static>,
    language: Locale,
}

impl fmt::Debug for Collation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collation").field(&self.language).finish()
    }
}

impl Collation {
    /// That of a language; one without an order of its own has that of the root, as CLDR says.
    ///
    /// # Errors
    /// `locale` when it is none.
    pub fn of(language: &Locale) -> Result<Self, Unfit> {
        let unfit = |_| Unfit::new("locale", words::not_a_language());
        let locale: IcuLocale = language.as_str().parse().map_err(|_| ()).map_err(unfit)?;
        let collator = Collator::try_new(CollatorPreferences::from(&locale), options());
        Ok(Self { collator: collator.map_err(|_| ()).map_err(unfit)?, language: language.clone() })
    }

    /// That of no language in particular.
    pub(crate) fn root() -> Self {
        Self {
            collator: CollatorBorrowed::new_root(options()),
            language: Locale::from_stored("und".to_owned()),
        }
    }

    /// What a name is sorted by. Its characters are the bytes of the key, which are never 0: a text, because
    /// both databases compare texts byte by byte where they are told to, and cursors hold them.
    pub fn key(&self, name: &str) -> String {
        let mut bytes = Vec::with_capacity(2 * name.len());
        let Ok(()) = self.collator.write_sort_key_to(name, &mut bytes);
        bytes.into_iter().take(LONGEST).map(char::from).collect()
    }

    /// Differs whenever the keys do: with the language, and with the data that the program is built with.
    pub(crate) fn version(&self) -> String {
        // Latin with what Turkish, German, French, Polish and Vietnamese add, Greek, Cyrillic, Hebrew, Arabic
        // and Persian, some of Devanagari, Thai, kana and Han, and what stands between letters.
        let sample = ['\u{20}'..='\u{2af}', '\u{370}'..='\u{5ea}', '\u{620}'..='\u{6d5}']
            .into_iter()
            .chain(['\u{904}'..='\u{939}', '\u{e01}'..='\u{e30}', '\u{1ea0}'..='\u{1ef9}'])
            .chain(['\u{2010}'..='\u{2027}', '\u{3041}'..='\u{30ff}', '\u{4e00}'..='\u{4e40}'])
            .flatten()
            .collect::<String>();
        let mut bytes = Vec::new();
        let Ok(()) = self.collator.write_sort_key_to(&sample, &mut bytes);
        let digest = Sha256::digest(&bytes);
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn options() -> CollatorOptions {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Secondary);
    options
}

/// Every column of names: those of the kinds, and of users.
fn names(registry: &Registry) -> Vec<Names> {
    let fields = registry.kinds.iter().flat_map(|kind| {
        let sorted = kind.fields.iter().filter(|field| field.sort == SUFFIX);
        sorted.map(|field| Names::of(kind.many, field.name))
    });
    fields.chain([Names::of("users", "name")]).collect()
}

/// The names of a table.
struct Names {
    table: Alias,
    name: Alias,
    key: Alias,
}

impl Names {
    fn of(table: &str, field: &str) -> Self {
        let [table, name] = [table, field].map(Alias::new);
        Self { table, name, key: Alias::new(format!("{field}{SUFFIX}")) }
    }

    /// The next rows, locked: a name that is changed meanwhile keeps its key.
    fn after(&self, last: Uuid) -> SelectStatement {
        let id = Alias::new("id");
        Query::select()
            .columns([id.clone(), self.name.clone(), self.key.clone()])
            .from(self.table.clone())
            .and_where(Expr::col(id.clone()).gt(last))
            .order_by(id, Order::Asc)
            .limit(AT_ONCE)
            .lock(LockType::Update)
            .to_owned()
    }

    fn set(&self, keys: Vec<(Uuid, String)>) -> UpdateStatement {
        let id = || Expr::col(Alias::new("id"));
        let ids: Vec<Uuid> = keys.iter().map(|(id, _)| *id).collect();
        let of_each = keys.into_iter().fold(CaseStatement::new(), |cases, (of, key)| {
            cases.case(id().eq(of), SimpleExpr::from(key))
        });
        Query::update()
            .table(self.table.clone())
            .value(self.key.clone(), of_each)
            .and_where(id().is_in(ids))
            .to_owned()
    }
}

impl Store {
    /// Makes the keys of all names anew when the stored ones were made otherwise. What was done stays done
    /// when it is interrupted, and the next start goes on.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn sort_anew(&self) -> Result<(), StoreError> {
        let collation = &self.0.collation;
        let made = collations::Model {
            id: 1,
            language: collation.language.as_str().to_owned(),
            version: collation.version(),
        };
        let stored = collations::Entity::find_by_id(1).one(&self.point()).await;
        let stored = stored.map_err(store_error)?;
        if stored.as_ref() == Some(&made) {
            return Ok(());
        }
        let mut rows = 0;
        for names in names(self.registry()) {
            rows += self.sort_names_anew(&names, rows).await?;
        }
        let unit = self.unit().await?;
        let note = collations::Entity::insert(collations::ActiveModel::from(made.clone()))
            .on_conflict(
                OnConflict::column(collations::Column::Id)
                    .update_columns([collations::Column::Language, collations::Column::Version])
                    .to_owned(),
            )
            .into_query();
        unit.work.execute(&note).await.map_err(store_error)?;
        unit.commit_upkeep().await?;
        if rows > 0 {
            tracing::info!(rows, language = made.language, "names are in order");
        }
        Ok(())
    }

    /// How many rows there are.
    async fn sort_names_anew(&self, names: &Names, before: u64) -> Result<u64, StoreError> {
        let (mut last, mut rows) = (Uuid::nil(), 0);
        loop {
            let unit = self.unit().await?;
            let found: Vec<(Uuid, (String, String))> =
                unit.work.rows(&names.after(last)).await.map_err(store_error)?;
            let Some((end, _)) = found.last() else { return Ok(rows) };
            last = *end;
            let told = (before + rows) / TOLD_EVERY;
            rows += u64::try_from(found.len()).unwrap_or(AT_ONCE);
            let collation = &self.0.collation;
            let keys: Vec<(Uuid, String)> = found
                .into_iter()
                .map(|(id, (name, stored))| (id, collation.key(&name), stored))
                .filter(|(_, key, stored)| key != stored)
                .map(|(id, key, _)| (id, key))
                .collect();
            if !keys.is_empty() {
                unit.work.execute(&names.set(keys)).await.map_err(store_error)?;
                unit.commit_upkeep().await?;
            }
            if (before + rows) / TOLD_EVERY > told {
                let language = collation.language.as_str();
                tracing::info!(rows = before + rows, language, "names are being put in order");
            }
        }
    }
}
