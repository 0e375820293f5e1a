//! Pages, totals, positions, ids and versions.

use proptest::prelude::*;
use uuid::Uuid;

use crate::{Direction, JobId, PageRequest, Position, Sort, SortKey, Total, Trash, Version};

#[test]
fn a_page_has_fifty_records_when_nobody_says_otherwise() {
    let page = PageRequest::default();
    assert_eq!(page, PageRequest { limit: 50, after: None, count: false });
    const { assert!(PageRequest::DEFAULT_LIMIT <= PageRequest::MAX_LIMIT) };
}

#[test]
fn a_total_is_exact_up_to_the_cap_and_says_when_it_is_not() {
    for (counted, count, is_capped) in [
        (0, 0, false),
        (9_999, 9_999, false),
        (10_000, 10_000, false),
        (10_001, 10_000, true),
        (u64::MAX, 10_000, true),
    ] {
        assert_eq!(Total::capped(counted), Total { count, is_capped });
    }
}

#[test]
fn two_positions_are_the_same_only_with_the_same_key_and_id() {
    let position = |key, id| Position { key, id: Uuid::from_u128(id) };
    let known = position(Some(SortKey::Int(5)), 1);
    assert_eq!(known, position(Some(SortKey::Int(5)), 1));
    for other in [
        position(Some(SortKey::Int(5)), 2),
        position(Some(SortKey::Int(6)), 1),
        position(Some(SortKey::Text("5".to_owned())), 1),
        position(None, 1),
    ] {
        assert_ne!(known, other);
    }
}

#[test]
fn a_sort_is_a_field_and_a_direction() {
    assert_eq!(Sort::up("name"), Sort { field: "name", direction: Direction::Up });
    assert_eq!(Sort::down("name"), Sort { field: "name", direction: Direction::Down });
    assert_eq!(Trash::default(), Trash::Without);
}

#[test]
fn a_version_starts_at_one_and_grows_by_one() {
    assert_eq!(Version::FIRST.number(), 1);
    assert_eq!(Version::FIRST.next(), Version::new(2));
    assert_eq!(Version::new(41).next().to_string(), "42");
}

proptest! {
    #[test]
    fn an_id_is_read_back_from_its_lower_case_text(id in any::<u128>()) {
        let id = JobId::new(Uuid::from_u128(id));
        let text = id.to_string();
        prop_assert_eq!(text.to_lowercase(), text.clone());
        prop_assert_eq!(text.len(), 36);
        prop_assert_eq!(text.parse::<JobId>().unwrap(), id);
    }

    #[test]
    fn any_text_is_an_id_or_refused(text in any::<String>()) {
        prop_assert!(text.parse::<JobId>().is_err());
    }

    #[test]
    fn ids_sort_like_their_text(one in any::<u128>(), other in any::<u128>()) {
        let (one, other) = (JobId::new(Uuid::from_u128(one)), JobId::new(Uuid::from_u128(other)));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }
}
