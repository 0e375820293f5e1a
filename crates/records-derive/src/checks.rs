//! What only the types of the fields tell: complaints that the compiler makes of what is written here.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, Lit, LitStr, Type};

use crate::{attributes::RecordOptions, field::Described};

/// A complaint unless that holds.
fn unless(holds: &TokenStream, at: Span, say: &str) -> TokenStream {
    quote_spanned! { at=> ::core::assert!(#holds, #say); }
}

fn value(ty: &Type) -> TokenStream {
    quote! { <<#ty as ::almoner_records::Slot>::Value as ::almoner_records::Value> }
}

/// What a field says that fits no value of its type.
pub fn of_field(field: &Described<'_>) -> TokenStream {
    let Described { ty, options, .. } = field;
    let value = value(ty);
    let is_optional = quote! { <#ty as ::almoner_records::Slot>::IS_OPTIONAL };
    let mut checks = TokenStream::new();
    if let Some(filter) = options.said.at("filter") {
        let holds = quote! {
            !::core::matches!(#value::FILTERING, ::almoner_records::Filtering::None)
        };
        let say = "lists cannot be narrowed by values of this type";
        checks.extend(unless(&holds, filter.span(), say));
    }
    if let Some(about) = &options.filter_about {
        let holds = quote! {
            ::core::matches!(
                #value::FILTERING,
                ::almoner_records::Filtering::Is | ::almoner_records::Filtering::Common
            )
        };
        let say = "a filter by days or amounts says by itself what it is for";
        checks.extend(unless(&holds, about.span(), say));
    }
    if let Some(group) = options.said.at("group") {
        let holds = quote! {
            #value::TARGET.is_some()
                || !#value::FORM.words.is_empty()
                || ::core::matches!(#value::FORM.json, ::almoner_records::Json::Flag)
                || ::core::matches!(#value::COLUMNS[0].holds, ::almoner_records::Holds::Day)
        };
        let say = "records are grouped by words, flags, references and months of days";
        checks.extend(unless(&holds, group.span(), say));
    }
    if let Some(sum) = options.said.at("sum") {
        let holds = quote! {
            ::core::matches!(#value::FILTERING, ::almoner_records::Filtering::Money)
        };
        checks.extend(unless(&holds, sum.span(), "amounts of money are summed up"));
    }
    if let Some(search) = options.said.at("search") {
        let is_user = is_user(&value);
        let say = "records are not told when a user is renamed: they are not searched by that";
        checks.extend(unless(&quote! { !#is_user }, search.span(), say));
    }
    if let Some(public) = options.said.at("public") {
        let holds = quote! { #value::TARGET.is_some() };
        let say = "this names no record, whose label could be `public`";
        checks.extend(unless(&holds, public.span(), say));
    }
    if let Some(columns) = options.said.at("columns") {
        let names = options.columns.len();
        let holds = quote! { #value::COLUMNS.len() == #names };
        let say = "`columns(…)` names every column of the value";
        checks.extend(unless(&holds, columns.span(), say));
    }
    if let Some(counter) = options.said.at("counter") {
        let say = "before its number is drawn there is none: the field is an `Option`";
        checks.extend(unless(&is_optional, counter.span(), say));
    }
    if let Some(output) = options.said.at("output")
        && options.default.is_none()
    {
        let say = "clients do not send this: it is an `Option`, or has a `default`";
        checks.extend(unless(&is_optional, output.span(), say));
    }
    if let Some(default) = &options.default {
        let say = "what may be absent is absent when nothing is said of it: it has no `default`";
        checks.extend(unless(&quote! { !#is_optional }, default.span(), say));
        checks.extend(fits(
            &value,
            "INPUT",
            default,
            "the default is of another type than the field",
        ));
    }
    if let Some(example) = &options.example {
        checks.extend(fits(
            &value,
            "FORM",
            example,
            "the example is of another type than the field",
        ));
    }
    if let Some(Lit::Str(default)) = &options.default {
        checks.extend(is_a_word(&value, default));
    }
    checks
}

/// A text, a flag or a number where the form has one.
fn fits(value: &TokenStream, form: &str, said: &Lit, say: &str) -> TokenStream {
    let forms = match said {
        Lit::Bool(_) => quote! { ::almoner_records::Json::Flag },
        Lit::Int(_) => quote! { ::almoner_records::Json::Whole },
        // That of an object has its parts in one text.
        _ => quote! { ::almoner_records::Json::Text | ::almoner_records::Json::Object },
    };
    let form = Ident::new(form, said.span());
    let holds = quote! { ::core::matches!(#value::#form.json, #forms) };
    unless(&holds, said.span(), say)
}

/// Of a closed list the default is a word.
fn is_a_word(value: &TokenStream, default: &LitStr) -> TokenStream {
    let is_same = is_same();
    let is_word = quote! {
        {
            #is_same
            const fn is_word(words: &[&str], word: &str) -> bool {
                let mut at = 0;
                while at < words.len() && !is_same(words[at], word) { at += 1; }
                words.is_empty() || at < words.len()
            }
            is_word(#value::INPUT.words, #default)
        }
    };
    unless(&is_word, default.span(), "the list has no such word")
}

/// True of a field that names a user.
fn is_user(value: &TokenStream) -> TokenStream {
    let is_same = is_same();
    quote! {
        {
            #is_same
            match #value::TARGET {
                ::core::option::Option::Some(many) => is_same(many, "users"),
                ::core::option::Option::None => false,
            }
        }
    }
}

/// People belong by a field that names one of them.
fn names_a_user(value: &TokenStream, user: &LitStr) -> TokenStream {
    unless(&is_user(value), user.span(), "people belong by a field that names a user")
}

/// What a record says of its fields and steps that is not so.
pub fn of_record(record: &Ident, options: &RecordOptions, fields: &[Described<'_>]) -> TokenStream {
    let mut checks: TokenStream = fields.iter().map(of_field).collect();
    let field = |name: &LitStr| fields.iter().find(|field| field.text == name.value());
    if let Some(subject) = &options.subject
        && let Some(Described { ty, .. }) = field(subject)
    {
        let value = value(ty);
        let say = "this field names nobody: a subject is a reference";
        checks.extend(unless(&quote! { #value::TARGET.is_some() }, subject.span(), say));
    }
    for user in &options.people {
        if let Some(Described { ty, .. }) = field(user) {
            checks.extend(names_a_user(&value(ty), user));
        }
    }
    for day in options.spans.iter().flat_map(|span| [&span.from, &span.to]) {
        if let Some(Described { ty, .. }) = field(day) {
            let value = value(ty);
            let holds = quote! {
                ::core::matches!(#value::COLUMNS[0].holds, ::almoner_records::Holds::Day)
            };
            checks.extend(unless(&holds, day.span(), "a span is from a day to a day"));
        }
    }
    for step in fields.iter().filter_map(|field| field.options.counter.as_ref()?.step.as_ref()) {
        let is_same = is_same();
        let is_step = quote! {
            {
                #is_same
                const fn is_step(steps: &[::almoner_records::Step], step: &str) -> bool {
                    let mut at = 0;
                    while at < steps.len() && !is_same(steps[at].name, step) { at += 1; }
                    at < steps.len()
                }
                is_step(#record::DESCRIPTION.steps, #step)
            }
        };
        checks.extend(unless(&is_step, step.span(), "there is no such step"));
    }
    checks
}

/// Compares two texts while the program is compiled.
fn is_same() -> TokenStream {
    quote! {
        const fn is_same(one: &str, other: &str) -> bool {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            let mut at = 0;
            while at < one.len() && at < other.len() && one[at] == other[at] { at += 1; }
            at == one.len() && at == other.len()
        }
    }
}
