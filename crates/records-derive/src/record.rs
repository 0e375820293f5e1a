//! `#[derive(Record)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, Ident, LitStr, Type, spanned::Spanned};

use crate::{
    attributes::{self, RecordOptions, SpanOptions, text_of},
    checks,
    complaint::complaint,
    field::{Described, described, held, named},
    together::{agree, called, parent},
};

/// Writes the impls.
pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let record = &input.ident;
    let named = named(input, "a record is a struct with named fields")?;
    let options = RecordOptions::of(&input.attrs)?;
    let many = options.many.as_ref().ok_or_else(|| {
        let say =
            "say `#[record(many = \"…\")]`: the plural noun of its address, table and permissions";
        complaint(record, say)
    })?;
    let module = many.value().replace('_', "-");
    let fields = named.iter().map(|field| described(field, &module));
    let fields = fields.collect::<syn::Result<Vec<_>>>()?;
    agree(&options, &fields)?;
    let spans = spans(&options, &fields)?;
    let checks = checks::of_record(record, &options, &fields);
    let kind = kind(input, &options, many, &fields, &spans)?;
    let read = LitStr::new(&format!("{}:read", many.value().replace('_', "-")), many.span());
    let read = match parent(&options, &fields)? {
        None => quote! { ::almoner_records::kernel::Permission::new(#read) },
        Some(_) => quote! { Self::DESCRIPTION.permissions.read },
    };
    let (vis, patch) = (&input.vis, format_ident!("{record}Patch"));
    let patch_doc =
        format!("What changes about a {}.", snake_case(&record.to_string()).replace('_', " "));
    let at: Vec<usize> = (0..fields.len()).collect();
    let names: Vec<&Ident> = fields.iter().map(|field| field.name).collect();
    let held = held(&fields);
    let personal: Vec<&String> = fields
        .iter()
        .filter(|field| field.options.says("personal"))
        .map(|field| &field.text)
        .collect();
    let guarded = fields.iter().filter(|field| field.options.right.is_some());
    let unsearched: Vec<String> = guarded
        .flat_map(|field| {
            let beside = field.options.says("beside").then(|| format!("{}_kind", field.text));
            [Some(field.text.clone()), beside].into_iter().flatten()
        })
        .collect();
    let subject = subject(&options, &fields)?;
    let texts: Vec<&String> = fields.iter().map(|field| &field.text).collect();
    let types: Vec<&Type> = fields.iter().map(|field| field.ty).collect();
    let takes =
        fields.iter().zip(&held).enumerate().map(|(at, (field, held))| take(at, field, held));
    let parent = parent(&options, &fields)?;
    // A child stays with its parent: that cannot be changed.
    let sent: Vec<(usize, &Described<'_>)> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| !field.options.is_output())
        .filter(|(_, field)| parent.is_none_or(|parent| parent.name != field.name))
        .collect();
    let sent_at: Vec<usize> = sent.iter().map(|(at, _)| *at).collect();
    let sent_names: Vec<&Ident> = sent.iter().map(|(_, field)| field.name).collect();
    let sent_types: Vec<&Type> = sent.iter().map(|(_, field)| field.ty).collect();
    let sent_texts: Vec<&String> = sent.iter().map(|(_, field)| &field.text).collect();
    let sent_docs: Vec<&Vec<&syn::Attribute>> = sent.iter().map(|(_, field)| &field.docs).collect();
    let one = snake_case(&record.to_string());
    Ok(quote! {
        const _: () = { #checks };
        #[doc = #patch_doc]
        #[derive(Clone, Debug, Default, PartialEq)]
        #vis struct #patch {
            #(#(#sent_docs)* pub #sent_names: <#sent_types as ::almoner_records::Slot>::Change,)*
        }

        impl ::almoner_records::kernel::id::Entity for #record {
            const NAME: &'static str = #one;
        }
        impl ::almoner_records::Target for #record {
            const MANY: &'static str = #many;
            const ONE: &'static str = #one;
            const READ: ::almoner_records::kernel::Permission = #read;
        }
        impl ::almoner_records::Shape for #record {
            fn each(
                &self,
                see: &mut dyn ::core::ops::FnMut(
                    &'static ::almoner_records::Field,
                    ::core::option::Option<&dyn ::almoner_records::Show>,
                ),
            ) {
                #(see(&Self::FIELDS[#at], ::almoner_records::Slot::shown(&self.#names));)*
            }
        }
        #kind
        impl ::almoner_records::Record for #record {
            const KIND: &'static ::almoner_records::Kind = &Self::DESCRIPTION;
            const PERSONAL: &'static [&'static str] = &[#(#personal),*];
            const UNSEARCHED: &'static [&'static str] = &[#(#unsearched),*];
            type Patch = #patch;

            fn read(
                row: &mut dyn ::almoner_records::Columns,
            ) -> ::core::result::Result<Self, ::almoner_records::kernel::StoreError> {
                ::core::result::Result::Ok(Self { #(#names: ::almoner_records::Slot::read(row)?,)* })
            }
            fn take(
                body: &mut ::almoner_records::Body,
                terms: &::almoner_records::Terms,
                fields: &mut ::almoner_records::kernel::Fields,
            ) -> ::core::option::Option<Self> {
                #(#takes)*
                ::core::option::Option::Some(Self { #(#names: #held?,)* })
            }
            fn change(
                body: &mut ::almoner_records::Body,
                terms: &::almoner_records::Terms,
                fields: &mut ::almoner_records::kernel::Fields,
            ) -> #patch {
                #patch {
                    #(#sent_names: <#sent_types as ::almoner_records::Slot>::change(
                        &Self::FIELDS[#sent_at], body, terms, fields,
                    ),)*
                }
            }
            fn apply(&mut self, patch: &#patch) {
                #(::almoner_records::Slot::apply(&mut self.#sent_names, &patch.#sent_names);)*
            }
            fn subject(&self, _own: ::almoner_records::kernel::Id<Self>) -> ::core::option::Option<::almoner_records::kernel::trail::Subject> {
                #subject
            }
            fn gives(patch: &#patch, field: &str) -> bool {
                match field {
                    #(#sent_texts => <#sent_types as ::almoner_records::Slot>::gives(&patch.#sent_names),)*
                    _ => false,
                }
            }
            fn take_back(&mut self, field: &str, from: &Self) {
                match field {
                    #(#texts => self.#names.clone_from(&from.#names),)*
                    _ => {}
                }
            }
            fn number(&mut self, field: &str, drawn: &::almoner_records::Drawn) {
                match field {
                    #(#texts => ::almoner_records::Slot::number(&mut self.#names, drawn),)*
                    _ => {}
                }
            }
            fn lists(
                &mut self,
                see: &mut dyn ::core::ops::FnMut(
                    &'static ::almoner_records::Field,
                    &mut dyn ::almoner_records::Numbered,
                ),
            ) {
                #(
                    if let ::core::option::Option::Some(value) =
                        <#types as ::almoner_records::Slot>::value_mut(&mut self.#names)
                        && let ::core::option::Option::Some(list) = ::almoner_records::Value::list(value)
                    {
                        see(&Self::FIELDS[#at], list);
                    }
                )*
            }
            fn links(
                &mut self,
                see: &mut dyn ::core::ops::FnMut(
                    &'static ::almoner_records::Field,
                    &mut dyn ::almoner_records::Link,
                ),
            ) {
                #(
                    if let ::core::option::Option::Some(value) =
                        <#types as ::almoner_records::Slot>::value_mut(&mut self.#names)
                        && let ::core::option::Option::Some(link) = ::almoner_records::Value::link(value)
                    {
                        see(&Self::FIELDS[#at], link);
                    }
                )*
            }
        }
    })
}

/// Whom a record is about.
fn subject(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<TokenStream> {
    let Some(subject) = &options.subject else {
        if let Some(personal) = fields.iter().find_map(|field| field.options.said.at("personal")) {
            let say = "this is `personal`: say of the record whom it is about, `subject = \"self\"` or the \
                       field that names them";
            return Err(complaint(personal, say));
        }
        return Ok(quote! { ::core::option::Option::None });
    };
    let name = subject.value();
    if name == "self" {
        return Ok(quote! {
            ::core::option::Option::Some(
                (<Self as ::almoner_records::kernel::id::Entity>::NAME, _own.uuid())
            )
        });
    }
    let Described { name, ty, .. } = called(fields, subject)?;
    Ok(quote! {
        let shown = ::almoner_records::Slot::shown(&self.#name)?;
        let ::core::option::Option::Some(::almoner_records::Key::Uuid(id)) = shown.key() else {
            return ::core::option::Option::None;
        };
        ::core::option::Option::Some((
            <<#ty as ::almoner_records::Slot>::Value as ::almoner_records::Value>::TARGET_ONE,
            id,
        ))
    })
}

/// What is taken for a field of a new record.
fn take(at: usize, field: &Described<'_>, held: &Ident) -> TokenStream {
    let Described { ty, options, .. } = field;
    match (options.is_output(), options.default.is_some()) {
        (false, _) => quote! {
            let #held = <#ty as ::almoner_records::Slot>::take(&Self::FIELDS[#at], "", body, terms, fields);
        },
        // Whatever is sent under that name stays in the body, and is unknown.
        (true, true) => quote! {
            let #held = <#ty as ::almoner_records::Slot>::take(
                &Self::FIELDS[#at], "", &mut ::almoner_records::Body::new(), terms, fields,
            );
        },
        (true, false) => quote! {
            let #held = <#ty as ::almoner_records::Slot>::missing();
        },
    }
}

/// The spans as the description has them.
fn spans(options: &RecordOptions, fields: &[Described<'_>]) -> syn::Result<Vec<TokenStream>> {
    let mut spans = Vec::new();
    for SpanOptions { name, from, to, about, example } in &options.spans {
        for day in [from, to] {
            called(fields, day)?;
        }
        spans.push(quote! {
            ::almoner_records::Span {
                name: #name, from: #from, to: #to, about: #about, example: #example,
            }
        });
    }
    Ok(spans)
}

/// The description itself.
fn kind(
    input: &DeriveInput,
    options: &RecordOptions,
    many: &LitStr,
    fields: &[Described<'_>],
    spans: &[TokenStream],
) -> syn::Result<TokenStream> {
    let record = &input.ident;
    let about = attributes::docs(&input.attrs, record)?;
    let (one, name, many_text) =
        (snake_case(&record.to_string()), record.to_string(), many.value());
    let (path, holds) = (many_text.replace('_', "-"), format!("has_{many_text}"));
    let parent = parent(options, fields)?;
    let rows = match (options.of_creator, parent) {
        (_, Some(_)) => quote! { ::almoner_records::Rows::OfParent },
        (true, None) => quote! { ::almoner_records::Rows::OfCreator },
        (false, None) => quote! { ::almoner_records::Rows::All },
    };
    let parent_name = match &options.parent {
        Some(name) => quote! { ::core::option::Option::Some(#name) },
        None => quote! { ::core::option::Option::None },
    };
    let steps = match &options.steps {
        Some(steps) => quote! { ::almoner_records::steps_of(#steps) },
        None => quote! { &[] },
    };
    let (subject_name, people) = (text_of(options.subject.as_ref()), &options.people);
    // Who may see a record sees its children, and who may change it changes them.
    let permission = |verb: &str| match parent {
        Some(Described { ty, .. }) => {
            let verb = Ident::new(
                if verb == "read" || verb == "purge" { verb } else { "update" },
                ty.span(),
            );
            quote_spanned! { ty.span()=>
                <<#ty as ::almoner_records::Names>::Named as ::almoner_records::Record>::KIND
                    .permissions.#verb
            }
        }
        None => {
            let text = format!("{path}:{verb}");
            quote! { ::almoner_records::kernel::Permission::new(#text) }
        }
    };
    let [read, create, update, delete, purge] =
        ["read", "create", "update", "delete", "purge"].map(permission);
    let definitions = fields.iter().map(|field| &field.definition);
    Ok(quote! {
        impl #record {
            const FIELDS: &'static [::almoner_records::Field] = &[#(#definitions,)*];
            const DESCRIPTION: ::almoner_records::Kind = ::almoner_records::Kind {
                one: #one,
                many: #many,
                path: #path,
                name: #name,
                about: #about,
                fields: Self::FIELDS,
                rows: #rows,
                parent: #parent_name,
                people: &[#(#people),*],
                spans: &[#(#spans,)*],
                permissions: ::almoner_records::Permissions {
                    read: #read,
                    create: #create,
                    update: #update,
                    delete: #delete,
                    purge: #purge,
                },
                subject: #subject_name,
                steps: #steps,
                holds: #holds,
            };
        }
    })
}

/// `AidApplication` as `aid_application`.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (at, char) in name.char_indices() {
        if char.is_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    snake
}
