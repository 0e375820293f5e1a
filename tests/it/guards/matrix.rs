//! Who may do what: the whole matrix as a snapshot, with real requests on real records, one's own
//! and somebody else's; and what was allowed to change something has left its trail.

use std::fmt::Write;

use almoner_kernel::UserId;

use super::operations::{Operation, call, operations};
use crate::{
    http::house::{House, in_house},
    support::{Answer, Backend, Browser},
};

/// Every built-in role, the mightiest first.
const ROLES: [&str; 8] =
    ["superadmin", "admin", "accountant", "superagent", "agent", "data_entry", "member", "viewer"];

#[test]
fn every_role_meets_exactly_the_permission_matrix() {
    in_house(Backend::Sqlite, async |house| {
        let superadmin = house.superadmin().await;
        let mut people = Vec::new();
        for role in &ROLES[1..] {
            people.push(house.somebody(&superadmin, role).await);
        }
        let stranger = house.stranger();
        let mut callers: Vec<&Browser> = vec![&stranger, &superadmin];
        callers.extend(&people);
        let mut ids = vec![None];
        for caller in &callers[1..] {
            let me = caller.get("/auth/session").await.expect(200).text("/user/id");
            ids.push(Some(me.parse::<UserId>().unwrap()));
        }

        let mut table = format!("{:42}{:>11}", "own / foreign record", "stranger");
        for role in ROLES {
            write!(table, "{role:>13}").unwrap();
        }
        for operation in operations() {
            let mut row = format!("{:42}", operation.name());
            for (at, (caller, id)) in callers.iter().zip(&ids).enumerate() {
                let own = ask(house, &operation, caller, *id).await;
                let cell = if operation.path.contains("{id}") {
                    format!("{own}/{}", ask(house, &operation, caller, None).await)
                } else {
                    own.to_string()
                };
                let width = if at == 0 { 11 } else { 13 };
                write!(row, "{cell:>width$}").unwrap();
            }
            write!(table, "\n{row}").unwrap();
        }
        insta::assert_snapshot!("permission_matrix", table);
        assert!(house.world.verify().await.is_intact());
    });
}

/// Calls an operation on fresh records, and makes sure that a change has left a trace.
async fn ask(
    house: &House<'_>,
    operation: &Operation,
    caller: &Browser,
    owner: Option<UserId>,
) -> u16 {
    let call = call(house.world, operation, owner).await;
    let mut request = caller.request(operation.method.clone(), &call.path);
    if operation.id == "openSocket" {
        request = request.header("Origin", &house.url);
    }
    if let Some(body) = &call.body {
        request = request.json(body);
    }
    if let Some(version) = call.version {
        let version = match operation.id.as_str() {
            "updateMe" => caller.get("/users/me").await.body["version"].as_i64().unwrap_or(1),
            _ => version,
        };
        request = request.header("If-Match", format!("\"{version}\""));
    }
    let before = traces(house).await;
    let answer = Answer::to(request).await;
    let left = traces(house).await > before;
    let changed = (200..300).contains(&answer.status) && !operation.reads();
    if changed {
        assert!(left, "{} left no trace", operation.name());
    }
    if operation.method == reqwest::Method::GET && answer.status == 200 {
        assert!(!left, "{} wrote something", operation.name());
    }
    answer.status
}

async fn traces(house: &House<'_>) -> i64 {
    let count = async |table: &str| -> i64 {
        house.world.texts("count(*)", &format!("FROM {table}")).await[0].parse().unwrap()
    };
    count("changes").await + count("security_events").await
}
