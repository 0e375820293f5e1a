//! Searches of donors, as people type them.

use serde_json::json;

use super::{house::House, reading::every};

in_both_houses![a_search_finds_a_donor_however_the_words_are_typed];

async fn a_search_finds_a_donor_however_the_words_are_typed(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for donor in [
        json!({ "kind": "person", "name": "Ahmet Işık", "email": "a.isik@example.org" }),
        json!({ "kind": "person", "name": "İsmail Şahin", "phone": "0532 123 45 67" }),
        json!({ "kind": "person", "name": "Çağla Öztürk", "address": "Üsküdar, İstanbul" }),
        json!({ "kind": "organisation", "name": "IŞIK Gıda", "notes": "Ramazan kolisi verir" }),
        json!({ "kind": "person", "name": "Sinéad O’Brien" }),
        json!({ "kind": "person", "name": "Jean-Luc Weber" }),
        json!({ "kind": "person", "name": "Marieclaire Dubois" }),
        json!({ "kind": "person", "name": "على رضا کریمی" }),
    ] {
        superadmin.post("/donors", &donor).await.expect(201);
    }
    for (q, names) in [
        ("ışık", &["Ahmet Işık", "IŞIK Gıda"][..]),
        ("ISIK", &["Ahmet Işık", "IŞIK Gıda"]),
        ("IŞIK", &["Ahmet Işık", "IŞIK Gıda"]),
        ("isik", &["Ahmet Işık", "IŞIK Gıda"]),
        ("ismail", &["İsmail Şahin"]),
        ("İSMAİL", &["İsmail Şahin"]),
        ("ISMAIL", &["İsmail Şahin"]),
        ("ozturk", &["Çağla Öztürk"]),
        ("ÖZTÜRK çağ", &["Çağla Öztürk"]),
        ("isik ahm", &["Ahmet Işık"]),
        ("gıda ışı", &["IŞIK Gıda"]),
        ("istanbul", &["Çağla Öztürk"]),
        ("ramazan koli", &["IŞIK Gıda"]),
        ("a.isik@example.org", &["Ahmet Işık"]),
        ("905321234567", &["İsmail Şahin"]),
        ("0532 123 45 67", &["İsmail Şahin"]),
        ("+90 (532) 123-45-67", &["İsmail Şahin"]),
        ("5321234567", &["İsmail Şahin"]),
        ("0532 123", &["İsmail Şahin"]),
        ("532 1", &["İsmail Şahin"]),
        ("0090 532", &["İsmail Şahin"]),
        ("۰۵۳۲ ۱۲۳", &["İsmail Şahin"]),
        ("0532 123 45 68", &[]),
        ("obrien", &["Sinéad O’Brien"]),
        ("o'brien", &["Sinéad O’Brien"]),
        ("O Brien sinead", &["Sinéad O’Brien"]),
        ("jeanluc", &["Jean-Luc Weber"]),
        ("JEAN LUC web", &["Jean-Luc Weber"]),
        ("jean-luc", &["Jean-Luc Weber"]),
        ("marie-claire", &["Marieclaire Dubois"]),
        ("marie claire dub", &["Marieclaire Dubois"]),
        ("علي", &["على رضا کریمی"]),
        ("علیرضا كريمي", &["على رضا کریمی"]),
        ("ahmet gıda", &[]),
        ("mail", &[]),
        ("\"isik\" OR nobody*", &[]),
        ("%", &[]),
    ] {
        let found =
            superadmin.get(&format!("/donors?sort=name&q={}", escaped(q))).await.expect(200);
        assert_eq!(every(found.list("/items"), "/name"), names, "{q}");
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
