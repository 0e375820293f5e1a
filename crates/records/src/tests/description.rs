//! What the derive makes of a struct, and what others read from it.

use almoner_kernel::{Audited, FieldValue, Permission};

use super::{
    fixtures::{a_parcel, a_parcel_in_the_trash, field, text},
    kinds::{LOSE, MOVE, Parcel, SEND, STEPS, Shelf, State},
};
use crate::{Fallback, Kind, Record, Registry, Rows, Step, Word};

static REGISTRY: Registry = Registry {
    kinds: &[Shelf::KIND, Parcel::KIND],
    permissions: &[&[Permission::new("parcels:reveal")]],
};

#[test]
fn a_kind_is_named_in_every_place() {
    let Kind { one, many, path, name, about, holds, rows, .. } = Shelf::KIND;
    assert_eq!((*one, *many, *path, *name), ("shelf", "high_shelves", "high-shelves", "Shelf"));
    assert_eq!(
        (*about, *holds, *rows),
        ("A place where parcels lie.", "has_high_shelves", Rows::All)
    );
    assert_eq!(Parcel::KIND.rows, Rows::OfCreator);
    assert_eq!(Shelf::KIND.nouns(), "high shelves");
    let permissions = Shelf::KIND.permissions.all().map(Permission::as_str);
    let verbs = ["read", "create", "update", "delete", "purge"];
    assert_eq!(permissions, verbs.map(|verb| format!("high-shelves:{verb}")));
}

#[test]
fn a_field_is_what_its_attributes_and_its_type_say() {
    let name = field::<Parcel>("name");
    assert!(name.is_label && name.is_unique && name.is_searched && name.is_sorted);
    assert!(!name.is_optional && !name.is_looked_up && name.is_sent);
    assert_eq!((name.key_column(), name.sort_column()), ("name_folded".into(), "name_sort".into()));
    assert_eq!(name.unique_column(), "name_key");
    let shelf = field::<Parcel>("shelf_id");
    assert_eq!((shelf.target, shelf.label_name), (Some("high_shelves"), "shelf_name"));
    assert_eq!((shelf.stem(), shelf.search_column()), ("shelf", "shelf_search".to_owned()));
    let worth = field::<Parcel>("worth");
    let columns: Vec<String> = worth.column_names().collect();
    assert_eq!(columns, ["amount_minor", "currency"]);
    assert_eq!(worth.column_with("_currency"), "currency");
    let identity = field::<Parcel>("identity");
    assert_eq!(
        (identity.pointer(), identity.beside_name),
        ("/identity/number".into(), "identity_kind")
    );
    assert_eq!(
        (identity.none_code, identity.key_column()),
        ("no_identity", "identity_hash".into())
    );
    assert_eq!(
        (identity.unique_form_column(), identity.unique_column()),
        (None, "identity_hash".into())
    );
    let state = field::<Parcel>("state");
    assert!(!state.is_sent && state.default == Some(Fallback::Text("packed")));
    assert_eq!(Parcel::KIND.label().map(|field| field.name), Some("name"));
    let unique: Vec<&str> = Parcel::KIND.unique().map(|field| field.name).collect();
    assert_eq!(unique, ["name", "identity"]);
    assert!(Parcel::KIND.is_searched() && !Shelf::KIND.is_searched());
}

#[test]
fn words_are_in_lower_snake_case() {
    assert_eq!(State::NAMES, ["packed", "on_the_way", "lost"]);
    assert_eq!(State::parse("on_the_way"), Some(State::OnTheWay));
    assert_eq!(State::parse("OnTheWay"), None);
}

#[test]
fn the_trail_sees_every_field_and_the_trash() {
    let snapshot = a_parcel().snapshot();
    assert!(snapshot.contains(&("shelf_id", text("00000000-0000-0000-0000-0000000000c1"))));
    assert!(snapshot.contains(&("identity_kind", text("tr_national_id"))));
    assert!(snapshot.contains(&("worth", text("10.00 TRY"))));
    assert!(snapshot.contains(&("sent_on", FieldValue::Null)));
    assert!(snapshot.contains(&("deleted", FieldValue::Bool(false))));
    assert_eq!(snapshot.len(), Parcel::KIND.fields.len() + 2);
    assert!(a_parcel_in_the_trash().snapshot().contains(&("deleted", FieldValue::Bool(true))));
}

#[test]
fn steps_say_where_they_lead() {
    let [send, lose, put] = [0, 1, 2].map(|at: usize| &STEPS[at]);
    assert_eq!(["lost", "packed"].map(|state| put.after(state)), ["lost", "packed"]);
    assert_eq!(send.after("packed"), "on_the_way");
    assert_eq!([send, lose, put].map(Step::has_body), [false, true, true]);
    assert_eq!(Parcel::KIND.step("lose").map(|step| step.name), Some(lose.name));
}

#[test]
fn a_registry_knows_who_names_whom() {
    let of = |many| -> Vec<(&str, &str)> {
        REGISTRY.names_of(many).map(|(kind, field)| (kind.many, field.name)).collect()
    };
    assert_eq!(of("high_shelves"), [("parcels", "shelf_id")]);
    assert!(of("parcels").is_empty());
    assert!(REGISTRY.kind("parcels").is_some() && REGISTRY.kind("parcel").is_none());
    assert!(Registry::EMPTY.kinds.is_empty());
}

#[test]
fn a_registry_lists_every_permission_once() {
    let all = REGISTRY.all_permissions();
    let own = Parcel::KIND.permissions.all();
    let reveal = Permission::new("parcels:reveal");
    let house = Permission::OF_THE_HOUSE.iter().copied();
    for wanted in own.into_iter().chain([SEND, LOSE, MOVE, reveal]).chain(house) {
        let times = all.iter().filter(|known| **known == wanted).count();
        assert_eq!(times, 1, "{wanted:?}");
        assert_eq!(REGISTRY.permission(wanted.as_str()), Some(wanted));
    }
    assert_eq!(REGISTRY.permission("parcels:eat"), None);
}
