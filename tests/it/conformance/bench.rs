//! What the cases work with: a house, somebody who may do everything in it, and records on demand.

use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use almoner_records::{Field, Kind};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    samples::{self, is_optional},
    shelf::Shelf,
};
use crate::{
    http::house::{House, PASSWORD, in_house},
    loans::lending,
    support::{Answer, Backend, Browser},
};

/// A house in which a case meets every kind.
pub struct Bench<'h> {
    pub house: &'h House<'h>,
    pub superadmin: Browser,
    pub shelf: Shelf,
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
pub fn on_bench(shelf: Shelf, backend: Backend, case: impl AsyncFnOnce(&Bench<'_>)) {
    let case = async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let bench = Bench { house, superadmin, shelf, count: AtomicUsize::new(0) };
        case(&bench).await;
        assert!(house.world.verify().await.is_intact());
    };
    match shelf {
        Shelf::Program => in_house(backend, case),
        Shelf::Lending => lending(backend, case),
    }
}

impl Bench<'_> {
    /// Every kind.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> + use<> {
        self.shelf.kinds()
    }

    /// A number that was not used before.
    pub fn next(&self) -> usize {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A body with every field that can be sent; what it names is entered by the same browser.
    pub async fn full(&self, browser: &Browser, kind: &'static Kind) -> Value {
        self.body(browser, kind, |_| true).await
    }

    /// A body with nothing but what must be sent.
    pub async fn least(&self, browser: &Browser, kind: &'static Kind) -> Value {
        self.body(browser, kind, |field| is_required(kind, field)).await
    }

    async fn body(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        wants: impl Fn(&Field) -> bool,
    ) -> Value {
        let values = (samples::of(kind).values)(self.next());
        let mut body = Map::new();
        for field in sent(kind).filter(|field| wants(field)) {
            let value = match field.target {
                Some(_) => self.named(browser, kind, field).await.body["id"].clone(),
                None => values[field.name].clone(),
            };
            body.insert(field.name.to_owned(), value);
        }
        body.into()
    }

    /// A record that the field of a kind can name, in the state that its rules ask for.
    pub async fn named(&self, browser: &Browser, kind: &'static Kind, field: &Field) -> Made {
        let Some(target) = self.shelf.target(field) else {
            return self.user(browser).await;
        };
        let making: Pin<Box<dyn Future<Output = Made> + '_>> =
            Box::pin(self.made_ready(browser, target, samples::ready(kind, field)));
        making.await
    }

    async fn made_ready(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        steps: &'static [&'static str],
    ) -> Made {
        // What leads back to its own kind is made without what it can do without: there would be no end.
        let body = match self.shelf.leads_back(kind) {
            true => self.least(browser, kind).await,
            false => self.full(browser, kind).await,
        };
        let mut made = post(browser, kind, &body).await;
        for name in steps {
            let step = kind.step(name);
            let step = step.unwrap_or_else(|| panic!("samples.rs: {} have no `{name}`", kind.many));
            made = self.stepped(browser, kind, made, step).await;
        }
        made
    }

    /// A user, whom every kind can name.
    async fn user(&self, browser: &Browser) -> Made {
        let email = format!("{}@example.org", samples::word(self.next()));
        let user = self.house.user(&self.superadmin, &email, "viewer").await;
        let path = format!("/users/{}", user["id"].as_str().unwrap());
        let answer = browser.get(&path).await;
        Made { etag: answer.header("etag").to_owned(), path, body: user }
    }

    /// A record with every field.
    pub async fn one(&self, browser: &Browser, kind: &'static Kind) -> Made {
        let body = self.full(browser, kind).await;
        post(browser, kind, &body).await
    }

    /// A change of one field of a record: with it the record is another one, whatever its kind.
    pub async fn change(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        record: &Value,
    ) -> (&'static Field, Value) {
        let clears = |field: &&Field| is_optional(kind, field) && !record[field.name].is_null();
        let field = changeable(kind)
            .find(clears)
            .or_else(|| changeable(kind).find(|field| field.target.is_none()))
            .or_else(|| changeable(kind).next())
            .unwrap_or_else(|| panic!("{}: nothing of a record can be changed", kind.many));
        (field, self.something_else(browser, kind, field, record).await)
    }

    /// Another value for a field than a record has: none, where it can do without.
    pub async fn something_else(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        field: &Field,
        record: &Value,
    ) -> Value {
        if is_optional(kind, field) && !record[field.name].is_null() {
            return Value::Null;
        }
        self.another(browser, kind, field, record).await
    }

    /// Another value for a field than a record has.
    pub async fn another(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        field: &Field,
        record: &Value,
    ) -> Value {
        if field.target.is_some() {
            return self.named(browser, kind, field).await.body["id"].clone();
        }
        // Words, flags and days repeat.
        let values = (0..50).map(|_| (samples::of(kind).values)(self.next())[field.name].clone());
        let other = values.into_iter().find(|value| *value != record[field.name]);
        other.unwrap_or_else(|| {
            panic!("{}: give `{}` more than one value in samples.rs", kind.many, field.name)
        })
    }

    /// Every permission of the modules that kinds belong to.
    pub fn permissions(&self) -> Vec<&'static str> {
        let registry = self.shelf.registry();
        let module = |name: &'static str| name.split(':').next();
        let all = registry.all_permissions().into_iter().map(|permission| permission.as_str());
        let of_kinds = |name: &&'static str| {
            let mut kinds = registry.kinds.iter();
            kinds.any(|kind| module(kind.permissions.read.as_str()) == module(name))
        };
        all.filter(of_kinds).collect()
    }

    /// Somebody with a role of its own, logged in: with every permission but these, within a scope.
    pub async fn somebody(&self, scope: &str, permissions: &[&str]) -> Browser {
        self.somebody_of_a_role(scope, permissions).await.0
    }

    /// The same, and the name of the role.
    pub async fn somebody_of_a_role(&self, scope: &str, permissions: &[&str]) -> (Browser, String) {
        let role = format!("role_{}", samples::word(self.next()));
        let permissions = once(permissions);
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
        let permissions = once(permissions);
        Answer::to(request.json(&json!({ "permissions": permissions }))).await.expect(200);
    }

    /// Somebody who may do everything with records within a scope.
    pub async fn scoped(&self, scope: &str) -> Browser {
        self.somebody(scope, &self.permissions()).await
    }
}

/// Each of them once: a child has the permissions of its parent.
fn once<'n>(permissions: &[&'n str]) -> Vec<&'n str> {
    let mut all = permissions.to_vec();
    all.sort_unstable();
    all.dedup();
    all
}

/// True for a field that must be sent.
pub fn is_required(kind: &Kind, field: &Field) -> bool {
    field.is_sent && !is_optional(kind, field) && field.default.is_none()
}

/// The fields that can be sent.
pub fn sent(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    kind.fields.iter().filter(|field| field.is_sent)
}

/// The fields that can be changed: a child stays with its parent.
pub fn changeable(kind: &'static Kind) -> impl Iterator<Item = &'static Field> {
    sent(kind).filter(|field| kind.parent != Some(field.name))
}

/// A value without what the house adds to it: parts have ids.
pub fn as_sent(value: &Value) -> Value {
    let mut value = value.clone();
    for part in value.as_array_mut().into_iter().flatten() {
        part.as_object_mut().unwrap().remove("id");
    }
    value
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
