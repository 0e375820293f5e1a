//! Values that only storage has in full: identity and tax numbers.

use almoner_kernel::{
    FieldError, FieldValue, Fields, IdentityKind, IdentityNumber, IdentityOnFile, StoreError, words,
};

use crate::{
    form::{Form, Part},
    plain::{Plain, Shown},
    slot,
    value::{Cells, Column, Columns, Holds, Key, Show, Terms, Value, damaged, object_of},
};

/// A value that is encrypted where it is stored and found by its keyed hash. Records that were read show
/// what may be shown of it; one that was just sent has it in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<V> {
    shown: IdentityOnFile,
    fresh: Option<V>,
}

impl Sealed<IdentityNumber> {
    /// A number that is to be stored.
    pub fn fresh(number: IdentityNumber) -> Self {
        Self { shown: number.on_file(), fresh: Some(number) }
    }

    /// A number that is stored.
    pub const fn on_file(shown: IdentityOnFile) -> Self {
        Self { shown, fresh: None }
    }

    /// What may be shown.
    pub const fn shown(&self) -> &IdentityOnFile {
        &self.shown
    }

    /// The number, when it was just sent.
    pub const fn number(&self) -> Option<&IdentityNumber> {
        self.fresh.as_ref()
    }
}

const WORDS: &[&str] = &[
    IdentityKind::TrNationalId.as_str(),
    IdentityKind::TrTaxNumber.as_str(),
    IdentityKind::ForeignId.as_str(),
];

const SHOWN: &[Part] = &[
    Part {
        name: "kind",
        about: "`tr_national_id`, `tr_tax_number` or `foreign_id`; may grow.",
        example: "tr_national_id",
        form: &Form::text("word"),
        is_optional: false,
    },
    Part {
        name: "masked",
        about: "The number with everything but its last two characters hidden; short numbers are \
                hidden whole.",
        example: "*********46",
        form: &Form::sized("line", 3, IdentityNumber::MAX_CHARS),
        is_optional: false,
    },
];

const SENT: &[Part] = &[
    Part {
        name: "kind",
        about: "Which register the number comes from.",
        example: "tr_national_id",
        form: &Form::word("IdentityKind", "Which register a number comes from.", WORDS),
        is_optional: false,
    },
    Part {
        name: "number",
        about: "The number in full. Check digits are checked.",
        example: "10000000146",
        form: &Form::sized("line", 3, IdentityNumber::MAX_CHARS),
        is_optional: false,
    },
];

impl Show for Sealed<IdentityNumber> {
    fn show(&self) -> Shown<'_> {
        Shown::Object(vec![
            ("kind", Shown::text(self.shown.kind.as_str())),
            ("masked", Shown::text(&self.shown.masked)),
        ])
    }

    fn cells(&self, row: &mut dyn Cells) {
        match &self.fresh {
            Some(number) => {
                row.text(self.shown.kind.as_str().into());
                row.text(self.shown.masked.as_str().into());
                row.secret(number.kind().as_str(), number.expose());
            }
            // The masked form must not be written without the sealed one.
            None => row.keep(Self::COLUMNS.len()),
        }
    }

    fn key(&self) -> Option<Key> {
        let number = self.fresh.as_ref()?;
        Some(Key::Secret(number.kind().as_str().to_owned(), number.expose().to_owned()))
    }

    fn recorded(&self) -> FieldValue {
        FieldValue::Text(self.shown.masked.clone())
    }

    fn recorded_beside(&self) -> Option<FieldValue> {
        Some(self.shown.kind.as_str().into())
    }

    fn is_fresh(&self) -> bool {
        self.fresh.is_some()
    }
}

impl Value for Sealed<IdentityNumber> {
    const FORM: Form =
        Form::object("MaskedIdentity", "What is shown of an identity or tax number.", SHOWN);
    const INPUT: Form =
        Form::object("IdentityInput", "An identity or tax number, as it is sent.", SENT);
    const COLUMNS: &'static [Column] = &[
        Column::new("_kind", Holds::Text),
        Column::new("_masked", Holds::Text),
        Column::derived("_sealed", Holds::Bytes),
        Column::derived("_hash", Holds::Bytes),
    ];
    const KEY: &'static str = "_hash";

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let mut body = object_of(plain, at, fields)?;
        let word = slot::text(&mut body, at, "kind", fields);
        let kind = word.and_then(|word| {
            let kind = IdentityKind::parse(&word);
            if kind.is_none() {
                let detail = words::choice(WORDS);
                fields.wrong(FieldError::new(format!("{at}/kind"), "choice", detail));
            }
            kind
        });
        let number = slot::text(&mut body, at, "number", fields);
        slot::nothing_left(body, at, fields);
        let (kind, number) = (kind?, number?);
        fields
            .required(&format!("{at}/number"), Some(number), |number| {
                IdentityNumber::parse(kind, &number)
            })
            .map(Self::fresh)
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        let (kind, masked) = (row.text()?, row.text()?);
        kind.zip(masked)
            .map(|(kind, masked)| {
                let kind = IdentityKind::parse(&kind).ok_or_else(|| damaged("an identity kind"))?;
                Ok(Self::on_file(IdentityOnFile { kind, masked }))
            })
            .transpose()
    }
}
