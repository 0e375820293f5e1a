//! Clients that record donations, change and complete them, and remember what they were told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::PATIENCE;
use crate::support::{Answer, Browser, Dice};

/// What one client wants of one donation.
#[derive(Clone, Debug)]
pub enum Step {
    Create,
    Note(String),
    Complete,
}

/// One donation as its client knows it.
#[derive(Debug)]
pub struct Story {
    /// Unlike that of any other donation, and not the beginning of one: search would find both.
    pub reference: String,
    /// What was acknowledged last.
    pub known: Option<Value>,
    /// What was asked for without being acknowledged: it may have been done or not.
    pub unsure: Option<Step>,
}

impl Story {
    /// A donation that nobody has heard of yet.
    pub fn new(reference: String) -> Self {
        Self { reference, known: None, unsure: None }
    }

    pub fn id(&self) -> &str {
        self.known.as_ref().and_then(|known| known["id"].as_str()).unwrap()
    }

    pub fn version(&self) -> i64 {
        self.known.as_ref().and_then(|known| known["version"].as_i64()).unwrap()
    }

    /// What is sent; the same each time it is repeated.
    pub fn request(&self, browser: &Browser, step: &Step) -> RequestBuilder {
        match step {
            Step::Create => {
                let donation = json!({
                    "amount": { "amount": "12.50", "currency": "TRY" },
                    "method": "cash", "donated_on": "2026-03-14",
                    "reference": self.reference, "purpose": "bir çocuğa süt",
                });
                let create = browser.request(Method::POST, "/donations").json(&donation);
                create.header("Idempotency-Key", format!("create-{}", self.reference))
            }
            Step::Note(text) => browser
                .request(Method::PATCH, &format!("/donations/{}", self.id()))
                .header("If-Match", format!("\"{}\"", self.version()))
                .json(&json!({ "notes": text })),
            Step::Complete => browser
                .request(Method::POST, &format!("/donations/{}/complete", self.id()))
                .header("Idempotency-Key", format!("complete-{}", self.reference)),
        }
    }

    /// Asks for a step and notes what became of it. A refusal is given back.
    pub async fn take(&mut self, browser: &Browser, step: Step) -> Option<Refusal> {
        match Answer::attempt(self.request(browser, &step)).await {
            Ok(answer) if matches!(answer.status, 200 | 201) && answer.body.is_object() => {
                self.known = Some(answer.body);
                self.unsure = None;
                None
            }
            Ok(answer) => {
                self.unsure = Some(step);
                Some(Refusal { answer })
            }
            // Cut off: whatever arrived of the answer is no acknowledgement.
            Err(_) => {
                self.unsure = Some(step);
                None
            }
        }
    }
}

/// An answer that acknowledges nothing.
#[derive(Debug)]
pub struct Refusal {
    pub answer: Answer,
}

/// Clients at work.
pub struct Load {
    clients: JoinSet<(Vec<Story>, Vec<Refusal>)>,
    so_far: Arc<SoFar>,
}

/// What the clients have met with.
#[derive(Default)]
struct SoFar {
    is_over: AtomicBool,
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
    cut: AtomicUsize,
}

impl Load {
    /// Starts some clients; `label` and `seed` make their donations unlike all others.
    pub fn start(browser: &Arc<Browser>, clients: u64, label: &str, seed: u64) -> Self {
        let so_far = Arc::new(SoFar::default());
        let mut at_work = JoinSet::new();
        for client in 0..clients {
            let dice = Dice::new(seed * clients + client + 1);
            let label = format!("{label}c{client}");
            at_work.spawn(work(Arc::clone(browser), label, dice, Arc::clone(&so_far)));
        }
        Self { clients: at_work, so_far }
    }

    /// Waits until so many more steps were acknowledged: how long that takes depends on the machine.
    pub async fn works(&self, steps: usize) {
        Self::grows(&self.so_far.acknowledged, steps).await;
    }

    /// Waits until so many more steps were refused.
    pub async fn is_refused(&self, steps: usize) {
        Self::grows(&self.so_far.refused, steps).await;
    }

    async fn grows(count: &AtomicUsize, by: usize) {
        let enough = count.load(Ordering::Relaxed) + by;
        let grown = async {
            while count.load(Ordering::Relaxed) < enough {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, grown).await.expect("the clients wait for something");
    }

    /// Lets the clients finish what they are at; their donations and what was refused them.
    pub async fn end(self) -> (Vec<Story>, Vec<Refusal>) {
        self.so_far.is_over.store(true, Ordering::Relaxed);
        let (mut stories, mut refusals) = (Vec::new(), Vec::new());
        for (told, refused) in self.clients.join_all().await {
            stories.extend(told);
            refusals.extend(refused);
        }
        (stories, refusals)
    }
}

async fn work(
    browser: Arc<Browser>,
    label: String,
    mut dice: Dice,
    so_far: Arc<SoFar>,
) -> (Vec<Story>, Vec<Refusal>) {
    let (mut stories, mut refusals) = (Vec::new(), Vec::new());
    while !so_far.is_over.load(Ordering::Relaxed) {
        let mut story = Story::new(format!("{label}n{}e", stories.len()));
        let mut steps = vec![Step::Create];
        if dice.once_in(3) {
            steps.push(Step::Note(format!("note of {}", story.reference)));
        }
        if dice.once_in(3) {
            steps.push(Step::Complete);
        }
        for step in steps {
            let refusal = story.take(&browser, step).await;
            let met = match (&refusal, &story.unsure) {
                (Some(_), _) => &so_far.refused,
                (None, None) => &so_far.acknowledged,
                (None, Some(_)) => &so_far.cut,
            };
            met.fetch_add(1, Ordering::Relaxed);
            refusals.extend(refusal);
            if story.unsure.is_some() {
                // As a client does that was told to come again, only sooner.
                tokio::time::sleep(Duration::from_millis(20)).await;
                break;
            }
        }
        stories.push(story);
    }
    (stories, refusals)
}
