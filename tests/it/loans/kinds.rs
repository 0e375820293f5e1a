//! Equipment that is lent, with reminders to whoever keeps it too long: what it takes to add a kind of
//! record with a state machine, a reference, parts, a counter and a child.

use almoner_donations::Donor;
use almoner_kernel::{Action, FieldError, Fields, Permission, PhoneNumber, Timestamp};
use almoner_migrations::kinds::KindTable;
use almoner_records::{
    By, Line, PartOf, Parts, Reason, Record, Ref, Rules, Serial, Step, Text, User, Words,
};
use chrono::NaiveDate;
use sea_orm_migration::prelude::*;

use super::words;

/// Equipment that is lent to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "loans", rows = "creator", people("keeper_id", "helpers.user_id"), steps = STEPS)]
pub struct Loan {
    /// Its number on paper, drawn when it is entered.
    #[field(counter(series = "loans", yearly), filter, search, sort, example = "2026-000042")]
    pub number: Option<Serial>,
    /// What is lent.
    #[field(label, search, example = "Wheelchair")]
    pub item: Line<200>,
    /// The number that is stuck on it.
    #[field(unique, example = "W-17")]
    pub tag: Option<Line<40>>,
    /// Who has it.
    #[field(filter, group, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub donor_id: Option<Ref<Donor>>,
    /// Who keeps the thing.
    #[field(filter, public, group, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    pub keeper_id: Option<Ref<User>>,
    /// The day the deposit was paid.
    #[field(right = "money", filter, sort, group, example = "2026-03-14")]
    pub paid_on: Option<NaiveDate>,
    /// Who paid the deposit: where they are called.
    #[field(right = "money", lookup, example = "+905321234567")]
    pub paid_by: Option<PhoneNumber>,
    /// What the deposit was paid for.
    #[field(right = "money", example = "A scratch on the left side")]
    pub damage: Option<Line<200>>,
    /// Where it stands.
    #[field(filter, group, output, default = "reserved", example = "reserved")]
    pub state: LoanState,
    /// The day it is fetched.
    #[field(filter, sort, group, example = "2026-03-14")]
    pub lent_on: NaiveDate,
    /// The day it is due back.
    #[field(filter, sort, example = "2026-06-14")]
    pub due_on: NaiveDate,
    /// True when it must be cleaned before it is lent again.
    #[field(group, default = false, example = false)]
    pub needs_cleaning: bool,
    /// Whom to call about it.
    pub contacts: Option<Parts<Contact>>,
    /// What staff should know.
    #[field(search, example = "The left brake is weak.")]
    pub notes: Option<Text<4_000>>,
    /// Why it will not come back.
    #[field(output, example = "Left in a bus")]
    pub reason: Option<Text<500>>,
}

/// Somebody to call about a loan.
#[derive(Clone, Debug, PartialEq, Eq, PartOf)]
pub struct Contact {
    /// Their name.
    #[field(example = "Fatma Kaya")]
    pub name: Line<200>,
    /// Where they are called.
    #[field(example = "+905321234567")]
    pub phone: Option<PhoneNumber>,
}

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Words)]
pub enum LoanState {
    /// Waits to be fetched.
    Reserved,
    /// With whoever has it.
    Lent,
    /// Back.
    Returned,
    /// Gone for good.
    Lost,
}

const HAND_OUT: Permission = Permission::new("loans:hand_out");

const STEPS: &[Step] = &[
    Step {
        name: "lend",
        action: Action::Taken("lent"),
        from: &["reserved"],
        to: "lent",
        permission: HAND_OUT,
        takes: &["due_on"],
        body: "Lending",
        about: "Says that it was fetched.",
        ..Step::PLAIN
    },
    Step {
        name: "return",
        action: Action::Taken("returned"),
        from: &["lent", "lost"],
        to: "returned",
        permission: HAND_OUT,
        about: "Says that it came back.",
        ..Step::PLAIN
    },
    Step {
        name: "lose",
        action: Action::Taken("lost"),
        from: &["lent"],
        to: "lost",
        permission: HAND_OUT,
        by: By::Another,
        reason: Reason::Required,
        body: "Loss",
        about: "Says that it will not come back, and why.",
        ..Step::PLAIN
    },
];

impl Rules for Loan {
    fn check(&self, _before: Option<&Self>, fields: &mut Fields) {
        if self.due_on < self.lent_on {
            fields.wrong(FieldError::new("/due_on", "range", words::before_it_is_lent()));
        }
    }

    fn state(&self) -> &'static str {
        self.state.as_str()
    }

    fn step(&mut self, step: &'static Step, reason: Option<&str>, _at: Timestamp) {
        self.state = LoanState::parse(step.to).unwrap_or(self.state);
        self.reason = reason.map(Text::from_stored);
    }
}

/// Where loans are kept: what its fields are, and an index for each filter and sort.
pub const LOANS: KindTable<'_> = KindTable {
    many: "loans",
    columns: "number {folded}, item text NOT NULL, tag text, tag_key {folded}, donor_id {uuid} REFERENCES donors (id),
        keeper_id {uuid} REFERENCES users (id), paid_on {date}, paid_by text, damage text, state text NOT NULL,
        lent_on {date} NOT NULL, due_on {date} NOT NULL, needs_cleaning boolean NOT NULL, contacts text,
        notes text, reason text",
    unique: &[("number", "number"), ("tag", "tag_key")],
    orders: &[
        "number", "coalesce(number, '')", "donor_id", "keeper_id", "paid_on", "coalesce(paid_on, '0001-01-01')",
        "paid_by", "created_by", "state", "lent_on", "due_on",
    ],
    words: &["search"],
};

/// Somebody who helps with a loan.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "helpers", parent = "loan_id")]
pub struct Helper {
    /// What they help with.
    #[field(filter, public, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub loan_id: Ref<Loan>,
    /// Who it is.
    #[field(filter, example = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11")]
    pub user_id: Ref<User>,
    /// What they do.
    #[field(label, example = "Brings it")]
    pub task: Line<100>,
}

impl Rules for Helper {}

/// Makes the table of helpers.
#[derive(DeriveMigrationName)]
pub struct HelperTable;

const HELPERS: KindTable<'_> = KindTable {
    many: "helpers",
    columns: "loan_id {uuid} NOT NULL REFERENCES loans (id), user_id {uuid} NOT NULL REFERENCES users (id),
        task text NOT NULL",
    unique: &[],
    orders: &["loan_id", "user_id"],
    words: &[],
};

#[async_trait::async_trait]
impl MigrationTrait for HelperTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        HELPERS.create(manager).await
    }
}
