//! Collecting everything that is wrong with a request, and the three states of a patched field.

use super::words::made_up::must_be_even;
use crate::{Fault, FieldError, Fields, Invalid, Kind, Patch, fault::Unfit};

fn even(number: i64) -> Result<i64, Unfit> {
    if number % 2 == 0 { Ok(number) } else { Err(Unfit::new("even", must_be_even())) }
}

fn complaints(invalid: &Invalid) -> Vec<(&str, &str)> {
    invalid.0.iter().map(|error| (error.pointer.as_str(), error.code)).collect()
}

#[test]
fn a_caller_learns_of_all_wrong_fields_at_once() {
    let mut fields = Fields::default();
    assert_eq!(fields.required("/a", Some(1), even), None);
    assert_eq!(fields.required("/b", None, even), None);
    assert_eq!(fields.optional("/c", Some(3), even), None);
    assert_eq!(fields.patch("/d", Patch::Set(5), even), Patch::Keep);
    assert_eq!(fields.patch_required("/e", Patch::Clear, even), None);
    assert_eq!(fields.patch_required("/f", Patch::Set(7), even), None);
    let invalid = fields.finish(Some(())).unwrap_err();
    assert_eq!(
        complaints(&invalid),
        [
            ("/a", "even"),
            ("/b", "required"),
            ("/c", "even"),
            ("/d", "even"),
            ("/e", "required"),
            ("/f", "even"),
        ]
    );
    assert_eq!(invalid.to_string(), "6 fields are not valid");
    assert_eq!((invalid.kind(), invalid.code()), (Kind::Invalid, "validation"));
    assert_eq!(invalid.fields().len(), 6);
}

#[test]
fn right_fields_are_read_without_a_complaint() {
    let mut fields = Fields::default();
    assert_eq!(fields.required("/a", Some(2), even), Some(2));
    assert_eq!(fields.optional("/b", None, even), None);
    assert_eq!(fields.optional("/c", Some(4), even), Some(4));
    assert_eq!(fields.patch("/d", Patch::Keep, even), Patch::Keep);
    assert_eq!(fields.patch("/e", Patch::Clear, even), Patch::Clear);
    assert_eq!(fields.patch("/f", Patch::Set(6), even), Patch::Set(6));
    assert_eq!(fields.patch_required("/g", Patch::Keep, even), None);
    assert_eq!(fields.patch_required("/h", Patch::Set(8), even), Some(8));
    assert_eq!(fields.finish(Some("read")), Ok("read"));
}

#[test]
fn a_field_has_one_complaint_the_first() {
    let twice = || FieldError::new("/a", "second", must_be_even());
    let mut fields = Fields::with(vec![FieldError::new("/a", "first", must_be_even()), twice()]);
    fields.wrong(twice());
    assert_eq!(fields.required("/a", None, even), None);
    let invalid = fields.finish(None::<()>).unwrap_err();
    assert_eq!(complaints(&invalid), [("/a", "first")]);
    assert_eq!(invalid.to_string(), "1 field is not valid");
}

#[test]
fn a_reading_without_a_value_is_never_accepted() {
    let invalid = Fields::default().finish(None::<()>).unwrap_err();
    assert_eq!(complaints(&invalid), [("", "invalid")]);
}

#[test]
fn a_complaint_gets_its_place_and_keeps_its_words() {
    let error = Unfit::new("even", must_be_even()).at("/rows/3/count");
    assert_eq!(error, FieldError::new("/rows/3/count", "even", must_be_even()));
}

#[test]
fn a_patch_leaves_empties_or_replaces_a_field() {
    for (patch, expected, is_present) in
        [(Patch::Keep, Some(1), false), (Patch::Clear, None, true), (Patch::Set(2), Some(2), true)]
    {
        let mut field = Some(1);
        assert_eq!(patch.is_present(), is_present);
        assert_eq!(patch.set().copied(), expected.filter(|value| *value == 2));
        assert_eq!(patch.clone().map(|value| value * 10).set().is_some(), patch.set().is_some());
        patch.apply(&mut field);
        assert_eq!(field, expected);
    }
    assert_eq!(Patch::<i64>::default(), Patch::Keep);
    assert_eq!(Patch::Set(2).map(|value| value * 10), Patch::Set(20));
}
