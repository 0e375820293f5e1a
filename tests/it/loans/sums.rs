//! Sums have a bound, and say so.

use serde_json::{Value, json};

use crate::http::house::House;

on_both_shelves![a_summary_of_too_many_groups_says_so];

async fn a_summary_of_too_many_groups_says_so(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let months: Vec<Value> = (0..1_001)
        .map(|month| {
            let day = format!("{}-{:02}-01", 1950 + month / 12, 1 + month % 12);
            let value = json!({ "item": "Wheelchair", "lent_on": day, "due_on": day });
            json!({ "op": "create", "value": value })
        })
        .collect();
    for some in months.chunks(501) {
        superadmin.post("/loans/batch", &json!({ "items": some })).await.expect(200);
    }
    let asked = "/loans/summary?group_by=lent_month";
    let refused = superadmin.get(asked).await.expect(409);
    assert_eq!(refused.text("/code"), "too_much_to_sum");
    let narrower = superadmin.get(&format!("{asked}&lent_from=1950-02-01")).await.expect(200);
    let lines = narrower.list("/items");
    assert_eq!((lines.len(), &lines[0]), (1_000, &json!({ "lent_month": "1950-02", "count": 1 })));
}
