//! How the trail is read to be verified.

use mockall::{
    Sequence,
    predicate::{always, eq},
};

use super::*;
use crate::{
    Finding, Progress,
    tests::{head, row, sealed},
};

/// Storage that hands out `batches`, one for each call, and always the same head.
fn stored_in_batches(batches: Vec<Vec<SealedChange>>, head: Option<Head>) -> MockStored {
    let mut stored = MockStored::new();
    let mut order = Sequence::new();
    let mut after = i64::MIN;
    for batch in batches {
        let behind = batch.last().map_or(after, |row| row.position);
        stored
            .expect_sealed()
            .with(eq(after), eq(Audit::VERIFY_BATCH))
            .once()
            .in_sequence(&mut order)
            .return_once(move |_, _| Ok(batch));
        after = behind;
    }
    stored.expect_head().times(2).returning(move || Ok(head.clone()));
    stored.expect_floor().returning(|| Ok(None));
    stored
}

#[tokio::test]
async fn verification_reads_batch_behind_batch_and_tells_how_far_it_is() {
    let (seal, full) = (Seal::new(KEY), usize::try_from(Audit::VERIFY_BATCH).unwrap());
    let rows = sealed(&seal, (1..=i64::from(Audit::VERIFY_BATCH) + 5).map(row));
    let batches = vec![rows[..full].to_vec(), rows[full..].to_vec()];
    let audit = audit(stored_in_batches(batches, head(&seal, &rows)));
    let mut told = Vec::new();
    let verdict = audit
        .verify(&cx(Actor::System("cli")), &seal, None, &mut |progress| told.push(progress))
        .await
        .unwrap();
    assert!(verdict.is_intact());
    assert_eq!((verdict.verified, verdict.last.position), (10_005, 10_005));
    let at = |verified| Progress { verified, expected: 10_005 };
    assert_eq!(told, [at(10_000), at(10_005)]);
}

#[tokio::test]
async fn a_trail_that_ends_with_a_full_batch_is_intact() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=i64::from(Audit::VERIFY_BATCH)).map(row));
    let head = head(&seal, &rows);
    let audit = audit(stored_in_batches(vec![rows, Vec::new()], head));
    let verdict = audit.verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert!(verdict.is_intact());
}

#[tokio::test]
async fn verification_stops_reading_at_the_first_finding() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=5).map(row));
    let batches = vec![vec![rows[0].clone(), rows[2].clone()]];
    let audit = audit(stored_in_batches(batches, head(&seal, &rows)));
    let verdict = audit.verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert_eq!(verdict.finding, Some(Finding::Missing { position: 2, next: 3 }));
}

#[tokio::test]
async fn with_a_wrong_key_verification_reads_no_row() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=5).map(row));
    let audit = audit(stored_in_batches(Vec::new(), head(&seal, &rows)));
    let wrong = Seal::new([8; 32]);
    let verdict = audit.verify(&cx(Actor::System("cli")), &wrong, None, &mut |_| ()).await.unwrap();
    assert!(matches!(verdict.finding, Some(Finding::WrongKey { .. })));
}

#[tokio::test]
async fn verification_goes_on_behind_a_floor_that_was_raised_meanwhile() {
    let seal = Seal::new(KEY);
    let rows = sealed(&seal, (1..=6).map(row));
    let (head, floor) = (head(&seal, &rows), behind(&seal, &rows[2]));
    let mut stored = MockStored::new();
    stored.expect_head().returning(move || Ok(head.clone()));
    stored.expect_floor().once().returning(|| Ok(None));
    stored.expect_floor().once().return_once(move || Ok(Some(floor)));
    // Another row went between the two readings of the second batch.
    for (after, from) in [(i64::MIN, 2), (3, 3)] {
        let rows = rows[from..].to_vec();
        stored.expect_sealed().with(eq(after), always()).once().return_once(|_, _| Ok(rows));
    }
    let verdict =
        audit(stored).verify(&cx(Actor::System("cli")), &seal, None, &mut |_| ()).await.unwrap();
    assert_eq!((verdict.finding, verdict.floor, verdict.verified), (None, 3, 3));
}
