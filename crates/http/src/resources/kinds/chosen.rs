//! `fields=name,state`: what of each record is shown.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use almoner_kernel::{Fields, fault::Unfit};
use almoner_records::Kind;

use super::{ThisKind, show::HIDDEN};
use crate::kit::{
    problem::{Problem, registry},
    query::Given,
    words,
};

/// The parameter.
pub(super) const FIELDS: &str = "fields";

/// What is always shown: which record it is, which version of it, and what of the rest is withheld.
const ALWAYS: [&str; 3] = ["id", "version", HIDDEN];

/// What of a record is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// All of it.
    All,
    /// These fields, and what is always shown.
    Only(Vec<&'static str>),
}

impl Chosen {
    /// True when that field is shown.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => ALWAYS.contains(&name) || names.contains(&name),
        }
    }

    /// What a parameter asks for.
    ///
    /// # Errors
    /// `choice` for a name that there is not, with those that there are; `length` for too many.
    fn parse(kind: &Kind, text: &str) -> Result<Self, Unfit> {
        let all = names(kind);
        if text.split(',').count() > all.len() {
            return Err(Unfit::new("length", almoner_records::words::too_many_values(all.len())));
        }
        let mut only = Vec::new();
        for name in text.split(',') {
            let known = all.iter().find(|known| **known == name);
            let known = known
                .ok_or_else(|| Unfit::new("choice", words::must_be_some_of(all.join(", "))))?;
            if !only.contains(known) {
                only.push(*known);
            }
        }
        Ok(Self::Only(only))
    }

    /// What a request asks for.
    pub(super) fn of(kind: &Kind, given: &Given, fields: &mut Fields) -> Self {
        let asked = fields.optional(FIELDS, given.first(FIELDS), |text| Self::parse(kind, &text));
        asked.unwrap_or(Self::All)
    }
}

/// The names of everything that a record of the kind shows, in the order in which it is shown.
pub(super) fn names(kind: &Kind) -> Vec<&'static str> {
    let own = kind.fields.iter().flat_map(|field| {
        let label = field.target.is_some().then_some(field.label_name);
        [field.name].into_iter().chain(label)
    });
    let common = ["created_by", "created_at", "updated_at", "deleted_at", "version"];
    ["id"].into_iter().chain(own).chain(common).collect()
}

/// The parameters of a record that is read.
impl FromRequest for Chosen {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let ThisKind(kind) =
                req.app_data::<ThisKind>().ok_or_else(|| Problem::new(registry::INTERNAL))?;
            let given = Given::of(req)?;
            let mut fields = given.no_others_than([FIELDS]);
            let chosen = Self::of(kind, &given, &mut fields);
            fields.finish(Some(chosen)).map_err(Problem::bad_parameters)
        };
        ready(read())
    }
}

#[cfg(test)]
mod tests {
    use almoner_kinds::REGISTRY;

    use super::*;

    #[test]
    fn the_id_and_the_version_are_always_shown_and_nothing_twice() {
        for kind in REGISTRY.kinds {
            let names = names(kind);
            let (first, last) = (names[1], names[names.len() - 2]);
            let text = format!("{last},{first},{last}");
            let chosen = Chosen::parse(kind, &text).unwrap();
            assert_eq!(chosen, Chosen::Only(vec![last, first]));
            let shown: Vec<&str> = names.iter().copied().filter(|name| chosen.has(name)).collect();
            assert_eq!(shown, ["id", first, last, "version"]);
            assert!(names.iter().all(|name| Chosen::All.has(name)));
        }
    }

    #[test]
    fn a_name_that_there_is_not_is_told_with_those_that_there_are() {
        for kind in REGISTRY.kinds {
            for wrong in ["", "nobody_knows", "id,", "id, version", "ID"] {
                let error = Chosen::parse(kind, wrong).unwrap_err();
                assert_eq!(error.code, "choice", "{wrong}");
                assert!(error.detail.to_string().contains(&names(kind).join(", ")));
            }
            let long = vec!["id"; names(kind).len() + 1].join(",");
            assert_eq!(Chosen::parse(kind, &long).unwrap_err().code, "length");
        }
    }
}
