//! Steps of a state machine.

use almoner_kernel::{Fault, Kind, Patch};

use super::{
    fixtures::*,
    kinds::{ParcelPatch, STEPS, State},
};
use crate::RecordError;

const STATES: [State; 3] = [State::Packed, State::OnTheWay, State::Lost];

#[tokio::test]
async fn a_step_is_taken_from_its_states_and_no_other() {
    for step in STEPS {
        for state in STATES {
            let may = step.from.contains(&state.as_str());
            let mut unit = finding(a_parcel_that_is(state));
            let written = may.then(|| {
                unit.stores();
                unit.commits()
            });
            let (cx, why) = (admin(), Some("because".to_owned()));
            let patch = ParcelPatch::default();
            let outcome = with(unit).step(&cx, PARCEL, step, None, why.clone(), &patch).await;
            let Some(written) = written else {
                let error = outcome.unwrap_err();
                assert_eq!((error.kind(), error.code()), (Kind::Conflict, "transition"));
                continue;
            };
            let after = outcome.unwrap();
            assert_eq!(after.state.as_str(), step.after(state.as_str()), "{}", step.name);
            assert_eq!(after.reason.as_deref(), Some("because"));
            let trail = written.trail();
            assert_tells(&trail, &cx, step.action, PARCEL.uuid(), CURRENT.next());
            assert_eq!(the_change(&trail).reason, why);
        }
    }
}

#[tokio::test]
async fn a_step_may_change_fields_which_the_rules_see() {
    let worthless = ParcelPatch { worth: Patch::Set(liras("0")), ..ParcelPatch::default() };
    let unit = finding(a_parcel());
    let outcome = with(unit).step(&admin(), PARCEL, &STEPS[2], None, None, &worthless).await;
    assert_eq!(wrong_fields(&outcome.unwrap_err()), ["/worth/amount worthless"]);
}

#[tokio::test]
async fn a_step_may_be_taken_from_the_version_that_was_read() {
    let mut unit = finding(a_parcel());
    unit.stores();
    unit.commits();
    let patch = ParcelPatch::default();
    let outcome = with(unit).step(&admin(), PARCEL, &STEPS[0], Some(CURRENT), None, &patch).await;
    assert_eq!(outcome.unwrap().sent_on, Some(day(14)));
}

#[tokio::test]
async fn nothing_in_the_trash_takes_a_step() {
    for step in STEPS {
        let unit = finding(a_parcel_in_the_trash());
        let patch = ParcelPatch::default();
        let outcome = with(unit).step(&admin(), PARCEL, step, None, None, &patch).await;
        assert!(matches!(outcome, Err(RecordError::NotFound)), "{}", step.name);
    }
}
