//! Sums and counts of donations. Sums of different currencies are never added up.

use std::sync::Arc;

use almoner_kernel::{Context, Currency, Scope, StoreError};
use almoner_records::{Record, RecordError};
use async_trait::async_trait;
use chrono::NaiveDate;

use crate::{CampaignId, Donation, DonorId, Method, State};

/// Sums of donations, from storage.
#[async_trait]
pub trait Sums: Send + Sync {
    /// Sums and counts.
    async fn summary(&self, query: &SummaryQuery, scope: Scope) -> Result<Summary, StoreError>;
}

/// Sums of donations.
#[derive(Clone)]
pub struct Summaries {
    sums: Arc<dyn Sums>,
}

impl Summaries {
    /// The use case over its port.
    pub fn new(sums: Arc<dyn Sums>) -> Self {
        Self { sums }
    }

    /// Sums and counts of the donations within the caller's scope.
    ///
    /// # Errors
    /// Without `donations:read`, or when storage fails.
    #[tracing::instrument(skip_all)]
    pub async fn summary(
        &self,
        cx: &Context,
        query: &SummaryQuery,
    ) -> Result<Summary, RecordError> {
        let scope = cx.permit(Donation::KIND.permissions.read)?;
        Ok(self.sums.summary(query, scope).await?)
    }
}

/// A campaign as a summary names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRef {
    /// The id.
    pub id: CampaignId,
    /// The name.
    pub name: String,
}

/// Which donations are summed up, and how they are grouped. Donations in the trash never count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryQuery {
    /// Only this state; completed ones unless somebody asks otherwise.
    pub state: State,
    /// From this day on.
    pub donated_from: Option<NaiveDate>,
    /// Up to this day, inclusive.
    pub donated_to: Option<NaiveDate>,
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only this method.
    pub method: Option<Method>,
    /// Only this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only this donor.
    pub donor_id: Option<DonorId>,
    /// One line for each value of these, and always for each currency.
    pub group_by: Vec<GroupBy>,
}

impl Default for SummaryQuery {
    fn default() -> Self {
        Self {
            state: State::Completed,
            donated_from: None,
            donated_to: None,
            currency: None,
            method: None,
            campaign_id: None,
            donor_id: None,
            group_by: Vec::new(),
        }
    }
}

/// What a summary can be grouped by, beside the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The month of the gift.
    Month,
    /// How it came.
    Method,
    /// What it was given for.
    Campaign,
}

impl GroupBy {
    /// Every way to group.
    pub const ALL: [Self; 3] = [Self::Month, Self::Method, Self::Campaign];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Method => "method",
            Self::Campaign => "campaign",
        }
    }

    /// The way with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.as_str() == text)
    }
}

/// A summary: one line for each group, ordered by month, currency, method and campaign name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The lines.
    pub lines: Vec<SummaryLine>,
}

/// The sum of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine {
    /// The currency of the sum; none for goods whose worth nobody knows, which have no sum.
    pub currency: Option<Currency>,
    /// The first day of the month, when grouped by month.
    pub month: Option<NaiveDate>,
    /// How they came, when grouped by method.
    pub method: Option<Method>,
    /// What they were given for, when grouped by campaign; none then means: for no campaign.
    pub campaign: Option<CampaignRef>,
    /// How many donations.
    pub count: u64,
    /// Their sum in minor units.
    pub sum_minor: i128,
}
