//! Live lists over a feed made for the tests: who is evaluated for how often, who is cut off, and who
//! is told nothing more.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use almoner_kernel::{
    Caller, ChangeId, Clock, Feed, Grant, Notice, Permission, PermissionSet, ScopeKind, StoreError,
    Timestamp, Version,
};
use async_trait::async_trait;
use chrono::DateTime;
use tokio::{sync::watch, time};
use uuid::Uuid;

use super::house::caller;
use crate::{
    live::{
        Live, LiveSettings,
        rooms::{Pace, Rooms},
        stream::{Next, Stream},
        subject::{self, Page, Subject},
        tickets::End,
        window::Row,
    },
    services::Callers,
};

/// A feed, the callers and the clock.
struct World {
    notices: Mutex<Vec<Notice>>,
    head: watch::Sender<i64>,
    /// Who the session belongs to; nobody once it is over.
    caller: Mutex<Option<Arc<Caller>>>,
    /// How often the page was read.
    readings: AtomicU32,
    /// The clock, in ms.
    now: AtomicI64,
    /// The time that the last reading was of.
    read_at: Mutex<Option<Timestamp>>,
}

impl World {
    fn new() -> Arc<Self> {
        let clerk = caller("clerk", PermissionSet::NONE.with(Permission::new("donors:read")));
        Arc::new(Self {
            notices: Mutex::default(),
            head: watch::Sender::new(0),
            caller: Mutex::new(Some(Arc::new(clerk))),
            readings: AtomicU32::new(0),
            now: AtomicI64::new(1_700_000_000_000),
            read_at: Mutex::default(),
        })
    }

    fn live(self: &Arc<Self>) -> Live {
        let (house, registry) = (super::house::world(), &almoner_kinds::REGISTRY);
        let rooms = Rooms::new(Pace::default(), house.clone(), house, registry);
        let epoch = super::house::settings().epoch;
        Live::new(LiveSettings::default(), self.clone(), self.clone(), self.clone(), rooms, epoch)
    }

    /// A change of a donor is committed.
    fn commit(&self) {
        let mut notices = self.notices.lock().unwrap();
        let position = i64::try_from(notices.len()).unwrap() + 1;
        notices.push(Notice {
            change: ChangeId::new(Uuid::from_u128(1)),
            position,
            at: self.now(),
            entity: "donor".to_owned(),
            entity_id: Uuid::from_u128(position.unsigned_abs().into()),
            action: "created".to_owned(),
            version: Version::new(1),
        });
        drop(notices);
        self.head.send_replace(position);
    }

