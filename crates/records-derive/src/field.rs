//! A field of a record or of a part, read.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Data, DataStruct, DeriveInput, Field, Fields, Ident, LitStr, Token, Type, ext::IdentExt,
    punctuated::Punctuated, spanned::Spanned,
};

use crate::{
    attributes::{self, FieldOptions, text_of},
    complaint::complaint,
};

/// A field of the struct, read.
pub struct Described<'a> {
    pub name: &'a Ident,
    /// Its name outside of the program: of `r#type` it is `type`.
    pub text: String,
    pub ty: &'a Type,
    pub options: FieldOptions,
    pub about: String,
    pub definition: TokenStream,
    pub docs: Vec<&'a syn::Attribute>,
}

/// The fields of a struct that is described.
///
/// # Errors
/// When it is no struct, or has no names, or none at all; with generics.
pub fn named<'a>(
    input: &'a DeriveInput,
    say: &str,
) -> syn::Result<&'a Punctuated<Field, Token![,]>> {
    let Data::Struct(DataStruct { fields: Fields::Named(fields), .. }) = &input.data else {
        return Err(complaint(&input.ident, say));
    };
    if fields.named.is_empty() {
        return Err(complaint(&input.ident, say));
    }
    if !input.generics.params.is_empty() {
        return Err(complaint(
            &input.generics,
            "what is described is one type: it has no generics",
        ));
    }
    attributes::misplaced(&input.attrs, "field", "a field")?;
    Ok(&fields.named)
}

/// Reads a field; `module` is what the permissions of its kind begin with.
pub fn described<'f>(field: &'f Field, module: &str) -> syn::Result<Described<'f>> {
    let Some(name) = &field.ident else {
        return Err(complaint(field, "a field has a name"));
    };
    let ty = &field.ty;
    attributes::misplaced(&field.attrs, "record", "the struct")?;
    let options = FieldOptions::of(&field.attrs)?;
    let about = attributes::docs(&field.attrs, name)?;
    let text = name.unraw().to_string();
    let stem = text.strip_suffix("_id").unwrap_or(&text);
    let label_name = format!("{stem}_name");
    let beside_name = if options.says("beside") { format!("{text}_kind") } else { String::new() };
    let none_code = format!("no_{text}");
    let (example, default, counter) = (options.example()?, options.fallback()?, options.counter());
    let [label, unique, search, sort, lookup, alike, personal, filter, public] =
        ["label", "unique", "search", "sort", "lookup", "alike", "personal", "filter", "public"]
            .map(|flag| options.says(flag));
    let (group, sum) = (options.says("group"), options.says("sum"));
    let right = match &options.right {
        None => quote! { ::core::option::Option::None },
        Some(verb) => {
            let permission = LitStr::new(&format!("{module}:{}", verb.value()), verb.span());
            quote! {
                ::core::option::Option::Some(::almoner_records::kernel::Permission::new(#permission))
            }
        }
    };
    let (sent, columns) = (!options.is_output(), &options.columns);
    let filter_about = text_of(options.filter_about.as_ref());
    let part = text_of(options.part.as_ref());
    let value = quote! { <#ty as ::almoner_records::Slot>::Value };
    let filtering = match filter {
        true => quote! { <#value as ::almoner_records::Value>::FILTERING },
        false => quote! { ::almoner_records::Filtering::None },
    };
    let definition = quote_spanned! { ty.span()=>
        ::almoner_records::Field {
            name: #text,
            about: #about,
            example: #example,
            form: <#value as ::almoner_records::Value>::FORM,
            input: <#value as ::almoner_records::Value>::INPUT,
            columns: <#value as ::almoner_records::Value>::COLUMNS,
            column_names: &[#(#columns),*],
            key: <#value as ::almoner_records::Value>::KEY,
            sort: ::almoner_records::kind::sort_of(<#value as ::almoner_records::Value>::SORT, #sort),
            filtering: #filtering,
            filter_about: #filter_about,
            read_key: ::almoner_records::value::read_key::<#value>,
            is_optional: <#ty as ::almoner_records::Slot>::IS_OPTIONAL,
            is_unique: #unique,
            has_unique_form: #unique && <#value as ::almoner_records::Value>::HAS_UNIQUE_FORM,
            is_searched: ::almoner_records::kind::may_be_searched(
                #search, <#value as ::almoner_records::Value>::TARGET.is_none() || #public,
            ),
            is_looked_up: #lookup,
            is_alike: #alike,
            is_personal: #personal,
            right: ::almoner_records::kind::right_of(
                #right, <#ty as ::almoner_records::Slot>::IS_OPTIONAL, #label || #search || #public,
            ),
            is_grouped: #group,
            is_summed: #sum,
            is_sorted: #sort,
            is_sent: #sent,
            is_label: ::almoner_records::kind::may_be_label(
                #label,
                <#ty as ::almoner_records::Slot>::IS_OPTIONAL,
                <#value as ::almoner_records::Value>::COLUMNS,
            ),
            default: #default,
            target: <#value as ::almoner_records::Value>::TARGET,
            is_public: #public,
            target_read: <#value as ::almoner_records::Value>::TARGET_READ,
            counter: #counter,
            label_name: #label_name,
            beside_name: #beside_name,
            none_code: #none_code,
            part: #part,
        }
    };
    let docs = field.attrs.iter().filter(|one| one.path().is_ident("doc")).collect();
    Ok(Described { name, text, ty, options, about, definition, docs })
}

/// Looks for a field whose name something else has.
///
/// # Errors
/// When there is one.
pub fn none_is_called(fields: &[Described<'_>], taken: &[&str], say: &str) -> syn::Result<()> {
    match fields.iter().find(|field| taken.contains(&field.text.as_str())) {
        Some(field) => Err(complaint(field.name, say)),
        None => Ok(()),
    }
}

/// The names under which values are held while a body is read: no field of the kind hides what they are
/// read from.
pub fn held(fields: &[Described<'_>]) -> Vec<Ident> {
    fields.iter().map(|field| format_ident!("the_{}", field.text)).collect()
}
