//! A trail of an older format that was sealed anew, or is being so.

use super::*;
use crate::{Anew, Circumstances, SealInput};

/// Rows of the first format, of which the first ones were sealed anew.
fn partly_anew(seal: &Seal, done: i64) -> (Vec<SealedChange>, Option<Head>) {
    let older = |at| SealInput { format: 1, circumstances: Circumstances::default(), ..row(at) };
    let before = sealed(seal, (1..=5).map(older));
    let mut rows = before.clone();
    let anew = (1..=done).map(|at| SealInput { format: 2, ..older(at) });
    for (row, anew) in rows.iter_mut().zip(sealed(seal, anew)) {
        *row = anew;
    }
    let index = usize::try_from(done).unwrap() - 1;
    let before = Some(before[index].mac.clone());
    let head =
        head(seal, &rows).map(|head| Head { anew: Some(Anew { position: done, before }), ..head });
    (rows, head)
}

#[test]
fn a_trail_that_is_being_sealed_anew_is_intact_in_the_middle_of_it() {
    let seal = seal();
    for done in 1..=4 {
        let (rows, head) = partly_anew(&seal, done);
        let verdict = verify(&rows, head.clone(), None);
        assert_eq!((verdict.verified, verdict.finding), (5, None), "{done}");
        // Without the seal before, or with another one, nothing follows on.
        for before in [None, Some(vec![]), Some(vec![1; 32])] {
            let head = head
                .clone()
                .map(|head| Head { anew: Some(Anew { position: done, before }), ..head });
            let finding = verify(&rows, head, None).finding;
            assert!(matches!(finding, Some(Finding::Altered { .. })), "{done}: {finding:?}");
        }
    }
}

#[test]
fn a_mark_from_before_it_was_sealed_anew_is_told_as_such() {
    let seal = seal();
    let rows = sealed(&seal, (1..=5).map(row));
    let head = head(&seal, &rows)
        .map(|head| Head { anew: Some(Anew { position: 3, before: None }), ..head });
    let noted = |position| Some(Mark { position, mac: Mac::from_bytes([4; 32]) });
    let finding = |noted| verify(&rows, head.clone(), noted).finding;
    assert_eq!(finding(noted(3)), Some(Finding::SealedAnew { position: 3, end: 3 }));
    assert_eq!(finding(noted(4)), Some(Finding::Rewritten { position: 4 }));
    let mac = Mac::from_bytes(rows[2].mac.as_slice().try_into().unwrap());
    assert_eq!(finding(Some(Mark { position: 3, mac })), None);
}