    fn subject(self: &Arc<Self>) -> Subject {
        let world = Arc::clone(self);
        let read = move |at| {
            *world.read_at.lock().unwrap() = Some(at);
            world.readings.fetch_add(1, Ordering::SeqCst);
            let notices = world.notices.lock().unwrap().clone();
            let row = |notice: &Notice| {
                let id = notice.entity_id;
                Row { id, version: 1, shows: vec![id], json: format!(r#"{{"id":"{id}"}}"#).into() }
            };
            let rows = notices.iter().rev().take(5).map(row).collect();
            let page = async move { Ok(Page { rows, next_cursor: None }) };
            Box::pin(page) as futures_util::future::BoxFuture<'static, _>
        };
        Subject::List {
            entity: "donor",
            others: Some(Vec::new()),
            is_found_by_others: false,
            read: Box::new(read),
        }
    }

    async fn follow(self: &Arc<Self>, live: &Live) -> Stream {
        let caller = self.caller.lock().unwrap().clone().unwrap();
        let key = subject::key("/donors", &[], &caller);
        let ticket = live.ticket("clerk".into(), caller).await.unwrap();
        let seat = live.join(key, None, || self.subject()).await.unwrap();
        Stream::new(ticket, seat)
    }
}

#[async_trait]
impl Feed for World {
    async fn head(&self) -> Result<i64, StoreError> {
        Ok(*self.head.borrow())
    }

    async fn after(&self, position: i64, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let notices = self.notices.lock().unwrap();
        let behind = notices.iter().filter(|notice| notice.position > position);
        Ok(behind.take(limit as usize).cloned().collect())
    }

    async fn beyond(&self, position: i64) -> i64 {
        let mut head = self.head.subscribe();
        *head.wait_for(|head| *head > position).await.unwrap()
    }
}

#[async_trait]
impl Callers for World {
    async fn caller_of(&self, _: &str, _: Timestamp) -> Result<Option<Arc<Caller>>, StoreError> {
        Ok(self.caller.lock().unwrap().clone())
    }

    async fn look(
        &self,
        keys: &[Arc<str>],
        at: Timestamp,
    ) -> Result<Vec<Option<Arc<Caller>>>, StoreError> {
        let mut callers = Vec::new();
        for key in keys {
            callers.push(self.caller_of(key, at).await?);
        }
        Ok(callers)
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_millis(self.now.load(Ordering::SeqCst)).unwrap()
    }
}

/// Runs the live lists beside a test.
async fn beside(live: &Live, test: impl Future<Output = ()>) {
    let all = async {
        tokio::select! {
            () = live.run() => panic!("the live lists ended"),
            () = test => {}
        }
    };
    time::timeout(Duration::from_secs(30), all).await.unwrap();
}

fn names(next: &Next) -> Vec<&'static str> {
    match next {
        Next::Told(told) => told.events.iter().map(|event| event.name).collect(),
        Next::End(end) => vec![end.code()],
        Next::Over => vec!["over"],
    }
}

#[tokio::test]
async fn many_who_come_at_once_cost_one_evaluation_and_so_does_a_change() {
    let world = World::new();
    let live = world.live();
    beside(&live, async {
        let coming = (0..40).map(|_| world.follow(&live));
        let mut streams = futures_util::future::join_all(coming).await;
        assert_eq!(world.readings.load(Ordering::SeqCst), 1);
        for stream in &mut streams {
            assert_eq!(names(&stream.next().await), ["snapshot"]);
        }
        world.commit();
        for stream in &mut streams {
            assert_eq!(names(&stream.next().await), ["upsert"]);
        }
        assert_eq!(world.readings.load(Ordering::SeqCst), 2);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_read_as_it_is_now_and_not_as_it_was_when_somebody_came() {
    let world = World::new();
    let live = world.live();
    beside(&live, async {
        let mut stream = world.follow(&live).await;
        assert_eq!(names(&stream.next().await), ["snapshot"]);
        let came = world.read_at.lock().unwrap().unwrap();
        world.now.fetch_add(4 * 60 * 60 * 1000, Ordering::SeqCst);
        world.commit();
        assert_eq!(names(&stream.next().await), ["upsert"]);
        let hours = (world.read_at.lock().unwrap().unwrap() - came).num_hours();
        assert_eq!(hours, 4);
    })
    .await;
}

#[tokio::test]
async fn who_reads_too_slowly_is_cut_off_and_holds_up_nobody() {
    let world = World::new();
    let live = world.live();
    beside(&live, async {
        let mut slow = world.follow(&live).await;
        let mut quick = world.follow(&live).await;
        assert_eq!(names(&quick.next().await), ["snapshot"]);
        for _ in 0..100 {
            world.commit();
            assert!(matches!(quick.next().await, Next::Told(_)));
        }
        assert_eq!(names(&slow.next().await), ["snapshot"]);
        assert_eq!(names(&slow.next().await), ["over"]);
        world.commit();
        assert!(matches!(quick.next().await, Next::Told(_)));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_told_between_a_revocation_and_the_verdict() {
    let world = World::new();
    let live = world.live();
    let bell = live.bell();
    beside(&live, async {
        let mut stream = world.follow(&live).await;
        assert_eq!(names(&stream.next().await), ["snapshot"]);
        // Another session: this one goes on.
        bell();
        world.commit();
        assert_eq!(names(&stream.next().await), ["upsert"]);
        *world.caller.lock().unwrap() = None;
        bell();
        world.commit();
        assert!(matches!(stream.next().await, Next::End(End::LoggedOut)));
    })
    .await;
}

#[tokio::test]
async fn rights_that_change_end_a_stream() {
    let world = World::new();
    let live = world.live();
    beside(&live, async {
        let mut stream = world.follow(&live).await;
        assert_eq!(names(&stream.next().await), ["snapshot"]);
        *world.caller.lock().unwrap() =
            Some(Arc::new(caller("clerk", PermissionSet::everything())));
        // Nobody rings: another instance did it.
        assert!(matches!(stream.next().await, Next::End(End::RightsChanged)));
    })
    .await;
}

#[tokio::test]
async fn a_server_that_stops_ends_every_stream_and_takes_no_more() {
    let world = World::new();
    let live = world.live();
    let mut stream = None;
    beside(&live, async {
        stream = Some(world.follow(&live).await);
    })
    .await;
    live.close();
    let mut stream = stream.unwrap();
    assert_eq!(names(&stream.next().await), ["snapshot"]);
    assert_eq!(names(&stream.next().await), ["over"]);
    let caller = world.caller.lock().unwrap().clone().unwrap();
    let key = subject::key("/donors", &[], &caller);
    let refused = live.join(key, None, || world.subject()).await;
    assert_eq!(refused.err().unwrap().code(), "unavailable");
}

#[test]
fn a_group_is_of_those_who_may_do_the_same_and_reach_as_far() {
    let read = || PermissionSet::NONE.with(Permission::new("donors:read"));
    let grant = |role: &str, scope| Grant::new(role, read(), scope);
    let reaching = |noun: &str, reach| Grant {
        reaches: [(noun.to_owned(), reach)].into_iter().collect(),
        ..grant("desk", ScopeKind::All)
    };
    let of = |user: &str, grants: Vec<Grant>| {
        let caller = Caller { grants, ..caller(user, PermissionSet::NONE) };
        subject::key("/donors", &[], &caller)
    };
    let all = || grant("desk", ScopeKind::All);
    assert_eq!(of("a", vec![all()]), of("ab", vec![all()]));
    let groups = [
        of("a", vec![all()]),
        of("a", vec![all(), grant("second", ScopeKind::All)]),
        of("a", vec![all(), grant("third", ScopeKind::All)]),
        of("a", vec![grant("desk", ScopeKind::Own)]),
        of("ab", vec![grant("desk", ScopeKind::Own)]),
        of("a", vec![all(), grant("second", ScopeKind::Own)]),
        of("ab", vec![all(), grant("second", ScopeKind::Own)]),
        of("a", vec![reaching("donors", ScopeKind::Own)]),
        of("ab", vec![reaching("donors", ScopeKind::Own)]),
        of("a", vec![reaching("donations", ScopeKind::Own)]),
        of("a", vec![reaching("donors", ScopeKind::Assigned)]),
    ];
    for (at, group) in groups.iter().enumerate() {
        assert!(!groups[..at].contains(group), "{at}");
    }
}

#[tokio::test]
async fn whoever_does_not_wait_leaves_nothing_behind() {
    let world = World::new();
    let live = world.live();
    beside(&live, async {
        let caller = world.caller.lock().unwrap().clone().unwrap();
        let key = subject::key("/donors", &[], &caller);
        let never = || Subject::List {
            entity: "donor",
            others: Some(Vec::new()),
            is_found_by_others: false,
            read: Box::new(|_| Box::pin(std::future::pending())),
        };
        let impatient = live.join(key, None, never);
        assert!(time::timeout(Duration::from_millis(20), impatient).await.is_err());
        assert!(live.is_at_rest());
        let mut stream = world.follow(&live).await;
        assert_eq!(names(&stream.next().await), ["snapshot"]);
        assert!(!live.is_at_rest());
    })
    .await;
}
