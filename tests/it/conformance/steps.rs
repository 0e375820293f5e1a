//! Steps, each from a state that the table of its kind reaches: breadth first, from that of a new record.

use std::collections::VecDeque;

use almoner_kinds::Visitor;
use almoner_records::{By, Kind, Reason, Rules, Step};
use serde_json::{Map, Value, json};

use super::{
    bench::{Bench, Made},
    samples, storage,
};
use crate::support::{Answer, Browser};

/// Finds the state of a new record of a kind.
struct First {
    many: &'static str,
    state: &'static str,
}

impl Visitor for First {
    fn kind<R: Rules>(&mut self) {
        if R::KIND.many == self.many {
            let mut values = (samples::of(R::KIND).values)(0);
            for field in R::KIND.references().filter(|field| field.is_sent) {
                values[field.name] = json!("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11");
            }
            self.state = storage::own::<R>(values).state();
        }
    }
}

/// Every step of a kind, with those that lead to where it is taken.
fn ways(kind: &'static Kind, first: &'static str) -> Vec<(&'static Step, Vec<&'static Step>)> {
    let mut ways: Vec<(&Step, Vec<&Step>)> = Vec::new();
    let mut known = vec![first];
    let mut next = VecDeque::from([(first, Vec::new())]);
    while let Some((state, way)) = next.pop_front() {
        for step in kind.steps.iter().filter(|step| step.is_from(state)) {
            if !ways.iter().any(|(known, _)| known.name == step.name) {
                ways.push((step, way.clone()));
            }
            let after = step.after(state);
            if !known.contains(&after) {
                known.push(after);
                next.push_back((after, [&way[..], &[step]].concat()));
            }
        }
    }
    for step in kind.steps {
        assert!(
            ways.iter().any(|(reached, _)| reached.name == step.name),
            "{}: a new record is `{first}`, and no steps lead from there to {:?}, where `{}` is taken",
            kind.many,
            step.from,
            step.name,
        );
    }
    ways
}

/// What may go with a step that is not taken: its record is somebody else's, or in the trash.
pub fn with(step: &Step) -> Value {
    let needed = step.needs.iter().map(|name| ((*name).to_owned(), Value::Null));
    let reason = (step.reason != Reason::None).then(|| ("reason".to_owned(), json!("because")));
    Value::Object(needed.chain(reason).collect())
}

/// A step, and a record from whose state it is taken.
pub struct Standing {
    pub step: &'static Step,
    pub made: Made,
    /// What goes with it; nothing when it has no body.
    pub body: Option<Value>,
    /// Who takes it, when that is nobody who entered the record.
    another: Option<Browser>,
}

impl Standing {
    /// Its address.
    pub fn path(&self) -> String {
        format!("{}/{}", self.made.path, self.step.name)
    }

    /// Takes it, at that address: with `?dry_run=true` behind it as a rehearsal.
    pub async fn take(&self, browser: &Browser, kind: &Kind, path: &str) -> Answer {
        let taker = self.another.as_ref().unwrap_or(browser);
        let answer = match &self.body {
            Some(body) => taker.post(path, body).await,
            None => taker.act(path).await,
        };
        let (many, name) = (kind.many, self.step.name);
        assert_eq!(
            answer.status, 200,
            "{many}: `{name}` is refused with {:?}: {}; when its rules ask for more than the least, let \
             the values of {many} in samples.rs fulfil that",
            self.body, answer.body,
        );
        answer
    }
}

impl Bench<'_> {
    /// A record for each step of a kind, brought to where that is taken.
    pub async fn standing(&self, browser: &Browser, kind: &'static Kind) -> Vec<Standing> {
        if kind.steps.is_empty() {
            return Vec::new();
        }
        let mut first = First { many: kind.many, state: "" };
        self.shelf.each(&mut first);
        let mut all = Vec::new();
        for (step, way) in ways(kind, first.state) {
            let mut made = self.one(browser, kind).await;
            for before in way {
                made = self.stepped(browser, kind, made, before).await;
            }
            all.push(self.before(browser, kind, made, step).await);
        }
        all
    }

    /// A record after a step.
    pub async fn stepped(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        made: Made,
        step: &'static Step,
    ) -> Made {
        let standing = self.before(browser, kind, made, step).await;
        let answer = standing.take(browser, kind, &standing.path()).await;
        standing.made.after(&answer)
    }

    async fn before(
        &self,
        browser: &Browser,
        kind: &'static Kind,
        made: Made,
        step: &'static Step,
    ) -> Standing {
        let another = match step.by {
            By::Anyone => None,
            By::Another => Some(self.scoped("all").await),
        };
        let mut body = Map::new();
        if step.reason != Reason::None {
            body.insert("reason".to_owned(), json!("because"));
        }
        for name in step.needs {
            let field = kind.field(name).unwrap();
            let value = self.something_else(browser, kind, field, &made.body).await;
            body.insert((*name).to_owned(), value);
        }
        let body = step.has_body().then_some(Value::Object(body));
        Standing { step, made, body, another }
    }
}

#[test]
fn steps_are_taken_in_an_order_that_leads_to_them() {
    for kind in super::shelf::Shelf::ALL.into_iter().flat_map(super::shelf::Shelf::kinds) {
        let Some(first) = kind.steps.first() else { continue };
        for (step, way) in ways(kind, first.from[0]) {
            let reached = way.iter().fold(first.from[0], |state, step| step.after(state));
            assert!(step.is_from(reached), "{}: {}", kind.many, step.name);
        }
    }
}
