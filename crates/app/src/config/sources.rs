//! Where configuration comes from, in layers: defaults, file, environment, command line. A name that
//! no key has is refused, because a misspelt setting must never be ignored.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{
    problem::Problem,
    schema::{self, KEYS, Key},
};

/// What the configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that was asked for; it must exist.
    pub file: Option<PathBuf>,
    /// The file that is read when none was asked for and it exists.
    pub fallback_file: Option<PathBuf>,
    /// The environment: every variable of the process.
    pub environment: Vec<(OsString, OsString)>,
    /// Variables that are read elsewhere, by the command line itself.
    pub other_variables: Vec<String>,
    /// What the command line says.
    pub flags: Vec<(&'static Key, String)>,
}

impl Sources {
    /// The file in the working directory that is read when no other is named.
    pub const DEFAULT_FILE: &'static str = "almoner.toml";

    /// The process's own environment, and `almoner.toml` unless a file is named.
    pub fn of_process(
        file: Option<PathBuf>,
        flags: Vec<(&'static Key, String)>,
        other_variables: Vec<String>,
    ) -> Self {
        Self {
            file,
            fallback_file: Some(PathBuf::from(Self::DEFAULT_FILE)),
            environment: std::env::vars_os().collect(),
            other_variables,
            flags,
        }
    }

    /// The layers on top of one another. Complaints about names, and about what cannot be read at
    /// all, go to `problems`.
    pub(super) fn layered(&self, problems: &mut Vec<Problem>) -> Figment {
        let defaults =
            KEYS.iter().filter_map(|key| key.default.map(|text| (*key, text.to_owned()))).collect();
        let mut figment = Figment::from(Layer { name: "the defaults", values: defaults });
        if let Some(file) = self.read_file(problems) {
            figment = figment.merge(file);
        }
        figment
            .merge(Layer { name: "the environment", values: self.variables(problems) })
            .merge(Layer { name: "the command line", values: self.flags.clone() })
    }

    fn read_file(&self, problems: &mut Vec<Problem>) -> Option<impl Provider> {
        let path = match (&self.file, &self.fallback_file) {
            (Some(path), _) => path,
            (None, Some(path)) if path.exists() => path,
            (None, _) => return None,
        };
        if let Err(error) = std::fs::File::open(path) {
            problems.push(Problem::of_source(path.display(), format!("cannot be read: {error}")));
            return None;
        }
        let toml = Toml::file_exact(path);
        match toml.data() {
            Ok(data) => {
                for dict in data.values() {
                    unknown_keys(path, "", dict, problems);
                }
                Some(toml)
            }
            Err(error) => {
                problems.push(Problem::of_source(path.display(), error.to_string()));
                None
            }
        }
    }

    /// The variables that have a key. An empty variable counts as unset: compose files pass those.
    fn variables(&self, problems: &mut Vec<Problem>) -> Vec<(&'static Key, String)> {
        let mut values = Vec::new();
        for (variable, value) in &self.environment {
            let Some(variable) = variable.to_str().filter(|name| is_ours(name)) else { continue };
            let Some(key) = schema::of_variable(variable) else {
                if !self.is_read_elsewhere(variable) {
                    let known = KEYS
                        .iter()
                        .map(|key| key.variable)
                        .chain(self.other_variables.iter().map(String::as_str));
                    problems.push(Problem::unknown(
                        "environment variable",
                        variable,
                        schema::nearest(variable, known),
                    ));
                }
                continue;
            };
            match value.to_str() {
                Some("") => {}
                Some(value) => values.push((key, value.to_owned())),
                None => problems.push(Problem::of_key(key, None, "is not UTF-8 text")),
            }
        }
        values
    }

    fn is_read_elsewhere(&self, variable: &str) -> bool {
        variable == schema::CONFIG_VARIABLE
            || self.other_variables.iter().any(|other| other == variable)
    }
}

/// True for variables that are meant for the program; `ALMONER_TEST_…` is meant for its tests.
fn is_ours(variable: &str) -> bool {
    variable.starts_with("ALMONER_") && !variable.starts_with("ALMONER_TEST_")
}

fn unknown_keys(file: &Path, prefix: &str, dict: &Dict, problems: &mut Vec<Problem>) {
    for (name, value) in dict {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if schema::at(&path).is_some() {
            continue;
        }
        let is_table = KEYS
            .iter()
            .any(|key| key.path.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        match value {
            Value::Dict(_, inner) if is_table => unknown_keys(file, &path, inner, problems),
            _ => problems.push(
                Problem::unknown(
                    "key",
                    &path,
                    schema::nearest(&path, KEYS.iter().map(|key| key.path)),
                )
                .found_in(file.display()),
            ),
        }
    }
}

/// One layer of texts.
struct Layer {
    name: &'static str,
    values: Vec<(&'static Key, String)>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut dict = Dict::new();
        for (key, text) in &self.values {
            match key.path.split_once('.') {
                None => {
                    dict.insert(key.path.to_owned(), Value::from(text.as_str()));
                }
                Some((table, name)) => {
                    let table = dict
                        .entry(table.to_owned())
                        .or_insert_with(|| Value::from(BTreeMap::<String, Value>::new()));
                    if let Value::Dict(_, inner) = table {
                        inner.insert(name.to_owned(), Value::from(text.as_str()));
                    }
                }
            }
        }
        Ok(Profile::Default.collect(dict))
    }
}
