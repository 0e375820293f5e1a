//! A table that was small when its statistics were made, and has grown since.

use almoner_donations::Campaign;
use almoner_kernel::{PageRequest, Scope};
use almoner_records::Kept;

use crate::support::{Backend, World, query, run};

#[test]
fn a_search_begins_with_its_words_on_sqlite() {
    run(Backend::Sqlite, async |world: &World| {
        let campaigns = |range: std::ops::Range<u32>| -> Vec<Kept<Campaign>> {
            range.map(|n| world.campaign(&format!("Kampanya {n}"))).collect()
        };
        world.save_all(&campaigns(0..5)).await;
        world.store.refresh_statistics().await.unwrap();
        world.save_all(&campaigns(5..500)).await;
        for text in ["q=kampanya", "q=kam&sort=name", "q=kampanya&created_by=UUID"] {
            let text = text.replace("UUID", &uuid::Uuid::nil().to_string());
            let asked = query::<Campaign>(&text);
            let page = PageRequest { limit: 20, after: None, count: true };
            let reading = async {
                world.records::<Campaign>().list(&asked, Scope::All, &page).await.unwrap()
            };
            for statement in world.statements(reading).await {
                let plan = world.store.explain(&statement).await.unwrap();
                let at = |what: &str| plan.iter().position(|line| line.contains(what));
                let words = at("SCAN campaigns_fts VIRTUAL TABLE").unwrap();
                let rows = at("SEARCH campaigns USING INTEGER PRIMARY KEY").unwrap();
                // Keys first: the rows of the keys stand before the list that finds these.
                assert!(words < rows || text.contains("sort"), "{text}\n{}", plan.join("\n"));
            }
        }
    });
}
