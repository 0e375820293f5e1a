//! Records of a kind: what storage keeps, and the rules of the domain.

use std::{fmt, ops::Deref, pin::Pin};

use almoner_kernel::{
    Audited, FieldValue, Fields, Id, Snapshot, StoreError, Timestamp, UserId, Version, Words,
    id::Entity, trail::Subject,
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    error::RecordError,
    kind::{Field, Kind},
    parts::Numbered,
    plain::Body,
    reference::{Link, Target, TargetName},
    steps::{self, Step},
    value::{Columns, Drawn, Show, Terms},
};

/// The outgoing half of a record, without its type.
pub trait Shape: Send + Sync {
    /// Shows every field, in the order of the kind.
    fn each(&self, see: &mut dyn FnMut(&'static Field, Option<&dyn Show>));
}

/// The fields of a kind of record. Made by `#[derive(Record)]`.
pub trait Record:
    Shape + Entity + Target + Clone + PartialEq + fmt::Debug + Send + Sync + 'static
{
    /// The description.
    const KIND: &'static Kind;
    /// The fields that say something of whom a record is about.
    const PERSONAL: &'static [&'static str];
    /// The names under which the trail keeps the fields with rights of their own.
    const UNSEARCHED: &'static [&'static str];
    /// What changes about a record.
    type Patch: Clone + fmt::Debug + Default + PartialEq + Send + Sync + 'static;

    /// Reads the columns of its fields.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn read(row: &mut dyn Columns) -> Result<Self, StoreError>;

    /// Takes a new record out of a body; what is left of it is unknown.
    fn take(body: &mut Body, terms: &Terms, fields: &mut Fields) -> Option<Self>;

    /// Takes a change out of a body; what is left of it is unknown.
    fn change(body: &mut Body, terms: &Terms, fields: &mut Fields) -> Self::Patch;

    /// Changes the record.
    fn apply(&mut self, patch: &Self::Patch);

    /// Whom the record with that id is about.
    fn subject(&self, own: Id<Self>) -> Option<Subject>;

    /// True when a change gives the field a value.
    fn gives(patch: &Self::Patch, field: &str) -> bool;

    /// Makes a field what it is in another record.
    fn take_back(&mut self, field: &str, from: &Self);

    /// Gives a field the number that was drawn for it.
    fn number(&mut self, field: &str, drawn: &Drawn);

    /// Shows every list of parts.
    fn lists(&mut self, see: &mut dyn FnMut(&'static Field, &mut dyn Numbered));

    /// Shows every reference that is not absent.
    fn links(&mut self, see: &mut dyn FnMut(&'static Field, &mut dyn Link));
}

/// The rules of a kind: what holds between fields and over time.
pub trait Rules: Record {
    /// What holds between the fields of a record, whoever asks and whenever: complaints point into the
    /// body. `before` is the record that is changed. A field with a right of its own is not compared with one
    /// without: whoever changes the one would find out the other by what is refused.
    fn check(&self, _before: Option<&Self>, _fields: &mut Fields) {}

    /// What depends on when and where it is asked: the time of the request, and what the organisation has
    /// settled on.
    fn check_now(&self, _before: Option<&Self>, _now: &Now<'_>, _fields: &mut Fields) {}

    /// Whether a record may become this one by a change of its fields.
    ///
    /// # Errors
    /// Why not.
    fn may_follow(&self, _before: &Self) -> Result<(), Refusal> {
        Ok(())
    }

    /// What depends on other records: asked last, in the transaction, of a record that is created, changed,
    /// taken a step with or brought back from the trash. Of a child: what its parent, which is locked, lets
    /// be done. `before` is the record that is changed.
    fn guard<'a>(
        &'a self,
        _before: Option<&'a Self>,
        _related: &'a mut dyn Related,
    ) -> Guarded<'a> {
        Box::pin(async { Ok(()) })
    }

    /// The state it is in; of kinds without steps nothing.
    fn state(&self) -> &'static str {
        ""
    }

    /// Takes a step: sets the state, and what else goes with it.
    fn step(&mut self, _step: &'static Step, _reason: Option<&str>, _at: Timestamp) {}

    /// Why a step cannot be taken from its state.
    fn out_of_order(&self, _step: &'static Step) -> Refusal {
        Refusal { code: "transition", detail: steps::out_of_order() }
    }

    /// Whether a record may go to the trash.
    ///
    /// # Errors
    /// Why not.
    fn may_be_deleted(&self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// What a rule about other records comes to.
pub type Guarded<'a> = Pin<Box<dyn Future<Output = Result<(), RecordError>> + Send + 'a>>;

/// The records around one, for rules about them.
#[async_trait]
pub trait Related: Send {
    /// A text or word of the record that the field `by` names: its field `of`. None when nothing is named.
    ///
    /// # Errors
    /// When there are no such fields, or storage fails.
    async fn word(&mut self, by: &str, of: &str) -> Result<Option<String>, StoreError>;

    /// How many records of a kind outside the trash name this one by their field `by`; counting ends at
    /// `limit`.
    ///
    /// # Errors
    /// When there are no such records, or storage fails.
    async fn count(&mut self, many: TargetName, by: &str, limit: u32) -> Result<u32, StoreError>;
}

/// When and where a rule is asked.
#[derive(Clone, Copy, Debug)]
pub struct Now<'a> {
    /// The time of the request.
    pub at: Timestamp,
    /// What the organisation has settled on.
    pub terms: &'a Terms,
}

/// Why a rule refuses something that is well-formed: 409.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// Stable, lower snake_case.
    pub code: &'static str,
    /// Why.
    pub detail: Words,
}

/// A record as it is kept: its fields, and what every record has.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<R> {
    /// Which one.
    pub id: Id<R>,
    /// Grows with every change.
    pub version: Version,
    /// Who entered it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put in the trash.
    pub deleted_at: Option<Timestamp>,
    /// Its own fields.
    pub own: R,
    /// The names of those that whoever asked for it may not see.
    pub hidden: Vec<&'static str>,
}

impl<R> Kept<R> {
    /// The record as it is after a change at that time.
    #[must_use]
    pub fn changed(self, at: Timestamp) -> Self {
        Self { version: self.version.next(), updated_at: at, ..self }
    }

    /// True when it is in the trash.
    pub const fn is_in_trash(&self) -> bool {
        self.deleted_at.is_some()
    }
}

impl<R> Deref for Kept<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.own
    }
}

