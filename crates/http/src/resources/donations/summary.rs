//! Sums and counts of donations.

use actix_web::{get, web::Data};
use almoner_donations::{GroupBy, State, Summary, SummaryLine, SummaryQuery};
use almoner_kernel::{Currency, Fields, fault::Unfit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    Answer, Cx, Domains, Params, Problem, StrictQuery,
    kit::words::{each_group_once, must_be_some_of},
    resources::{
        parts::MoneyBody,
        shared::{self, day},
        words::{GroupWord, MethodWord, StateWord},
    },
};

/// Which donations are summed up, and how they are grouped.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SummaryFilter {
    /// Only this state; `completed` when it is left out.
    #[param(inline, nullable = false, example = "completed")]
    state: Option<StateWord>,
    /// Only from this day on.
    #[param(value_type = Option<NaiveDate>, nullable = false, example = "2026-01-01")]
    donated_from: Option<String>,
    /// Only up to this day, inclusive.
    #[param(value_type = Option<NaiveDate>, nullable = false, example = "2026-12-31")]
    donated_to: Option<String>,
    /// Only this currency, an ISO 4217 code.
    #[param(
        min_length = 3,
        max_length = 3,
        nullable = false,
        pattern = "^[A-Z]{3}$",
        example = "TRY"
    )]
    currency: Option<String>,
    /// Only this method.
    #[param(inline, nullable = false, example = "bank_transfer")]
    method: Option<MethodWord>,
    /// Only this campaign.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<String>,
    /// Only this donor.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    donor_id: Option<String>,
    /// One line for each value of these, each once and separated by commas; and always for each currency.
    #[param(
        inline,
        value_type = Option<Vec<GroupWord>>,
        nullable = false,
        style = Form,
        explode = false,
        example = json!(["month", "method"])
    )]
    group_by: Option<String>,
}

impl Params for SummaryFilter {
    type Query = SummaryQuery;

    fn read(self, fields: &mut Fields) -> Option<SummaryQuery> {
        let currency = |code: String| Currency::parse(&code);
        let group_by = fields.optional("group_by", self.group_by, group_by);
        Some(SummaryQuery {
            state: self.state.map_or(State::Completed, |state| state.0),
            donated_from: fields.optional("donated_from", self.donated_from, day),
            donated_to: fields.optional("donated_to", self.donated_to, day),
            currency: fields.optional("currency", self.currency, currency),
            method: self.method.map(|method| method.0),
            campaign_id: fields.optional("campaign_id", self.campaign_id, shared::id),
            donor_id: fields.optional("donor_id", self.donor_id, shared::id),
            group_by: group_by.unwrap_or_default(),
        })
    }
}

fn group_by(text: String) -> Result<Vec<GroupBy>, Unfit> {
    let mut groups = Vec::new();
    // An empty list is written like this.
    if text.is_empty() {
        return Ok(groups);
    }
    for name in text.split(',') {
        let group = GroupBy::parse(name).ok_or_else(|| {
            let names = GroupBy::ALL.map(GroupBy::as_str).join(", ");
            Unfit::new("choice", must_be_some_of(names))
        })?;
        if groups.contains(&group) {
            return Err(Unfit::new("choice", each_group_once()));
        }
        groups.push(group);
    }
    Ok(groups)
}

/// Sums and counts, one line for each group, ordered by month, currency, method and campaign name.
#[derive(Serialize, ToSchema)]
#[schema(as = DonationSummary)]
pub(crate) struct SummaryBody {
    /// The lines. A group without donations has none.
    items: Vec<SummaryLineBody>,
    /// Donations in kind whose worth nobody knows, which are in none of the sums: a line for each group.
    /// Absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    of_unknown_worth: Vec<CountLineBody>,
}

