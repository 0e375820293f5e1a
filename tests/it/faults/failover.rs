//! Another server of PostgreSQL takes over: whether anything was lost nobody knows, so nothing that was
//! shown before is taken for current.

use reqwest::Method;
use serde_json::json;

use super::{assert_verified, cluster::Cluster, ready};
use crate::{
    e2e::almoner::Almoner,
    support::{Answer, Follower},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
async fn a_server_that_took_over_is_another_time_line() {
    let cluster = Cluster::start_new();
    let mut almoner = ready(Almoner::new().with("ALMONER_DATABASE_URL", &cluster.url()));
    let browser = almoner.log_in().await;
    let made = browser.post("/donors", &json!({ "kind": "person", "name": "Ayşe" })).await;
    let made = made.expect(201);
    let path = made.header("location")["/api/v1".len()..].to_owned();
    let tag = made.header("etag").to_owned();
    let mut list = Follower::of(&browser, "/donors").await;
    list.expect("snapshot").await;

    // The same server after a crash is the same time line, and nobody has to start anew.
    cluster.stop();
    cluster.start();
    let known = async || {
        let known = browser.request(Method::GET, &path).header("If-None-Match", &tag);
        Answer::attempt(known).await.map(|answer| answer.status)
    };
    loop {
        match known().await.unwrap() {
            503 => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            status => break assert_eq!(status, 304),
        }
    }

    cluster.stop();
    cluster.start_as_standby();
    // No connection of the running process leads to what may be another time line at any moment.
    for _ in 0..3 {
        assert_eq!(known().await.unwrap(), 503);
    }
    assert!(!almoner.log().contains("the database is on another time line"), "{}", almoner.log());
    cluster.take_over();
    // Until it ends by itself it answers as while the database is away.
    while let Ok(status) = known().await {
        assert_eq!(status, 503);
    }
    assert!(!almoner.ended());
    assert!(almoner.log().contains("the database is on another time line"), "{}", almoner.log());

    almoner.start();
    assert!(almoner.log().contains("a new epoch has begun"), "{}", almoner.log());
    let browser = almoner.log_in().await;
    let known = browser.request(Method::GET, &path).header("If-None-Match", &tag);
    Answer::to(known).await.expect(200);
    let change = browser.request(Method::PATCH, &path).header("If-Match", &tag);
    Answer::to(change.json(&json!({ "notes": "x" }))).await.expect(412);
    let mut list = list.resume(&browser, "/donors").await;
    list.expect("resync").await;
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert_verified(&almoner);
    let status = almoner.run(&["migrate", "status"]);
    let printed = String::from_utf8(status.stdout).unwrap();
    let epochs: Vec<&str> = printed.lines().filter(|line| line.starts_with("epoch ")).collect();
    assert_eq!(epochs.len(), 2, "{printed}");
    assert!(epochs[1].contains(" 2 moved "), "{printed}");
}
