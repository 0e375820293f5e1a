//! Which records a list shows: filters, words, the trash and the order, read from the parameters that a
//! kind offers.

mod read;

use almoner_kernel::{
    Context, Currency, Denied, Direction, ScopeKind, Trash, UserId, fault::Unfit, text, words,
};
use chrono::NaiveDate;

use crate::{
    form::{Form, Json},
    kind::{Field, Kind, Rows, Span},
    value::{Filtering, Key},
    values,
};

pub use self::read::tests;

/// Which records a list shows.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// What holds for all of them.
    pub tests: Vec<Test>,
    /// Words to find, the last one may be a beginning.
    pub q: Option<String>,
    /// Which side of the trash.
    pub trash: Trash,
    /// The order.
    pub order: Order,
}

impl Query {
    /// Allows somebody who meets records as far as this to list them so: whoever finds them by a field learns
    /// what it is.
    ///
    /// # Errors
    /// [`Denied`], without the right to a field.
    pub fn permit(&self, cx: &Context, sight: ScopeKind) -> Result<(), Denied> {
        let tested = self.tests.iter().filter_map(Test::field);
        tested.chain(self.order.field).try_for_each(|field| field.permit(cx, sight))
    }
}

impl Test {
    /// The field it is about.
    const fn field(&self) -> Option<&'static Field> {
        match self {
            Self::Is(field, _)
            | Self::AnyOf(field, _)
            | Self::Absent(field)
            | Self::Present(field)
            | Self::From(field, _)
            | Self::UpTo(field, _)
            | Self::In(field, _) => Some(field),
            // The fields of a span have no rights of their own: the derive sees to that.
            Self::CreatedBy(_) | Self::On(..) => None,
        }
    }
}

