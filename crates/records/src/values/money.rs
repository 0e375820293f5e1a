//! Amounts of money.

use almoner_kernel::{Currency, FieldValue, Fields, Money, SortKey, StoreError};

use crate::{
    form::{Form, Part},
    plain::{Plain, Shown},
    slot,
    value::{
        Cells, Column, Columns, Filtering, Holds, Key, Show, Terms, Value, damaged, object_of,
    },
};

const CURRENCY: Form = Form { pattern: "^[A-Z]{3}$", ..Form::sized("", 3, 3) };

const SHOWN: &[Part] = &[
    Part {
        name: "amount",
        about: "A decimal with the currency's own number of minor digits.",
        example: "1250.00",
        form: &Form { pattern: r"^(0|[1-9][0-9]*)(\.[0-9]{1,4})?$", ..Form::sized("", 1, 40) },
        is_optional: false,
    },
    Part {
        name: "currency",
        about: "ISO 4217 code.",
        example: "TRY",
        form: &CURRENCY,
        is_optional: false,
    },
];

const SENT: &[Part] = &[
    Part {
        name: "amount",
        about: "A decimal with the currency's own number of minor digits, or none at all: `1250.00` \
                or `1250` for TRY, `1250` for JPY.",
        example: "1250.00",
        form: &Form { pattern: AMOUNT, ..Form::sized("", 1, 18) },
        is_optional: false,
    },
    Part {
        name: "currency",
        about: "ISO 4217 code.",
        example: "TRY",
        form: &CURRENCY,
        is_optional: false,
    },
];

/// The pattern of an amount that is sent.
pub const AMOUNT: &str = r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$";

impl Show for Money {
    fn show(&self) -> Shown<'_> {
        Shown::Object(vec![
            ("amount", Shown::Text(self.decimal().into())),
            ("currency", Shown::text(self.currency().code())),
        ])
    }

    fn cells(&self, row: &mut dyn Cells) {
        row.int(self.minor());
        row.text(self.currency().code().into());
    }

    fn key(&self) -> Option<Key> {
        Some(Key::Int(self.minor()))
    }

    fn sort_key(&self) -> Option<SortKey> {
        Some(SortKey::Int(self.minor()))
    }

    fn recorded(&self) -> FieldValue {
        FieldValue::Text(self.to_string())
    }

    fn money_in(&self) -> Option<Currency> {
        Some(Self::currency(*self))
    }
}

impl Value for Money {
    const FORM: Form = Form::object("Money", "An amount of money.", SHOWN);
    const INPUT: Form = Form::object("MoneyInput", "An amount of money, as it is sent.", SENT);
    const COLUMNS: &'static [Column] =
        &[Column::new("_minor", Holds::Int), Column::new("_currency", Holds::Text)];
    const FILTERING: Filtering = Filtering::Money;
    const KEY: &'static str = "_minor";
    const SORT: Option<&'static str> = Some("_minor");

    fn parse(plain: Plain, at: &str, _: &Terms, fields: &mut Fields) -> Option<Self> {
        let mut body = object_of(plain, at, fields)?;
        let code = slot::text(&mut body, at, "currency", fields);
        let currency = code.and_then(|code| {
            fields.required(&format!("{at}/currency"), Some(code), |code| Currency::parse(&code))
        });
        let amount = slot::text(&mut body, at, "amount", fields);
        slot::nothing_left(body, at, fields);
        let (currency, amount) = (currency?, amount?);
        fields.required(&format!("{at}/amount"), Some(amount), |amount| {
            Self::parse(&amount, currency)
        })
    }

    fn read(row: &mut dyn Columns) -> Result<Option<Self>, StoreError> {
        let (minor, code) = (row.int()?, row.text()?);
        minor
            .zip(code)
            .map(|(minor, code)| {
                let currency = Currency::parse(&code).map_err(|_| damaged("a currency"))?;
                Ok(Self::from_minor(minor, currency))
            })
            .transpose()
    }
}
