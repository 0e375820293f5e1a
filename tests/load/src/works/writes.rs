//! Writes.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write,
    rc::Rc,
};

use super::{Work, World, checks};
use crate::{client::Answer, dice::Dice};

/// What was written last, to be looked for when all is done.
#[derive(Debug, Default)]
pub struct Written {
    /// Ids of new donations with their references.
    created: VecDeque<(String, String)>,
    /// Ids of changed donations with their last notes.
    changed: HashMap<String, String>,
    /// How many writes there were.
    pub all: u64,
}

/// How many new donations are kept.
const KEPT: usize = 2_000;

impl Written {
    fn create(&mut self, id: String, reference: String) {
        if self.created.len() == KEPT {
            self.created.pop_front();
        }
        self.created.push_back((id, reference));
        self.all += 1;
    }

    fn change(&mut self, id: &str, note: &str) {
        match self.changed.get_mut(id) {
            Some(known) => note.clone_into(known),
            None => drop(self.changed.insert(id.to_owned(), note.to_owned())),
        }
        self.all += 1;
    }

    /// Ids, the field of each that was written, and what must stand in it.
    pub fn expected(&self) -> impl Iterator<Item = (&str, &'static str, &str)> {
        let created = self.created.iter().map(|(id, text)| (id.as_str(), "reference", &**text));
        let changed = self.changed.iter().map(|(id, text)| (id.as_str(), "notes", &**text));
        created.chain(changed)
    }
}

/// A new donation, with a reference that no other has.
pub struct Create {
    world: Rc<World>,
    dice: Dice,
    number: u64,
    made: u64,
    body: String,
    reference: String,
}

impl Create {
    pub fn new(world: Rc<World>, number: u64) -> Self {
        let dice = Dice::new(number);
        Self { world, dice, number, made: 0, body: String::new(), reference: String::new() }
    }

    /// A body as the works send it.
    pub fn example(world: &Rc<World>) -> String {
        let mut create = Self::new(Rc::clone(world), 0);
        create.fill();
        create.body
    }

    fn fill(&mut self) {
        let sample = &self.world.sample;
        self.made += 1;
        self.reference = format!("LOAD-{}-{}-{}", self.number, self.made, self.dice.below(1 << 30));
        let (donor, campaign) = (self.dice.pick(&sample.donors), self.dice.pick(&sample.campaigns));
        let method = self.dice.pick(&["cash", "bank_transfer", "credit_card", "online"]);
        let amount = 10 + self.dice.below(5_000);
        let (_, day) = self.dice.pick(&sample.months);
        self.body.clear();
        // A text takes whatever is written to it.
        let _ = write!(
            self.body,
            r#"{{"donor_id":"{donor}","campaign_id":"{campaign}","amount":{{"amount":"{amount}.50","currency":"TRY"}},"method":"{method}","purpose":"For families with small children","donated_on":"{day}","reference":"{}"}}"#,
            self.reference
        );
    }
}

impl Work for Create {
    fn ask(&mut self, out: &mut Vec<u8>) {
        self.fill();
        self.world.visitor.post(out, "/api/v1/donations", self.body.as_bytes(), None);
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::status(answer, 201)?;
        checks::holds(answer, self.reference.as_bytes())?;
        let id = id_in(answer)?;
        self.world.written.borrow_mut().create(id, self.reference.clone());
        Ok(())
    }
}

/// A change of a donation of one's own, from the version of the answer before.
pub struct Update {
    world: Rc<World>,
    create: Create,
    own: Option<(String, i64)>,
    note: String,
}

impl Update {
    pub fn new(world: Rc<World>, number: u64) -> Self {
        let create = Create::new(Rc::clone(&world), 1_000 + number);
        Self { world, create, own: None, note: String::new() }
    }
}

impl Work for Update {
    fn ask(&mut self, out: &mut Vec<u8>) {
        let Some((id, version)) = &self.own else { return self.create.ask(out) };
        self.note = format!("note {version} of {id}");
        let body = format!(r#"{{"notes":"{}"}}"#, self.note);
        let path = format!("/api/v1/donations/{id}");
        self.world.visitor.patch(out, &path, *version, body.as_bytes());
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let version = answer.version.ok_or("no ETag");
        let Some((id, known)) = &mut self.own else {
            self.create.judge(answer)?;
            self.own = Some((id_in(answer)?, version?));
            return Ok(());
        };
        checks::status(answer, 200)?;
        checks::holds(answer, self.note.as_bytes())?;
        let version = version?;
        if version != *known + 1 {
            return Err(format!("version {version} after {known}"));
        }
        *known = version;
        self.world.written.borrow_mut().change(id, &self.note);
        Ok(())
    }
}

/// Every record begins with its id.
fn id_in(answer: &Answer<'_>) -> Result<String, String> {
    let id = answer.body.get(7..43).and_then(|id| std::str::from_utf8(id).ok());
    id.map(str::to_owned).ok_or_else(|| format!("no id: {}", answer.excerpt()))
}