/// What holds for every record of a list.
#[derive(Clone, Debug)]
pub enum Test {
    /// The field is this.
    Is(&'static Field, Key),
    /// The field is one of these, of which there are several.
    AnyOf(&'static Field, Vec<Key>),
    /// The field is absent.
    Absent(&'static Field),
    /// The field is not absent.
    Present(&'static Field),
    /// The field is this or later, or more.
    From(&'static Field, Key),
    /// The field is this or earlier, or less.
    UpTo(&'static Field, Key),
    /// The amount is in one of these currencies.
    In(&'static Field, Vec<Currency>),
    /// One of these users entered it.
    CreatedBy(Vec<UserId>),
    /// It holds on this day.
    On(&'static Span, NaiveDate),
}

/// The order of a list: by a field and then by id, or by id alone, which is the order of creation.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The field.
    pub field: Option<&'static Field>,
    /// Up or down.
    pub direction: Direction,
}

impl Default for Order {
    /// Newest first.
    fn default() -> Self {
        Self { field: None, direction: Direction::Down }
    }
}

/// A parameter of a list.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Its form.
    pub form: Form,
    /// What it may look like.
    pub example: String,
    /// What it asks for.
    pub asks: Asks,
    /// Values of that form, with commas between them, at the most.
    pub values: usize,
}

/// What a parameter asks for.
#[derive(Clone, Copy, Debug)]
pub enum Asks {
    /// A value of a field.
    Is(&'static Field),
    /// A value of a field, that it has none, or that it has any.
    IsOrAbsent(&'static Field),
    /// Whether a field has a value at all.
    Presence(&'static Field),
    /// Values from this one on.
    From(&'static Field),
    /// Values up to this one.
    UpTo(&'static Field),
    /// A currency.
    Currency(&'static Field),
    /// The smallest amount.
    Min(&'static Field),
    /// The largest amount.
    Max(&'static Field),
    /// Who entered it.
    CreatedBy,
    /// A day on which it holds.
    On(&'static Span),
}

/// Characters `q` has at the most: as many as the longest name.
pub const MAX_SEARCH: usize = 200;

/// The word for a field that is absent.
pub const NONE: &str = "none";

/// The word for a field that is not absent.
pub const ANY: &str = "any";

/// Values that one filter names at the most.
pub const MAX_VALUES: usize = 20;

/// The filters that a kind offers, in the order of its fields.
pub fn parameters(kind: &'static Kind) -> Vec<Parameter> {
    let own = kind.fields.iter().flat_map(of_field);
    let spans = kind.spans.iter().map(|span| Parameter {
        name: span.name.to_owned(),
        about: span.about.to_owned(),
        form: Form::text("date"),
        example: span.example.to_owned(),
        asks: Asks::On(span),
        values: 1,
    });
    let creator = (kind.rows == Rows::OfCreator).then(|| Parameter {
        name: "created_by".to_owned(),
        about: format!("Only {} entered by this user.", kind.nouns()),
        form: Form::text("uuid"),
        example: "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11".to_owned(),
        asks: Asks::CreatedBy,
        values: MAX_VALUES,
    });
    spans.chain(own).chain(creator).collect()
}

fn of_field(field: &'static Field) -> Vec<Parameter> {
    let stem = field.stem();
    let noun = stem.replace('_', " ");
    let example = match field.example {
        crate::kind::Example::Text(text) => text.to_owned(),
        crate::kind::Example::Flag(flag) => flag.to_string(),
        crate::kind::Example::Whole(number) => number.to_string(),
        crate::kind::Example::None => String::new(),
    };
    let one = |name: String, about: String, form: Form, example: &str, asks: Asks| Parameter {
        name,
        about,
        form,
        example: example.to_owned(),
        asks,
        values: 1,
    };
    // What sorts has an index that knows of what is absent.
    let is_range = matches!(field.filtering, Filtering::Days | Filtering::Money);
    let presence = (is_range && field.is_optional && field.is_sorted).then(|| {
        let about = format!("`none` for those without {noun}, `any` for those with one.");
        let form = Form { words: &[NONE, ANY], ..Form::of(Json::Text) };
        one(field.name.to_owned(), about, form, NONE, Asks::Presence(field))
    });
    let by_value = match field.filtering {
        Filtering::None => Vec::new(),
        Filtering::Is | Filtering::Common => {
            let about = match field.filter_about {
                "" => format!("Only this {noun}"),
                about => about.trim_end_matches('.').to_owned(),
            };
            let about = match field.is_optional {
                true => format!("{about}; `none` for those without one, `any` for those with one."),
                false => format!("{about}."),
            };
            let form = Form { component: "", ..field.input };
            let asks = match field.is_optional {
                true => Asks::IsOrAbsent(field),
                false => Asks::Is(field),
            };
            let values = if takes_several(field) { MAX_VALUES } else { 1 };
            let one = one(field.name.to_owned(), about, form, &example, asks);
            vec![Parameter { values, ..one }]
        }
        Filtering::Days => vec![
            one(
                format!("{stem}_from"),
                "Only from this day on.".to_owned(),
                field.input,
                &example,
                Asks::From(field),
            ),
            one(
                format!("{stem}_to"),
                "Only up to this day, inclusive.".to_owned(),
                field.input,
                &example,
                Asks::UpTo(field),
            ),
        ],
        Filtering::Money => {
            let currency = field.column_with("_currency");
            let amount = Form { pattern: values::AMOUNT, ..Form::sized("", 1, 18) };
            let code = Form { pattern: "^[A-Z]{3}$", ..Form::sized("", 3, 3) };
            vec![
                Parameter {
                    values: MAX_VALUES,
                    ..one(
                        currency.clone(),
                        "Only this currency, an ISO 4217 code.".to_owned(),
                        code,
                        "TRY",
                        Asks::Currency(field),
                    )
                },
                one(
                    format!("{stem}_min"),
                    format!("Only from this amount on, a decimal. Needs one `{currency}`."),
                    amount,
                    "100.00",
                    Asks::Min(field),
                ),
                one(
                    format!("{stem}_max"),
                    format!(
                        "Only up to this amount, inclusive, a decimal. Needs one `{currency}`."
                    ),
                    amount,
                    "5000.00",
                    Asks::Max(field),
                ),
            ]
        }
    };
    presence.into_iter().chain(by_value).collect()
}

/// True when several values of the field can stand in one parameter: a comma is in none of them.
fn takes_several(field: &Field) -> bool {
    let form = field.input;
    form.json == Json::Whole || !form.words.is_empty() || form.format == "uuid"
}

/// The names a list can be sorted by, in the order of the fields.
pub fn sorts(kind: &'static Kind) -> Vec<&'static str> {
    let own = kind.fields.iter().filter(|field| field.is_sorted).map(|field| field.name);
    std::iter::once("created_at").chain(own).collect()
}

/// Parses `sort`: one of the offered names, with `-` in front for descending.
///
/// # Errors
/// `sort`.
pub fn order(kind: &'static Kind, text: &str) -> Result<Order, Unfit> {
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Down),
        None => (text, Direction::Up),
    };
    if name == "created_at" {
        return Ok(Order { field: None, direction });
    }
    match kind.field(name).filter(|field| field.is_sorted) {
        Some(field) => Ok(Order { field: Some(field), direction }),
        None => Err(Unfit::new("sort", words::must_be_a_sort(sorts(kind).join(", ")))),
    }
}

/// Parses the words of `q`.
///
/// # Errors
/// As [`text::line`].
pub fn searched(q: &str) -> Result<String, Unfit> {
    text::line(q, MAX_SEARCH)
}
