//! Sums of records of a kind.

use actix_web::HttpRequest;
use almoner_kernel::{Fields, money};
use almoner_records::{
    Kind,
    query::{parameters, searched, tests},
    summing::{Grouping, Line, Member, Summing, sums},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::json;

use super::{ThisServed, query::trash};
use crate::{Answer, Cx, Problem, kit::query::Given};

/// What makes groups.
pub(super) const GROUP_BY: &str = "group_by";

/// What is added up.
pub(super) const SUM: &str = "sum";

pub(super) async fn summary(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
) -> Result<Answer, Problem> {
    let given = Given::of(&req)?;
    let kind = served.kind();
    let mut fields = given.no_others_than_all(names(kind));
    let query = almoner_records::Query {
        tests: tests(kind, |name| given.first(name), served.terms(), &mut fields),
        q: q(kind, &given, &mut fields),
        trash: trash(&given, &mut fields),
        order: almoner_records::Order::default(),
    };
    let (by, sum) = (given.first(GROUP_BY), given.first(SUM));
    let summing = Summing::read(kind, query, by.as_deref(), sum.as_deref(), &mut fields);
    let summing = fields.finish(Some(summing)).map_err(Problem::bad_parameters)?;
    let lines = served.summary(&cx, &summing).await?;
    let items: Vec<Shown<'_>> =
        lines.iter().map(|line| Shown { line, summing: &summing }).collect();
    Ok(Answer::plain(&json!({ "items": items })))
}

fn q(kind: &Kind, given: &Given, fields: &mut Fields) -> Option<String> {
    let q = given.first("q").filter(|_| kind.is_searched());
    fields.optional("q", q, |q| searched(&q))
}

/// The parameters: the filters of the list, what makes groups, what is added up.
fn names(kind: &'static Kind) -> Vec<String> {
    let filters = parameters(kind).into_iter().map(|parameter| parameter.name);
    let own = [
        Some("deleted"),
        kind.is_searched().then_some("q"),
        Grouping::all(kind).next().map(|_| GROUP_BY),
        sums(kind).next().map(|_| SUM),
    ];
    filters.chain(own.into_iter().flatten().map(str::to_owned)).collect()
}

/// A line as clients see it.
struct Shown<'a> {
    line: &'a Line,
    summing: &'a Summing,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { line, summing } = self;
        let mut map = serializer.serialize_map(None)?;
        for (grouping, member) in summing.by.iter().zip(&line.by) {
            match member {
                Member::Absent => {}
                Member::Text(text) => map.serialize_entry(&grouping.name(), text)?,
                Member::Flag(flag) => map.serialize_entry(&grouping.name(), flag)?,
                Member::Record(id, label) => {
                    map.serialize_entry(&grouping.name(), id)?;
                    if let Some(label) = label {
                        map.serialize_entry(grouping.field.label_name, label)?;
                    }
                }
            }
        }
        map.serialize_entry("count", &line.count)?;
        if let Some((currency, minor)) = line.sum {
            let amount = money::decimal(minor, currency);
            map.serialize_entry(SUM, &json!({ "amount": amount, "currency": currency.code() }))?;
        }
        map.end()
    }
}
