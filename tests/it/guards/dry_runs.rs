//! Every change can be rehearsed: it is answered as the change itself would be, and leaves nothing.

use super::operations::{call, operations};
use crate::{
    http::house::{House, in_house},
    support::{Answer, Backend},
};

/// Everything a request could write to.
const TABLES: [&str; 14] = [
    "donors",
    "campaigns",
    "donations",
    "users",
    "roles",
    "webhooks",
    "webhook_deliveries",
    "jobs",
    "schedules",
    "changes",
    "security_events",
    "answers",
    "links",
    "mails",
];

#[test]
fn a_dry_run_of_any_operation_answers_and_stores_nothing_on_sqlite() {
    in_house(Backend::Sqlite, rehearse_everything);
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_dry_run_of_any_operation_answers_and_stores_nothing_on_postgres() {
    in_house(Backend::Postgres, rehearse_everything);
}

async fn rehearse_everything(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut rehearsed = 0;
    for operation in operations() {
        let changes = operation.method != reqwest::Method::GET;
        // What logs in or out, and what only shows something or makes a secret, cannot be rehearsed.
        let is_shown =
            ["lookupDonors", "revealDonor", "previewMail", "createWebhook", "rotateWebhook"]
                .contains(&operation.id.as_str());
        let is_offered = changes && !is_shown && !operation.path.starts_with("/auth/");
        assert_eq!(operation.has_dry_run, is_offered, "{}", operation.name());
        let call = call(house.world, &operation, None).await;
        let version = match operation.id.as_str() {
            "updateMe" => superadmin.get("/users/me").await.body["version"].as_i64(),
            _ => call.version,
        };
        let ask = async |dry_run: Option<&str>| {
            let sign = if call.path.contains('?') { '&' } else { '?' };
            let path = match dry_run {
                Some(value) => format!("{}{sign}dry_run={value}", call.path),
                None => call.path.clone(),
            };
            let mut request = superadmin.request(operation.method.clone(), &path);
            if let Some(body) = &call.body {
                request = request.json(body);
            }
            if let Some(version) = version {
                request = request.header("If-Match", format!("\"{version}\""));
            }
            if operation.method == reqwest::Method::POST {
                request = request.header("Idempotency-Key", format!("dry-{}", operation.id));
            }
            Answer::to(request).await
        };
        if !operation.has_dry_run {
            if operation.id != "login" {
                assert_eq!(ask(Some("true")).await.status, 400, "{}", operation.name());
            }
            continue;
        }
        let before = everything(house).await;
        let rehearsal = ask(Some("true")).await;
        assert_eq!(everything(house).await, before, "{} stored something", operation.name());
        let real = ask(Some("false")).await;
        assert!((200..300).contains(&real.status), "{}: {:?}", operation.name(), real.body);
        assert_eq!(rehearsal.status, real.status, "{}", operation.name());
        assert_ne!(everything(house).await, before, "{} stored nothing", operation.name());
        let keys = |answer: &Answer| {
            answer.body.as_object().map(|body| body.keys().cloned().collect::<Vec<_>>())
        };
        assert_eq!(keys(&rehearsal), keys(&real), "{}", operation.name());
        rehearsed += 1;
    }
    assert!(rehearsed > 20, "only {rehearsed} operations");
    assert!(house.world.verify().await.is_intact());
}

/// How many rows each table has, and every version of a record.
async fn everything(house: &House<'_>) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES {
        all.push(format!("{table}: {}", house.world.rows(table).await));
    }
    for table in &TABLES[..5] {
        let versions =
            house.world.texts("version", &format!("FROM {table} ORDER BY version")).await;
        all.push(versions.join(" "));
    }
    all
}
