//! Amounts are in a currency that the organisation accepts, whatever the kind.

use almoner_kernel::{FieldError, FieldValue, Fields};

use crate::{record::Rules, value::Terms, words};

/// Complains of amounts in another currency. One may have been taken off the list since: only what is
/// changed is judged.
pub(super) fn accepted<R: Rules>(
    before: Option<&R>,
    after: &R,
    terms: &Terms,
    fields: &mut Fields,
) {
    let mut known: Vec<(&str, FieldValue)> = Vec::new();
    if let Some(before) = before {
        before.each(&mut |field, value| {
            if let Some(value) = value.filter(|value| value.money_in().is_some()) {
                known.push((field.name, value.recorded()));
            }
        });
    }
    after.each(&mut |field, value| {
        let Some(value) = value else { return };
        let is_known = || known.contains(&(field.name, value.recorded()));
        if value.money_in().is_none_or(|currency| terms.currencies.contains(&currency))
            || is_known()
        {
            return;
        }
        let accepted: Vec<&str> = terms.currencies.iter().map(|one| one.code()).collect();
        let detail = words::currency_not_accepted(accepted.join(", "));
        fields.wrong(FieldError::new(format!("/{}/currency", field.name), "currency", detail));
    });
}
