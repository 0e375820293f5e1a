//! Rooms over more than one instance, on a wire made for the tests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use almoner_kernel::{Feed, Hearing, Signal, Signals, StoreError, UserId};
use almoner_kinds::REGISTRY;
use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::{
    sync::{broadcast, mpsc::Receiver},
    time,
};
use uuid::Uuid;

use crate::live::{
    Live, LiveSettings,
    rooms::{Guest, News, Pace, Person, Room, Rooms, What},
};

/// A hundredth of the real one.
const PACE: Pace = Pace {
    name_again: Duration::from_millis(200),
    counts_for: Duration::from_millis(600),
    look_every: Duration::from_millis(50),
};

/// What all instances hear.
struct Wire {
    words: broadcast::Sender<Signal>,
    is_cut: AtomicBool,
}

impl Wire {
    fn new() -> Arc<Self> {
        Arc::new(Self { words: broadcast::Sender::new(1_000), is_cut: AtomicBool::new(false) })
    }

    /// Another instance.
    fn instance(self: &Arc<Self>) -> (Rooms, Live) {
        let rooms = Rooms::new(PACE, self.clone(), super::house::world(), &REGISTRY);
        let house = super::house::world();
        let feed: Arc<dyn Feed> = house.clone();
        let (settings, epoch) = (LiveSettings::default(), super::house::settings().epoch);
        let live = Live::new(settings, feed, house.clone(), house, rooms.clone(), epoch);
        (rooms, live)
    }
}

#[async_trait]
impl Signals for Wire {
    async fn tell(&self, word: &str) -> Result<(), StoreError> {
        if !self.is_cut.load(Ordering::SeqCst) {
            let _ = self.words.send(Signal::Word(word.to_owned()));
        }
        Ok(())
    }

    fn hear(&self) -> Box<dyn Hearing> {
        Box::new(Ear(self.words.subscribe()))
    }
}

struct Ear(broadcast::Receiver<Signal>);

#[async_trait]
impl Hearing for Ear {
    async fn next(&mut self) -> Signal {
        self.0.recv().await.unwrap()
    }
}

fn person(number: u128) -> Person {
    Person { id: UserId::new(Uuid::from_u128(number)), name: format!("P{number}").into() }
}

fn room() -> Room {
    Room::parse("donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11", &REGISTRY).unwrap()
}

fn ids(people: &[Person]) -> Vec<u128> {
    people.iter().map(|person| person.id.uuid().as_u128()).collect()
}

/// Type, and state or kind, of what is heard next.
async fn heard(news: &mut Receiver<News>) -> (String, Value) {
    loop {
        let News { what, .. } = news.recv().await.expect("the mailbox is closed");
        let What::Tell(text) = what else { continue };
        let told: Value = serde_json::from_str(&text).unwrap();
        let what = ["state", "kind"].into_iter().find_map(|name| told[name].as_str());
        let who = told.get("user").or(told.get("from")).unwrap()["name"].clone();
        return (what.unwrap().to_owned(), who);
    }
}

/// Waits until somebody sees these people.
async fn sees(rooms: &Rooms, expected: &[u128]) {
    loop {
        let (mut guest, _news) = rooms.guest(person(99));
        guest.enter(room());
        let mut present = ids(&guest.show(room()));
        present.retain(|id| *id != 99);
        if present == expected {
            return;
        }
        time::sleep(Duration::from_millis(10)).await;
    }
}

fn in_it(rooms: &Rooms, number: u128) -> (Guest, Receiver<News>) {
    let (mut guest, news) = rooms.guest(person(number));
    guest.enter(room());
    guest.show(room());
    (guest, news)
}

#[tokio::test]
async fn instances_see_and_hear_one_another() {
    let wire = Wire::new();
    let ((here, a), (there, b)) = (wire.instance(), wire.instance());
    let test = async {
        let (ayse, mut at_ayse) = in_it(&here, 1);
        let (bora, mut at_bora) = in_it(&there, 2);
        assert_eq!(heard(&mut at_ayse).await, ("joined".to_owned(), json!("P2")));
        sees(&there, &[1, 2]).await;
        assert!(bora.say(room(), "typing", Some(json!({ "field": "notes" }))));
        let told = loop {
            let told = heard(&mut at_ayse).await;
            if told.0 == "typing" {
                break told;
            }
        };
        assert_eq!(told.1, json!("P2"));
        // An instance that comes later asks, and is told.
        let (late, c) = wire.instance();
        tokio::select! {
            () = c.run() => panic!("it ended"),
            () = sees(&late, &[1, 2]) => {}
        }
        drop(ayse);
        loop {
            if heard(&mut at_bora).await == ("left".to_owned(), json!("P1")) {
                break;
            }
        }
    };
    tokio::select! {
        () = a.run() => panic!("it ended"),
        () = b.run() => panic!("it ended"),
        () = test => {}
    }
}

#[tokio::test]
async fn users_of_an_instance_that_is_heard_no_more_are_gone_after_a_while() {
    let wire = Wire::new();
    let ((here, a), (there, b)) = (wire.instance(), wire.instance());
    let test = async {
        let (_ayse, mut at_ayse) = in_it(&here, 1);
        let (_bora, _at_bora) = in_it(&there, 2);
        sees(&here, &[1, 2]).await;
        // While it says again and again who is there, it goes on.
        time::sleep(PACE.counts_for * 3).await;
        sees(&here, &[1, 2]).await;
        wire.is_cut.store(true, Ordering::SeqCst);
        let began = time::Instant::now();
        loop {
            if heard(&mut at_ayse).await == ("left".to_owned(), json!("P2")) {
                break;
            }
        }
        assert!(began.elapsed() >= PACE.counts_for - PACE.name_again);
        wire.is_cut.store(false, Ordering::SeqCst);
        sees(&here, &[1, 2]).await;
    };
    tokio::select! {
        () = a.run() => panic!("it ended"),
        () = b.run() => panic!("it ended"),
        () = test => {}
    }
}

