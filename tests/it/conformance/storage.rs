//! What storage promises about records of every kind, without HTTP in between.

use std::pin::Pin;

use almoner_kernel::{Audited, Fields, Scope, StoreError, UserId};
use almoner_kinds::{Visitor, each};
use almoner_records::{Body, Kept, Plain, Rows, Rules};
use serde_json::Value;
use uuid::Uuid;

use super::{bench::Bench, samples};
use crate::{http::house::terms, support::World};

of_every_kind![storage_keeps_what_it_is_given];

/// Checks each kind with its type.
struct Checks<'w> {
    world: &'w World,
    all: Vec<Pin<Box<dyn Future<Output = ()> + 'w>>>,
}

impl Visitor for Checks<'_> {
    fn kind<R: Rules>(&mut self) {
        self.all.push(Box::pin(check::<R>(self.world)));
    }
}

async fn storage_keeps_what_it_is_given(bench: &Bench<'_>) {
    let mut checks = Checks { world: bench.house.world, all: Vec::new() };
    each(&mut checks);
    assert_eq!(checks.all.len(), bench.kinds().count());
    for check in checks.all {
        check.await;
    }
}

fn plain(value: Value) -> Plain {
    match value {
        Value::Bool(flag) => Plain::Flag(flag),
        Value::Number(number) => Plain::Whole(number.as_i64().unwrap()),
        Value::String(text) => Plain::Text(text),
        Value::Object(fields) => Plain::Object(body(fields)),
        Value::Null | Value::Array(_) => panic!("no sample has {value}"),
    }
}

fn body(fields: serde_json::Map<String, Value>) -> Body {
    fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
}

/// The n-th record of a kind, which names nothing.
fn record<R: Rules>(world: &World, n: usize) -> Kept<R> {
    let Value::Object(values) = (samples::of(R::KIND).values)(n) else { panic!("no object") };
    let mut fields = Fields::default();
    let own = R::take(&mut body(values), &terms(), &mut fields);
    world.kept(fields.finish(own).unwrap())
}

async fn check<R: Rules>(world: &World) {
    let many = R::KIND.many;
    let records = world.records::<R>();
    let find = async |record: &Kept<R>| records.find(record.id, Scope::All).await.unwrap();
    let one = record::<R>(world, 1_000);
    world.save(&one).await.unwrap();
    assert_eq!(find(&one).await.unwrap().snapshot(), one.snapshot(), "{many}");

    // Whoever comes second has nothing stored.
    let stored = find(&one).await.unwrap();
    world.change(&stored).await.unwrap();
    let raced = world.change(&stored).await.unwrap_err();
    assert!(matches!(raced, StoreError::Raced), "{many}: {raced:?}");
    assert_eq!(find(&one).await.unwrap().version, stored.version.next(), "{many}");

    // Many at once are the same as one after the other.
    let two = [record::<R>(world, 1_001), record::<R>(world, 1_002)];
    world.save_all(&two).await;
    for record in &two {
        assert_eq!(find(record).await.unwrap().snapshot(), record.snapshot(), "{many}");
    }

    // What is not committed is not there.
    let dropped = record::<R>(world, 1_003);
    let mut unit = records.begin().await.unwrap();
    unit.insert(&dropped).await.unwrap();
    drop(unit);
    assert!(find(&dropped).await.is_none(), "{many}");

    // What is taken is told by the name of the field.
    for field in R::KIND.unique() {
        let mut twin = record::<R>(world, 1_004);
        twin.own.take_back(field.name, &record::<R>(world, 1_000).own);
        let taken = world.save(&twin).await.unwrap_err();
        assert!(
            matches!(taken, StoreError::Taken(name) if name == field.name),
            "{many}: {taken:?}"
        );
    }

    // The scope is part of every query.
    if R::KIND.rows == Rows::All {
        return;
    }
    let [me, other] = [0xA1, 0xA2].map(|id| UserId::new(Uuid::from_u128(id)));
    let mine = Kept { created_by: Some(me), ..record::<R>(world, 1_005) };
    world.save(&mine).await.unwrap();
    for (user, meets) in [(me, true), (other, false)] {
        for scope in [Scope::Own(user), Scope::Assigned(user)] {
            assert_eq!(records.find(mine.id, scope).await.unwrap().is_some(), meets, "{many}");
            let mut unit = records.begin().await.unwrap();
            assert_eq!(unit.load(mine.id, scope).await.unwrap().is_some(), meets, "{many}");
        }
    }
}
