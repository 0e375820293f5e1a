//! What is known of a field of a kind.

use almoner_kernel::{Context, Denied, Permission, ScopeKind};

use super::{Counter, Example, Fallback};
use crate::{
    form::Form,
    reference::TargetName,
    value::{Column, Filtering, Holds, ReadKey},
};

/// A field of a kind.
#[derive(Debug)]
pub struct Field {
    /// The name in the API and in the trail; columns begin with it.
    pub name: &'static str,
    /// What it is, from its doc comment.
    pub about: &'static str,
    /// What it may look like: a text, or for objects their parts separated by `, `.
    pub example: Example,
    /// How it is shown.
    pub form: Form,
    /// How it is sent.
    pub input: Form,
    /// Its columns.
    pub columns: &'static [Column],
    /// The names of its columns, where they do not follow from its own.
    pub column_names: &'static [&'static str],
    /// The suffix of the column it is compared by.
    pub key: &'static str,
    /// The suffix of the column it is sorted by.
    pub sort: &'static str,
    /// How lists can be narrowed by it.
    pub filtering: Filtering,
    /// What the filter is for, where that does not follow from the name.
    pub filter_about: &'static str,
    /// Reads what a filter compares with.
    pub read_key: ReadKey,
    /// True when it may be absent.
    pub is_optional: bool,
    /// True when no two records outside the trash have the same.
    pub is_unique: bool,
    /// True when that goes by a form of its own, in a column more.
    pub has_unique_form: bool,
    /// True when searches look through it; of a reference: through what is named.
    pub is_searched: bool,
    /// True when a record can be looked up by it.
    pub is_looked_up: bool,
    /// True when records with the same value may be one, though nobody looks them up by it: new ones are
    /// answered with those there are. It must have an index.
    pub is_alike: bool,
    /// True when it says something of whom the record is about.
    pub is_personal: bool,
    /// What it takes beside the permissions of the kind to see it, to send it, and to find records by it.
    pub right: Option<Permission>,
    /// True when records can be grouped by it in a summary.
    pub is_grouped: bool,
    /// True when a summary can add up its amounts.
    pub is_summed: bool,
    /// True when lists can be sorted by it.
    pub is_sorted: bool,
    /// True when clients send it; the others follow from what is done.
    pub is_sent: bool,
    /// True for what a record is called where others name it.
    pub is_label: bool,
    /// What it is when nothing is said of it.
    pub default: Option<Fallback>,
    /// The kind it names.
    pub target: Option<TargetName>,
    /// True when whoever sees the record sees what the named one is called; else only whoever may read
    /// that one as well.
    pub is_public: bool,
    /// What it takes to read the records it names.
    pub target_read: Option<Permission>,
    /// What its number is drawn from.
    pub counter: Option<Counter>,
    /// Under what name that is shown: `donor_name` for `donor_id`.
    pub label_name: &'static str,
    /// Under what name the trail keeps what stands beside it: `identity_kind` for `identity`.
    pub beside_name: &'static str,
    /// Why a sealed value cannot be shown that is not there: `no_identity`.
    pub none_code: &'static str,
    /// Where a complaint about it points to, behind its name: `/number`.
    pub part: &'static str,
}

impl Field {
    /// True when somebody who sees records as far as this ([`crate::Kind::sight`]) sees the field of them.
    pub fn is_shown_to(&self, cx: &Context, sight: ScopeKind) -> bool {
        self.permit(cx, sight).is_ok()
    }

    /// Allows somebody who may do something with records, as far as this, to do it with the field. A right
    /// that reaches less far, by another role, counts for none of them.
    ///
    /// # Errors
    /// [`Denied`], without the right that the field asks for.
    pub fn permit(&self, cx: &Context, sight: ScopeKind) -> Result<(), Denied> {
        self.right.map_or(Ok(()), |right| cx.permit_throughout(right, sight))
    }

    /// The name of one of its columns.
    pub fn column(&self, at: usize) -> String {
        match (self.column_names.get(at), self.columns.get(at)) {
            (Some(name), _) => (*name).to_owned(),
            (None, Some(column)) => format!("{}{}", self.name, column.suffix),
            (None, None) => self.name.to_owned(),
        }
    }

    /// The names of the columns of its value.
    pub fn column_names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.columns.len()).map(|at| self.column(at))
    }

    /// The column it is compared by.
    pub fn key_column(&self) -> String {
        self.column_with(self.key)
    }

    /// The column with the form it is unique by, when that is one of its own.
    pub fn unique_form_column(&self) -> Option<String> {
        self.has_unique_form.then(|| format!("{}_key", self.name))
    }

    /// The column it is unique by.
    pub fn unique_column(&self) -> String {
        self.unique_form_column().unwrap_or_else(|| self.key_column())
    }

    /// The column it is sorted by.
    pub fn sort_column(&self) -> String {
        self.column_with(self.sort)
    }

    /// Of a reference: the column with the words of what is named, for searches.
    pub fn search_column(&self) -> String {
        format!("{}_search", self.stem())
    }

    /// The column with that suffix.
    pub fn column_with(&self, suffix: &str) -> String {
        self.column(self.columns.iter().position(|column| column.suffix == suffix).unwrap_or(0))
    }

    /// The name without what says that it is an id, a day or an instant: `donor`, `donated`.
    pub fn stem(&self) -> &'static str {
        let endings = ["_id", "_on", "_at"];
        endings.iter().find_map(|ending| self.name.strip_suffix(ending)).unwrap_or(self.name)
    }

    /// True when two records with the same value in it may be one: a name, an address or a number. Of what
    /// is unique there is no second one.
    pub const fn tells_twins(&self) -> bool {
        (self.is_alike || self.is_looked_up) && !self.is_unique
    }

    /// True of a list of parts.
    pub fn has_parts(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.holds, Holds::Json))
    }

    /// Where a complaint about the value itself points to.
    pub fn pointer(&self) -> String {
        format!("/{}{}", self.name, self.part)
    }
}

/// The suffix of the column that a field is sorted by. Compiles for what has an order only.
#[doc(hidden)]
pub const fn sort_of(order: Option<&'static str>, is_sorted: bool) -> &'static str {
    match order {
        Some(suffix) => suffix,
        None => {
            assert!(!is_sorted, "values of this type have no order that a list could be sorted by");
            ""
        }
    }
}

/// Whether a field is searched. Whoever finds a record by what another one is called learns that letter by
/// letter: it compiles for what whoever sees the record may see.
#[doc(hidden)]
pub const fn may_be_searched(is_searched: bool, is_shown_to_all: bool) -> bool {
    assert!(!is_searched || is_shown_to_all, "a reference that is searched is `public`");
    is_searched
}

/// The right that a field asks for beside the permissions of its kind. It compiles for a field that may be
/// absent, since it is for those without the right, and that nothing else tells of: a search, a label.
#[doc(hidden)]
pub const fn right_of(
    right: Option<Permission>,
    is_optional: bool,
    is_told_otherwise: bool,
) -> Option<Permission> {
    assert!(right.is_none() || is_optional, "a field with a right of its own may be absent");
    assert!(
        right.is_none() || !is_told_otherwise,
        "a field with a right of its own is no label, not searched and not public"
    );
    right
}

/// Whether a record is called by a field. Compiles for a text that every record has.
#[doc(hidden)]
pub const fn may_be_label(is_label: bool, is_optional: bool, columns: &[Column]) -> bool {
    if is_label {
        assert!(!is_optional, "a label is never absent");
        assert!(matches!(columns[0].holds, Holds::Text), "a label is a text");
    }
    is_label
}