#[tokio::test]
async fn an_instance_that_stops_says_so() {
    let wire = Wire::new();
    let ((here, a), (there, b)) = (wire.instance(), wire.instance());
    let test = async {
        let (_bora, _at_bora) = in_it(&there, 2);
        sees(&here, &[2]).await;
        b.close();
        b.run().await;
        let began = time::Instant::now();
        sees(&here, &[]).await;
        assert!(began.elapsed() < PACE.counts_for - PACE.name_again);
    };
    tokio::select! {
        () = a.run() => panic!("it ended"),
        () = async { b.run().await; std::future::pending().await } => {}
        () = test => {}
    }
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_holds_up_nobody() {
    let (rooms, _live) = Wire::new().instance();
    let speakers: Vec<_> = (10..30).map(|number| in_it(&rooms, number)).collect();
    let (_slow, mut at_slow) = in_it(&rooms, 2);
    let (_quick, mut at_quick) = in_it(&rooms, 3);
    for (speaker, _) in &speakers {
        for _ in 0..20 {
            assert!(speaker.say(room(), "typing", None));
        }
        while at_quick.try_recv().is_ok() {}
    }
    let mut read = 0;
    while at_slow.recv().await.is_some() {
        read += 1;
    }
    assert!((200..400).contains(&read), "{read}");
    assert!(!at_quick.is_closed());
}

#[tokio::test]
async fn a_user_says_so_much_and_no_more_over_all_connections() {
    let (rooms, _live) = Wire::new().instance();
    let (one, _at_one) = in_it(&rooms, 1);
    let (other, _at_other) = in_it(&rooms, 1);
    let (bora, _at_bora) = in_it(&rooms, 2);
    let said = (0..60).filter(|_| one.say(room(), "typing", None)).count();
    assert!((30..35).contains(&said), "{said}");
    assert!(!other.say(room(), "typing", None) || !other.say(room(), "typing", None));
    assert!(bora.say(room(), "typing", None));
}

#[tokio::test]
async fn who_is_not_shown_yet_hears_of_changes_and_is_seen_by_nobody() {
    let (rooms, _live) = Wire::new().instance();
    let (ayse, mut at_ayse) = in_it(&rooms, 1);
    assert!(matches!(at_ayse.try_recv(), Ok(News { what: What::Tell(_), .. }) | Err(_)));
    let (mut bora, mut at_bora) = rooms.guest(person(2));
    bora.enter(room());
    assert!(bora.is_in(room()));
    assert!(ayse.say(room(), "typing", None));
    rooms.look_again();
    assert!(matches!(at_bora.try_recv(), Ok(News { what: What::Changed, .. })));
    assert!(at_bora.try_recv().is_err());
    assert!(bora.leave(room()));
    assert!(matches!(at_ayse.try_recv(), Ok(News { what: What::Changed, .. })));
    assert!(at_ayse.try_recv().is_err());
    bora.enter(room());
    assert_eq!(ids(&bora.show(room())), [1, 2]);
    assert_eq!(heard(&mut at_ayse).await, ("joined".to_owned(), json!("P2")));
}

#[tokio::test]
async fn a_letter_that_is_sent_once_more_is_not_read() {
    let wire = Wire::new();
    let ((here, a), (there, b)) = (wire.instance(), wire.instance());
    let test = async {
        let (_ayse, mut at_ayse) = in_it(&here, 1);
        let mut letters = wire.words.subscribe();
        let (bora, _at_bora) = in_it(&there, 2);
        assert_eq!(heard(&mut at_ayse).await, ("joined".to_owned(), json!("P2")));
        assert!(bora.say(room(), "once", None));
        assert_eq!(heard(&mut at_ayse).await.0, "once");
        let recorded: Vec<Signal> = std::iter::from_fn(|| letters.try_recv().ok()).collect();
        assert!(recorded.len() > 1);
        for letter in recorded {
            wire.words.send(letter).unwrap();
        }
        assert!(bora.say(room(), "again", None));
        assert_eq!(heard(&mut at_ayse).await.0, "again");
    };
    tokio::select! {
        () = a.run() => panic!("it ended"),
        () = b.run() => panic!("it ended"),
        () = test => {}
    }
}

#[tokio::test]
async fn everybody_is_named_however_many_there_are() {
    let wire = Wire::new();
    let (here, a) = wire.instance();
    let guests: Vec<_> = (0..5_000).map(|number| in_it_unheard(&here, number)).collect();
    let test = async {
        let (late, b) = wire.instance();
        tokio::select! {
            () = b.run() => panic!("it ended"),
            () = async {
                while late.count() < guests.len() {
                    time::sleep(Duration::from_millis(10)).await;
                }
            } => {}
        }
    };
    tokio::select! {
        () = a.run() => panic!("it ended"),
        () = test => {}
    }
}

/// Somebody in a room of their own.
fn in_it_unheard(rooms: &Rooms, number: u128) -> Guest {
    let (mut guest, _) = rooms.guest(person(number));
    let name = format!("donors:{}", Uuid::from_u128(number));
    let room = Room::parse(&name, &REGISTRY).unwrap();
    guest.enter(room);
    guest.show(room);
    guest
}
