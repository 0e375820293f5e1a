//! What stands in `#[field(…)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Ident, Lit, LitStr, meta::ParseNestedMeta};

use super::{Said, lower_snake_case, said_inside, said_text, said_texts, stands_alone, text_of};
use crate::complaint::complaint;

/// What stands in `#[field(…)]`. What has no value is in `said` alone.
#[derive(Default)]
pub struct FieldOptions {
    pub said: Said,
    pub filter_about: Option<LitStr>,
    pub part: Option<LitStr>,
    pub right: Option<LitStr>,
    pub default: Option<Lit>,
    pub columns: Vec<LitStr>,
    pub counter: Option<CounterOptions>,
    pub example: Option<Lit>,
}

/// What stands in `counter(…)`.
pub struct CounterOptions {
    pub series: LitStr,
    pub is_yearly: bool,
    pub step: Option<LitStr>,
}

impl FieldOptions {
    /// Reads the attributes of a field.
    pub fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|one| one.path().is_ident("field")) {
            attribute.parse_nested_meta(|meta| options.read(&meta))?;
        }
        Ok(options)
    }

    /// True when that is said.
    pub fn says(&self, name: &str) -> bool {
        self.said.at(name).is_some()
    }

    /// True when clients do not send it.
    pub fn is_output(&self) -> bool {
        self.says("output") || self.counter.is_some()
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        self.said.note(&meta.path)?;
        let name = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        match name.as_str() {
            "label" | "unique" | "search" | "sort" | "lookup" | "alike" | "personal" | "output"
            | "public" | "beside" | "group" | "sum" => alone(meta)?,
            "filter" => {
                if !stands_alone(meta) {
                    self.filter_about = Some(said_text(meta)?);
                }
            }
            "part" => {
                let part = said_text(meta)?;
                if !part.value().starts_with('/') {
                    let say = "a `part` points into the value: it begins with `/`";
                    return Err(complaint(&part, say));
                }
                self.part = Some(part);
            }
            "right" => self.right = Some(said_text(meta)?),
            "default" => self.default = Some(meta.value()?.parse()?),
            "example" => self.example = Some(meta.value()?.parse()?),
            "columns" => {
                let names = said_texts(meta, "`columns(…)` names every column of the value")?;
                self.columns =
                    names.into_iter().map(lower_snake_case).collect::<syn::Result<_>>()?;
            }
            "counter" => self.counter = Some(CounterOptions::of(meta)?),
            _ => {
                let say = "a field says `label`, `unique`, `search`, `sort`, `lookup`, `alike`, `personal`, \
                           `right`, `filter`, `group`, `sum`, `output`, `public`, `beside`, `part`, `default`, \
                           `columns(…)`, `counter(…)` or `example = …`";
                return Err(complaint(&meta.path, say));
            }
        }
        Ok(())
    }

    /// Looks for what means nothing beside something else.
    ///
    /// # Errors
    /// When there is such a thing.
    pub fn agree(&self) -> syn::Result<()> {
        let both = |one: &str, other: &str| self.said.at(one).filter(|_| self.says(other));
        if let Some(alike) = both("alike", "unique") {
            let say = "of what is `unique` there is no second one: nothing is `alike` by it";
            return Err(complaint(alike, say));
        }
        if let Some(alike) = both("alike", "lookup") {
            let say = "records are `alike` by what they are looked up by: `lookup` says it already";
            return Err(complaint(alike, say));
        }
        if let Some(default) = both("default", "counter") {
            let say = "a number with a `default` would never be drawn";
            return Err(complaint(default, say));
        }
        if let Some(output) = both("output", "counter") {
            let say = "nobody sends a number that is drawn: `counter` says it already";
            return Err(complaint(output, say));
        }
        Ok(())
    }

    /// The example as the description has it.
    pub fn example(&self) -> syn::Result<TokenStream> {
        Ok(match &self.example {
            None => quote! { ::almoner_records::Example::None },
            Some(Lit::Str(text)) => quote! { ::almoner_records::Example::Text(#text) },
            Some(Lit::Bool(flag)) => quote! { ::almoner_records::Example::Flag(#flag) },
            Some(Lit::Int(number)) => quote! { ::almoner_records::Example::Whole(#number) },
            Some(other) => {
                return Err(complaint(
                    other,
                    "an example is a text, a whole number, `true` or `false`",
                ));
            }
        })
    }

    /// The counter as the description has it.
    pub fn counter(&self) -> TokenStream {
        let Some(CounterOptions { series, is_yearly, step }) = &self.counter else {
            return quote! { ::core::option::Option::None };
        };
        let step = text_of(step.as_ref());
        quote! {
            ::core::option::Option::Some(::almoner_records::Counter {
                series: #series, is_yearly: #is_yearly, step: #step,
            })
        }
    }

    /// The default as the description has it.
    pub fn fallback(&self) -> syn::Result<TokenStream> {
        Ok(match &self.default {
            None => quote! { ::core::option::Option::None },
            Some(Lit::Str(text)) => {
                quote! { ::core::option::Option::Some(::almoner_records::Fallback::Text(#text)) }
            }
            Some(Lit::Bool(flag)) => {
                quote! { ::core::option::Option::Some(::almoner_records::Fallback::Flag(#flag)) }
            }
            Some(other) => {
                return Err(complaint(other, "a default is a text, `true` or `false`"));
            }
        })
    }
}

impl CounterOptions {
    fn of(meta: &ParseNestedMeta<'_>) -> syn::Result<Self> {
        let mut said = Said::default();
        let (mut series, mut step) = (None, None);
        said_inside(meta, "a counter has a `series`", |inner| {
            said.note(&inner.path)?;
            match () {
                () if inner.path.is_ident("series") => series = Some(said_text(inner)?),
                () if inner.path.is_ident("step") => step = Some(said_text(inner)?),
                () if inner.path.is_ident("yearly") => alone(inner)?,
                () => {
                    let say = "a counter has a `series`, and may have `yearly` and `step`";
                    return Err(complaint(&inner.path, say));
                }
            }
            Ok(())
        })?;
        let Some(series) = series else {
            return Err(complaint(&meta.path, "a counter has a `series`"));
        };
        Ok(Self { series, is_yearly: said.at("yearly").is_some(), step })
    }
}

/// What is a flag has no value.
fn alone(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    match stands_alone(meta) {
        true => Ok(()),
        false => {
            let name = meta.path.to_token_stream();
            Err(complaint(&meta.path, format!("`{name}` is said without a value")))
        }
    }
}
