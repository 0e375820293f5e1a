//! Many clients follow one list while others write, and the server is killed and started again: every
//! client ends with the list that is read, and has seen every change of it once and in order.
//!
//! A list is its first page. What comes and is pushed out of the page again between two looks at it was
//! never in the list for those who follow: while a client is away, or the machine is too slow for all
//! that is written, more than a page may come. Nothing else may be missed.

use std::{
    collections::HashMap,
    env,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, sync::watch, task::JoinSet, time};

use super::{PATIENCE, ready};
use crate::{
    e2e::almoner::Almoner,
    http::reading,
    support::{Answer, Browser, Event, Follower, PostgresDatabase},
};

/// What is followed.
const LIST: &str = "/donors?limit=200";
/// What the others hear of.
const CHANGES: &str = "/events?topics=donors";
/// The records that it shows.
const SHOWN: usize = 200;

/// Those who write, at the same time.
const WRITERS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_a_list_misses_nothing_when_the_server_is_killed() {
    let server = ready(a_server());
    let browser = Arc::new(server.log_in().await);
    followed(vec![server], vec![browser]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn who_follows_a_list_misses_nothing_when_one_of_two_instances_is_killed() {
    let database = PostgresDatabase::create().await;
    let instance = || a_server().with("ALMONER_DATABASE_URL", &database.url());
    let first = ready(instance());
    let mut second = instance().with("ALMONER_RATE_LIMIT", "off");
    let key = |server: &Almoner| server.folder.path().join("data/almoner.key");
    std::fs::create_dir_all(key(&second).parent().unwrap()).unwrap();
    std::fs::copy(key(&first), key(&second)).unwrap();
    second.start();
    // One session, known to both.
    let browser = first.log_in().await;
    let other = browser.at(&second.url);
    followed(vec![first, second], vec![Arc::new(browser), Arc::new(other)]).await;
    database.remove().await;
}

fn a_server() -> Almoner {
    Almoner::new().with("ALMONER_LIVE_MAX_PER_USER", "5000")
}

/// `ALMONER_LIVE_CLIENTS` and `ALMONER_LIVE_WRITES` (a second) ask for more than the usual.
fn wanted(variable: &str, usual: u64) -> u64 {
    let wanted = env::var_os(variable);
    wanted.map_or(usual, |wanted| wanted.to_str().unwrap().parse().unwrap())
}

#[expect(clippy::print_stdout, reason = "shown when the test fails, or asked for")]
async fn followed(mut servers: Vec<Almoner>, browsers: Vec<Arc<Browser>>) {
    let clients = wanted("ALMONER_LIVE_CLIENTS", 60);
    let writes = wanted("ALMONER_LIVE_WRITES", 100);
    let (told, end) = watch::channel(None);
    let (mut followers, mut listeners) = (JoinSet::new(), JoinSet::new());
    for number in 0..clients {
        if number % 4 == 3 {
            listeners.spawn(listen(browsers.clone(), number, end.clone()));
        } else {
            followers.spawn(follow(browsers.clone(), number, end.clone()));
        }
    }
    time::sleep(Duration::from_secs(1)).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let pause = Duration::from_micros(1_000_000 * WRITERS / writes);
    // A thread of their own, so that they keep time beside many clients. It has connections that others
    // may use until the end.
    let apart = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let apart: &'static Runtime = Box::leak(Box::new(apart.unwrap()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| apart.spawn(write(browsers.clone(), number, pause, Arc::clone(&is_over))))
        .collect();
    for round in 0..2_usize {
        time::sleep(Duration::from_secs(2)).await;
        let server = round % servers.len();
        servers[server].kill();
        servers[server].start();
    }
    time::sleep(Duration::from_secs(2)).await;
    is_over.store(true, Ordering::Relaxed);
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += writer.await.unwrap();
    }

    let now = browsers[0].get(LIST).await.expect(200).list("/items").to_vec();
    let trail =
        reading::walk(&browsers[0], "/audit/changes?entity=donor&action=created", 200).await;
    let mut made: Vec<(i64, String)> = trail
        .iter()
        .map(|change| {
            let id = change["entity_id"].as_str().unwrap().to_owned();
            (change["position"].as_i64().unwrap(), id)
        })
        .collect();
    made.sort_unstable();
    let made: Vec<String> = made.into_iter().map(|(_, id)| id).collect();
    assert!(made.len() >= acknowledged, "{} of {acknowledged} are stored", made.len());
    let last = made.last().cloned().expect("a donor");
    told.send_replace(Some(End { items: now.clone(), last }));
    let (mut connections, mut pushed_out, began) = (0, 0, Instant::now());
    while let Some(seen) = followers.join_next().await {
        let seen = seen.unwrap();
        assert_eq!(seen.items, now);
        assert_eq!(seen.began, 1, "a client had to begin anew");
        pushed_out += missed(&seen.made, &made);
        connections += seen.connections;
    }
    while let Some(heard) = listeners.join_next().await {
        assert_eq!(heard.unwrap(), made, "who hears of changes hears of each, once and in order");
    }
    println!(
        "{clients} clients, {} donors, {connections} connections, {pushed_out} donors pushed out unseen, \
         all there after {:?}",
        made.len(),
        began.elapsed()
    );
    assert!(connections > clients, "no kill ever met a client");
}

/// How many donors a client never saw: it saw the others once and in the order in which they were made,
/// and after each gap the whole page that pushed out what is missing.
fn missed(seen: &[String], made: &[String]) -> usize {
    let ranks: HashMap<&str, usize> =
        made.iter().enumerate().map(|(rank, id)| (id.as_str(), rank)).collect();
    let seen: Vec<usize> = seen.iter().map(|id| ranks[id.as_str()]).collect();
    let (mut next, mut since_gap) = (0, SHOWN);
    for rank in &seen {
        assert!(*rank >= next, "a client saw a donor twice or too early: {rank} before {next}");
        if *rank > next {
            assert!(since_gap >= SHOWN, "a client missed a donor that was never pushed out");
            since_gap = 0;
        }
        since_gap += 1;
        next = rank + 1;
    }
    assert_eq!(next, made.len(), "a client missed the last donor");
    assert!(since_gap >= SHOWN, "a client missed a donor that was never pushed out");
    made.len() - seen.len()
}

/// What all of them have in the end.
struct End {
    items: Vec<Value>,
    /// The donor that was made last, as the trail has it. With two instances it need not be the newest: who
    /// was given the earlier time may have been stored later.
    last: String,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    items: Vec<Value>,
    /// Donors, in the order in which they appeared.
    made: Vec<String>,
    versions: HashMap<String, i64>,
    /// How often the whole list was sent.
    began: u32,
    connections: u64,
}

impl Seen {
    /// Events that belong together.
    fn take(&mut self, events: &[Event]) {
        for event in events {
            event.apply(&mut self.items);
            match event.name.as_str() {
                "snapshot" => self.began += 1,
                "upsert" => {
                    let record = &event.data["record"];
                    let id = record["id"].as_str().unwrap().to_owned();
                    let version = record["version"].as_i64().unwrap();
                    match self.versions.insert(id.clone(), version) {
                        None => self.made.push(id),
                        Some(before) => assert!(before < version, "{id} was seen twice"),
                    }
                }
                _ => {}
            }
        }
    }
}

/// Follows until the list is the one that is told at the end.
async fn follow(
    browsers: Vec<Arc<Browser>>,
    number: u64,
    mut end: watch::Receiver<Option<End>>,
) -> Seen {
    let mut seen = Seen::default();
    let (mut last, mut turn): (Option<String>, _) = (None, usize::try_from(number).unwrap());
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < 2 * PATIENCE, "client {number} never had the whole list");
        let browser = &browsers[turn % browsers.len()];
        turn += 1;
        let Ok(Ok(mut follower)) = Follower::connect(browser, LIST, last.as_deref()).await else {
            time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        seen.connections += 1;
        // Without an id an event belongs to the next one that has it.
        let mut pending = Vec::new();
        loop {
            if end.borrow().as_ref().is_some_and(|end| end.items == seen.items) {
                return seen;
            }
            let event = tokio::select! {
                event = follower.hear() => event,
                Ok(()) = end.changed() => continue,
            };
            let Some(event) = event else { break };
            let is_whole = event.id.is_some();
            pending.push(event);
            if is_whole {
                seen.take(&pending);
                pending.clear();
                last.clone_from(&follower.last);
            }
        }
    }
}

