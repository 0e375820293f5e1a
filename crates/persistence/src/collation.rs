//! The order of names: that of the organisation's language, in which `Ç` stands behind `C` in Turkish, and
//! among the other `C` in English.
//!
//! Neither database sorts like this by itself without a library that the other one lacks, and an index made
//! with a collation of the operating system is silently wrong after its update. So a name is stored with
//! the key that the Unicode collation algorithm gives it (CLDR's order of the language, its secondary
//! strength: case alone makes no difference, accents do, where the letters are the same). Both databases
//! compare the keys byte by byte.
//!
//! A key is worth nothing beside one of another language or of newer data. So each begins with a few letters
//! that say how it was made, and every start makes those anew that begin otherwise, by batches, while other
//! instances go on. Nobody has to raise a number: the letters are a digest of what comes out for a sample of
//! many scripts. Instances that are told different languages make keys side by side, whose rows stand apart
//! in lists; the last one that is restarted with the language of the others ends that. A page goes on behind
//! the key that is stored, not behind one that this instance would make, so that no list skips records or
//! goes round meanwhile.
//!
//! Cursors and marks of streams are of one order (`http`'s `etag.rs`). Measured: 200,000 donors take 27 s on
//! SQLite and 36 s on PostgreSQL; a start that finds nothing to do looks for 0.2 s.

use std::fmt;

use almoner_kernel::{Locale, StoreError, fault::Unfit, words};
use almoner_records::{Field, Registry};
use icu_collator::{
    Collator, CollatorBorrowed, CollatorPreferences,
    options::{CollatorOptions, Strength},
};
use icu_locale_core::Locale as IcuLocale;
use sea_orm::{
    ConnectionTrait,
    sea_query::{
        Alias, CaseStatement, Expr, ExprTrait, LockType, Query, SelectStatement, SimpleExpr,
        UpdateStatement,
    },
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{error::store_error, store::Store};

/// The suffix of the column with the key of a name.
const SUFFIX: &str = "_sort";

/// Characters of a key at the most, behind those that say how it was made: an index has room for them, and
/// what is behind tells no two names apart that people have.
const LONGEST: usize = 600;

/// Rows that are written at once.
const AT_ONCE: u64 = 200;

/// Rows after which it is said how far it is.
const TOLD_EVERY: u64 = 100_000;

/// How often a batch is tried that somebody else's locks were in the way of.
const ATTEMPTS: u32 = 10;

/// The order of a language.
pub struct Collation {
    collator: CollatorBorrowed<'static>,
    language: Locale,
    /// What every key begins with.
    made_so: String,
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
        Ok(Self::made_by(collator.map_err(|_| ()).map_err(unfit)?, language.clone()))
    }

    /// That of no language in particular.
    pub(crate) fn root() -> Self {
        let root = Locale::from_stored("und".to_owned());
        Self::made_by(CollatorBorrowed::new_root(options()), root)
    }

    fn made_by(collator: CollatorBorrowed<'static>, language: Locale) -> Self {
        let mut digest = Sha256::new();
        for piece in sample() {
            digest.update(bare_key(&collator, &piece));
            digest.update([0]);
        }
        let made_so = digest.finalize().iter().take(3).map(|byte| format!("{byte:02x}")).collect();
        Self { collator, language, made_so }
    }

    /// What a name is sorted by. Behind the letters that say how it was made, its characters are the bytes of
    /// the key, which are never 0: a text, because both databases compare texts byte by byte where they are
    /// told to, and cursors hold them.
    pub fn key(&self, name: &str) -> String {
        self.made_so.clone() + &bare_key(&self.collator, name)
    }
}

fn options() -> CollatorOptions {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Secondary);
    options
}

fn bare_key(collator: &CollatorBorrowed<'_>, name: &str) -> String {
    let mut bytes = Vec::with_capacity(2 * name.len());
    let Ok(()) = collator.write_sort_key_to(name, &mut bytes);
    bytes.into_iter().take(LONGEST).map(char::from).collect()
}

/// What keys are made of to see whether they come out the same: Latin with what Turkish, German, French,
/// Polish and Vietnamese add, Greek, Cyrillic, Hebrew, Arabic and Persian, some of Devanagari, Thai, kana and
/// Han, and what stands between letters, by the dozen; letters that are one in some language; and a name
/// that is longer than any key.
fn sample() -> impl Iterator<Item = String> {
    let letters: Vec<char> = ['\u{20}'..='\u{2af}', '\u{370}'..='\u{5ea}', '\u{620}'..='\u{6d5}']
        .into_iter()
        .chain(['\u{904}'..='\u{939}', '\u{e01}'..='\u{e30}', '\u{1ea0}'..='\u{1ef9}'])
        .chain(['\u{2010}'..='\u{2027}', '\u{3041}'..='\u{30ff}', '\u{4e00}'..='\u{4e40}'])
        .flatten()
        .collect();
    let dozens: Vec<String> = letters.chunks(12).map(|dozen| dozen.iter().collect()).collect();
    let together = ["ch ll dž lj nj ngh rh th", "aa dz dzs gy ly ny sz ty zs ij", "เก แก"];
    dozens
        .into_iter()
        .chain(together.map(str::to_owned))
        .chain([String::from("\u{4e00}").repeat(LONGEST)])
}

/// True for a field that is sorted in the order of the language.
pub(crate) fn is_collated(field: &Field) -> bool {
    field.sort == SUFFIX
}

