//! The parameters of a request, as they were given.

use std::{
    any::{TypeId, type_name},
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use actix_web::{HttpMessage, HttpRequest};
use almoner_kernel::{FieldError, Fields, words::is_required};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::PageParams;
use crate::{
    kit::{
        cx::Arrival,
        problem::{MAX_COMPLAINTS, Problem, shown},
        words,
    },
    routes::{DRY_RUN, Lookup},
};

/// The parameters of a request, decoded, in their order.
#[derive(Debug)]
pub(crate) struct Given(pub(super) Vec<(String, String)>);

impl Given {
    pub(crate) fn of(req: &HttpRequest) -> Result<Self, Problem> {
        // The gate has read and checked it.
        let has_dry_run = req.extensions().get::<Rc<Arrival>>().is_some_and(|arrival| {
            matches!(arrival.route, Lookup::Found { has_dry_run: true, .. })
        });
        Self::parse_all(req.query_string(), has_dry_run)
    }

    pub(crate) fn parse_all(query: &str, has_dry_run: bool) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // The decoder puts this sign where the bytes are not UTF-8; nobody types it.
            if name.contains(char::REPLACEMENT_CHARACTER)
                || value.contains(char::REPLACEMENT_CHARACTER)
            {
                return Err(Problem::bad_request(words::query_not_utf8()));
            }
            if !(has_dry_run && name == DRY_RUN) {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Complains about parameters that stand twice, or are neither among these nor of every list.
    pub(crate) fn known_among(&self, own: HashSet<String>) -> Fields {
        self.known(&[names::<PageParams>(), Arc::new(own)])
    }

    /// Complains about parameters that stand twice, or are not among these.
    pub(crate) fn no_others_than<const N: usize>(&self, names: [&str; N]) -> Fields {
        self.known(&[Arc::new(names.map(str::to_owned).into())])
    }

    /// The same, of names that are worked out.
    pub(crate) fn no_others_than_all(&self, names: Vec<String>) -> Fields {
        self.known(&[Arc::new(names.into_iter().collect())])
    }

    /// Complains about parameters that are unknown or stand twice.
    pub(crate) fn known(&self, names: &[Arc<HashSet<String>>]) -> Fields {
        let mut seen = HashSet::new();
        let complaints = self.0.iter().filter_map(|(name, _)| {
            let (code, detail) = if !names.iter().any(|names| names.contains(name)) {
                ("unknown_parameter", words::not_a_known_parameter())
            } else if !seen.insert(name) {
                ("repeated_parameter", words::may_stand_only_once())
            } else {
                return None;
            };
            Some(FieldError::new(shown(name), code, detail))
        });
        Fields::with(complaints.take(MAX_COMPLAINTS).collect())
    }

    /// Parses the parameters that belong to `P`, leaving out those that cannot be.
    pub(crate) fn parse<P: DeserializeOwned + IntoParams + 'static>(
        &self,
        fields: &mut Fields,
    ) -> Option<P> {
        let names = names::<P>();
        let mut left: Vec<&(String, String)> = Vec::new();
        for pair in &self.0 {
            if names.contains(&pair.0) && !left.iter().any(|known| known.0 == pair.0) {
                left.push(pair);
            }
        }
        loop {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(left.iter().map(|(name, value)| (name, value)))
                .finish();
            let pairs = form_urlencoded::parse(query.as_bytes());
            let deserializer = serde_urlencoded::Deserializer::new(pairs);
            let error = match serde_path_to_error::deserialize::<_, P>(deserializer) {
                Ok(params) => return Some(params),
                Err(error) => error,
            };
            let name = error.path().to_string();
            let Some(at) = left.iter().position(|pair| pair.0 == name) else {
                tracing::error!(params = type_name::<P>(), "a parameter is not optional");
                fields.wrong(FieldError::new(name, "parameter", is_required()));
                return None;
            };
            left.remove(at);
            fields.wrong(unfit(name, &error.inner().to_string()));
        }
    }
}

/// Serde's own words hold the value; only the offered choices are fit to be told.
fn unfit(name: String, message: &str) -> FieldError {
    match message.split_once(", expected ") {
        Some((start, _)) if start.starts_with("unknown variant") => {
            let choices = message.rsplit_once(", expected ").map_or("", |(_, choices)| choices);
            FieldError::new(name, "choice", words::choice(choices))
        }
        _ => FieldError::new(name, "format", words::wrong_form()),
    }
}

/// The names of a type's parameters, worked out once.
pub(super) fn names<P: IntoParams + 'static>() -> Arc<HashSet<String>> {
    static NAMES: LazyLock<RwLock<HashMap<TypeId, Arc<HashSet<String>>>>> =
        LazyLock::new(RwLock::default);
    // A panic while the lock is held cannot leave half a name behind.
    let known =
        NAMES.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<P>()).cloned();
    known.unwrap_or_else(|| {
        let names = P::into_params(|| None).into_iter().map(|parameter| parameter.name);
        let names: Arc<HashSet<String>> = Arc::new(names.collect());
        let mut all = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(TypeId::of::<P>()).or_insert(names))
    })
}
