//! What is around a record in the transaction: the records that rules ask about, and counters.

use almoner_kernel::{Context, StoreError};
use async_trait::async_trait;
use chrono::Datelike;
use uuid::Uuid;

use super::{Records, names::named};
use crate::{
    error::RecordError,
    kind::Field,
    ports::Unit,
    record::{Kept, Related, Rules},
    reference::TargetName,
    value::Drawn,
};

/// The records around one.
struct Around<'u, R: Rules> {
    unit: &'u mut dyn Unit<R>,
    id: Uuid,
    named: Vec<(&'static Field, Uuid)>,
}

#[async_trait]
impl<R: Rules> Related for Around<'_, R> {
    async fn word(&mut self, by: &str, of: &str) -> Result<Option<String>, StoreError> {
        match self.named.iter().find(|(field, _)| field.name == by) {
            Some((field, id)) => self.unit.word(field, *id, of).await,
            None => Ok(None),
        }
    }

    async fn count(&mut self, many: TargetName, by: &str, limit: u32) -> Result<u32, StoreError> {
        self.unit.count(many, by, self.id, limit).await
    }
}

/// Asks the kind's rule about other records.
pub(super) async fn guard<R: Rules>(
    unit: &mut dyn Unit<R>,
    record: &Kept<R>,
    before: Option<&R>,
) -> Result<(), RecordError> {
    let named = named(&record.own);
    let mut around = Around { unit, id: record.id.uuid(), named };
    record.own.guard(before, &mut around).await
}

impl<R: Rules> Records<R> {
    /// Draws the numbers that are drawn by a step, or for a new record; one that is there stays. The last
    /// thing before the record is written, because others wait for the counter from here on.
    ///
    /// A batch draws for each of its items: that is one statement more for each, and one that fails gives its
    /// number back with its savepoint. Numbers drawn at once for all of them would leave gaps for those that
    /// fail, or have to be given back by hand.
    pub(super) async fn number(
        &self,
        cx: &Context,
        unit: &mut dyn Unit<R>,
        record: &mut R,
        step: &str,
    ) -> Result<(), RecordError> {
        for field in R::KIND.fields {
            let Some(counter) = field.counter.filter(|counter| counter.step == step) else {
                continue;
            };
            let mut is_there = false;
            record
                .each(&mut |shown, value| is_there |= shown.name == field.name && value.is_some());
            if is_there {
                continue;
            }
            let year = cx.at.with_timezone(&self.terms.zone).year();
            let number = unit.draw(&counter, if counter.is_yearly { year } else { 0 }).await?;
            let year = counter.is_yearly.then_some(year);
            record.number(field.name, &Drawn { year, number });
        }
        Ok(())
    }
}
