//! A trail without the rows whose time was over.

use super::*;

#[test]
fn a_trail_without_its_old_rows_is_intact_above_its_floor() {
    let rows = trail(5);
    let floor = Floor::behind(&mark(&rows[1]), &seal());
    let verdict = verify_above(Some(&floor), &rows[2..], head(&seal(), &rows), None);
    let last = mark(&rows[4]);
    assert_eq!(verdict, Verdict { verified: 3, floor: 2, last, events: 9, finding: None });
    for noted in [&rows[1], &rows[2], &rows[4]] {
        let noted = Some(mark(noted));
        let verdict = verify_above(Some(&floor), &rows[2..], head(&seal(), &rows), noted);
        assert!(verdict.is_intact(), "{:?}", verdict.finding);
    }
}

#[test]
fn a_floor_is_nothing_without_the_key() {
    let rows = trail(5);
    let proper = Floor::behind(&mark(&rows[1]), &seal());
    let other_key = Floor::behind(&mark(&rows[2]), &Seal::new([8; 32]));
    let higher = Floor { position: 3, mac: rows[2].mac.clone(), ..proper.clone() };
    let negative = Floor { position: -1, ..proper.clone() };
    let blank = Floor { proof: Vec::new(), ..proper.clone() };
    let short = Floor { mac: vec![1], ..proper };
    for floor in [other_key, higher, negative, blank, short] {
        let position = floor.position;
        let verdict = verify_above(Some(&floor), &rows[3..], head(&seal(), &rows), None);
        assert_eq!(verdict.finding, Some(Finding::FloorAltered { position }), "{floor:?}");
        assert_eq!(verdict.verified, 0);
    }
}

#[test]
fn a_floor_that_was_put_back_leaves_a_gap() {
    let rows = trail(5);
    let before = Floor::behind(&mark(&rows[0]), &seal());
    let verdict = verify_above(Some(&before), &rows[3..], head(&seal(), &rows), None);
    assert_eq!(verdict.finding, Some(Finding::Missing { position: 2, next: 4 }));
    let none = verify(&rows[3..], head(&seal(), &rows), None);
    assert_eq!(none.finding, Some(Finding::Missing { position: 1, next: 4 }));
}

#[test]
fn rows_below_the_floor_are_none_of_the_trail() {
    let rows = trail(5);
    let floor = Floor::behind(&mark(&rows[1]), &seal());
    let verdict = verify_above(Some(&floor), &rows[1..], head(&seal(), &rows), None);
    assert_eq!(verdict.finding, Some(Finding::Inserted { position: 2 }));
}

#[test]
fn a_mark_of_what_is_gone_proves_nothing() {
    let rows = trail(5);
    let floor = Floor::behind(&mark(&rows[2]), &seal());
    let with = |noted| verify_above(Some(&floor), &rows[3..], head(&seal(), &rows), Some(noted));
    let gone = Finding::NotedGone { position: 2, floor: 3 };
    assert_eq!(with(mark(&rows[1])).finding, Some(gone));
    let other = Mark { position: 3, mac: Mac::from_bytes([1; 32]) };
    assert_eq!(with(other).finding, Some(Finding::Rewritten { position: 3 }));
    assert!(with(Mark::GENESIS).is_intact());
}

#[test]
fn a_floor_that_is_raised_meanwhile_is_gone_on_from() {
    let (seal, rows) = (seal(), trail(6));
    let mut verifier = Verifier::new(&seal, None, head(&seal, &rows), None);
    assert!(verifier.read(&rows[0]).is_continue());
    assert!(!verifier.lacks_rows_before(&rows[1..]));
    assert!(verifier.lacks_rows_before(&rows[3..]));
    assert!(verifier.raise(&Floor::behind(&mark(&rows[2]), &seal)));
    assert!(!verifier.raise(&Floor::behind(&mark(&rows[2]), &seal)), "it is there already");
    for row in &rows[3..] {
        assert!(verifier.read(row).is_continue());
    }
    // What was read is not lost to a floor below it.
    assert!(!verifier.raise(&Floor::behind(&mark(&rows[4]), &seal)));
    let verdict = verifier.finish(head(&seal, &rows).as_ref());
    let last = mark(&rows[5]);
    assert_eq!(verdict, Verdict { verified: 4, floor: 5, last, events: 9, finding: None });
}
