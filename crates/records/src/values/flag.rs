//! Yes or no.

use almoner_kernel::{FieldError, Fields, StoreError, words};

use crate::{
    form::{Form, Json},
    plain::{Plain, Shown},
    value::{Cells, Column, Columns, Filtering, Holds, Key, Show, Terms, Value},
};

impl Show for bool {
    fn show(&self) -> Shown<'_> {
        Shown::Flag(*self)
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.flag(*self);
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Flag(*self))
    }
}

impl Value for bool {
    const FORM: Form = Form::of(Json::Flag);
    const COLUMNS: &'static [Column] = &[Column::new("", Holds::Flag)];
    const FILTERING: Filtering = Filtering::Common;

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        match plain {
            Plain::Flag(value) => Some(value),
            _ => {
                fields.wrong(FieldError::new(at, "type", words::must_be_a_boolean()));
                None
            }
        }
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        row.flag()
    }
}
