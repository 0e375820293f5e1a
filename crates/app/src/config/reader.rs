//! Reads the layered values key by key, so that one wrong value does not hide the next.

use figment::{Figment, Source, value::Value};

use super::{problem::Problem, schema::Key};

/// Reads typed values and collects what is wrong with them.
pub(super) struct Reader {
    figment: Figment,
    /// Everything that is wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) const fn new(figment: Figment, problems: Vec<Problem>) -> Self {
        Self { figment, problems }
    }

    /// The value of a key that has one from some source, parsed. `None` when it is absent or wrong.
    pub(super) fn read<T>(
        &mut self,
        key: &'static Key,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.verbatim(key, |text| parse(text.trim()))
    }

    /// The same for a value whose spaces count: a password.
    pub(super) fn verbatim<T>(
        &mut self,
        key: &'static Key,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let parsed = match scalar(&self.figment.find_value(key.path).ok()?) {
            Some(text) => parse(&text),
            None => Err("must be a single value".to_owned()),
        };
        self.kept(key, parsed)
    }

    /// The items of a key that takes several: a TOML array, or text with commas.
    pub(super) fn list<T>(
        &mut self,
        key: &'static Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        const SHAPE: &str = "must be a list of texts";
        let texts: Result<Vec<String>, String> = match self.figment.find_value(key.path).ok()? {
            Value::Array(_, items) => {
                items.iter().map(|item| scalar(item).ok_or_else(|| SHAPE.to_owned())).collect()
            }
            value => scalar(&value)
                .map(|text| text.split(',').map(str::to_owned).collect())
                .ok_or_else(|| SHAPE.to_owned()),
        };
        let parsed = texts.and_then(|texts| {
            texts
                .iter()
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
                .map(|text| parse(text).map_err(|detail| format!("'{text}' {detail}")))
                .collect()
        });
        self.kept(key, parsed)
    }

    /// The entries of a key that is a table: a TOML table, or text such as `a=1,b=2`.
    pub(super) fn table<T, C: FromIterator<(String, T)>>(
        &mut self,
        key: &'static Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<C> {
        const SHAPE: &str = "must be a table, or text such as viewer=300,accountant=1200";
        let texts: Result<Vec<(String, String)>, String> = match self
            .figment
            .find_value(key.path)
            .ok()?
        {
            Value::Dict(_, entries) => entries
                .iter()
                .map(|(name, value)| {
                    scalar(value).map(|text| (name.clone(), text)).ok_or_else(|| SHAPE.to_owned())
                })
                .collect(),
            value => scalar(&value).ok_or_else(|| SHAPE.to_owned()).and_then(|text| {
                text.split(',')
                    .filter(|entry| !entry.trim().is_empty())
                    .map(|entry| {
                        entry
                            .split_once('=')
                            .map(|(name, text)| (name.trim().to_owned(), text.trim().to_owned()))
                            .ok_or_else(|| SHAPE.to_owned())
                    })
                    .collect()
            }),
        };
        let parsed = texts.and_then(|texts| {
            texts
                .into_iter()
                .map(|(name, text)| match parse(&text) {
                    Ok(value) => Ok((name, value)),
                    Err(detail) => Err(format!("'{name}' {detail}")),
                })
                .collect()
        });
        self.kept(key, parsed)
    }

    /// True when some source gives the key.
    pub(super) fn has(&self, key: &'static Key) -> bool {
        self.figment.find_value(key.path).is_ok()
    }

    /// Complains about a key.
    pub(super) fn wrong(&mut self, key: &'static Key, detail: impl Into<String>) {
        let source = self.figment.find_metadata(key.path).map(|metadata| match &metadata.source {
            Some(Source::File(path)) => path.display().to_string(),
            _ => metadata.name.to_string(),
        });
        self.problems.push(Problem::of_key(key, source, detail));
    }

    fn kept<T>(&mut self, key: &'static Key, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|detail| self.wrong(key, detail)).ok()
    }
}

/// A single value as it would be written in a variable.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Char(_, char) => Some(char.to_string()),
        Value::Bool(_, on) => Some(on.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| number.to_u128().map(|number| number.to_string()))
            .or_else(|| number.to_f64().map(|number| number.to_string())),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}
