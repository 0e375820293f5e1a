//! Reads.

use std::{collections::HashMap, rc::Rc};

use super::{Work, World, checks};
use crate::{client::Answer, dice::Dice};

/// A donation by its id: half of them from all over the table, half of them new.
pub struct Get {
    world: Rc<World>,
    dice: Dice,
    expected: Vec<u8>,
}

impl Get {
    pub fn new(world: Rc<World>, number: u64) -> Self {
        Self { world, dice: Dice::new(number), expected: Vec::new() }
    }
}

impl Work for Get {
    fn ask(&mut self, out: &mut Vec<u8>) {
        let sample = &self.world.sample;
        let ids = if self.dice.below(2) == 0 { &sample.scattered } else { &sample.recent };
        let id = self.dice.pick(ids);
        self.expected.clear();
        self.expected.extend_from_slice(b"{\"id\":\"");
        self.expected.extend_from_slice(id.as_bytes());
        self.world.visitor.get(out, &format!("/api/v1/donations/{id}"));
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::status(answer, 200)?;
        match answer.body.starts_with(&self.expected) {
            true => Ok(()),
            false => Err(format!("another donation: {}", answer.excerpt())),
        }
    }
}

/// A page of donations.
pub struct List {
    world: Rc<World>,
    dice: Dice,
    asked: u32,
    paths: Rc<[Path]>,
    chosen: usize,
}

/// A page with what must be true of it.
struct Path {
    path: String,
    filter: Option<(String, String)>,
    is_counted: bool,
    is_full: bool,
}

impl List {
    pub fn plain(world: Rc<World>, number: u64) -> Self {
        let pages = world.sample.pages.iter().map(|page| Path {
            path: page.path.clone(),
            filter: None,
            is_counted: false,
            is_full: true,
        });
        let paths = pages.collect();
        Self { world, dice: Dice::new(number), asked: 0, paths, chosen: 0 }
    }

    pub fn filtered(world: Rc<World>, number: u64) -> Self {
        Self::with_filter(world, number, false)
    }

    pub fn counted(world: Rc<World>, number: u64) -> Self {
        Self::with_filter(world, number, true)
    }

    fn with_filter(world: Rc<World>, number: u64, is_counted: bool) -> Self {
        let count = if is_counted { "&count=exact" } else { "" };
        let paths = world.sample.filters.iter().map(|filter| {
            let (column, value) = (&filter.column, &filter.value);
            Path {
                path: format!("/api/v1/donations?{column}={value}{count}"),
                filter: Some((column.clone(), value.clone())),
                is_counted,
                is_full: false,
            }
        });
        let paths = paths.collect();
        Self { world, dice: Dice::new(number), asked: 0, paths, chosen: 0 }
    }
}

impl Work for List {
    fn ask(&mut self, out: &mut Vec<u8>) {
        self.chosen = self.dice.below(self.paths.len());
        self.world.visitor.get(out, &self.paths[self.chosen].path);
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::looks_like_a_page(answer)?;
        self.asked += 1;
        if !self.asked.is_multiple_of(checks::CLOSELY) {
            return Ok(());
        }
        let asked = &self.paths[self.chosen];
        let (page, length) = checks::page(answer.body)?;
        let is_right = match asked.is_full {
            true => length == 50,
            false => (1..=50).contains(&length),
        };
        if !is_right {
            return Err(format!("{length} donations for {}", asked.path));
        }
        if let Some((field, expected)) = &asked.filter {
            checks::every(&page, field, expected)?;
        }
        let total = page["total"].as_u64();
        match asked.is_counted {
            true if total.is_some_and(|total| total >= length as u64) => Ok(()),
            false if total.is_none() => Ok(()),
            _ => Err(format!("a total of {total:?} for {length} donations")),
        }
    }
}

/// A search.
pub struct Search {
    world: Rc<World>,
    dice: Dice,
    asked: u32,
    chosen: usize,
}

impl Search {
    pub fn new(world: Rc<World>, number: u64) -> Self {
        Self { world, dice: Dice::new(number), asked: 0, chosen: 0 }
    }
}

impl Work for Search {
    fn ask(&mut self, out: &mut Vec<u8>) {
        let searches = &self.world.sample.searches;
        self.chosen = self.dice.below(searches.len());
        let q: String = form_urlencoded::byte_serialize(searches[self.chosen].as_bytes()).collect();
        self.world.visitor.get(out, &format!("/api/v1/donations?q={q}"));
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::looks_like_a_page(answer)?;
        self.asked += 1;
        if !self.asked.is_multiple_of(checks::CLOSELY) {
            return Ok(());
        }
        let (page, length) = checks::page(answer.body)?;
        let search = &self.world.sample.searches[self.chosen];
        if length == 0 {
            return Err(format!("nothing found for {search}"));
        }
        checks::found(&page, search)
    }
}

/// Sums of what is completed. Nothing in a run completes a donation, so an answer never changes.
pub struct Summary {
    world: Rc<World>,
    dice: Dice,
    paths: Vec<String>,
    chosen: usize,
    first: HashMap<usize, Vec<u8>>,
}

impl Summary {
    pub fn of_a_month(world: Rc<World>, number: u64) -> Self {
        let months = world.sample.months.iter();
        let paths = months.map(|(first, last)| {
            let days = format!("donated_from={first}&donated_to={last}");
            format!("/api/v1/donations/summary?{days}&group_by=method")
        });
        let paths = paths.collect();
        Self { world, dice: Dice::new(number), paths, chosen: 0, first: HashMap::new() }
    }

    pub fn of_all(world: Rc<World>, number: u64) -> Self {
        let paths = vec!["/api/v1/donations/summary?group_by=month".to_owned()];
        Self { world, dice: Dice::new(number), paths, chosen: 0, first: HashMap::new() }
    }
}

impl Work for Summary {
    fn ask(&mut self, out: &mut Vec<u8>) {
        self.chosen = self.dice.below(self.paths.len());
        self.world.visitor.get(out, &self.paths[self.chosen]);
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        checks::status(answer, 200)?;
        match self.first.get(&self.chosen) {
            Some(first) if first == answer.body => Ok(()),
            Some(_) => Err(format!("another sum for {}", self.paths[self.chosen])),
            None => {
                checks::holds(answer, br#""sum":{"amount":""#)?;
                self.first.insert(self.chosen, answer.body.to_vec());
                Ok(())
            }
        }
    }
}
