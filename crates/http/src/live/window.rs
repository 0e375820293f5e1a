//! What a live list shows, and how a client's copy of it is brought up to date.
//!
//! A client keeps an array. `remove` takes a record out of it; `upsert` takes the record out, if it
//! is there, and puts it in at an index; `keep` takes out every record that it does not name and
//! puts the others in its order. So no client has to know how we sort.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use uuid::Uuid;

/// A record of a live list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The record.
    pub(crate) id: Uuid,
    /// The version of the record.
    pub(crate) version: i64,
    /// The records whose changes can be seen in it: itself, and those whose names it shows.
    pub(crate) shows: Vec<Uuid>,
    /// What clients see.
    pub(crate) json: Arc<str>,
}

/// One change of a client's array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Only these, in this order.
    Keep(Vec<Uuid>),
    /// Not this one.
    Remove(Uuid),
    /// This one, there.
    Upsert { index: usize, json: Arc<str> },
}

/// The records that were changed, each with the position of its last change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Touched(pub(crate) HashMap<Uuid, i64>);

impl Touched {
    /// The last change that can be seen in a row.
    fn last(&self, row: &Row) -> Option<i64> {
        row.shows.iter().filter_map(|id| self.0.get(id)).max().copied()
    }
}

/// The steps from one state to another, records in the order in which they were changed.
pub(crate) fn difference(old: &[Row], new: &[Row], touched: &Touched) -> Vec<Step> {
    let ranks: HashMap<Uuid, usize> =
        new.iter().enumerate().map(|(rank, row)| (row.id, rank)).collect();
    let mut steps: Vec<Step> = old
        .iter()
        .filter(|row| !ranks.contains_key(&row.id))
        .map(|row| Step::Remove(row.id))
        .collect();
    // What the client has after that: the rank of each record, and whether it stays where it is.
    let mut shown: Vec<(usize, bool)> =
        old.iter().filter_map(|row| Some((*ranks.get(&row.id)?, false))).collect();
    let had: HashMap<Uuid, &Row> = old.iter().map(|row| (row.id, row)).collect();
    let is_same =
        |rank: usize| had.get(&new[rank].id).is_some_and(|row| row.json == new[rank].json);
    // What was not changed has not moved, but for what somebody did to the order itself; then what was
    // changed and looks the same.
    for was_touched in [false, true] {
        for at in 0..shown.len() {
            let (rank, _) = shown[at];
            let fits = |(other, (there, is_settled)): (usize, &(usize, bool))| {
                !*is_settled || (other < at) == (*there < rank)
            };
            shown[at].1 |= touched.last(&new[rank]).is_some() == was_touched
                && is_same(rank)
                && shown.iter().enumerate().all(fits);
        }
    }
    let settled: HashSet<usize> =
        shown.iter().filter(|(_, is_settled)| *is_settled).map(|(rank, _)| *rank).collect();
    let pending = (0..new.len()).filter(|rank| !settled.contains(rank)).collect();
    steps.extend(upserts(shown, pending, new, touched));
    steps
}

/// The steps for a client that saw the list at an earlier time, and of whose array nothing more is
/// known: `touched` has every record that was changed since then.
///
/// What was not changed, and is in the list now, was in it then too, unless it has moved up behind
/// records that have gone. No more can have gone than were changed and are not in the list now
/// (`touched` by `is_listed`), and what moved up stands at the end: so many of the unchanged ones
/// there are sent again. `is_found_by_others` says that a record can enter or leave the list
/// without a change of its own: then nothing is known.
pub(crate) fn catch_up(
    now: &[Row],
    touched: &Touched,
    is_listed: impl Fn(&Uuid) -> bool,
    is_found_by_others: bool,
) -> Vec<Step> {
    let listed: HashSet<Uuid> = now.iter().map(|row| row.id).collect();
    let gone = touched.0.keys().filter(|id| is_listed(id) && !listed.contains(*id)).count();
    let unchanged: Vec<usize> =
        (0..now.len()).filter(|rank| touched.last(&now[*rank]).is_none()).collect();
    let known = match is_found_by_others {
        true => 0,
        false => unchanged.len().saturating_sub(gone),
    };
    let known = &unchanged[..known];
    let kept = known.iter().map(|rank| now[*rank].id).collect();
    let pending = (0..now.len()).filter(|rank| known.binary_search(rank).is_err()).collect();
    let shown = known.iter().map(|rank| (*rank, true)).collect();
    let mut steps = vec![Step::Keep(kept)];
    steps.extend(upserts(shown, pending, now, touched));
    steps
}

