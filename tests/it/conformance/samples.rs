//! What each kind supplies: values for its fields, and values that are wrong for it alone. What is wrong
//! for a type of value follows from the type, and is known to [`super::values`].

use almoner_records::{Field, Kind};
use serde_json::{Value, json};

use super::shelf::Shelf;

/// What a kind supplies.
pub struct Sample {
    /// The kind, by its plural noun.
    pub many: &'static str,
    /// A value for every field that is sent, apart from references, which the suite makes itself. 0 and 1
    /// give two values for each field; words, flags and days may repeat.
    pub values: fn(usize) -> Value,
    /// Optional fields that its rules ask for with these values, and with what they do not.
    pub needs: &'static [Need],
    /// Steps that what a reference names takes first, where its rules ask for another state than that of a
    /// new record.
    pub ready: &'static [Ready],
    /// What its rules refuse: a field and its value, where the complaint points and its code.
    pub wrong: fn() -> Vec<Wrong>,
}

/// A field, a value that is wrong for it, where the complaint points, and its code.
pub type Wrong = (&'static str, Value, &'static str, &'static str);

/// An optional field, and another one with the value with which it may be absent.
pub type Need = (&'static str, &'static str, &'static str);

/// A reference, and the steps that what it names takes first.
pub type Ready = (&'static str, &'static [&'static str]);

const SAMPLES: &[Sample] = &[
    Sample {
        many: "donors",
        values: |n| {
            json!({
                "kind": if n.is_multiple_of(2) { "person" } else { "organisation" },
                "name": format!("Ayşe {}", word(n)),
                "email": format!("ayse{n}@example.org"),
                "phone": format!("+90532{:07}", 1_234_567 + n),
                "identity": { "kind": "foreign_id", "number": format!("U{:07}", n + 1) },
                "address": format!("Atatürk Cad. {n}\n06420 Çankaya"),
                "language": if n.is_multiple_of(2) { "tr" } else { "en" },
                "notes": format!("Calls in the evening: {n}"),
                "contact_consent": n.is_multiple_of(2),
            })
        },
        needs: &[],
        ready: &[],
        wrong: || {
            let number = |kind: &str, number: &str| json!({ "kind": kind, "number": number });
            vec![
                (
                    "identity",
                    number("tr_national_id", "10000000147"),
                    "/identity/number",
                    "identity_number",
                ),
                ("language", json!("not a language"), "/language", "locale"),
            ]
        },
    },
    Sample {
        many: "campaigns",
        values: |n| {
            json!({
                "name": format!("Işık {}", word(n)),
                "description": format!("One parcel of {n} feeds a family."),
                "goal": { "amount": format!("{}.50", 1_000 + n), "currency": "TRY" },
                "starts_on": format!("2026-02-{:02}", 1 + n % 28),
                "ends_on": format!("2026-04-{:02}", 1 + n % 28),
            })
        },
        needs: &[],
        ready: &[],
        wrong: || {
            let goal = json!({ "amount": "0", "currency": "TRY" });
            vec![
                ("goal", goal, "/goal/amount", "too_small"),
                ("ends_on", json!("2020-01-01"), "/ends_on", "range"),
            ]
        },
    },
    Sample {
        many: "donations",
        values: |n| {
            json!({
                "amount": { "amount": format!("{}.25", 100 + n), "currency": "TRY" },
                "method": if n.is_multiple_of(2) { "cash" } else { "bank_transfer" },
                "purpose": format!("For {n} families"),
                "donated_on": format!("2026-02-{:02}", 1 + n % 28),
                "reference": format!("FT{}", word(n)),
                "notes": format!("Receipt by post: {n}"),
            })
        },
        needs: &[("amount", "method", "in_kind")],
        ready: &[],
        wrong: || {
            let money =
                |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
            vec![
                ("amount", Value::Null, "/amount", "required"),
                ("amount", money("0", "TRY"), "/amount/amount", "too_small"),
                ("amount", money("1", "JPY"), "/amount/currency", "currency"),
                ("donated_on", json!("1899-12-31"), "/donated_on", "range"),
                ("donated_on", json!("2027-01-01"), "/donated_on", "future"),
            ]
        },
    },
];

/// The sample of a kind.
pub fn of(kind: &Kind) -> &'static Sample {
    let mut samples = SAMPLES.iter().chain(crate::loans::SAMPLES);
    let sample = samples.find(|sample| sample.many == kind.many);
    sample.unwrap_or_else(|| {
        panic!("the kind {0} has no sample: give {0} one in conformance/samples.rs", kind.many)
    })
}

/// The steps that what the field names takes first.
pub fn ready(kind: &Kind, field: &Field) -> &'static [&'static str] {
    let mut all = of(kind).ready.iter();
    all.find(|(name, _)| *name == field.name).map_or(&[], |(_, steps)| steps)
}

/// True for a field that a record of the kind can do without.
pub fn is_optional(kind: &Kind, field: &Field) -> bool {
    field.is_optional && !of(kind).needs.iter().any(|(need, _, _)| *need == field.name)
}

/// A word of letters alone that no other number has.
pub fn word(n: usize) -> String {
    let digits = format!("{n:03}");
    digits.bytes().map(|digit| char::from(b'a' + (digit - b'0'))).collect()
}

#[test]
fn every_kind_has_a_sample_and_every_sample_a_kind() {
    let kinds: Vec<&Kind> = Shelf::ALL.into_iter().flat_map(Shelf::kinds).collect();
    for sample in SAMPLES.iter().chain(crate::loans::SAMPLES) {
        let is_known = kinds.iter().any(|kind| kind.many == sample.many);
        assert!(is_known, "there are no {}: take their sample out of samples.rs", sample.many);
    }
    for kind in kinds {
        let (many, sample) = (kind.many, of(kind));
        let (one, other) = ((sample.values)(0), (sample.values)(1));
        let sent = kind.fields.iter().filter(|field| field.is_sent && field.target.is_none());
        let mut count = 0;
        for field in sent {
            let name = field.name;
            count += 1;
            assert!(!one[name].is_null(), "{many}: give `{name}` a value in samples.rs");
            assert_ne!(one[name], other[name], "{many}: give `{name}` two values in samples.rs");
        }
        let named = one.as_object().unwrap();
        let known = |name: &&String| kind.field(name).is_some_and(|field| field.is_sent);
        let unknown: Vec<&String> = named.keys().filter(|name| !known(name)).collect();
        assert!(unknown.is_empty(), "{many}: take {unknown:?} out of samples.rs: it is not sent");
        assert_eq!(named.len(), count, "{many}: references are made by the suite");
        for (name, value, _, _) in (sample.wrong)() {
            let needs = sample.needs.iter().any(|(need, _, _)| *need == name);
            assert!(kind.field(name).is_some(), "{many}: no field `{name}`, which is `wrong`");
            assert!(needs || !value.is_null(), "{many}: `{name}` without a value is no `wrong`");
        }
        for (name, _) in sample.ready {
            let is_reference = kind.references().any(|field| field.name == *name);
            assert!(is_reference, "{many}: no reference `{name}`, which is to be `ready`");
        }
    }
}
