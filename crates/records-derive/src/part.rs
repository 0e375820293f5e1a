//! `#[derive(PartOf)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Ident, Type, spanned::Spanned};

use crate::{
    attributes, checks,
    complaint::complaint,
    field::{Described, described, held, named, none_is_called},
};

/// Writes the impl.
pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let part = &input.ident;
    let named = named(input, "a part is a struct with named fields")?;
    let about = attributes::docs(&input.attrs, part)?;
    let fields = named.iter().map(|field| described(field, ""));
    let fields = fields.collect::<syn::Result<Vec<_>>>()?;
    for field in &fields {
        nothing_but_a_value(field)?;
    }
    none_is_called(&fields, &["id"], "every part has an `id`, which the server gives")?;
    let held = held(&fields);
    let names: Vec<&Ident> = fields.iter().map(|field| field.name).collect();
    let types: Vec<&Type> = fields.iter().map(|field| field.ty).collect();
    let at: Vec<usize> = (0..fields.len()).collect();
    let definitions = fields.iter().map(|field| &field.definition);
    let (component, sent) = (part.to_string(), format!("{part}Input"));
    let sent_about = format!("{} As it is sent.", about.trim());
    let shown_parts = fields.iter().map(|field| form_part(field, "FORM"));
    let sent_parts = fields.iter().map(|field| form_part(field, "INPUT"));
    let checks = fields.iter().flat_map(|field| [plain(field), checks::of_field(field)]);
    Ok(quote! {
        const _: () = { #(#checks)* };
        impl #part {
            const OWN: &'static [::almoner_records::Field] = &[#(#definitions,)*];
            const SHOWN: &'static [::almoner_records::Part] = &[
                ::almoner_records::parts::ID, #(#shown_parts,)*
            ];
            const SENT: &'static [::almoner_records::Part] = &[
                ::almoner_records::parts::SENT_ID, #(#sent_parts,)*
            ];
        }
        impl ::almoner_records::PartOf for #part {
            const FIELDS: &'static [::almoner_records::Field] = Self::OWN;
            const FORM: &'static ::almoner_records::Form =
                &::almoner_records::Form::object(#component, #about, Self::SHOWN);
            const INPUT: &'static ::almoner_records::Form =
                &::almoner_records::Form::object(#sent, #sent_about, Self::SENT);

            fn read(
                row: &mut dyn ::almoner_records::Columns,
            ) -> ::core::result::Result<Self, ::almoner_records::kernel::StoreError> {
                ::core::result::Result::Ok(Self { #(#names: ::almoner_records::Slot::read(row)?,)* })
            }
            fn take(
                at: &str,
                body: &mut ::almoner_records::Body,
                terms: &::almoner_records::Terms,
                fields: &mut ::almoner_records::kernel::Fields,
            ) -> ::core::option::Option<Self> {
                #(
                    let #held = <#types as ::almoner_records::Slot>::take(
                        &Self::OWN[#at], at, body, terms, fields,
                    );
                )*
                ::core::option::Option::Some(Self { #(#names: #held?,)* })
            }
            fn each(
                &self,
                see: &mut dyn ::core::ops::FnMut(
                    &'static ::almoner_records::Field,
                    ::core::option::Option<&dyn ::almoner_records::Show>,
                ),
            ) {
                #(see(&Self::OWN[#at], ::almoner_records::Slot::shown(&self.#names));)*
            }
        }
    })
}

/// Nothing inside of a part can be found, sorted or withheld.
fn nothing_but_a_value(field: &Described<'_>) -> syn::Result<()> {
    match field.options.said.other_than(&["default", "example"]) {
        None => Ok(()),
        Some(said) => Err(complaint(
            said,
            "a field of a part says `default` and `example` alone: what is to be found, sorted, sealed or \
             withheld belongs into a child kind",
        )),
    }
}

/// The form of a field inside of the part.
fn form_part(field: &Described<'_>, form: &str) -> TokenStream {
    let Described { text: name, ty, options, about, .. } = field;
    let form = Ident::new(form, ty.span());
    let example = match &options.example {
        Some(syn::Lit::Str(text)) => text.value(),
        Some(syn::Lit::Int(number)) => number.base10_digits().to_owned(),
        Some(syn::Lit::Bool(flag)) => flag.value.to_string(),
        _ => String::new(),
    };
    let has_default = options.default.is_some();
    quote_spanned! { ty.span()=>
        ::almoner_records::Part {
            name: #name,
            about: #about,
            example: #example,
            form: &<<#ty as ::almoner_records::Slot>::Value as ::almoner_records::Value>::#form,
            is_optional: <#ty as ::almoner_records::Slot>::IS_OPTIONAL || #has_default,
        }
    }
}

/// Refuses types of values that need columns of their own.
fn plain(field: &Described<'_>) -> TokenStream {
    let ty = field.ty;
    quote_spanned! { ty.span()=>
        ::almoner_records::parts::only_values::<<#ty as ::almoner_records::Slot>::Value>();
    }
}
