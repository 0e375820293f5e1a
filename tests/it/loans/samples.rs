//! What the kinds of the tests supply to the conformance cases.

use serde_json::json;

use crate::conformance::samples::{Sample, word};

/// One for each kind.
pub const SAMPLES: &[Sample] = &[
    Sample {
        many: "loans",
        values: |n| {
            json!({
                "item": format!("Wheelchair {}", word(n)),
                "tag": format!("W {}", word(n)),
                "paid_on": format!("2026-03-{:02}", 1 + n % 28),
                "paid_by": format!("+90533{:07}", 1_234_567 + n),
                "damage": format!("Scratch {n}"),
                "lent_on": format!("2026-02-{:02}", 1 + n % 28),
                "due_on": format!("2026-05-{:02}", 1 + n % 28),
                "needs_cleaning": n.is_multiple_of(2),
                "contacts": [
                    { "name": format!("Fatma {}", word(n)), "phone": format!("+90534{:07}", 1_234_567 + n) },
                    { "name": "Ali" },
                ],
                "notes": format!("The left brake is weak: {}", word(n)),
            })
        },
        needs: &[],
        ready: &[],
        wrong: || vec![("due_on", json!("2026-01-01"), "/due_on", "range")],
    },
    Sample {
        many: "reminders",
        values: |n| {
            json!({
                "text": format!("Called {}", word(n)),
                "sent_on": format!("2026-06-{:02}", 1 + n % 28),
            })
        },
        needs: &[],
        // A word is about what is lent.
        ready: &[("loan_id", &["lend"])],
        wrong: Vec::new,
    },
    Sample {
        many: "helpers",
        values: |n| json!({ "task": format!("Brings it {}", word(n)) }),
        needs: &[],
        ready: &[],
        wrong: Vec::new,
    },
];
