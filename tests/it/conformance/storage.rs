//! What storage promises about records of every kind, without HTTP in between.

use std::pin::Pin;

use almoner_kernel::{Audited, Fields, Scope, StoreError, UserId};
use almoner_kinds::Visitor;
use almoner_records::{Body, Kept, Plain, Rows, Rules};
use serde_json::Value;
use uuid::Uuid;

use super::{bench::Bench, samples};
use crate::http::house::terms;

of_every_kind![storage_keeps_what_it_is_given];

/// Checks each kind with its type.
struct Checks<'b> {
    bench: &'b Bench<'b>,
    all: Vec<Pin<Box<dyn Future<Output = ()> + 'b>>>,
}

impl Visitor for Checks<'_> {
    fn kind<R: Rules>(&mut self) {
        self.all.push(Box::pin(check::<R>(self.bench)));
    }
}

async fn storage_keeps_what_it_is_given(bench: &Bench<'_>) {
    let mut checks = Checks { bench, all: Vec::new() };
    bench.shelf.each(&mut checks);
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
        Value::Array(parts) => Plain::List(parts.into_iter().map(plain).collect()),
        Value::Null => panic!("no sample has {value}"),
    }
}

fn body(fields: serde_json::Map<String, Value>) -> Body {
    fields.into_iter().map(|(name, value)| (name, plain(value))).collect()
}

/// What a record of a kind is, from what is sent.
pub fn own<R: Rules>(values: Value) -> R {
    let Value::Object(values) = values else { panic!("no object") };
    let mut fields = Fields::default();
    let own = R::take(&mut body(values), &terms(), &mut fields);
    fields.finish(own).unwrap_or_else(|wrong| {
        panic!("{}: its values in samples.rs are refused: {wrong:?}", R::KIND.many)
    })
}

/// The n-th record of a kind, which names nothing but what it must.
async fn record<R: Rules>(bench: &Bench<'_>, n: usize) -> Kept<R> {
    let mut values = (samples::of(R::KIND).values)(n);
    let must = |field: &&almoner_records::Field| field.is_sent && !field.is_optional;
    for field in R::KIND.references().filter(must) {
        let named = bench.named(&bench.superadmin, R::KIND, field).await;
        values[field.name] = named.body["id"].clone();
    }
    // The use cases give ids to parts.
    for field in R::KIND.fields.iter().filter(|field| field.is_sent && field.has_parts()) {
        for (at, part) in values[field.name].as_array_mut().unwrap().iter_mut().enumerate() {
            part["id"] = Uuid::from_u128((n * 100 + at) as u128).to_string().into();
        }
    }
    let own = own::<R>(values);
    bench.house.world.kept(own)
}

async fn check<R: Rules>(bench: &Bench<'_>) {
    let world = bench.house.world;
    let many = R::KIND.many;
    let records = world.records::<R>();
    let find = async |record: &Kept<R>| records.find(record.id, Scope::All).await.unwrap();
    let one = record::<R>(bench, 1_000).await;
    world.save(&one).await.unwrap();
    assert_eq!(find(&one).await.unwrap().snapshot(), one.snapshot(), "{many}");

    // Whoever comes second has nothing stored.
    let stored = find(&one).await.unwrap();
    world.change(&stored).await.unwrap();
    let raced = world.change(&stored).await.unwrap_err();
    assert!(matches!(raced, StoreError::Raced), "{many}: {raced:?}");
    assert_eq!(find(&one).await.unwrap().version, stored.version.next(), "{many}");

    // Many at once are the same as one after the other.
    let two = [record::<R>(bench, 1_001).await, record::<R>(bench, 1_002).await];
    world.save_all(&two).await;
    for record in &two {
        assert_eq!(find(record).await.unwrap().snapshot(), record.snapshot(), "{many}");
    }

    // What is not committed is not there.
    let dropped = record::<R>(bench, 1_003).await;
    let mut unit = records.begin().await.unwrap();
    unit.insert(&dropped).await.unwrap();
    drop(unit);
    assert!(find(&dropped).await.is_none(), "{many}");

    // What is taken is told by the name of the field.
    for field in R::KIND.unique() {
        // One that is drawn is no part of what is sent.
        if !field.is_sent {
            continue;
        }
        let mut twin = record::<R>(bench, 1_004).await;
        twin.own.take_back(field.name, &one.own);
        let taken = world.save(&twin).await.unwrap_err();
        assert!(
            matches!(taken, StoreError::Taken(name) if name == field.name),
            "{many}: {taken:?}"
        );
    }

    // The scope is part of every query.
    if !bench.shelf.is_scoped(R::KIND) {
        return;
    }
    let [somebody, other] = [0xA1, 0xA2].map(|id| UserId::new(Uuid::from_u128(id)));
    let mine = record::<R>(bench, 1_005).await;
    // A child is met by whoever entered its parent, whoever entered the child.
    let me = match R::KIND.rows {
        Rows::OfParent => {
            let me = bench.superadmin.get("/users/me").await.expect(200).text("/id");
            UserId::new(me.parse().unwrap())
        }
        Rows::OfCreator | Rows::All => somebody,
    };
    let mine = Kept { created_by: Some(somebody), ..mine };
    world.save(&mine).await.unwrap();
    for (user, meets) in [(me, true), (other, false)] {
        for scope in [Scope::Own(user), Scope::Assigned(user)] {
            assert_eq!(records.find(mine.id, scope).await.unwrap().is_some(), meets, "{many}");
            let mut unit = records.begin().await.unwrap();
            assert_eq!(unit.load(mine.id, scope).await.unwrap().is_some(), meets, "{many}");
        }
    }
}
