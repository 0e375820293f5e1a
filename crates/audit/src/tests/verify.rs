//! Every way to tamper with a trail, and what verification says about it.

mod anew;
mod floors;
mod tampering;

use super::{KEY, head, row, sealed};
use crate::{Finding, Floor, Head, Mac, Mark, Progress, Seal, SealedChange, Verdict, Verifier};

fn seal() -> Seal {
    Seal::new(KEY)
}

fn trail(rows: i64) -> Vec<SealedChange> {
    sealed(&seal(), (1..=rows).map(row))
}

fn mark(row: &SealedChange) -> Mark {
    let mac: [u8; 32] = row.mac.as_slice().try_into().unwrap();
    Mark { position: row.position, mac: Mac::from_bytes(mac) }
}

fn verify(rows: &[SealedChange], head: Option<Head>, noted: Option<Mark>) -> Verdict {
    verify_above(None, rows, head, noted)
}

/// The same where the trail was shortened.
fn verify_above(
    floor: Option<&Floor>,
    rows: &[SealedChange],
    head: Option<Head>,
    noted: Option<Mark>,
) -> Verdict {
    let seal = seal();
    let mut verifier = Verifier::new(&seal, floor, head.clone(), noted);
    for row in rows {
        if verifier.read(row).is_break() {
            break;
        }
    }
    verifier.finish(head.as_ref())
}

/// What is found when only the rows were tampered with.
fn finding(before: &[SealedChange], after: &[SealedChange]) -> Option<Finding> {
    verify(after, head(&seal(), before), None).finding
}

#[test]
fn an_untouched_trail_is_intact_and_says_where_it_ends() {
    let rows = trail(5);
    let verdict = verify(&rows, head(&seal(), &rows), Some(mark(&rows[2])));
    assert!(verdict.is_intact());
    assert_eq!(
        verdict,
        Verdict { verified: 5, floor: 0, last: mark(&rows[4]), events: 9, finding: None }
    );
}

#[test]
fn an_empty_trail_is_intact() {
    let verdict = verify(&[], None, None);
    assert_eq!(
        verdict,
        Verdict { verified: 0, floor: 0, last: Mark::GENESIS, events: 0, finding: None }
    );
    assert!(verify(&[], None, Some(Mark::GENESIS)).is_intact());
}

#[test]
fn a_wrong_key_is_not_taken_for_tampering() {
    let other = Seal::new([8; 32]);
    let rows = sealed(&other, (1..=3).map(row));
    let verdict = verify(&rows, head(&other, &rows), None);
    let wrong =
        Finding::WrongKey { sealed: other.key_id().to_owned(), given: seal().key_id().to_owned() };
    assert_eq!(
        verdict,
        Verdict { verified: 0, floor: 0, last: Mark::GENESIS, events: 0, finding: Some(wrong) }
    );
}

#[test]
fn rows_that_are_committed_while_verification_runs_are_no_finding() {
    let (seal, rows) = (seal(), trail(5));
    for (read, closing) in [(3, 5), (4, 5), (5, 5)] {
        let mut verifier = Verifier::new(&seal, None, head(&seal, &rows[..3]), None);
        for row in &rows[..read] {
            assert!(verifier.read(row).is_continue());
        }
        assert!(verifier.finish(head(&seal, &rows[..closing]).as_ref()).is_intact());
    }
    let first = Verifier::new(&seal, None, None, None);
    assert!(first.finish(head(&seal, &rows).as_ref()).is_intact());
}

#[test]
fn a_head_that_is_altered_in_passing_is_found_at_its_row() {
    let (seal, rows) = (seal(), trail(5));
    let opening = Head { mac: vec![1; 32], ..head(&seal, &rows[..3]).unwrap() };
    let mut verifier = Verifier::new(&seal, None, Some(opening), None);
    assert!(rows.iter().any(|row| verifier.read(row).is_break()));
    let verdict = verifier.finish(head(&seal, &rows).as_ref());
    assert_eq!(verdict.finding, Some(Finding::HeadAltered { position: 3 }));
}

#[test]
fn progress_counts_against_the_rows_there_were_at_the_start() {
    let (seal, rows) = (seal(), trail(5));
    let mut verifier = Verifier::new(&seal, None, head(&seal, &rows), None);
    assert_eq!(verifier.progress(), Progress { verified: 0, expected: 5 });
    assert!(verifier.read(&rows[0]).is_continue());
    assert_eq!(verifier.progress(), Progress { verified: 1, expected: 5 });
}

#[test]
fn a_finding_names_its_row() {
    assert_eq!(Finding::Altered { position: 7 }.to_string(), "row 7 was altered");
    assert_eq!(
        Finding::CutOff { position: 7, end: 9 }.to_string(),
        "row 7 is missing: the trail was cut off, it went on to row 9"
    );
}
