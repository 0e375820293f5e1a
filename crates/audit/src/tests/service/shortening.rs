//! What is past its time goes from the start of the trail, when it is intact.

use mockall::predicate::eq;

use super::*;
use crate::{
    Finding,
    tests::{head, row, sealed},
};

/// Shortens a trail of rows 3 to 6, each a millisecond after the one before, by what lies before row
/// `before`, `limit` rows at the most; gives the position of the new floor.
async fn shortened(
    before: i64,
    limit: u32,
    tamper: fn(&mut [SealedChange]),
) -> Result<Option<i64>, AuditError> {
    let seal = Seal::new(KEY);
    let mut rows = sealed(&seal, (1..=6).map(row));
    let (head, floor) = (head(&seal, &rows), behind(&seal, &rows[1]));
    tamper(&mut rows);
    let mut stored = MockStored::new();
    stored.expect_head().returning(move || Ok(head.clone()));
    stored.expect_floor().once().return_once(move || Ok(Some(floor)));
    let page: Vec<_> = rows.drain(2..).take(limit as usize + 1).collect();
    stored.expect_sealed().with(eq(2), eq(limit + 1)).times(..=1).return_once(|_, _| Ok(page));
    let raised = Arc::new(Mutex::new(None));
    let to = Arc::clone(&raised);
    stored.expect_raise_floor().times(..=1).returning(move |from, floor| {
        let proper = sealed(&Seal::new(KEY), (1..=6).map(row));
        let at = usize::try_from(floor.position).unwrap() - 1;
        assert_eq!((from, floor), (2, &behind(&Seal::new(KEY), &proper[at])));
        *to.lock().unwrap() = Some(floor.position);
        Ok(u64::try_from(floor.position - from).unwrap())
    });
    let at = |position: i64| DateTime::from_timestamp_millis(row(position).at).unwrap();
    let system = cx(Actor::System("housekeeping.changes"));
    let gone = audit(stored).shorten(&system, &seal, at(before), limit).await?;
    let raised = *raised.lock().unwrap();
    assert_eq!(i64::try_from(gone).unwrap(), raised.map_or(0, |position| position - 2));
    Ok(raised)
}

#[tokio::test]
async fn the_oldest_changes_go_up_to_the_first_younger_one() {
    let as_it_is: fn(&mut [SealedChange]) = |_| ();
    assert_eq!(shortened(5, 10, as_it_is).await.unwrap(), Some(4));
    assert_eq!(shortened(5, 1, as_it_is).await.unwrap(), Some(3), "no more than are wanted");
    assert_eq!(shortened(3, 10, as_it_is).await.unwrap(), None);
    assert_eq!(shortened(100, 10, as_it_is).await.unwrap(), Some(5), "the last one stays");
}

#[tokio::test]
async fn what_was_tampered_with_does_not_go() {
    let altered: [fn(&mut [SealedChange]); 3] = [
        |rows| rows[3].row.as_mut().unwrap().at -= 1,
        |rows| rows[3].row = None,
        |rows| rows[3].mac = vec![0; 32],
    ];
    for tamper in altered {
        let error = shortened(6, 10, tamper).await.unwrap_err();
        assert!(
            matches!(&error, AuditError::Tampered(Finding::Altered { position: 4 })),
            "{error}"
        );
        assert_eq!((error.kind(), error.code()), (Kind::Internal, "internal"));
        assert_eq!(error.to_string(), "the trail is not intact: row 4 was altered");
    }
    // What lies behind is not looked at.
    let later: fn(&mut [SealedChange]) = |rows| rows[5].mac = vec![0; 32];
    assert_eq!(shortened(4, 10, later).await.unwrap(), Some(3));
}
