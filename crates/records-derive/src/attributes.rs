//! What stands in `#[record(…)]`, `#[field(…)]` and doc comments.

mod of_field;
mod of_record;

use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, meta::ParseNestedMeta,
    parenthesized, punctuated::Punctuated, token,
};

pub use self::{
    of_field::FieldOptions,
    of_record::{RecordOptions, SpanOptions},
};
use crate::complaint::complaint;

/// The doc comment as one line: it stands in the contract, for readers who have no links to our code.
///
/// # Errors
/// For links and headings; without any.
pub fn docs(attributes: &[Attribute], of: &Ident) -> syn::Result<String> {
    let mut text = String::new();
    for attribute in attributes {
        if let Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value
        {
            let line = line.value();
            let line = line.trim();
            if line.starts_with('#') || line.contains('[') {
                let say = "a doc comment here stands in the contract: no headings and no links to code; \
                           remarks for us are `//`";
                return Err(complaint(attribute, say));
            }
            if !text.is_empty() && !line.is_empty() {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    match text.is_empty() {
        true => Err(complaint(of, "say in a doc comment what this is: it stands in the contract")),
        false => Ok(text),
    }
}

/// Looks for an attribute where it would say nothing.
///
/// # Errors
/// When it stands there; `place` is where it belongs.
pub fn misplaced(attributes: &[Attribute], name: &str, place: &str) -> syn::Result<()> {
    match attributes.iter().find(|one| one.path().is_ident(name)) {
        Some(attribute) => Err(complaint(
            attribute,
            format!("`#[{name}(…)]` says nothing here: it stands at {place}"),
        )),
        None => Ok(()),
    }
}

/// What is said in an attribute, and where.
#[derive(Default)]
pub struct Said(Vec<Ident>);

impl Said {
    /// Notes what is said.
    ///
    /// # Errors
    /// When it was said before.
    pub fn note(&mut self, path: &Path) -> syn::Result<()> {
        // Nothing we know has another form.
        let Some(name) = path.get_ident() else { return Ok(()) };
        if self.0.contains(name) {
            return Err(complaint(name, format!("`{name}` is said twice")));
        }
        self.0.push(name.clone());
        Ok(())
    }

    /// Where that is said, if it is.
    pub fn at(&self, name: &str) -> Option<&Ident> {
        self.0.iter().find(|said| *said == name)
    }

    /// The first thing that is said beside these.
    pub fn other_than(&self, known: &[&str]) -> Option<&Ident> {
        self.0.iter().find(|said| !known.iter().any(|name| said == name))
    }
}

/// True when no value stands behind a name.
pub fn stands_alone(meta: &ParseNestedMeta<'_>) -> bool {
    !meta.input.peek(Token![=]) && !meta.input.peek(token::Paren)
}

/// The text that is said.
///
/// # Errors
/// When there is none, or it is empty.
pub fn said_text(meta: &ParseNestedMeta<'_>) -> syn::Result<LitStr> {
    if !(meta.input.peek(Token![=]) && meta.input.peek2(LitStr)) {
        let name = meta.path.to_token_stream();
        return Err(complaint(&meta.path, format!("`{name}` says a text: `{name} = \"…\"`")));
    }
    let text: LitStr = meta.value()?.parse()?;
    match text.value().trim().is_empty() {
        true => Err(complaint(&text, "an empty text says nothing")),
        false => Ok(text),
    }
}

/// Reads what is said in parentheses; `has` is what has to stand there.
///
/// # Errors
/// When nothing does, and what `read` complains of.
pub fn said_inside(
    meta: &ParseNestedMeta<'_>,
    has: &str,
    mut read: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    if !has_parentheses(meta)? {
        return Err(complaint(&meta.path, has));
    }
    meta.parse_nested_meta(|inner| read(&inner))
}

/// The texts that are said in parentheses; `has` is what has to stand there.
///
/// # Errors
/// When nothing does, or something else.
pub fn said_texts(meta: &ParseNestedMeta<'_>, has: &str) -> syn::Result<Vec<LitStr>> {
    if !has_parentheses(meta)? {
        return Err(complaint(&meta.path, has));
    }
    let texts;
    parenthesized!(texts in meta.input);
    let texts = Punctuated::<LitStr, Token![,]>::parse_terminated(&texts)?;
    Ok(texts.into_iter().collect())
}

/// True when parentheses stand behind a name, and something in them.
fn has_parentheses(meta: &ParseNestedMeta<'_>) -> syn::Result<bool> {
    if !meta.input.peek(token::Paren) {
        return Ok(false);
    }
    let (ahead, inside);
    ahead = meta.input.fork();
    parenthesized!(inside in ahead);
    Ok(!inside.is_empty())
}

/// A text that is a name in tables and addresses.
///
/// # Errors
/// When it is written otherwise than these are.
pub fn lower_snake_case(text: LitStr) -> syn::Result<LitStr> {
    match is_a_name(&text.value()) {
        true => Ok(text),
        false => {
            Err(complaint(&text, "this names tables and addresses: it is in lower snake_case"))
        }
    }
}

/// True of lower snake_case.
pub fn is_a_name(text: &str) -> bool {
    let is_known = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(is_known)
}

/// What was written, or nothing.
pub fn text_of(text: Option<&LitStr>) -> String {
    text.map(LitStr::value).unwrap_or_default()
}
