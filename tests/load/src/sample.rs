//! What there is to ask for: ids, filters, words and days, collected over the API before anything is
//! measured.

use anyhow::{Context, ensure};
use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{dice::Dice, visitor::Visitor};

/// Things that exist in the database, for clients and bare loops alike. No list is empty.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Donations from all over the table.
    pub scattered: Vec<String>,
    /// The newest donations.
    pub recent: Vec<String>,
    /// Pages of the plain list.
    pub pages: Vec<Page>,
    /// Filters with something behind them.
    pub filters: Vec<Filter>,
    /// Searches that find something.
    pub searches: Vec<String>,
    /// Months with donations: first and last day.
    pub months: Vec<(NaiveDate, NaiveDate)>,
    /// Donors and campaigns to give from and to.
    pub donors: Vec<String>,
    pub campaigns: Vec<String>,
    /// One page of the list, as it was answered.
    pub rows: Vec<Value>,
}

/// A page of the plain list.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    /// Where it is asked for.
    pub path: String,
    /// The donation before its first one.
    pub after: Option<String>,
}

/// One column and the value it must have.
#[derive(Debug, Serialize, Deserialize)]
pub struct Filter {
    pub column: String,
    pub value: String,
}

const DONATIONS: &str = "/api/v1/donations";
/// Pages of 50 that are walked from the newest donation on.
const PAGES: usize = 60;
/// Days on which donations are looked for.
const DAYS: usize = 48;

impl Sample {
    /// Looks around.
    pub async fn take(visitor: &Visitor) -> anyhow::Result<Self> {
        let mut dice = Dice::new(0);
        let (pages, newest) = walk(visitor).await?;
        let (first, last) = period(visitor).await?;
        let days = usize::try_from((last - first).num_days()).unwrap_or_default().max(1);
        let mut scattered = Vec::new();
        for _ in 0..DAYS {
            let day = first + Days::new(dice.below(days) as u64);
            let path = format!("{DONATIONS}?donated_from={day}&sort=donated_on&limit=200");
            scattered.extend(items(&visitor.read(&path).await?));
        }
        let campaigns = items(&visitor.read("/api/v1/campaigns?limit=200").await?);
        let donors = texts(&scattered, "donor_id");
        let campaigns = texts(&campaigns, "id");
        let sample = Self {
            filters: filters(&mut dice, &donors, &texts(&scattered, "campaign_id")),
            searches: searches(&mut dice, &scattered),
            months: months(first, last),
            scattered: texts(&scattered, "id"),
            recent: texts(&newest, "id"),
            rows: newest.into_iter().take(50).collect(),
            pages,
            donors,
            campaigns,
        };
        ensure!(
            sample.rows.len() == 50
                && ![&sample.scattered, &sample.donors, &sample.campaigns, &sample.searches]
                    .iter()
                    .any(|list| list.is_empty()),
            "the database has too little to measure anything"
        );
        Ok(sample)
    }
}

async fn walk(visitor: &Visitor) -> anyhow::Result<(Vec<Page>, Vec<Value>)> {
    let (mut pages, mut newest) = (Vec::new(), Vec::new());
    let mut page = Page { path: format!("{DONATIONS}?limit=50"), after: None };
    while pages.len() < PAGES {
        let answer = visitor.read(&page.path).await?;
        newest.extend(items(&answer));
        pages.push(page);
        let Some(cursor) = answer["next_cursor"].as_str() else { break };
        page = Page {
            path: format!("{DONATIONS}?limit=50&cursor={cursor}"),
            after: newest.last().and_then(|last| Some(last["id"].as_str()?.to_owned())),
        };
    }
    Ok((pages, newest))
}

/// The days of the first and the last donation.
async fn period(visitor: &Visitor) -> anyhow::Result<(NaiveDate, NaiveDate)> {
    let mut ends = Vec::new();
    for sort in ["donated_on", "-donated_on"] {
        let path = format!("{DONATIONS}?sort={sort}&limit=1");
        let answer = visitor.read(&path).await?;
        let day = answer["items"][0]["donated_on"].as_str().context("no donations")?;
        ends.push(day.parse()?);
    }
    Ok((ends[0], ends[1]))
}

fn filters(dice: &mut Dice, donors: &[String], campaigns: &[String]) -> Vec<Filter> {
    let of =
        |column: &str, value: &str| Filter { column: column.to_owned(), value: value.to_owned() };
    let states = ["pending", "completed", "refunded", "cancelled"];
    let methods = ["cash", "bank_transfer", "credit_card", "online"];
    let mut filters = Vec::new();
    // Every kind of filter as often as every other.
    for _ in 0..40 {
        filters.push(of("state", dice.pick::<&str>(&states)));
        filters.push(of("method", dice.pick::<&str>(&methods)));
        for (column, values) in [("campaign_id", campaigns), ("donor_id", donors)] {
            if !values.is_empty() {
                filters.push(of(column, dice.pick::<String>(values)));
            }
        }
    }
    filters
}

/// Searches as they are typed: a name, a name with the beginning of another, a beginning alone.
fn searches(dice: &mut Dice, donations: &[Value]) -> Vec<String> {
    let names: Vec<_> =
        texts(donations, "donor_name").into_iter().filter(|name| name.contains(' ')).collect();
    let beginning = |word: &str| word.chars().take(3).collect::<String>();
    let mut searches = Vec::new();
    for _ in 0..60 {
        if names.is_empty() {
            break;
        }
        let name = dice.pick(&names);
        let (first, last) = name.rsplit_once(' ').unwrap_or((name, name));
        let first = first.split(' ').next().unwrap_or(first);
        searches.push(last.to_owned());
        searches.push(format!("{first} {}", beginning(last)));
        searches.push(beginning(last));
    }
    searches
}

/// Whole months, without the first and the last one, which are not whole.
fn months(first: NaiveDate, last: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut months = Vec::new();
    let mut month = first.with_day(1).unwrap_or(first) + Months::new(1);
    while month + Months::new(1) <= last {
        months.push((month, month + Months::new(1) - Days::new(1)));
        month = month + Months::new(1);
    }
    if months.is_empty() {
        months.push((first, last));
    }
    months
}

fn items(answer: &Value) -> Vec<Value> {
    answer["items"].as_array().cloned().unwrap_or_default()
}

fn texts(records: &[Value], field: &str) -> Vec<String> {
    records.iter().filter_map(|record| Some(record[field].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_whole() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let months = months(day("2024-11-21"), day("2025-02-28"));
        let expected =
            [(day("2024-12-01"), day("2024-12-31")), (day("2025-01-01"), day("2025-01-31"))];
        assert_eq!(months, expected);
    }

    #[test]
    fn searches_are_made_of_names() {
        let donations = [serde_json::json!({ "donor_name": "Ayşe Nur Yılmaz" })];
        let searches = searches(&mut Dice::new(1), &donations);
        assert_eq!(searches[..3], ["Yılmaz", "Ayşe Yıl", "Yıl"]);
    }
}