/// Every column of names that are sorted: those of the kinds, and of users.
fn columns(registry: &Registry) -> Vec<NameColumn> {
    let fields = registry.kinds.iter().flat_map(|kind| {
        let sorted = kind.fields.iter().filter(|field| is_collated(field));
        sorted.map(|field| NameColumn {
            table: kind.many,
            name: field.column(0),
            key: field.sort_column(),
            is_optional: field.is_optional,
            has_trash: true,
        })
    });
    let users = NameColumn {
        table: "users",
        name: "name".to_owned(),
        key: "name_sort".to_owned(),
        is_optional: false,
        has_trash: false,
    };
    fields.chain([users]).collect()
}

/// A column of names, and that of their keys.
struct NameColumn {
    table: &'static str,
    name: String,
    key: String,
    is_optional: bool,
    has_trash: bool,
}

impl NameColumn {
    /// The rows whose keys were made otherwise: each part is found in an index, but for the trash, which is
    /// read as a whole.
    fn stale(&self, made_so: &str) -> Vec<SelectStatement> {
        let key = || match self.is_optional {
            // As the index has it.
            true => Expr::cust(format!("coalesce({}, '')", self.key)),
            false => Expr::col(Alias::new(&self.key)),
        };
        let before = || key().lt(made_so);
        // No character of a key is as far behind.
        let behind = || key().gt(format!("{made_so}\u{10ffff}"));
        let parts = if self.has_trash {
            let deleted_at = || Expr::col(Alias::new("deleted_at"));
            vec![
                before().and(deleted_at().is_null()),
                behind().and(deleted_at().is_null()),
                before().or(behind()).and(deleted_at().is_not_null()),
            ]
        } else {
            vec![before(), behind()]
        };
        let rows = |part| {
            Query::select()
                .columns([Alias::new("id"), Alias::new(&self.name)])
                .from(Alias::new(self.table))
                .and_where(part)
                .and_where(Expr::col(Alias::new(&self.name)).is_not_null())
                .limit(AT_ONCE)
                .to_owned()
        };
        parts.into_iter().map(rows).collect()
    }

    fn set(&self, keys: Vec<(Uuid, String)>) -> UpdateStatement {
        let id = || Expr::col(Alias::new("id"));
        let ids: Vec<Uuid> = keys.iter().map(|(id, _)| *id).collect();
        let of_each = keys.into_iter().fold(CaseStatement::new(), |cases, (of, key)| {
            cases.case(id().eq(of), SimpleExpr::from(key))
        });
        Query::update()
            .table(Alias::new(self.table))
            .value(Alias::new(&self.key), of_each)
            .and_where(id().is_in(ids))
            .to_owned()
    }
}

impl Store {
    /// How names are sorted, in a few letters: others when they are sorted otherwise.
    pub fn order_of_names(&self) -> &str {
        &self.0.collation.made_so
    }

    /// True when all names stand in the order of this program and its language.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn has_names_in_order(&self) -> Result<bool, StoreError> {
        for column in columns(self.registry()) {
            for stale in column.stale(&self.0.collation.made_so) {
                if self.has_any(&stale).await? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Makes the keys of names anew that were made otherwise. What was done stays done when it is
    /// interrupted, and the next start goes on.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn sort_anew(&self) -> Result<(), StoreError> {
        let (collation, mut rows) = (&self.0.collation, 0);
        for column in columns(self.registry()) {
            for stale in column.stale(&collation.made_so) {
                while self.has_any(&stale).await? {
                    let told = rows / TOLD_EVERY;
                    rows += self.sort_some_anew(&column, &stale).await?;
                    if rows / TOLD_EVERY > told {
                        let language = collation.language.as_str();
                        tracing::info!(rows, language, "names are being put in order");
                    }
                }
            }
        }
        if rows > 0 {
            tracing::info!(rows, language = collation.language.as_str(), "names are in order");
        }
        Ok(())
    }

    /// Looks without a lock: most starts have nothing to write.
    async fn has_any(&self, stale: &SelectStatement) -> Result<bool, StoreError> {
        let one = stale.clone().limit(1).to_owned();
        let found: Vec<(Uuid, String)> = self.scan().rows(&one).await.map_err(store_error)?;
        Ok(!found.is_empty())
    }

    /// How many rows were written. Other instances' writers may hold some of them, and want others.
    async fn sort_some_anew(
        &self,
        column: &NameColumn,
        stale: &SelectStatement,
    ) -> Result<u64, StoreError> {
        let mut attempt = 1;
        loop {
            match self.try_to_sort_some(column, stale).await {
                Err(StoreError::Raced | StoreError::Unavailable(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn try_to_sort_some(
        &self,
        column: &NameColumn,
        stale: &SelectStatement,
    ) -> Result<u64, StoreError> {
        let unit = self.unit().await?;
        // A name that is changed meanwhile keeps its key; whoever only names the record is not held up.
        let locked = stale.clone().lock(LockType::NoKeyUpdate).to_owned();
        let found: Vec<(Uuid, String)> = unit.work.rows(&locked).await.map_err(store_error)?;
        let rows = u64::try_from(found.len()).unwrap_or(AT_ONCE);
        if rows == 0 {
            return Ok(0);
        }
        let collation = &self.0.collation;
        let keys = found.into_iter().map(|(id, name)| (id, collation.key(&name))).collect();
        unit.work.execute(&column.set(keys)).await.map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(rows)
    }
}
