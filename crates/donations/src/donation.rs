//! A donation: one gift of money or goods, from the promise to the receipt of it.
//!
//! ```text
//! pending ──complete──▶ completed ──refund──▶ refunded
//!    └─────cancel─────▶ cancelled  ↺ correct
//! ```
//!
//! A completed donation does not go to the trash: it counts until it is refunded. Donor, amount, method
//! and day are fixed once a donation has left `pending`; only an amount that nobody knew is put in later. A donor or campaign with donations cannot be
//! purged.

use almoner_kernel::{Action, FieldError, Fields, Id, Money, Permission, Timestamp};
use almoner_records::{Line, Now, Reason, Record, Ref, Refusal, Rules, Step, Text, Words};
use chrono::{Datelike, Duration, NaiveDate};

use crate::{Campaign, Donor, words};

/// The id of a donation.
pub type DonationId = Id<Donation>;

/// One gift of money or goods.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "donations", rows = "creator", subject = "donor_id", steps = STEPS)]
pub struct Donation {
    /// Who gave; absent when it is anonymous.
    #[field(filter, search, public, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub donor_id: Option<Ref<Donor>>,
    /// What it was given for; absent when it is free.
    #[field(filter, public, example = "019a9f3c-2222-7c41-9d55-3f0f6a0f8a11")]
    pub campaign_id: Option<Ref<Campaign>>,
    /// How much: more than zero, in a currency the organisation accepts. For goods (`in_kind`) what they are
    /// worth; only there it may be absent, when nobody knows.
    #[field(filter, sort, columns("amount_minor", "currency"), example = "1250.00, TRY")]
    pub amount: Option<Money>,
    /// How it came.
    #[field(filter, example = "bank_transfer")]
    pub method: Method,
    /// Where it stands.
    #[field(filter, output, default = "pending", example = "pending")]
    pub state: State,
    /// What the donor wants done with it.
    #[field(personal, search, example = "For families with small children")]
    pub purpose: Option<Text<500>>,
    /// The day of the gift, in the donor's calendar: from 1900 to today; of a pending cheque, the day it
    /// is dated, up to five years ahead.
    #[field(filter, sort, example = "2026-03-14")]
    pub donated_on: NaiveDate,
    /// Bank reference, cheque number, receipt number of the payment provider.
    #[field(personal, filter, search, example = "FT26073123456")]
    pub reference: Option<Line<100>>,
    /// What staff should know.
    #[field(personal, search, example = "Asked for a receipt by post.")]
    pub notes: Option<Text<4_000>>,
    /// Why it was cancelled or refunded.
    #[field(output, example = "Transferred twice by mistake")]
    pub reason: Option<Text<500>>,
    /// When it reached its present state; absent while it is pending.
    #[field(output, example = "2026-03-15T08:00:00.000Z")]
    pub settled_at: Option<Timestamp>,
}

/// Say that a donation arrived, or cancel one that never will.
pub const COMPLETE: Permission = Permission::new("donations:complete");
/// Give a completed donation back.
pub const REFUND: Permission = Permission::new("donations:refund");
/// Say that a completed donation came from somebody else.
pub const CORRECT: Permission = Permission::new("donations:correct");

const STEPS: &[Step] = &[
    Step {
        name: "complete",
        action: Action::Completed,
        from: &["pending"],
        to: "completed",
        permission: COMPLETE,
        about: "Says that a pending donation arrived: from then on it counts, and donor, amount, method and \
                day are fixed.",
        ..Step::PLAIN
    },
    Step {
        name: "refund",
        action: Action::Refunded,
        from: &["completed"],
        to: "refunded",
        permission: REFUND,
        reason: Reason::Optional,
        body: "Refund",
        about: "Says that a completed donation was given back: it no longer counts.",
        ..Step::PLAIN
    },
    Step {
        name: "cancel",
        action: Action::Cancelled,
        from: &["pending"],
        to: "cancelled",
        permission: COMPLETE,
        reason: Reason::Required,
        body: "Cancellation",
        about: "Says that a pending donation will never arrive, and why.",
        ..Step::PLAIN
    },
    Step {
        name: "correct",
        action: Action::Corrected,
        from: &["completed"],
        to: "",
        permission: CORRECT,
        reason: Reason::Required,
        takes: &["donor_id"],
        needs: &["donor_id"],
        body: "Correction",
        about: "Says that a completed donation came from somebody else, and why; `null` for nobody known. \
                The sums of both follow.",
        ..Step::PLAIN
    },
];

