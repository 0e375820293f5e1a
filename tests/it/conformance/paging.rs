//! Pages of lists that change while they are read.

use almoner_records::query::sorts;

use super::bench::{Bench, at, delete, ids};
use crate::http::reading::refused;

of_every_kind![
    whoever_reads_on_sees_each_record_once_whatever_arrives,
    a_cursor_is_of_its_own_list,
];

async fn whoever_reads_on_sees_each_record_once_whatever_arrives(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        let mut early = Vec::new();
        for _ in 0..6 {
            early.push(bench.one(somebody, kind).await);
        }
        let orders = sorts(kind).into_iter().flat_map(|name| [name.to_owned(), format!("-{name}")]);
        for order in orders {
            let gone = bench.one(somebody, kind).await;
            let mut address = format!("{}?sort={order}&limit=2", at(kind));
            let (mut seen, mut pages) = (Vec::new(), 0);
            loop {
                let page = somebody.get(&address).await.expect(200);
                seen.extend(ids(page.list("/items")).into_iter().map(str::to_owned));
                let Some(cursor) = page.body["next_cursor"].as_str() else { break };
                address = format!("{}?sort={order}&limit=2&cursor={cursor}", at(kind));
                pages += 1;
                if pages == 1 {
                    bench.one(somebody, kind).await;
                    delete(somebody, &gone, "").await.expect(204);
                }
                assert!(pages < 200, "{} by {order} has no end", kind.many);
            }
            let mut once = seen.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), seen.len(), "{} by {order}: something came twice", kind.many);
            for made in &early {
                assert!(seen.iter().any(|id| id == made.id()), "{} by {order}", kind.many);
            }
        }
    }
}

async fn a_cursor_is_of_its_own_list(bench: &Bench<'_>) {
    let somebody = &bench.superadmin;
    for kind in bench.kinds() {
        for _ in 0..2 {
            bench.one(somebody, kind).await;
        }
        let page = somebody.get(&format!("{}?limit=1", at(kind))).await.expect(200);
        let cursor = page.text("/next_cursor");
        let other = bench.kinds().find(|other| other.many != kind.many).unwrap();
        for path in [
            format!("{}?limit=1&sort=created_at&cursor={cursor}", at(kind)),
            format!("{}?limit=1&deleted=only&cursor={cursor}", at(kind)),
            format!("{}?limit=1&cursor={cursor}", at(other)),
            format!("{}?limit=1&cursor={cursor}x", at(kind)),
        ] {
            refused(somebody.get(&path).await, 400, "bad_request");
        }
    }
}
