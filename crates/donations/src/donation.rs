//! A donation: one gift of money or goods, from the promise to the receipt of it.
//!
//! ```text
//! pending ──complete──▶ completed ──refund──▶ refunded
//!    └─────cancel─────▶ cancelled
//! ```

use std::fmt;

use almoner_kernel::{
    Audited, CampaignId, Currency, DonationId, DonorId, FieldError, FieldValue, Invalid, Money,
    Patch, Snapshot, Sort, Timestamp, Trash, UserId, Version,
    id::{DonationEntity, Entity},
};
use chrono::{Datelike, Duration, NaiveDate};
use uuid::Uuid;

use crate::{CampaignRef, DonationsError, DonorRef, words};

/// One gift of money or goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donation {
    /// The id.
    pub id: DonationId,
    /// Who gave; none when it is anonymous.
    pub donor: Option<DonorRef>,
    /// What it was given for; none when it is free.
    pub campaign: Option<CampaignRef>,
    /// How much; for goods, what they are worth.
    pub amount: Money,
    /// How it came.
    pub method: Method,
    /// Where it stands.
    pub state: State,
    /// What the donor wants done with it, at most [`Donation::MAX_PURPOSE`] characters.
    pub purpose: Option<String>,
    /// The day of the gift, in the donor's calendar.
    pub donated_on: NaiveDate,
    /// Bank reference, cheque number, receipt number of the payment provider: at most
    /// [`Donation::MAX_REFERENCE`] characters.
    pub reference: Option<String>,
    /// What staff should know, at most [`Donation::MAX_NOTES`] characters.
    pub notes: Option<String>,
    /// Why it was cancelled or refunded.
    pub reason: Option<String>,
    /// When it reached its present state, unless that is `pending`.
    pub settled_at: Option<Timestamp>,
    /// The version.
    pub version: Version,
    /// Who entered it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was put in the trash.
    pub deleted_at: Option<Timestamp>,
}

impl Donation {
    /// No gift is older: an earlier year is a slip of the keyboard.
    pub const FIRST_YEAR: i32 = 1900;
    /// Characters a purpose has at the most.
    pub const MAX_PURPOSE: usize = 500;
    /// Characters a reference has at the most.
    pub const MAX_REFERENCE: usize = 100;
    /// Characters notes have at the most.
    pub const MAX_NOTES: usize = 4_000;
    /// Characters a reason has at the most.
    pub const MAX_REASON: usize = 500;

    /// Rules for what a donation says, whatever its state. `currencies` are those the organisation
    /// accepts.
    ///
    /// # Errors
    /// [`Invalid`] with every complaint.
    pub fn validate(&self, currencies: &[Currency], at: Timestamp) -> Result<(), Invalid> {
        let mut errors = Vec::new();
        if self.amount.minor() <= 0 {
            errors.push(FieldError::new(
                "/amount/amount",
                "too_small",
                words::not_more_than_zero(),
            ));
        }
        if !currencies.contains(&self.amount.currency()) {
            let accepted: Vec<&str> = currencies.iter().map(|currency| currency.code()).collect();
            errors.push(FieldError::new(
                "/amount/currency",
                "currency",
                words::currency_not_accepted(accepted.join(", ")),
            ));
        }
        if self.donated_on.year() < Self::FIRST_YEAR {
            errors.push(FieldError::new("/donated_on", "range", words::before_1900()));
        }
        // East of Greenwich a day begins up to 14 hours before UTC's.
        if self.donated_on > (at + Duration::hours(14)).date_naive() {
            errors.push(FieldError::new("/donated_on", "future", words::in_the_future()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Invalid(errors)) }
    }

    /// The donation with the fields of the patch, one version later.
    ///
    /// # Errors
    /// [`DonationsError::Settled`] when the patch would change what is fixed once the donation
    /// left `pending`: donor, amount, method and day.
    pub fn patched(
        self,
        patch: &DonationPatch,
        donor: Patch<DonorRef>,
        campaign: Patch<CampaignRef>,
        at: Timestamp,
    ) -> Result<Self, DonationsError> {
        let before = self.clone();
        let mut after = Self { version: self.version.next(), updated_at: at, ..self };
        donor.apply(&mut after.donor);
        campaign.apply(&mut after.campaign);
        if let Some(amount) = patch.amount {
            after.amount = amount;
        }
        if let Some(method) = patch.method {
            after.method = method;
        }
        if let Some(donated_on) = patch.donated_on {
            after.donated_on = donated_on;
        }
        patch.purpose.clone().apply(&mut after.purpose);
        patch.reference.clone().apply(&mut after.reference);
        patch.notes.clone().apply(&mut after.notes);

        if before.state != State::Pending {
            let donor_id = |donation: &Self| donation.donor.as_ref().map(|donor| donor.id);
            let fixed = [
                ("donor_id", donor_id(&before) != donor_id(&after)),
                ("amount", before.amount != after.amount),
                ("method", before.method != after.method),
                ("donated_on", before.donated_on != after.donated_on),
            ];
            let fields: Vec<&'static str> =
                fixed.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
            if !fields.is_empty() {
                return Err(DonationsError::Settled { state: before.state, fields });
            }
        }
        Ok(after)
    }

    /// The donation in another state, one version later.
    ///
    /// # Errors
    /// [`DonationsError::Transition`] when the state machine has no such step.
    pub fn moved(
        self,
        to: State,
        reason: Option<String>,
        at: Timestamp,
    ) -> Result<Self, DonationsError> {
        if !self.state.can_become(to) {
            return Err(DonationsError::Transition { from: self.state, to });
        }
        Ok(Self {
            state: to,
            reason,
            settled_at: Some(at),
            version: self.version.next(),
            updated_at: at,
            ..self
        })
    }
}

impl Audited for Donation {
    const ENTITY: &'static str = DonationEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("donor_id", self.donor.as_ref().map(|donor| donor.id).into()),
            ("campaign_id", self.campaign.as_ref().map(|campaign| campaign.id).into()),
            ("amount", self.amount.to_string().into()),
            ("method", self.method.as_str().into()),
            ("state", self.state.as_str().into()),
            ("purpose", self.purpose.as_deref().into()),
            ("donated_on", self.donated_on.into()),
            ("reference", self.reference.as_deref().into()),
            ("notes", self.notes.as_deref().into()),
            ("reason", self.reason.as_deref().into()),
            ("deleted", FieldValue::Bool(self.deleted_at.is_some())),
        ]
    }
}