impl Donation {
    /// No gift is older: an earlier year is a slip of the keyboard.
    pub const FIRST_YEAR: i32 = 1900;
    /// No cheque is dated further ahead: a later year is another one. Five years.
    const MOST_POST_DATED: Duration = Duration::days(5 * 366);
}

impl Rules for Donation {
    fn check(&self, before: Option<&Self>, fields: &mut Fields) {
        let is_new =
            |changed: fn(&Self, &Self) -> bool| before.is_none_or(|old| changed(old, self));
        let is_new_amount = is_new(|old, new| old.amount != new.amount);
        if is_new_amount && self.amount.is_some_and(|amount| amount.minor() <= 0) {
            let detail = words::not_more_than_zero();
            fields.wrong(FieldError::new("/amount/amount", "too_small", detail));
        }
        if self.amount.is_none() && self.method != Method::InKind {
            let detail = words::only_goods_of_unknown_worth();
            fields.wrong(FieldError::new("/amount", "required", detail));
        }
        if is_new(|old, new| old.donated_on != new.donated_on)
            && self.donated_on.year() < Self::FIRST_YEAR
        {
            fields.wrong(FieldError::new("/donated_on", "range", words::before_1900()));
        }
    }

    fn check_now(&self, before: Option<&Self>, now: &Now<'_>, fields: &mut Fields) {
        // East of Greenwich a day begins up to 14 hours before UTC's.
        let is_future = self.donated_on > (now.at + Duration::hours(14)).date_naive();
        let is_post_dated = self.method == Method::Check && self.state == State::Pending;
        let matters = before.is_none_or(|old| {
            (old.donated_on, old.method, old.state) != (self.donated_on, self.method, self.state)
        });
        if is_future && matters && !is_post_dated && self.state != State::Cancelled {
            fields.wrong(FieldError::new("/donated_on", "future", words::in_the_future()));
        }
        let is_far = self.donated_on > (now.at + Self::MOST_POST_DATED).date_naive();
        if is_far && matters && is_post_dated {
            fields.wrong(FieldError::new("/donated_on", "future", words::too_far_in_the_future()));
        }
    }

    fn may_follow(&self, before: &Self) -> Result<(), Refusal> {
        if before.state == State::Pending {
            return Ok(());
        }
        // What was of unknown worth may be valued at any time.
        let is_another = before.amount.is_some() && before.amount != self.amount;
        let fixed = [
            ("donor_id", before.donor_id != self.donor_id),
            ("amount", is_another),
            ("method", before.method != self.method),
            ("donated_on", before.donated_on != self.donated_on),
        ];
        let changed: Vec<&str> =
            fixed.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        match changed.is_empty() {
            true => Ok(()),
            false => Err(Refusal {
                code: "settled",
                detail: words::settled(before.state.as_str(), changed.join(", ")),
            }),
        }
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn step(&mut self, step: &'static Step, reason: Option<&str>, at: Timestamp) {
        if let Some(state) = State::parse(step.to) {
            self.state = state;
            self.reason = reason.map(Text::from_stored);
            self.settled_at = Some(at);
        }
    }

    fn out_of_order(&self, step: &'static Step) -> Refusal {
        let detail = match step.to {
            "" => words::not_to_be_corrected(self.state.as_str()),
            to => words::transition(self.state.as_str(), to),
        };
        Refusal { code: "transition", detail }
    }

    /// A completed donation counts until it is refunded.
    fn may_be_deleted(&self) -> Result<(), Refusal> {
        match self.state {
            State::Completed => {
                Err(Refusal { code: "completed_stays", detail: words::refund_first() })
            }
            _ => Ok(()),
        }
    }
}

/// Where a donation stands: promised, arrived, given back after it had arrived, or never to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Words)]
#[words(name = "DonationState")]
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

/// How a donation comes: `check` is a cheque, `credit_card` any card at a terminal, `online` a payment on a
/// web page, `sms` a text message to a short number, `in_kind` goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Words)]
#[words(name = "DonationMethod")]
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
    /// Goods; the amount is what they are worth, if anybody knows.
    InKind,
}
