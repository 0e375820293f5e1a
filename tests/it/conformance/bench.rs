//! What the cases work with: a house, somebody who may do everything in it, and records on demand.

use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use almoner_kinds::REGISTRY;
use almoner_records::{Field, Kind, Step};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::samples;
use crate::{
    http::house::{House, PASSWORD, in_house},
    support::{Answer, Backend, Browser},
};

/// A house in which a case meets every kind.
pub struct Bench<'h> {
    pub house: &'h House<'h>,
    pub superadmin: Browser,
    count: AtomicUsize,
}

/// A record, and where it is.
#[derive(Clone, Debug)]
pub struct Made {
    pub path: String,
    pub body: Value,
    pub etag: String,
}

/// Runs a case.
pub fn on_bench(backend: Backend, case: impl AsyncFnOnce(&Bench<'_>)) {
    in_house(backend, async |house| {
        let superadmin = house.superadmin().await;
        let bench = Bench { house, superadmin, count: AtomicUsize::new(0) };
        case(&bench).await;
        assert!(house.world.verify().await.is_intact());
    });
}

impl Bench<'_> {
    /// Every kind.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> + use<> {
        REGISTRY.kinds.iter().copied()
    }

    /// A number that was not used before.
    pub fn next(&self) -> usize {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A body with every field that can be sent; what it names is entered by the same browser.
    pub async fn full(&self, browser: &Browser, kind: &'static Kind) -> Value {
        let mut body = (samples::of(kind).values)(self.next());
        for field in kind.references().filter(|field| field.is_sent) {
            body[field.name] = self.named(browser, field).await.body["id"].clone();
        }
        body
    }

    /// A record that the field can name.
    pub async fn named(&self, browser: &Browser, field: &Field) -> Made {
        let Some(target) = field.target.and_then(|many| REGISTRY.kind(many)) else {
            return self.user(browser).await;
        };
        let made: Pin<Box<dyn Future<Output = Made> + '_>> = Box::pin(self.one(browser, target));
        made.await
    }

    /// A user, whom every kind can name.
    async fn user(&self, browser: &Browser) -> Made {
        let email = format!("{}@example.org", samples::word(self.next()));
        let user = self.house.user(&self.superadmin, &email, "viewer").await;
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        let answer = browser.get(&path).await;
        Made { etag: answer.header("etag").to_owned(), path, body: user }
    }

    /// A body with nothing but what must be sent.
    pub async fn least(&self, browser: &Browser, kind: &'static Kind) -> Value {
        let full = self.full(browser, kind).await;
        let must = kind.fields.iter().filter(|field| is_required(kind, field));
        let fields: Map<String, Value> =
            must.map(|field| (field.name.to_owned(), full[field.name].clone())).collect();
        fields.into()
    }

    /// A record with every field.
    pub async fn one(&self, browser: &Browser, kind: &'static Kind) -> Made {
        let body = self.full(browser, kind).await;
        post(browser, kind, &body).await
    }

    /// Somebody with a role of its own, logged in: with every permission but these, within a scope.
    pub async fn somebody(&self, scope: &str, permissions: &[&str]) -> Browser {
        self.somebody_of_a_role(scope, permissions).await.0
    }

    /// The same, and the name of the role.
    pub async fn somebody_of_a_role(&self, scope: &str, permissions: &[&str]) -> (Browser, String) {
        let role = format!("role_{}", samples::word(self.next()));
        let new = json!({
            "name": role, "label": role, "permissions": permissions, "scope": scope,
        });
        self.superadmin.post("/roles", &new).await.expect(201);
        self.house.user(&self.superadmin, &format!("{role}@example.org"), &role).await;
        (self.log_in_as(&role).await, role)
    }

    /// Somebody of a role that was made here, logged in anew.
    pub async fn log_in_as(&self, role: &str) -> Browser {
        Browser::log_in(&self.house.url, &format!("{role}@example.org"), PASSWORD).await
    }

    /// Takes everything but these permissions from a role.
    pub async fn allow_only(&self, role: &str, permissions: &[&str]) {
        let path = format!("/roles/{role}");
        let etag = self.superadmin.get(&path).await.expect(200).header("etag").to_owned();
        let request = self.superadmin.request(Method::PATCH, &path).header("If-Match", etag);
        Answer::to(request.json(&json!({ "permissions": permissions }))).await.expect(200);
    }

    /// Somebody who may do everything with records within a scope.
    pub async fn scoped(&self, scope: &str) -> Browser {
        let all = REGISTRY.all_permissions();
        let names: Vec<&str> = all
            .iter()
            .map(|permission| permission.as_str())
            .filter(|name| {
                REGISTRY.kinds.iter().any(|kind| name.starts_with(&format!("{}:", kind.path)))
            })
            .collect();
        self.somebody(scope, &names).await
    }
}

/// True for a field that must be sent.
pub fn is_required(kind: &Kind, field: &Field) -> bool {
    field.is_sent && !samples::is_optional(kind, field) && field.default.is_none()
}

/// The fields that can be sent.
pub fn sent(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| field.is_sent)
}

/// Where the records of a kind are.
pub fn at(kind: &Kind) -> String {
    format!("/{}", kind.path)
}

/// Enters a record.
pub async fn post(browser: &Browser, kind: &Kind, body: &Value) -> Made {
    let answer = browser.post(&at(kind), body).await.expect(201);
    Made::of(&answer, format!("{}/{}", at(kind), answer.text("/id")))
}

/// One field of a body.
pub fn only(field: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(field.to_owned(), value)]))
}

/// Changes a record from the version on that was read.
pub async fn patch(browser: &Browser, made: &Made, body: &Value) -> Answer {
    let request = browser.request(Method::PATCH, &made.path).header("If-Match", &made.etag);
    Answer::to(request.json(body)).await
}

/// Deletes a record at the version that was read; `?purge=true` behind it for good.
pub async fn delete(browser: &Browser, made: &Made, query: &str) -> Answer {
    let request = browser.request(Method::DELETE, &format!("{}{query}", made.path));
    Answer::to(request.header("If-Match", &made.etag)).await
}

/// The ids of records, in their order.
pub fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

impl Made {
    fn of(answer: &Answer, path: String) -> Self {
        Self { path, body: answer.body.clone(), etag: answer.header("etag").to_owned() }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap()
    }

    /// As it is now.
    pub async fn now(&self, browser: &Browser) -> Self {
        Self::of(&browser.get(&self.path).await.expect(200), self.path.clone())
    }

    /// As it is after that answer.
    pub fn after(&self, answer: &Answer) -> Self {
        Self::of(answer, self.path.clone())
    }
}

/// The least that goes with a step.
pub fn with(step: &Step) -> Value {
    let needed = step.needs.iter().map(|name| ((*name).to_owned(), Value::Null));
    let reason = ("reason".to_owned(), json!("because"));
    Value::Object(needed.chain([reason]).collect())
}
