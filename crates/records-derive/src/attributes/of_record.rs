//! What stands in `#[record(…)]`.

use syn::{Attribute, Expr, LitStr, meta::ParseNestedMeta};

use super::{Said, lower_snake_case, said_inside, said_text, said_texts};
use crate::complaint::complaint;

/// What stands in `#[record(…)]`.
#[derive(Default)]
pub struct RecordOptions {
    pub said: Said,
    pub many: Option<LitStr>,
    pub of_creator: bool,
    pub spans: Vec<SpanOptions>,
    pub steps: Option<Expr>,
    pub subject: Option<LitStr>,
    pub parent: Option<LitStr>,
    pub people: Vec<LitStr>,
}

/// What stands in `span(…)`.
pub struct SpanOptions {
    pub name: LitStr,
    pub from: LitStr,
    pub to: LitStr,
    pub about: LitStr,
    pub example: LitStr,
}

const SPAN: &str = "a span has `name`, `from`, `to`, `about` and `example`";

impl RecordOptions {
    /// Reads the attributes of a struct.
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|one| one.path().is_ident("record")) {
            attribute.parse_nested_meta(|meta| options.read(&meta))?;
        }
        if options.parent.is_some()
            && let Some(rows) = options.said.at("rows")
        {
            let say = "whoever meets the parent meets its children: a child says no `rows`";
            return Err(complaint(rows, say));
        }
        Ok(options)
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        // Of spans there may be several.
        if meta.path.is_ident("span") {
            let span = SpanOptions::of(meta)?;
            if self.spans.iter().any(|other| other.name.value() == span.name.value()) {
                return Err(complaint(&span.name, "there is a span of this name already"));
            }
            self.spans.push(span);
            return Ok(());
        }
        self.said.note(&meta.path)?;
        if meta.path.is_ident("many") {
            self.many = Some(lower_snake_case(said_text(meta)?)?);
        } else if meta.path.is_ident("subject") {
            self.subject = Some(said_text(meta)?);
        } else if meta.path.is_ident("parent") {
            self.parent = Some(said_text(meta)?);
        } else if meta.path.is_ident("people") {
            self.people = said_texts(meta, "`people(…)` names the fields by which people belong")?;
        } else if meta.path.is_ident("steps") {
            self.steps = Some(meta.value()?.parse()?);
        } else if meta.path.is_ident("rows") {
            let rows = said_text(meta)?;
            match rows.value().as_str() {
                "creator" => self.of_creator = true,
                "all" => {}
                _ => return Err(complaint(&rows, "rows are \"all\" or \"creator\"")),
            }
        } else {
            let say = "a record says `many`, `rows`, `parent`, `people(…)`, `subject`, `steps` or \
                       `span(…)`";
            return Err(complaint(&meta.path, say));
        }
        Ok(())
    }
}

impl SpanOptions {
    fn of(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut said = Said::default();
        let (mut name, mut from, mut to, mut about, mut example) = (None, None, None, None, None);
        said_inside(meta, SPAN, |inner| {
            said.note(&inner.path)?;
            let place = match () {
                () if inner.path.is_ident("name") => &mut name,
                () if inner.path.is_ident("from") => &mut from,
                () if inner.path.is_ident("to") => &mut to,
                () if inner.path.is_ident("about") => &mut about,
                () if inner.path.is_ident("example") => &mut example,
                () => return Err(complaint(&inner.path, SPAN)),
            };
            *place = Some(said_text(inner)?);
            Ok(())
        })?;
        let (Some(name), Some(from), Some(to), Some(about), Some(example)) =
            (name, from, to, about, example)
        else {
            return Err(complaint(&meta.path, SPAN));
        };
        Ok(Self { name: lower_snake_case(name)?, from, to, about, example })
    }
}
