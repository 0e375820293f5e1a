//! What follows from one kind for another, in the same transaction.

use std::sync::{Arc, OnceLock};

use almoner_kernel::{Action, Context, Patch, Trail, UnitOfWork};
use almoner_records::{Changed, Effect, Line, Record, RecordError, Records, Ref, Text};
use async_trait::async_trait;

use super::{
    kinds::{Helper, Loan, LoanPatch},
    reminders::Reminder,
};

/// What follows from a loan, as its notes say.
struct OfLoan {
    reminders: Records<Reminder>,
    helpers: Records<Helper>,
}

#[async_trait]
impl Effect<Loan> for OfLoan {
    async fn follow(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        change: &Changed<'_, Loan>,
        trail: Trail,
    ) -> Result<Trail, RecordError> {
        let loan = change.after;
        let reminder = |text: &str| Reminder {
            loan_id: Ref::to(loan.id),
            text: Line::from_stored(text),
            sent_on: loan.own.lent_on,
        };
        let notes = loan.own.notes.as_ref().map(|notes| notes.as_str()).unwrap_or_default();
        match (change.action, notes) {
            (Action::Taken("lent"), "tell") => {
                let told =
                    self.reminders.create_in(cx, unit, reminder("Handed out"), trail).await?;
                Ok(told.1)
            }
            // As whoever forgets what an effect may do.
            (Action::Taken("lent"), "begins anew") => {
                self.reminders.create(cx, reminder("Never")).await?;
                Ok(trail)
            }
            (Action::Taken("lent"), "loses the trail") => Ok(Trail::of(cx)),
            // Nobody is reminded of what was not handed out.
            (Action::Created, "too early") => {
                let told = self.reminders.create_in(cx, unit, reminder("Too early"), trail).await?;
                Ok(told.1)
            }
            (Action::Created, "help") => {
                let helper = Helper {
                    loan_id: Ref::to(loan.id),
                    user_id: Ref::to(almoner_kernel::Id::new(cx.user_id().unwrap().uuid())),
                    task: Line::from_stored("Brings it"),
                };
                Ok(self.helpers.create_in(cx, unit, helper, trail).await?.1)
            }
            _ => Ok(trail),
        }
    }
}

/// What follows from a reminder for its loan, as its text says.
struct OfReminder {
    loans: Records<Loan>,
    /// Reminders that are followed by this.
    reminders: OnceLock<Records<Reminder>>,
}

#[async_trait]
impl Effect<Reminder> for OfReminder {
    async fn follow(
        &self,
        cx: &Context,
        unit: &mut dyn UnitOfWork,
        change: &Changed<'_, Reminder>,
        trail: Trail,
    ) -> Result<Trail, RecordError> {
        let loan = change.after.own.loan_id.id();
        match change.after.own.text.as_str() {
            "It came back" => {
                let step = Loan::KIND.step("return").unwrap();
                let with = LoanPatch::default();
                Ok(self.loans.step_in(cx, unit, loan, step, None, &with, trail).await?.1)
            }
            "Note it" => {
                let notes = Patch::Set(Text::from_stored("Noted"));
                let with = LoanPatch { notes, ..LoanPatch::default() };
                Ok(self.loans.update_in(cx, unit, loan, &with, trail).await?.1)
            }
            // As two kinds that go on making each other.
            "Again and again" => {
                let again = change.after.own.clone();
                let reminders = self.reminders.get().unwrap();
                Ok(reminders.create_in(cx, unit, again, trail).await?.1)
            }
            // Of another kind the rules hold as well: it is due before it is lent.
            "Too soon" => {
                let with = LoanPatch {
                    due_on: Some(chrono::NaiveDate::from_ymd_opt(2020, 1, 1).unwrap()),
                    ..LoanPatch::default()
                };
                Ok(self.loans.update_in(cx, unit, loan, &with, trail).await?.1)
            }
            _ => Ok(trail),
        }
    }
}

/// The effects of loans.
pub fn of_loans(reminders: Records<Reminder>, helpers: Records<Helper>) -> Arc<dyn Effect<Loan>> {
    Arc::new(OfLoan { reminders, helpers })
}

/// Reminders, with what follows from them.
pub fn with_effects(reminders: Records<Reminder>, loans: Records<Loan>) -> Records<Reminder> {
    let effect = Arc::new(OfReminder { loans, reminders: OnceLock::new() });
    let reminders = reminders.followed_by(Arc::<OfReminder>::clone(&effect));
    effect.reminders.get_or_init(|| reminders.clone());
    reminders
}
