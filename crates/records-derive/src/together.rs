//! What is said of a record and of its fields, taken together.

use syn::LitStr;

use crate::{
    attributes::{RecordOptions, is_a_name},
    complaint::complaint,
    field::{Described, none_is_called},
};

/// What every record has beside its fields: in its answers, its table and the trail.
const OF_EVERY_RECORD: &[&str] = &[
    "id",
    "version",
    "created_by",
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "hidden",
    "possible_duplicates",
    "search",
    "seq",
];

/// The verbs of the permissions that every kind has.
const OF_KINDS: &[&str] = &["read", "create", "update", "delete", "purge"];

/// Looks for what does not go together.
///
/// # Errors
/// When there is such a thing.
pub fn agree(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<()> {
    let say = "every record has this already, beside its fields";
    none_is_called(fields, OF_EVERY_RECORD, say)?;
    fields.iter().try_for_each(|field| field.options.agree())?;
    one_label(fields)?;
    steps(options, fields)?;
    rights(options, fields)?;
    people(options, fields)
}

/// A record is called by one field at the most.
fn one_label(fields: &[Described<'_>]) -> syn::Result<()> {
    let mut labels = fields.iter().filter_map(|field| field.options.said.at("label"));
    match labels.nth(1) {
        Some(second) => Err(complaint(second, "another field is the `label` already")),
        None => Ok(()),
    }
}

/// What a step draws is drawn by a step that there can be.
fn steps(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<()> {
    let mut counters = fields.iter().filter_map(|field| field.options.counter.as_ref());
    match counters.find_map(|counter| counter.step.as_ref()) {
        Some(step) if options.steps.is_none() => Err(complaint(step, "the record has no `steps`")),
        _ => Ok(()),
    }
}

/// A field with a right of its own is nothing that the record itself depends on, for everybody.
fn rights(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<()> {
    let spans = options.spans.iter().flat_map(|span| [&span.from, &span.to]);
    let others = options.parent.iter().chain(&options.subject).chain(spans);
    let needed: Vec<String> = others.map(LitStr::value).collect();
    let of_people: Vec<String> = options.people.iter().map(LitStr::value).collect();
    for field in fields {
        let Some(right) = &field.options.right else { continue };
        let say = match () {
            () if needed.contains(&field.text) => {
                "the parent, the subject and the days of a span have no right of their own"
            }
            () if of_people.contains(&field.text) => {
                "whoever meets the record by this field learns it: it has no right of its own"
            }
            () if field.options.says("unique") => {
                "that a value is taken tells of it: what is `unique` has no right of its own"
            }
            () if OF_KINDS.contains(&right.value().as_str()) => {
                "this permission is one to records as a whole: a right has a verb of its own"
            }
            () => continue,
        };
        return Err(complaint(right, say));
    }
    Ok(())
}

/// People belong to records that not everybody meets: by a field of theirs, or one of a child kind.
fn people(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<()> {
    let mut before = Vec::new();
    for name in &options.people {
        if options.parent.is_some() {
            let say = "whoever belongs to the parent belongs to its children: a child says no `people(…)`";
            return Err(complaint(name, say));
        }
        if !options.of_creator {
            let say = "everybody meets these records: say `rows = \"creator\"`";
            return Err(complaint(name, say));
        }
        let text = name.value();
        match text.split_once('.') {
            None => _ = called(fields, name)?,
            Some((many, field)) if is_a_name(many) && is_a_name(field) => {}
            Some(_) => return Err(complaint(name, "a field of a child is `<children>.<field>`")),
        }
        if before.contains(&text) {
            return Err(complaint(name, "this is said twice"));
        }
        before.push(text);
    }
    Ok(())
}

/// The field that names the parent.
pub fn parent<'f, 'a>(
    options: &RecordOptions,
    fields: &'f [Described<'a>],
) -> syn::Result<Option<&'f Described<'a>>> {
    let Some(parent) = &options.parent else { return Ok(None) };
    let field = called(fields, parent)?;
    if field.options.is_output() {
        let say = "whoever enters a child names its parent: that field is no `output`";
        return Err(complaint(parent, say));
    }
    Ok(Some(field))
}

/// The field that is meant.
pub fn called<'f, 'a>(
    fields: &'f [Described<'a>],
    name: &LitStr,
) -> syn::Result<&'f Described<'a>> {
    let field = fields.iter().find(|field| field.text == name.value());
    field.ok_or_else(|| complaint(name, "there is no such field"))
}
