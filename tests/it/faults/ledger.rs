//! What the clients were told, held against what the server and its database say.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::task::JoinSet;

use super::load::{Step, Story};
use crate::{
    e2e::almoner::Almoner,
    support::{Answer, Browser, connect},
};

/// Where the truth is, behind the server's back.
#[derive(Clone)]
pub enum Truth {
    File(PathBuf),
    Server(String),
}

impl Truth {
    /// The one number that a query answers.
    async fn number(&self, sql: &str) -> i64 {
        match self {
            Self::File(_) => self.file().query_row(sql, [], |row| row.get(0)).unwrap(),
            Self::Server(url) => {
                let connection = connect(url).await;
                let statement = Statement::from_string(DbBackend::Postgres, sql);
                let row = connection.query_one_raw(statement).await.unwrap().unwrap();
                connection.close().await.unwrap();
                row.try_get_by_index(0).unwrap()
            }
        }
    }

    fn file(&self) -> Connection {
        let Self::File(path) = self else { panic!("PostgreSQL has no file") };
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection
    }

    /// Every donation with its whole trail, every row of the trail with its donation, and one chain.
    pub async fn assert_whole(&self) {
        for (rule, sql) in RULES {
            assert_eq!(self.number(sql).await, 0, "{rule}");
        }
        if let Self::File(_) = self {
            let file = self.file();
            let sound: String =
                file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok");
            // 1: also against the table that is searched.
            let search = "INSERT INTO donations_fts (donations_fts, rank)
                          VALUES ('integrity-check', 1)";
            file.execute_batch(search).unwrap();
        }
    }

    pub async fn donations(&self) -> i64 {
        self.number("SELECT count(*) FROM donations").await
    }
}

/// Each counts what must not be. A record's id belongs to one kind of record, so that the kind is left
/// out where it would tempt a database without statistics to look through all of its kind.
const RULES: [(&str, &str); 6] = [
    (
        "a donation without the trail of its creation",
        "SELECT count(*) FROM donations WHERE NOT EXISTS (SELECT 1 FROM changes
         WHERE entity_id = donations.id AND version = 1)",
    ),
    (
        "a trail without its donation",
        "SELECT count(*) FROM changes WHERE entity = 'donation'
         AND NOT EXISTS (SELECT 1 FROM donations WHERE donations.id = entity_id)",
    ),
    (
        "a version without its row of the trail",
        "SELECT count(*) FROM donations WHERE version <>
         (SELECT count(*) FROM changes WHERE entity_id = donations.id)",
    ),
    (
        "the same donation twice",
        "SELECT count(*) FROM (SELECT reference FROM donations GROUP BY reference
         HAVING count(*) > 1) AS twice",
    ),
    ("a gap in the trail", "SELECT count(*) - coalesce(max(position), 0) FROM changes"),
    (
        "a head that is not the end of the trail",
        "SELECT coalesce(max(changes.position), 0) - max(trail_head.position)
         FROM trail_head LEFT JOIN changes ON true",
    ),
];

/// Everything that was ever acknowledged.
pub struct Ledger {
    truth: Truth,
    /// By id: the acknowledged content, version included.
    acknowledged: HashMap<String, Box<str>>,
}

impl Ledger {
    /// Nothing yet.
    pub fn of(truth: Truth) -> Self {
        Self { truth, acknowledged: HashMap::new() }
    }

    /// The file of a server that has the default one.
    pub fn of_file(almoner: &Almoner) -> Self {
        Self::of(Truth::File(almoner.database()))
    }

    pub fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// Takes in what clients were told: what was acknowledged must be there, what was not is asked
    /// for again under the same key, until each story has one certain end.
    pub async fn settle(&mut self, browser: &Browser, stories: Vec<Story>) {
        for mut story in stories {
            if let Some(step) = story.unsure.take() {
                let answer = Answer::to(story.request(browser, &step)).await;
                story.known = Some(match (&step, answer.status) {
                    (Step::Create, 201) | (Step::Note(_) | Step::Complete, 200) => answer.body,
                    // It had been done.
                    (Step::Note(text), 412) => {
                        let path = format!("/donations/{}", story.id());
                        let stored = browser.get(&path).await.expect(200);
                        assert_eq!(stored.text("/notes"), *text);
                        assert_eq!(stored.number("/version"), story.version() + 1);
                        stored.body
                    }
                    (step, _) => panic!("{step:?} of {}: {}", story.reference, answer.body),
                });
            }
            let known = story.known.as_ref().unwrap();
            assert_eq!(known["reference"], *story.reference);
            self.acknowledged.insert(story.id().to_owned(), known.to_string().into());
            assert_stored(browser, story.id(), &known.to_string()).await;
        }
    }

    /// The same, and search finds one of them.
    pub async fn settle_and_search(&mut self, browser: &Browser, stories: Vec<Story>) {
        let reference = stories.last().map(|story| story.reference.clone());
        self.settle(browser, stories).await;
        if let Some(reference) = reference {
            let found = browser.get(&format!("/donations?q={reference}")).await.expect(200);
            assert_eq!(found.text("/items/0/reference"), reference);
        }
    }

    /// The database holds what was acknowledged, each with its trail, and nothing else.
    pub async fn assert_whole(&self) {
        self.truth.assert_whole().await;
        assert_eq!(usize::try_from(self.truth.donations().await).unwrap(), self.len());
    }

    /// Reads every acknowledged donation once more.
    pub async fn assert_all_stored(&self, browser: &Arc<Browser>) {
        let all: Vec<_> = self.acknowledged.iter().collect();
        let mut readers = JoinSet::new();
        for part in all.chunks(all.len() / 8 + 1) {
            let browser = Arc::clone(browser);
            let part: Vec<(String, Box<str>)> =
                part.iter().map(|(id, known)| ((*id).clone(), (*known).clone())).collect();
            readers.spawn(async move {
                for (id, known) in part {
                    assert_stored(&browser, &id, &known).await;
                }
            });
        }
        readers.join_all().await;
    }
}

async fn assert_stored(browser: &Browser, id: &str, known: &str) {
    let stored = browser.get(&format!("/donations/{id}")).await.expect(200);
    assert_eq!(stored.body.to_string(), known);
    assert_eq!(stored.version(), stored.number("/version").to_string());
}
