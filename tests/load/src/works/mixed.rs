//! Nine reads, then a write: what a day in the office is like.

use std::rc::Rc;

use super::{Kind, Work, World};
use crate::{client::Answer, dice::Dice};

/// Reads and writes in turns.
pub struct Mixed {
    dice: Dice,
    reads: Vec<Box<dyn Work>>,
    writes: Vec<Box<dyn Work>>,
    asked: usize,
    current: (bool, usize),
}

/// Reads before each write.
const READS: usize = 9;

impl Mixed {
    pub fn new(world: &Rc<World>, number: u64) -> Self {
        // One record is looked at more often than a list, a list more often than a search.
        let reads = [Kind::Get, Kind::Get, Kind::Get, Kind::List, Kind::Filtered, Kind::Search];
        // Numbers of their own, so that references are new ones.
        let of = |kind: &Kind| world.work(*kind, 10_000 + number);
        Self {
            dice: Dice::new(number),
            reads: reads.iter().map(of).collect(),
            writes: [Kind::Create, Kind::Update].iter().map(of).collect(),
            // Not all connections write at the same moment.
            asked: number as usize,
            current: (true, 0),
        }
    }
}

impl Work for Mixed {
    fn ask(&mut self, out: &mut Vec<u8>) {
        self.asked += 1;
        let reads = !self.asked.is_multiple_of(READS + 1);
        let works = if reads { &mut self.reads } else { &mut self.writes };
        let chosen = self.dice.below(works.len());
        self.current = (reads, chosen);
        works[chosen].ask(out);
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let (reads, chosen) = self.current;
        let works = if reads { &mut self.reads } else { &mut self.writes };
        works[chosen].judge(answer)
    }
}