/// Hears of changes, until the last donor is the one that is told at the end; says which donors were made.
async fn listen(
    browsers: Vec<Arc<Browser>>,
    number: u64,
    end: watch::Receiver<Option<End>>,
) -> Vec<String> {
    let (mut made, mut last): (Vec<String>, Option<String>) = (Vec::new(), None);
    let started = Instant::now();
    for turn in usize::try_from(number).unwrap().. {
        let browser = &browsers[turn % browsers.len()];
        let Ok(Ok(mut follower)) = Follower::connect(browser, CHANGES, last.as_deref()).await
        else {
            time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        loop {
            if end.borrow().as_ref().is_some_and(|end| made.last() == Some(&end.last)) {
                return made;
            }
            assert!(started.elapsed() < 2 * PATIENCE, "client {number} never heard of everything");
            let next = time::timeout(Duration::from_millis(500), follower.next()).await;
            match next {
                Ok(Some(event)) => {
                    assert_eq!(event.name, "change", "client {number} missed something");
                    made.push(event.data["id"].as_str().unwrap().to_owned());
                    last = event.id;
                }
                Ok(None) => break,
                // Nothing new: maybe it is the end.
                Err(_) => {}
            }
        }
    }
    made
}

/// Makes donors until it is told to stop; says how many were acknowledged.
async fn write(
    browsers: Vec<Arc<Browser>>,
    number: u64,
    pause: Duration,
    is_over: Arc<AtomicBool>,
) -> usize {
    let mut acknowledged = 0;
    let mut due = time::interval(pause);
    due.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    for turn in 0_usize.. {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        due.tick().await;
        let donor = json!({ "kind": "person", "name": format!("Donor {number} {turn}") });
        let browser = &browsers[turn % browsers.len()];
        let create = browser.request(Method::POST, "/donors").json(&donor);
        match Answer::attempt(create).await {
            Ok(answer) if answer.status == 201 => acknowledged += 1,
            // The server is away; whoever follows may be still on the way back, too.
            _ => time::sleep(Duration::from_millis(100)).await,
        }
    }
    acknowledged
}