/// The sum of one group.
#[derive(Serialize, ToSchema)]
#[schema(as = DonationSummaryLine)]
pub(crate) struct SummaryLineBody {
    /// The sum. Different currencies are never added up.
    sum: MoneyBody,
    /// How many donations.
    #[schema(minimum = 0, example = 42)]
    count: u64,
    /// The month, when grouped by month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 7,
        max_length = 7,
        nullable = false,
        example = "2026-03",
        pattern = "^[0-9]{4}-[0-9]{2}$"
    )]
    month: Option<String>,
    /// How they came, when grouped by method: a method of a donation; may grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "word", nullable = false, example = "bank_transfer")]
    method: Option<&'static str>,
    /// What they were given for, when grouped by campaign; absent then for no campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<Uuid>,
    /// The campaign's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        nullable = false,
        example = "Ramadan food parcels 2026"
    )]
    campaign_name: Option<String>,
}

/// How many donations of one group have no sum.
#[derive(Serialize, ToSchema)]
#[schema(as = DonationCountLine)]
pub(crate) struct CountLineBody {
    /// How many donations.
    #[schema(minimum = 0, example = 42)]
    count: u64,
    /// The month, when grouped by month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 7,
        max_length = 7,
        nullable = false,
        example = "2026-03",
        pattern = "^[0-9]{4}-[0-9]{2}$"
    )]
    month: Option<String>,
    /// How they came, when grouped by method: a method of a donation; may grow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "word", nullable = false, example = "bank_transfer")]
    method: Option<&'static str>,
    /// What they were given for, when grouped by campaign; absent then for no campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<Uuid>,
    /// The campaign's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "line",
        min_length = 1,
        max_length = 200,
        nullable = false,
        example = "Ramadan food parcels 2026"
    )]
    campaign_name: Option<String>,
}

impl SummaryBody {
    /// Shows a summary.
    pub(crate) fn of(summary: &Summary) -> Self {
        let unknown = summary.lines.iter().filter(|line| line.currency.is_none());
        Self {
            items: summary.lines.iter().filter_map(SummaryLineBody::of).collect(),
            of_unknown_worth: unknown.map(CountLineBody::of).collect(),
        }
    }

    pub(crate) fn example() -> Value {
        json!({ "items": [
            {
                "sum": { "amount": "52500.00", "currency": "TRY" },
                "count": 42,
                "month": "2026-03",
                "method": "bank_transfer",
            },
            {
                "sum": { "amount": "310.00", "currency": "EUR" },
                "count": 3,
                "month": "2026-03",
                "method": "online",
            },
        ], "of_unknown_worth": [{ "count": 2, "month": "2026-03", "method": "in_kind" }] })
    }
}

impl SummaryLineBody {
    fn of(line: &SummaryLine) -> Option<Self> {
        let sum = MoneyBody::of_sum(line.sum_minor, line.currency?);
        let CountLineBody { count, month, method, campaign_id, campaign_name } =
            CountLineBody::of(line);
        Some(Self { sum, count, month, method, campaign_id, campaign_name })
    }
}

impl CountLineBody {
    fn of(line: &SummaryLine) -> Self {
        let campaign = line.campaign.as_ref();
        Self {
            count: line.count,
            month: line.month.map(|month| month.format("%Y-%m").to_string()),
            method: line.method.map(|method| method.as_str()),
            campaign_id: campaign.map(|campaign| campaign.id.uuid()),
            campaign_name: campaign.map(|campaign| campaign.name.as_str().to_owned()),
        }
    }
}

/// Sum up donations
///
/// Sums and counts of the donations within the caller's scope, by currency and, if you ask for it,
/// by month, method and campaign. Donations in the trash never count; those in kind whose worth nobody
/// knows are counted by themselves.
#[utoipa::path(
    tag = "donations",
    params(SummaryFilter),
    responses((
        status = 200,
        description = "The sums",
        body = SummaryBody,
        example = json!(SummaryBody::example()),
    )),
    extensions(("x-permission" = json!("donations:read"))),
)]
#[get("/summary")]
pub(super) async fn summarise_donations(
    cx: Cx,
    domains: Data<Domains>,
    filter: StrictQuery<SummaryFilter>,
) -> Result<Answer, Problem> {
    let summary = domains.donations.summary(&cx, &filter.0).await?;
    Ok(Answer::plain(&SummaryBody::of(&summary)))
}
