//! `#[derive(Words)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr, ext::IdentExt};

use crate::{
    attributes::{self, Said, said_text},
    complaint::complaint,
    record::snake_case,
};

/// Writes the impls.
pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(complaint(name, "words are the variants of an enum"));
    };
    if !input.generics.params.is_empty() {
        return Err(complaint(
            &input.generics,
            "what is described is one type: it has no generics",
        ));
    }
    if data.variants.is_empty() {
        return Err(complaint(name, "there is one word at the least"));
    }
    let (mut said, mut component) = (Said::default(), None::<LitStr>);
    for attribute in input.attrs.iter().filter(|one| one.path().is_ident("words")) {
        attribute.parse_nested_meta(|meta| {
            said.note(&meta.path)?;
            if !meta.path.is_ident("name") {
                let say = "words say `name = \"…\"`: what the contract calls their list";
                return Err(complaint(&meta.path, say));
            }
            component = Some(said_text(&meta)?);
            Ok(())
        })?;
    }
    let component = component.map_or_else(|| name.to_string(), |text| text.value());
    let about = attributes::docs(&input.attrs, name)?;
    let (mut variants, mut texts) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(complaint(&variant.ident, "a word has no data"));
        }
        attributes::misplaced(&variant.attrs, "words", "the enum")?;
        attributes::docs(&variant.attrs, &variant.ident)?;
        texts.push(snake_case(&variant.ident.unraw().to_string()));
        variants.push(&variant.ident);
    }
    Ok(quote! {
        impl #name {
            /// The name in the API and in storage.
            pub const fn as_str(self) -> &'static str {
                match self { #(Self::#variants => #texts,)* }
            }

            /// The one with that name.
            pub fn parse(name: &str) -> ::core::option::Option<Self> {
                <Self as ::almoner_records::Word>::of(name)
            }

            /// Every one of them.
            pub const ALL: &'static [Self] = &[#(Self::#variants,)*];
        }
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl ::almoner_records::Word for #name {
            const ALL: &'static [Self] = Self::ALL;
            const NAMES: &'static [&'static str] = &[#(#texts,)*];
            fn as_str(self) -> &'static str { self.as_str() }
        }
        impl ::almoner_records::Show for #name {
            fn show(&self) -> ::almoner_records::Shown<'_> {
                ::almoner_records::Shown::text(self.as_str())
            }
            fn cells(&self, row: &mut dyn ::almoner_records::Cells) {
                row.text(self.as_str().into());
            }
            fn key(&self) -> ::core::option::Option<::almoner_records::Key> {
                ::core::option::Option::Some(::almoner_records::Key::Text(self.as_str().into()))
            }
        }
        impl ::almoner_records::Value for #name {
            const FORM: ::almoner_records::Form = ::almoner_records::Form {
                words: <Self as ::almoner_records::Word>::NAMES,
                ..::almoner_records::Form::text("word")
            };
            const INPUT: ::almoner_records::Form = ::almoner_records::Form::word(
                #component, #about, <Self as ::almoner_records::Word>::NAMES,
            );
            const COLUMNS: &'static [::almoner_records::Column] =
                &[::almoner_records::Column::new("", ::almoner_records::Holds::Text)];
            const FILTERING: ::almoner_records::Filtering = ::almoner_records::Filtering::Common;
            fn parse(
                plain: ::almoner_records::Plain,
                at: &str,
                terms: &::almoner_records::Terms,
                fields: &mut ::almoner_records::kernel::Fields,
            ) -> ::core::option::Option<Self> {
                ::almoner_records::values::parse(plain, at, terms, fields)
            }
            fn read(
                row: &mut dyn ::almoner_records::Columns,
            ) -> ::core::result::Result<::core::option::Option<Self>, ::almoner_records::kernel::StoreError> {
                ::almoner_records::values::read(row)
            }
        }
    })
}
