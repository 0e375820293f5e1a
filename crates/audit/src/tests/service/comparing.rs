//! Records are compared with what the trail says of them.

use super::*;
use crate::{Comparison, Difference, How};

#[tokio::test]
async fn every_record_is_compared_and_what_differs_is_named_once() {
    let batch = u64::from(Audit::COMPARE_BATCH);
    let id = Uuid::from_u128;
    let altered = Difference { entity: "donor", id: id(7), how: How::Altered };
    let gone = Difference { entity: "user", id: id(8), how: How::Gone };
    let mut stored = MockStored::new();
    stored.expect_kinds().return_const(vec!["donor", "user"]);
    let (one, other) = (altered.clone(), gone.clone());
    stored.expect_compared().times(3).returning(move |entity, after, _| {
        let compared = |last, records, differences| Compared {
            last: Some(id(last)),
            records,
            unsealed: 1,
            differences,
        };
        Ok(match (entity, after) {
            ("donor", None) => compared(500, batch, vec![one.clone()]),
            ("donor", Some(after)) if after == id(500) => compared(501, 1, Vec::new()),
            ("user", None) => compared(1, 2, Vec::new()),
            asked => panic!("{asked:?}"),
        })
    });
    stored.expect_gone().times(3).returning(move |after, _| {
        Ok(match after {
            i64::MIN => Gone { last: Some(9), differences: vec![other.clone()] },
            9 => Gone { last: Some(12), differences: vec![other.clone()] },
            _ => Gone { last: None, differences: Vec::new() },
        })
    });
    let mut told = Vec::new();
    let cx = cx(Actor::System("cli"));
    let comparison = audit(stored).compare(&cx, &mut |records| told.push(records)).await.unwrap();
    let differences = vec![altered, gone];
    assert_eq!(comparison, Comparison { records: batch + 3, unsealed: 3, differences, all: 2 });
    assert_eq!(told, [batch, batch + 1, batch + 3]);
}
