//! Clients that go away in the middle.

use std::{
    io::Write,
    net::{Shutdown, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    PATIENCE, assert_verified,
    ledger::{Ledger, Truth},
    load::{Load, Step, Story},
    ready, status,
};
use crate::{
    e2e::almoner::Almoner,
    support::{Browser, Dice, PostgresDatabase},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_leave_whole_donations_and_no_mess_on_sqlite() {
    let almoner = ready(Almoner::new());
    let ledger = Ledger::of_file(&almoner);
    left_by_its_clients(almoner, ledger).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn clients_that_hang_up_leave_whole_donations_and_no_mess_on_postgresql() {
    let database = PostgresDatabase::create().await;
    let almoner = ready(Almoner::new().with("ALMONER_DATABASE_URL", &database.url()));
    let ledger = Ledger::of(Truth::Server(database.url()));
    left_by_its_clients(almoner, ledger).await;
    database.remove().await;
}

/// How a client goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// With half of the body sent.
    HalfWay,
    /// Without waiting for the answer.
    AtOnce,
    /// Some moments later: while the request is under way, or after the answer, unread.
    Soon(Duration),
    /// It says that it will send no more, and then goes.
    Politely,
}

async fn left_by_its_clients(almoner: Almoner, mut ledger: Ledger) {
    let browser = Arc::new(almoner.log_in().await);
    // Whoever writes meanwhile does not notice.
    let load = Load::start(&browser, 4, "stayed", 1);
    let mut dice = Dice::new(11);
    let mut stories = Vec::new();
    for round in 0..10 {
        let mut clients = Vec::new();
        for client in 0..20 {
            let leaving = match dice.below(4) {
                0 => Leaving::HalfWay,
                1 => Leaving::AtOnce,
                2 => Leaving::Soon(Duration::from_micros(dice.below(20_000))),
                _ => Leaving::Politely,
            };
            let mut story = Story::new(format!("left{round}x{client}e"));
            story.unsure = Some(Step::Create);
            let request = text_of(&almoner, &browser, &story);
            let address = almoner.url.trim_start_matches("http://").to_owned();
            clients.push(thread::spawn(move || hang_up(&address, &request, leaving)));
            stories.push((story, leaving));
        }
        for client in clients {
            client.join().unwrap();
        }
    }
    let (stayed, refusals) = load.end().await;
    assert!(refusals.is_empty(), "{refusals:#?}");
    assert!(stayed.iter().all(|story| story.unsure.is_none()), "a connection was cut");
    ledger.settle_and_search(&browser, stayed).await;

    // The server lets go of every connection that was left.
    let let_go = async {
        while open_sockets(&almoner) > 40 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, let_go).await.expect("connections are kept for nobody");
    for (story, leaving) in &stories {
        let found = browser.get(&format!("/donations?q={}&count=exact", story.reference)).await;
        let found = found.expect(200).number("/total");
        assert!(found <= 1, "{found} of {}", story.reference);
        assert!(*leaving != Leaving::HalfWay || found == 0, "half a body was enough");
    }
    // Asking again under the same key makes the rest, and none of them twice.
    let stories = stories.into_iter().map(|(story, _)| story).collect();
    ledger.settle_and_search(&browser, stories).await;
    assert_eq!(status(&almoner, "/health/ready").await, 200);
    ledger.assert_whole().await;
    assert_verified(&almoner);
}

fn hang_up(address: &str, request: &str, leaving: Leaving) {
    let mut connection = TcpStream::connect(address).unwrap();
    let sent = match leaving {
        Leaving::HalfWay => &request[..request.len() - 40],
        _ => request,
    };
    connection.write_all(sent.as_bytes()).unwrap();
    match leaving {
        Leaving::HalfWay | Leaving::AtOnce => {}
        Leaving::Soon(moments) => thread::sleep(moments),
        Leaving::Politely => connection.shutdown(Shutdown::Write).unwrap(),
    }
}

/// The request as it goes over the wire.
fn text_of(almoner: &Almoner, browser: &Browser, story: &Story) -> String {
    let request = story.request(browser, &Step::Create).build().unwrap();
    let body = std::str::from_utf8(request.body().unwrap().as_bytes().unwrap()).unwrap().to_owned();
    let cookies: Vec<&str> =
        browser.cookies.iter().map(|cookie| cookie.split_once(';').unwrap().0).collect();
    let address = almoner.url.trim_start_matches("http://");
    let mut text = format!(
        "POST {} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nContent-Length: {}\r\n",
        request.url().path(),
        cookies.join("; "),
        body.len()
    );
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str("\r\n");
    text + &body
}

/// Sockets that the server has open.
fn open_sockets(almoner: &Almoner) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", almoner.process())).unwrap();
    let target = |file: std::fs::DirEntry| std::fs::read_link(file.path());
    let is_socket = |path: &std::path::PathBuf| path.to_string_lossy().starts_with("socket:");
    files.filter_map(|file| target(file.unwrap()).ok()).filter(is_socket).count()
}