impl<R: Record> Audited for Kept<R> {
    const ENTITY: &'static str = R::NAME;
    const PERSONAL: &'static [&'static str] = R::PERSONAL;
    const UNSEARCHED: &'static [&'static str] = R::UNSEARCHED;

    fn subject(&self) -> Option<Subject> {
        self.own.subject(self.id)
    }

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new();
        self.own.each(&mut |field, value| {
            if !field.beside_name.is_empty() {
                let beside = value.and_then(Show::recorded_beside);
                snapshot.push((field.beside_name, beside.unwrap_or(FieldValue::Null)));
            }
            snapshot.push((field.name, value.map_or(FieldValue::Null, Show::recorded)));
        });
        snapshot.push(("deleted", FieldValue::Bool(self.is_in_trash())));
        snapshot
    }
}

/// A record that was just entered, with those that may be the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Created<R> {
    /// The record.
    pub kept: Kept<R>,
    /// The others, which the caller may read; most alike first.
    pub alike: Vec<Alike>,
}

/// A record that may be the same as another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Which one.
    pub id: Uuid,
    /// What it is called.
    pub label: Option<String>,
    /// The fields in which both are the same.
    pub fields: Vec<&'static str>,
}

/// A record without its type: what answers are written from.
pub trait Made: Send + Sync {
    /// Its kind.
    fn kind(&self) -> &'static Kind;
    /// Which one.
    fn id(&self) -> Uuid;
    /// Its version.
    fn version(&self) -> Version;
    /// Who entered it.
    fn created_by(&self) -> Option<UserId>;
    /// When it was entered.
    fn created_at(&self) -> Timestamp;
    /// When it was last changed.
    fn updated_at(&self) -> Timestamp;
    /// When it was put in the trash.
    fn deleted_at(&self) -> Option<Timestamp>;
    /// Shows every field of its own that whoever asked for it may see, in the order of the kind.
    fn each(&self, see: &mut dyn FnMut(&'static Field, Option<&dyn Show>));
    /// The names of the fields that they may not see.
    fn hidden(&self) -> &[&'static str];
    /// Of one that was just entered: those that may be the same.
    fn alike(&self) -> &[Alike] {
        &[]
    }
}

impl<R: Record> Made for Kept<R> {
    fn kind(&self) -> &'static Kind {
        R::KIND
    }

    fn id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn created_by(&self) -> Option<UserId> {
        self.created_by
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }

    fn each(&self, see: &mut dyn FnMut(&'static Field, Option<&dyn Show>)) {
        self.own.each(&mut |field, value| {
            if !self.hidden.contains(&field.name) {
                see(field, value);
            }
        });
    }

    fn hidden(&self) -> &[&'static str] {
        &self.hidden
    }
}

impl<R: Record> Made for Created<R> {
    fn kind(&self) -> &'static Kind {
        Made::kind(&self.kept)
    }

    fn id(&self) -> Uuid {
        Made::id(&self.kept)
    }

    fn version(&self) -> Version {
        Made::version(&self.kept)
    }

    fn created_by(&self) -> Option<UserId> {
        Made::created_by(&self.kept)
    }

    fn created_at(&self) -> Timestamp {
        Made::created_at(&self.kept)
    }

    fn updated_at(&self) -> Timestamp {
        Made::updated_at(&self.kept)
    }

    fn deleted_at(&self) -> Option<Timestamp> {
        Made::deleted_at(&self.kept)
    }

    fn each(&self, see: &mut dyn FnMut(&'static Field, Option<&dyn Show>)) {
        Made::each(&self.kept, see);
    }

    fn hidden(&self) -> &[&'static str] {
        Made::hidden(&self.kept)
    }

    fn alike(&self) -> &[Alike] {
        &self.alike
    }
}
