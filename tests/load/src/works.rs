//! The works that are measured: each asks for something and judges what comes back.

mod checks;
mod login;
mod mixed;
mod reads;
mod writes;

use std::{cell::RefCell, rc::Rc};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{client::Answer, sample::Sample, visitor::Visitor};

pub use self::{
    login::Login,
    writes::{Create, Written},
};

/// What one connection does over and over.
pub trait Work {
    /// Writes the next request.
    fn ask(&mut self, out: &mut Vec<u8>);

    /// Judges its answer.
    ///
    /// # Errors
    /// What is wrong with it.
    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String>;
}

/// The kinds of work, in the order they are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
// As clap writes the names.
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One donation by its id.
    Get,
    /// 50 donations, newest first.
    List,
    /// 50 donations of a state, method, campaign or donor.
    Filtered,
    /// The same with their number.
    Counted,
    /// 50 donations with certain words.
    Search,
    /// The sums of a month by method.
    Summary,
    /// The sums of everything by month.
    SummaryAll,
    /// A new donation.
    Create,
    /// A changed donation, from a known version on.
    Update,
    /// Nine reads, then a write.
    Mixed,
    /// A login, with other reads beside it.
    Login,
}

impl Kind {
    /// What it is called in the tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Get => "get by id",
            Self::List => "list 50",
            Self::Filtered => "filtered list",
            Self::Counted => "list with count",
            Self::Search => "search",
            Self::Summary => "summary of a month",
            Self::SummaryAll => "summary of all",
            Self::Create => "create",
            Self::Update => "update",
            Self::Mixed => "mixed 90/10",
            Self::Login => "login",
        }
    }

    /// How many donations its answers hold, where that many are serialised for comparison.
    pub const fn rows(self) -> Option<usize> {
        match self {
            Self::Get => Some(1),
            Self::List | Self::Filtered | Self::Counted | Self::Search => Some(50),
            _ => None,
        }
    }

    /// True when a bare loop does the same statements.
    pub const fn is_bare_too(self) -> bool {
        !matches!(self, Self::Mixed)
    }
}

/// What the works of one run share.
pub struct World {
    pub visitor: Visitor,
    pub sample: Sample,
    /// What has been written, to be looked for afterwards.
    pub written: RefCell<Written>,
}

impl World {
    /// One work for each of so many connections.
    pub fn works(self: &Rc<Self>, kind: Kind, connections: usize) -> Vec<Box<dyn Work>> {
        (0..connections).map(|number| self.work(kind, number as u64)).collect()
    }

    fn work(self: &Rc<Self>, kind: Kind, number: u64) -> Box<dyn Work> {
        let world = Rc::clone(self);
        match kind {
            Kind::Get => Box::new(reads::Get::new(world, number)),
            Kind::List => Box::new(reads::List::plain(world, number)),
            Kind::Filtered => Box::new(reads::List::filtered(world, number)),
            Kind::Counted => Box::new(reads::List::counted(world, number)),
            Kind::Search => Box::new(reads::Search::new(world, number)),
            Kind::Summary => Box::new(reads::Summary::of_a_month(world, number)),
            Kind::SummaryAll => Box::new(reads::Summary::of_all(world, number)),
            Kind::Create => Box::new(writes::Create::new(world, number)),
            Kind::Update => Box::new(writes::Update::new(world, number)),
            Kind::Mixed => Box::new(mixed::Mixed::new(&world, number)),
            Kind::Login => Box::new(Login::new(world.visitor.address, number)),
        }
    }
}

/// The same request over and over, whose answer has a known length: what work is compared with.
pub struct Fixed {
    request: Vec<u8>,
    length: usize,
}

impl Fixed {
    /// A `GET`.
    pub fn get(visitor: &Visitor, path: &str, length: usize) -> Self {
        let mut request = Vec::new();
        visitor.get(&mut request, path);
        Self { request, length }
    }

    /// A `POST`.
    pub fn post(visitor: &Visitor, path: &str, body: &[u8], length: usize) -> Self {
        let mut request = Vec::new();
        visitor.post(&mut request, path, body, None);
        Self { request, length }
    }
}

impl Work for Fixed {
    fn ask(&mut self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.request);
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::status(answer, 200)?;
        match answer.body.len() == self.length {
            true => Ok(()),
            false => Err(format!("{} bytes instead of {}", answer.body.len(), self.length)),
        }
    }
}