/// Where a donation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Promised, or on its way.
    Pending,
    /// Arrived: it counts.
    Completed,
    /// Given back after it had arrived.
    Refunded,
    /// Will never arrive.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Completed, Self::Refunded, Self::Cancelled];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// True when the state machine has a step from this state to `to`.
    pub const fn can_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::Pending, Self::Completed | Self::Cancelled) | (Self::Completed, Self::Refunded)
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a donation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Notes and coins.
    Cash,
    /// A cheque.
    Check,
    /// A card at a terminal.
    CreditCard,
    /// A bank transfer.
    BankTransfer,
    /// A payment on a web page.
    Online,
    /// A text message to a short number.
    Sms,
    /// Goods; the amount is what they are worth.
    InKind,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 7] = [
        Self::Cash,
        Self::Check,
        Self::CreditCard,
        Self::BankTransfer,
        Self::Online,
        Self::Sms,
        Self::InKind,
    ];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Check => "check",
            Self::CreditCard => "credit_card",
            Self::BankTransfer => "bank_transfer",
            Self::Online => "online",
            Self::Sms => "sms",
            Self::InKind => "in_kind",
        }
    }

    /// The method with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// What a new donation is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonationDraft {
    /// Who gave.
    pub donor_id: Option<DonorId>,
    /// What it was given for.
    pub campaign_id: Option<CampaignId>,
    /// How much.
    pub amount: Money,
    /// How it came.
    pub method: Method,
    /// What the donor wants done with it.
    pub purpose: Option<String>,
    /// The day of the gift.
    pub donated_on: NaiveDate,
    /// Bank reference, cheque number, …
    pub reference: Option<String>,
    /// What staff should know.
    pub notes: Option<String>,
}

/// What changes about a donation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DonationPatch {
    /// Who gave.
    pub donor_id: Patch<DonorId>,
    /// What it was given for.
    pub campaign_id: Patch<CampaignId>,
    /// How much.
    pub amount: Option<Money>,
    /// How it came.
    pub method: Option<Method>,
    /// What the donor wants done with it.
    pub purpose: Patch<String>,
    /// The day of the gift.
    pub donated_on: Option<NaiveDate>,
    /// Bank reference, cheque number, …
    pub reference: Patch<String>,
    /// What staff should know.
    pub notes: Patch<String>,
}

/// Which donations a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DonationQuery {
    /// Only this state.
    pub state: Option<State>,
    /// Only this method.
    pub method: Option<Method>,
    /// Only this currency.
    pub currency: Option<Currency>,
    /// Only this campaign.
    pub campaign_id: Option<CampaignId>,
    /// Only this donor.
    pub donor_id: Option<DonorId>,
    /// Only donations entered by this user.
    pub created_by: Option<UserId>,
    /// Only from this day on.
    pub donated_from: Option<NaiveDate>,
    /// Only up to this day, inclusive.
    pub donated_to: Option<NaiveDate>,
    /// Only from this many minor units on.
    pub amount_min: Option<i64>,
    /// Only up to this many minor units, inclusive.
    pub amount_max: Option<i64>,
    /// Words to find in donor name, purpose, reference or notes; the last word may be a beginning.
    pub q: Option<String>,
    /// Which side of the trash.
    pub trash: Trash,
    /// The order.
    pub sort: Sort<DonationSort>,
}

impl Default for DonationQuery {
    fn default() -> Self {
        Self {
            state: None,
            method: None,
            currency: None,
            campaign_id: None,
            donor_id: None,
            created_by: None,
            donated_from: None,
            donated_to: None,
            amount_min: None,
            amount_max: None,
            q: None,
            trash: Trash::Without,
            sort: Sort::down(DonationSort::CreatedAt),
        }
    }
}

/// What a list of donations can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DonationSort {
    /// The time it was entered, which is the order of ids.
    CreatedAt,
    /// The day of the gift.
    DonatedOn,
    /// The amount in minor units, whatever the currency.
    Amount,
}
