//! Two kinds with everything a description can say: parcels, which belong to who packed them and go
//! through states, and shelves, which belong to everybody.

use almoner_kernel::{
    Action, FieldError, Fields, IdentityNumber, Money, Permission, PersonName, Timestamp, words,
};
use chrono::NaiveDate;

use crate::{
    Line, Now, Reason, Record, Ref, Refusal, Rules, Sealed, Step, Text, Words, steps::out_of_order,
};

/// A place where parcels lie.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "high_shelves")]
pub struct Shelf {
    /// What it is called.
    #[field(label, unique, example = "A7")]
    pub name: Line<20>,
}

impl Rules for Shelf {}

/// A parcel on its way to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "parcels", rows = "creator", steps = STEPS, span(
    name = "kept_on",
    from = "packed_on",
    to = "sent_on",
    about = "Only parcels that lie here on this day.",
    example = "2026-03-01"
))]
pub struct Parcel {
    /// What stands on it.
    #[field(label, unique, search, sort, example = "Winter")]
    pub name: PersonName,
    /// Where it lies.
    #[field(filter, search, public, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub shelf_id: Option<Ref<Shelf>>,
    /// The number of who receives it.
    #[field(unique, lookup, beside, part = "/number")]
    pub identity: Option<Sealed<IdentityNumber>>,
    /// What is in it.
    #[field(search, filter = "Only parcels with this in them.", lookup, example = "Rice")]
    pub content: Option<Line<20>>,
    /// What it is worth.
    #[field(filter, sort, columns("amount_minor", "currency"), example = "10.00, TRY")]
    pub worth: Option<Money>,
    /// When it was packed.
    #[field(filter, sort, example = "2026-03-14")]
    pub packed_on: NaiveDate,
    /// When it was sent.
    #[field(output, example = "2026-03-15")]
    pub sent_on: Option<NaiveDate>,
    /// True for glass.
    #[field(filter, default = false, example = true)]
    pub is_fragile: bool,
    /// Where it is.
    #[field(filter, output, default = "packed", example = "packed")]
    pub state: State,
    /// Why it is where it is.
    #[field(output, example = "Fell from the van")]
    pub reason: Option<Text<500>>,
}

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Words)]
#[words(name = "ParcelState")]
pub enum State {
    /// Here.
    Packed,
    /// Under way.
    OnTheWay,
    /// Nobody knows where.
    Lost,
}

/// Send one.
pub const SEND: Permission = Permission::new("parcels:send");
/// Say that one is lost.
pub const LOSE: Permission = Permission::new("parcels:lose");
/// Put one elsewhere.
pub const MOVE: Permission = Permission::new("parcels:move");

pub const STEPS: &[Step] = &[
    Step {
        name: "send",
        action: Action::Completed,
        from: &["packed"],
        to: "on_the_way",
        permission: SEND,
        about: "Sends it.",
        ..Step::PLAIN
    },
    Step {
        name: "lose",
        action: Action::Cancelled,
        from: &["packed", "on_the_way"],
        to: "lost",
        permission: LOSE,
        reason: Reason::Required,
        body: "Loss",
        about: "Says that it is lost, and why.",
        ..Step::PLAIN
    },
    Step {
        name: "move",
        action: Action::Corrected,
        from: &["packed"],
        to: "",
        permission: MOVE,
        reason: Reason::Optional,
        takes: &["shelf_id", "worth"],
        body: "Move",
        about: "Puts it elsewhere.",
        ..Step::PLAIN
    },
];

impl Rules for Parcel {
    fn check(&self, before: Option<&Self>, fields: &mut Fields) {
        let is_new = before.is_none_or(|before| before.worth != self.worth);
        if is_new && self.worth.is_some_and(|worth| worth.minor() == 0) {
            fields.wrong(FieldError::new("/worth/amount", "worthless", words::is_required()));
        }
    }

    fn check_now(&self, before: Option<&Self>, now: &Now<'_>, fields: &mut Fields) {
        let is_new = before.is_none_or(|before| before.packed_on != self.packed_on);
        if is_new && self.packed_on > now.at.date_naive() {
            fields.wrong(FieldError::new("/packed_on", "future", words::is_required()));
        }
    }

    fn may_follow(&self, before: &Self) -> Result<(), Refusal> {
        match before.state == State::OnTheWay && before.packed_on != self.packed_on {
            true => Err(Refusal { code: "sent_already", detail: out_of_order() }),
            false => Ok(()),
        }
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn step(&mut self, step: &'static Step, reason: Option<&str>, at: Timestamp) {
        if let Some(state) = State::parse(step.to) {
            self.state = state;
            self.sent_on = (state == State::OnTheWay).then(|| at.date_naive()).or(self.sent_on);
        }
        self.reason = reason.map(Text::from_stored);
    }

    fn may_be_deleted(&self) -> Result<(), Refusal> {
        match self.state {
            State::OnTheWay => Err(Refusal { code: "sent_stays", detail: out_of_order() }),
            _ => Ok(()),
        }
    }
}