/// Puts the pending records into an array, in the order in which they were changed. Those that stay
/// as they are stand in the right order among each other; a record goes in front of the first of
/// them that comes after it, and is one of them from then on.
fn upserts(
    mut shown: Vec<(usize, bool)>,
    mut pending: Vec<usize>,
    new: &[Row],
    touched: &Touched,
) -> Vec<Step> {
    pending.sort_by_key(|rank| (touched.last(&new[*rank]).unwrap_or(i64::MAX), *rank));
    let place = |rank: usize| {
        shown.retain(|(other, _)| *other != rank);
        let behind = |(other, is_settled): &(usize, bool)| *is_settled && *other > rank;
        let index = shown.iter().position(behind).unwrap_or(shown.len());
        shown.insert(index, (rank, true));
        Step::Upsert { index, json: Arc::clone(&new[rank].json) }
    };
    pending.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> Uuid {
        Uuid::from_u128(u128::from(number) + 1)
    }

    /// A record as a test makes it: its key in the order, and its content.
    #[derive(Clone, Debug)]
    struct Record {
        number: u8,
        key: u8,
        content: u8,
        owner: u8,
    }

    fn row(record: &Record) -> Row {
        let Record { number, content, owner, .. } = record;
        Row {
            id: id(*number),
            version: 1,
            shows: vec![id(*number), id(200 + owner)],
            json: format!("{number}:{content}:{owner}").into(),
        }
    }

    /// The first page of everything that is in the list.
    fn page(records: &[Record], limit: usize) -> Vec<Row> {
        let mut sorted: Vec<&Record> = records.iter().collect();
        sorted.sort_by_key(|record| (record.key, record.number));
        sorted.into_iter().take(limit).map(row).collect()
    }

    type Array = Vec<(Uuid, Arc<str>)>;

    fn array(rows: &[Row]) -> Array {
        rows.iter().map(|row| (row.id, Arc::clone(&row.json))).collect()
    }

    /// What a client does.
    fn apply(array: &mut Array, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Keep(ids) => {
                    let mut had: HashMap<Uuid, Arc<str>> = array.drain(..).collect();
                    array.extend(ids.iter().filter_map(|id| Some((*id, had.remove(id)?))));
                }
                Step::Remove(id) => array.retain(|(other, _)| other != id),
                Step::Upsert { index, json } => {
                    let number: u8 = json.split(':').next().unwrap().parse().unwrap();
                    array.retain(|(other, _)| *other != id(number));
                    assert!(*index <= array.len(), "an index beyond the end");
                    array.insert(*index, (id(number), Arc::clone(json)));
                }
            }
        }
    }

    /// One thing that happens to a list.
    #[derive(Clone, Debug)]
    enum Event {
        Put(Record),
        TakeOut(u8),
    }

    fn record() -> impl Strategy<Value = Record> {
        (0..30_u8, 0..12_u8, 0..3_u8, 0..4_u8).prop_map(|(number, key, content, owner)| Record {
            number,
            key,
            content,
            owner,
        })
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let event = prop_oneof![
            3 => record().prop_map(Event::Put),
            1 => (0..30_u8).prop_map(Event::TakeOut),
        ];
        prop::collection::vec(event, 0..25)
    }

    /// What a list is after some events, and what they touched.
    fn after(records: &[Record], events: &[Event]) -> (Vec<Record>, Touched) {
        let mut records = records.to_vec();
        let mut touched = Touched::default();
        for (position, event) in (1_i64..).zip(events) {
            let (Event::Put(Record { number, .. }) | Event::TakeOut(number)) = event;
            records.retain(|record| record.number != *number);
            touched.0.insert(id(*number), position);
            if let Event::Put(record) = event {
                records.push(record.clone());
            }
        }
        (records, touched)
    }

    fn distinct(records: Vec<Record>) -> Vec<Record> {
        let events: Vec<Event> = records.into_iter().map(Event::Put).collect();
        after(&[], &events).0
    }

    proptest! {
        #[test]
        fn the_difference_of_two_states_turns_one_into_the_other(
            before in prop::collection::vec(record(), 0..20),
            events in events(),
            limit in 1..8_usize,
        ) {
            let before = distinct(before);
            let (now, touched) = after(&before, &events);
            let (old, new) = (page(&before, limit), page(&now, limit));
            let mut shown = array(&old);
            apply(&mut shown, &difference(&old, &new, &touched));
            prop_assert_eq!(shown, array(&new));
        }

        #[test]
        fn what_was_not_changed_is_not_sent(
            before in prop::collection::vec(record(), 0..20),
            events in events(),
            limit in 1..8_usize,
        ) {
            let before = distinct(before);
            let (now, touched) = after(&before, &events);
            let (old, new) = (page(&before, limit), page(&now, limit));
            let had: HashSet<Arc<str>> = old.iter().map(|row| Arc::clone(&row.json)).collect();
            for step in difference(&old, &new, &touched) {
                if let Step::Upsert { json, .. } = step {
                    let number: u8 = json.split(':').next().unwrap().parse().unwrap();
                    let was_changed = touched.0.contains_key(&id(number));
                    prop_assert!(was_changed || !had.contains(&json));
                }
            }
        }

        /// The client may have seen more than the position it names: everything that was changed in
        /// between counts as touched.
        #[test]
        fn a_client_that_was_away_catches_up_whatever_it_has(
            before in prop::collection::vec(record(), 0..20),
            events in events(),
            seen in 0..25_usize,
            limit in 1..8_usize,
        ) {
            let before = distinct(before);
            let (now, touched) = after(&before, &events);
            let (known, _) = after(&before, &events[..seen.min(events.len())]);
            let mut shown = array(&page(&known, limit));
            let new = page(&now, limit);
            apply(&mut shown, &catch_up(&new, &touched, |_| true, false));
            prop_assert_eq!(shown, array(&new));
        }

        #[test]
        fn one_that_knows_nothing_gets_everything(
            before in prop::collection::vec(record(), 0..20),
            limit in 1..8_usize,
        ) {
            let new = page(&distinct(before), limit);
            let mut shown = vec![(id(99), "99:0:0".into())];
            apply(&mut shown, &catch_up(&new, &Touched::default(), |_| true, true));
            prop_assert_eq!(shown, array(&new));
        }
    }

    #[test]
    fn records_are_told_in_the_order_in_which_they_were_changed() {
        let record = |number, key| row(&Record { number, key, content: 0, owner: 0 });
        let old = [record(1, 5), record(2, 6)];
        // Newest first: 4 was made after 3.
        let new = [record(4, 1), record(3, 2), record(1, 5)];
        let touched = Touched(HashMap::from([(id(3), 7), (id(4), 8)]));
        let upsert = |index, row: &Row| Step::Upsert { index, json: Arc::clone(&row.json) };
        assert_eq!(
            difference(&old, &new, &touched),
            [Step::Remove(id(2)), upsert(0, &new[1]), upsert(0, &new[0])],
        );
    }

    #[test]
    fn a_new_name_changes_every_record_that_shows_it() {
        let record = |number, content| row(&Record { number, key: number, content, owner: 1 });
        let old = [record(1, 0), record(2, 0)];
        let new = [record(1, 1), record(2, 1)];
        let touched = Touched(HashMap::from([(id(201), 7)]));
        assert_eq!(difference(&old, &new, &touched).len(), 2);
        let caught_up = catch_up(&new, &touched, |_| false, false);
        assert_eq!(caught_up[0], Step::Keep(Vec::new()));
        assert_eq!(caught_up.len(), 3);
    }
}
