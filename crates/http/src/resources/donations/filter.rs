//! Which donations a list shows.

use almoner_donations::{Donation, DonationQuery, DonationSort};
use almoner_kernel::{
    Context, Currency, FieldError, Fields, Money, Page, PageRequest, Sort, Version,
    id::{CampaignEntity, DonationEntity, DonorEntity, Entity},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::bodies::DonationBody;
use crate::{
    Domains, Params, Problem,
    live::list::LiveList,
    query::{self, Deleted},
    resources::{
        shared::{self, day},
        words::{MethodWord, StateWord},
    },
    words::needs_a_currency,
};

/// Which donations a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DonationFilter {
    /// Only this state.
    #[param(inline, nullable = false, example = "completed")]
    state: Option<StateWord>,
    /// Only this method.
    #[param(inline, nullable = false, example = "bank_transfer")]
    method: Option<MethodWord>,
    /// Only this currency, an ISO 4217 code.
    #[param(
        min_length = 3,
        max_length = 3,
        nullable = false,
        pattern = "^[A-Z]{3}$",
        example = "TRY"
    )]
    currency: Option<String>,
    /// Only this campaign.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    campaign_id: Option<String>,
    /// Only this donor.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    donor_id: Option<String>,
    /// Only donations entered by this user.
    #[param(value_type = Option<Uuid>, nullable = false, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    created_by: Option<String>,
    /// Only from this day on.
    #[param(value_type = Option<NaiveDate>, nullable = false, example = "2026-01-01")]
    donated_from: Option<String>,
    /// Only up to this day, inclusive.
    #[param(value_type = Option<NaiveDate>, nullable = false, example = "2026-12-31")]
    donated_to: Option<String>,
    /// Only from this amount on, a decimal. Needs `currency`.
    #[param(
        min_length = 1,
        max_length = 18,
        nullable = false,
        pattern = "^(0|[1-9][0-9]{0,15})(\\.[0-9]{1,4})?$",
        example = "100.00"
    )]
    amount_min: Option<String>,
    /// Only up to this amount, inclusive, a decimal. Needs `currency`.
    #[param(
        min_length = 1,
        max_length = 18,
        nullable = false,
        pattern = "^(0|[1-9][0-9]{0,15})(\\.[0-9]{1,4})?$",
        example = "5000.00"
    )]
    amount_max: Option<String>,
    /// Words to find in donor name, purpose, reference or notes, all of them; the last one may be
    /// the beginning of a word. Case and Turkish letters do not matter.
    #[param(
        format = "line",
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "yilmaz rec"
    )]
    q: Option<String>,
    /// `only` lists the trash instead.
    #[param(inline, nullable = false, example = "only")]
    deleted: Option<Deleted>,
    /// The order: `created_at`, `donated_on` or `amount`, with `-` in front for descending.
    /// Amounts are compared in minor units whatever the currency: set `currency` with it.
    #[param(
        nullable = false,
        pattern = "^-?(created_at|donated_on|amount)$",
        default = "-created_at",
        example = "-amount"
    )]
    sort: Option<String>,
}

impl Params for DonationFilter {
    type Query = DonationQuery;

    fn read(self, fields: &mut Fields) -> Option<DonationQuery> {
        let sorts = [
            ("created_at", DonationSort::CreatedAt),
            ("donated_on", DonationSort::DonatedOn),
            ("amount", DonationSort::Amount),
        ];
        let sort = fields.optional("sort", self.sort, |text| query::sort(&text, &sorts));
        let limits = Limits { names_currency: self.currency.is_some() };
        let currency = fields.optional("currency", self.currency, |code| Currency::parse(&code));
        Some(DonationQuery {
            state: self.state.map(|state| state.0),
            method: self.method.map(|method| method.0),
            currency,
            campaign_id: fields.optional("campaign_id", self.campaign_id, shared::id),
            donor_id: fields.optional("donor_id", self.donor_id, shared::id),
            created_by: fields.optional("created_by", self.created_by, shared::id),
            donated_from: fields.optional("donated_from", self.donated_from, day),
            donated_to: fields.optional("donated_to", self.donated_to, day),
            amount_min: limits.minor(fields, "amount_min", self.amount_min, currency),
            amount_max: limits.minor(fields, "amount_max", self.amount_max, currency),
            q: fields.optional("q", self.q, shared::words),
            trash: Deleted::trash(self.deleted),
            sort: sort.unwrap_or(Sort::down(DonationSort::CreatedAt)),
        })
    }
}

/// Reads amounts, which mean nothing without a currency.
struct Limits {
    /// A currency that is wrong has its complaint already.
    names_currency: bool,
}

impl Limits {
    fn minor(
        &self,
        fields: &mut Fields,
        name: &str,
        amount: Option<String>,
        currency: Option<Currency>,
    ) -> Option<i64> {
        let amount = amount?;
        let Some(currency) = currency else {
            if !self.names_currency {
                fields.wrong(FieldError::new(name, "needs_currency", needs_a_currency()));
            }
            return None;
        };
        let parse = |amount: String| Money::parse(&amount, currency).map(Money::minor);
        fields.optional(name, Some(amount), parse)
    }
}

impl LiveList for DonationFilter {
    const PATH: &'static str = "/api/v1/donations";
    const ENTITY: &'static str = DonationEntity::NAME;
    const OTHERS: Option<&'static [&'static str]> =
        Some(&[DonorEntity::NAME, CampaignEntity::NAME]);
    type Record = Donation;
    type Body = DonationBody;

    async fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> Result<Page<Donation>, Problem> {
        Ok(domains.donations.list(cx, query, page).await?)
    }

    fn body(donation: Donation) -> Result<DonationBody, Problem> {
        Ok(DonationBody::of(&donation))
    }

    fn version(donation: &Donation) -> Version {
        donation.version
    }

    fn shows(donation: &Donation) -> Vec<Uuid> {
        let donor = donation.donor.as_ref().map(|donor| donor.id.uuid());
        let campaign = donation.campaign.as_ref().map(|campaign| campaign.id.uuid());
        [donation.id.uuid()].into_iter().chain(donor).chain(campaign).collect()
    }

    /// A donation is found by its donor's name, too.
    fn is_found_by_others(query: &DonationQuery) -> bool {
        query.q.is_some()
    }
}
