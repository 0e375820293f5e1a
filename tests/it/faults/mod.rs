//! The built binary under faults of the real kind: killed, out of disk, locked out of its file, cut
//! off from its database, left by its clients. After each of them every donation that was
//! acknowledged is there exactly as it was acknowledged, nothing is there by halves, and the trail
//! tells all of it.

mod clock;
mod cluster;
mod disk_full;
mod disks;
mod failover;
mod hang_up;
mod kill;
mod ledger;
mod live;
mod load;
mod locked;
mod outage;
mod read_only;

use std::time::Duration;

use crate::{e2e::almoner::Almoner, support::Answer};

/// More than any machine needs, less than for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server without quotas, with an account.
fn ready(almoner: Almoner) -> Almoner {
    let mut almoner = almoner.with("ALMONER_RATE_LIMIT", "off");
    almoner.start();
    almoner.create_admin();
    almoner
}

/// A part is away, and the client is told when to come again.
#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.text("/code"), "unavailable");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

/// The trail is intact and the sums are those of the donations, says the program itself.
#[track_caller]
fn assert_verified(almoner: &Almoner) {
    for command in [["audit", "verify"], ["totals", "check"]] {
        let verified = almoner.run(&command);
        assert!(
            verified.status.success(),
            "{command:?}: {}{}",
            String::from_utf8_lossy(&verified.stdout),
            String::from_utf8_lossy(&verified.stderr)
        );
    }
}

/// Whether `/health/ready` says that what is written can be stored, and that it can answer all the same.
async fn is_writable(almoner: &Almoner) -> bool {
    let answer = crate::support::http::get(format!("{}/health/ready", almoner.url)).await.unwrap();
    assert_eq!(answer.status(), 200, "requests are still answered");
    let report: serde_json::Value = answer.json().await.unwrap();
    let parts = report["parts"].as_array().unwrap();
    let writes = parts.iter().find(|part| part["name"] == "writes").unwrap();
    writes["status"] == "up"
}

/// The status of an address outside the API.
async fn status(almoner: &Almoner, path: &str) -> u16 {
    let answer =
        tokio::time::timeout(PATIENCE, crate::support::http::get(format!("{}{path}", almoner.url)));
    answer.await.unwrap().unwrap().status().as_u16()
}
