//! Fields of a record: a value, or a value that may be absent.

use almoner_kernel::{FieldError, Fields, Patch, StoreError, words};

use crate::{
    kind::Field,
    plain::{Body, Plain},
    value::{Columns, Drawn, Show, Terms, Value},
};

/// What the type of a field decides: a value that must be there, or may be absent.
pub trait Slot: Sized {
    /// Its value.
    type Value: Value;
    /// What a patch says of it.
    type Change: Clone + std::fmt::Debug + Default + PartialEq + Send + Sync;
    /// True when it may be absent.
    const IS_OPTIONAL: bool;

    /// The value, if there is one.
    fn shown(&self) -> Option<&dyn Show>;

    /// Reads it from its columns.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    fn read(row: &mut dyn Columns) -> Result<Self, StoreError>;

    /// Takes it out of the body of a new record, or of a part of one; `within` is where the body stands.
    fn take(
        field: &Field,
        within: &str,
        body: &mut Body,
        terms: &Terms,
        fields: &mut Fields,
    ) -> Option<Self>;

    /// Takes what changes about it out of the body of a patch.
    fn change(field: &Field, body: &mut Body, terms: &Terms, fields: &mut Fields) -> Self::Change;

    /// Changes it.
    fn apply(&mut self, change: &Self::Change);

    /// True when a change gives it a value.
    fn gives(change: &Self::Change) -> bool;

    /// The record it names, to be shown with its label.
    fn value_mut(&mut self) -> Option<&mut Self::Value>;

    /// Takes a number that was drawn, when it is one.
    fn number(&mut self, drawn: &Drawn) {
        if let Some(value) = Self::Value::drawn(drawn) {
            self.set(value);
        }
    }

    /// Becomes that value.
    fn set(&mut self, value: Self::Value);

    /// It, when nothing is said of it: for fields that clients do not send.
    fn missing() -> Option<Self>;
}

impl<V: Value> Slot for V {
    type Value = V;
    type Change = Option<V>;
    const IS_OPTIONAL: bool = false;

    fn shown(&self) -> Option<&dyn Show> {
        Some(self)
    }

    fn read(row: &mut dyn Columns) -> Result<Self, StoreError> {
        V::read(row)?.ok_or_else(|| StoreError::Damaged("a value is missing".to_owned()))
    }

    fn take(
        field: &Field,
        within: &str,
        body: &mut Body,
        terms: &Terms,
        fields: &mut Fields,
    ) -> Option<Self> {
        let at = format!("{within}/{}", field.name);
        match (body.remove(field.name), field.default) {
            (None | Some(Plain::Null), Some(default)) => {
                V::parse(default.plain(), &at, terms, fields)
            }
            (None | Some(Plain::Null), None) => {
                fields.wrong(FieldError::new(at, "required", words::is_required()));
                None
            }
            (Some(plain), _) => V::parse(plain, &at, terms, fields),
        }
    }

    fn change(field: &Field, body: &mut Body, terms: &Terms, fields: &mut Fields) -> Option<V> {
        let at = format!("/{}", field.name);
        match body.remove(field.name)? {
            Plain::Null => {
                fields.wrong(FieldError::new(at, "required", words::cannot_be_emptied()));
                None
            }
            plain => V::parse(plain, &at, terms, fields),
        }
    }

    fn apply(&mut self, change: &Option<V>) {
        if let Some(value) = change {
            self.clone_from(value);
        }
    }

    fn gives(change: &Option<V>) -> bool {
        change.is_some()
    }

    fn value_mut(&mut self) -> Option<&mut V> {
        Some(self)
    }

    fn set(&mut self, value: V) {
        *self = value;
    }

    fn missing() -> Option<Self> {
        None
    }
}

impl<V: Value> Slot for Option<V> {
    type Value = V;
    type Change = Patch<V>;
    const IS_OPTIONAL: bool = true;

    fn shown(&self) -> Option<&dyn Show> {
        self.as_ref().map(|value| value as &dyn Show)
    }

    fn read(row: &mut dyn Columns) -> Result<Self, StoreError> {
        V::read(row)
    }

    fn take(
        field: &Field,
        within: &str,
        body: &mut Body,
        terms: &Terms,
        fields: &mut Fields,
    ) -> Option<Self> {
        match body.remove(field.name) {
            None | Some(Plain::Null) => Some(None),
            Some(plain) => {
                V::parse(plain, &format!("{within}/{}", field.name), terms, fields).map(Some)
            }
        }
    }

    fn change(field: &Field, body: &mut Body, terms: &Terms, fields: &mut Fields) -> Patch<V> {
        match body.remove(field.name) {
            None => Patch::Keep,
            Some(Plain::Null) => Patch::Clear,
            Some(plain) => V::parse(plain, &format!("/{}", field.name), terms, fields)
                .map_or(Patch::Keep, Patch::Set),
        }
    }

    fn apply(&mut self, change: &Patch<V>) {
        change.clone().apply(self);
    }

    fn gives(change: &Patch<V>) -> bool {
        change.set().is_some()
    }

    fn value_mut(&mut self) -> Option<&mut V> {
        self.as_mut()
    }

    fn set(&mut self, value: V) {
        *self = Some(value);
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

/// Takes a text that must be there out of an object inside of a body.
pub fn text(body: &mut Body, at: &str, name: &str, fields: &mut Fields) -> Option<String> {
    let at = format!("{at}/{name}");
    match body.remove(name) {
        Some(Plain::Text(text)) => Some(text),
        None | Some(Plain::Null) => {
            fields.wrong(FieldError::new(at, "required", words::is_required()));
            None
        }
        Some(_) => {
            fields.wrong(FieldError::new(at, "type", words::must_be_a_string()));
            None
        }
    }
}

/// Complains of the fields that nobody has taken.
pub fn nothing_left(body: Body, at: &str, fields: &mut Fields) {
    for name in body.into_keys().take(MAX_UNKNOWN) {
        // A name nobody knows is not repeated at any length.
        let name: String = name.chars().take(MAX_NAME).collect();
        let name = name.replace('~', "~0").replace('/', "~1");
        let detail = words::not_a_known_field();
        fields.wrong(FieldError::new(format!("{at}/{name}"), "unknown_field", detail));
    }
}

/// Unknown fields that are complained of at the most.
const MAX_UNKNOWN: usize = 50;
/// Characters of an unknown name that are told.
const MAX_NAME: usize = 100;
