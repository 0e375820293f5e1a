//! Sums of records: how many there are of each group, and what an amount of theirs comes to.
//!
//! A summary looks at every record that its filters let through, so these are bounded: [`MAX_SUMMED`] of
//! them, beyond which the answer is a problem that says so and no wrong number. A bound on rows is the same
//! on every machine and with every database, where one on time refuses today what it answered yesterday;
//! that many donors in two groups take SQLite 0.15 s. Kinds whose sums are asked for all day keep them (see the totals of donations).

use almoner_kernel::{Context, Currency, Denied, FieldError, Fields, ScopeKind};
use uuid::Uuid;

use crate::{
    form::Json,
    kind::{Field, Kind},
    query::Query,
    words,
};

/// Records that are summed up at the most.
pub const MAX_SUMMED: u64 = 200_000;

/// Lines of a summary at the most.
pub const MAX_LINES: usize = 1_000;

/// What makes a group.
#[derive(Clone, Copy, Debug)]
pub struct Grouping {
    /// The field whose value the records of a group share.
    pub field: &'static Field,
    /// Of what.
    pub of: Of,
}

/// What of a field makes a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Its word.
    Word,
    /// Yes or no.
    Flag,
    /// The record it names.
    Record,
    /// The month of its day.
    Month,
}

/// Which records are summed up, and how.
#[derive(Clone, Debug, Default)]
pub struct Summing {
    /// Which records.
    pub query: Query,
    /// One line for each value of these.
    pub by: Vec<Grouping>,
    /// The field with the amounts: one line for each currency then.
    pub sum: Option<&'static Field>,
}

/// One line of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What its records share, in the order of the groupings.
    pub by: Vec<Member>,
    /// How many records.
    pub count: u64,
    /// What their amounts come to, in minor units; none for those without an amount.
    pub sum: Option<(Currency, i128)>,
}

/// What the records of a group share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// The field is absent.
    Absent,
    /// A word, or a month as `2026-03`.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A record, and what it is called if that may be told.
    Record(Uuid, Option<String>),
}

impl Grouping {
    /// Everything that records of a kind can be grouped by.
    pub fn all(kind: &'static Kind) -> impl Iterator<Item = Self> + use<> {
        kind.fields.iter().filter(|field| field.is_grouped).map(Self::by)
    }

    fn by(field: &'static Field) -> Self {
        let of = match (field.target, field.form.json, field.form.words) {
            (Some(_), ..) => Of::Record,
            (None, Json::Flag, _) => Of::Flag,
            (None, _, []) => Of::Month,
            (None, _, _) => Of::Word,
        };
        Self { field, of }
    }

    /// Its name: that of the field, or `donated_month`.
    pub fn name(&self) -> String {
        match self.of {
            Of::Month => format!("{}_month", self.field.stem()),
            Of::Word | Of::Flag | Of::Record => self.field.name.to_owned(),
        }
    }
}

/// The fields with amounts that records of a kind can be summed up by.
pub fn sums(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| field.is_summed)
}

impl Summing {
    /// Allows somebody who meets records as far as this to sum them up so.
    ///
    /// # Errors
    /// [`Denied`], without the right to a field.
    pub fn permit(&self, cx: &Context, sight: ScopeKind) -> Result<(), Denied> {
        self.query.permit(cx, sight)?;
        let fields = self.by.iter().map(|grouping| grouping.field).chain(self.sum);
        fields.into_iter().try_for_each(|field| field.permit(cx, sight))
    }

    /// Reads `group_by` and `sum`.
    pub fn read(
        kind: &'static Kind,
        query: Query,
        group_by: Option<&str>,
        sum: Option<&str>,
        fields: &mut Fields,
    ) -> Self {
        let mut by: Vec<Grouping> = Vec::new();
        // An empty list is written like this.
        for name in
            group_by.filter(|text| !text.is_empty()).into_iter().flat_map(|text| text.split(','))
        {
            match Grouping::all(kind).find(|grouping| grouping.name() == name) {
                Some(_) if by.iter().any(|known| known.name() == name) => {
                    fields.wrong(FieldError::new("group_by", "choice", words::each_once()));
                    break;
                }
                Some(grouping) => by.push(grouping),
                None => {
                    let all: Vec<String> = Grouping::all(kind).map(|one| one.name()).collect();
                    let detail = words::must_be_among(all.join(", "));
                    fields.wrong(FieldError::new("group_by", "choice", detail));
                    break;
                }
            }
        }
        let summed = sum.and_then(|name| {
            let summed = sums(kind).find(|field| field.name == name);
            if summed.is_none() {
                let all: Vec<&str> = sums(kind).map(|field| field.name).collect();
                let detail = almoner_kernel::words::choice(&all);
                fields.wrong(FieldError::new("sum", "choice", detail));
            }
            summed
        });
        Self { query, by, sum: summed }
    }
}
