//! What is as it should be.

use super::{PART, RECORD, with_field, written};

/// A record of which everything is said that can be.
const PARCEL: &str = "
    /// A parcel on its way to somebody.
    #[derive(Clone)]
    #[record(many = \"lost_parcels\", rows = \"creator\", subject = \"owner_id\", people(\"owner_id\", \"keepers.user_id\"), steps = STEPS, span(
        name = \"kept_on\",
        from = \"packed_on\",
        to = \"sent_on\",
        about = \"Only parcels that lie here on this day.\",
        example = \"2026-03-01\"
    ))]
    #[record(span(
        name = \"under_way_on\", from = \"sent_on\", to = \"sent_on\", about = \"Only those.\", example = \"2026-03-01\"
    ))]
    pub struct LostParcel {
        /// What stands on it.
        #[field(label, unique, search, sort, example = \"Winter\")]
        pub name: PersonName,
        /// Its number.
        #[field(counter(series = \"parcels\", yearly, step = \"send\"), filter, example = \"2026-000042\")]
        pub number: Option<Serial>,
        /// Whose it is.
        #[field(filter, public)]
        pub owner_id: Option<Ref<Owner>>,
        /// The number of who receives it.
        #[field(unique, personal, lookup, beside, part = \"/number\")]
        pub identity: Option<Sealed<IdentityNumber>>,
        /// What is in it.
        #[field(alike, filter = \"Only parcels with this in them.\")]
        #[field(example = \"Rice\")]
        pub r#type: Option<Line<20>>,
        /// What it is worth.
        #[field(filter, sort, sum, right = \"value\", columns(\"amount_minor\", \"currency\",), example = \"10.00, TRY\")]
        pub worth: Option<Money>,
        /// When it was packed.
        pub packed_on: NaiveDate,
        /// When it was sent.
        #[field(output)]
        pub sent_on: Option<NaiveDate>,
        /// How much it weighs.
        #[field(example = 12)]
        pub grams: Whole,
        /// True for glass.
        #[field(default = false, example = true)]
        pub is_fragile: bool,
        /// Where it is.
        #[field(output, default = \"packed\")]
        pub state: State,
    }";

/// What is said of a field in the description that is written.
fn field(written: &str, name: &str) -> String {
    let from = written.find(&format!("name : \"{name}\" , about")).expect(name);
    written[from..].split(":: almoner_records :: Field {").next().unwrap().to_owned()
}

#[test]
fn everything_can_be_said() {
    let written = written(RECORD, PARCEL);
    for said in [
        "struct LostParcelPatch",
        "one : \"lost_parcel\"",
        "many : \"lost_parcels\"",
        "path : \"lost-parcels\"",
        "name : \"LostParcel\"",
        "about : \"A parcel on its way to somebody.\"",
        "rows : :: almoner_records :: Rows :: OfCreator",
        "steps : :: almoner_records :: steps_of (STEPS)",
        "holds : \"has_lost_parcels\"",
        "subject : \"owner_id\"",
        "people : & [\"owner_id\" , \"keepers.user_id\"]",
        "Permission :: new (\"lost-parcels:purge\")",
        "name : \"kept_on\" , from : \"packed_on\" , to : \"sent_on\"",
        "name : \"under_way_on\"",
        "PERSONAL : & 'static [& 'static str] = & [\"identity\"]",
    ] {
        assert!(written.contains(said), "{said} in {written}");
    }
}

#[test]
fn what_is_said_of_a_field_stands_in_its_description() {
    let written = written(RECORD, PARCEL);
    for (name, said) in [
        ("name", "example : :: almoner_records :: Example :: Text (\"Winter\")"),
        ("number", "series : \"parcels\" , is_yearly : true , step : \"send\""),
        ("number", "is_sent : false"),
        ("owner_id", "label_name : \"owner_name\""),
        (
            "identity",
            "beside_name : \"identity_kind\" , none_code : \"no_identity\" , part : \"/number\"",
        ),
        ("worth", "Permission :: new (\"lost-parcels:value\")"),
        ("type", "filter_about : \"Only parcels with this in them.\""),
        ("type", "example : :: almoner_records :: Example :: Text (\"Rice\")"),
        ("type", "beside_name : \"\""),
        ("worth", "column_names : & [\"amount_minor\" , \"currency\"]"),
        ("packed_on", "is_sent : true"),
        ("packed_on", "example : :: almoner_records :: Example :: None"),
        ("packed_on", "default : :: core :: option :: Option :: None"),
        ("packed_on", "counter : :: core :: option :: Option :: None"),
        ("sent_on", "is_sent : false"),
        ("grams", "example : :: almoner_records :: Example :: Whole (12)"),
        ("is_fragile", ":: almoner_records :: Fallback :: Flag (false)"),
        ("is_fragile", "example : :: almoner_records :: Example :: Flag (true)"),
        ("state", ":: almoner_records :: Fallback :: Text (\"packed\")"),
    ] {
        let described = field(&written, name);
        assert!(described.contains(said), "{said} in {described}");
    }
}

#[test]
fn every_flag_is_that_flag() {
    for (flag, yes) in [
        ("unique", "is_unique : true"),
        ("sort", "is_sorted : true"),
        ("lookup", "is_looked_up : true"),
        ("alike", "is_alike : true"),
        ("personal", "is_personal : true"),
        ("public", "is_public : true"),
        ("output", "is_sent : false"),
        ("label", "may_be_label (true ,"),
        ("search", "may_be_searched (true ,"),
        ("beside", "beside_name : \"something_kind\""),
        ("filter", "Value > :: FILTERING , filter_about"),
    ] {
        let has = |options: &str| {
            field(&written(RECORD, &with_field(options)), "something").contains(yes)
        };
        assert!(has(flag), "{flag}");
        assert!(!has("example = \"a\""), "{flag}");
    }
}

#[test]
fn a_child_is_seen_and_changed_by_whoever_may_do_so_with_its_parent() {
    let source = "/// A word about a parcel.
        #[record(many = \"reminders\", parent = \"parcel_id\")]
        struct Reminder {
            /// What it is about.
            parcel_id: Ref<Parcel>,
            /// What was said.
            #[field(label)]
            text: Line<500>,
        }";
    let written = written(RECORD, source);
    assert!(written.contains("rows : :: almoner_records :: Rows :: OfParent"), "{written}");
    assert!(!written.contains("Permission :: new"), "{written}");
    let patch = written.split("struct ReminderPatch").nth(1).unwrap().split('}').next().unwrap();
    assert!(!patch.contains("parcel_id") && patch.contains("pub text"), "{patch}");
}

#[test]
fn a_name_of_the_language_is_a_name_of_a_field() {
    let written = written(RECORD, PARCEL);
    assert!(written.contains("self . r#type"), "{written}");
    assert!(!written.contains("\"r#type"), "{written}");
}

#[test]
fn no_field_hides_what_fields_are_read_from() {
    let fields = "{ /// It.\n body: Line, /// It.\n terms: Line, /// It.\n fields: Line, /// It.\n at: Line }";
    let record =
        written(RECORD, &format!("/// It.\n #[record(many = \"letters\")] struct Letter {fields}"));
    let part = written(PART, &format!("/// It.\n struct Letter {fields}"));
    for written in [record, part] {
        for name in ["body", "terms", "fields", "at"] {
            assert!(!written.contains(&format!("let {name} =")), "{name} in {written}");
            assert!(written.contains(&format!("{name} : the_{name} ?")), "{name} in {written}");
        }
    }
}

#[test]
fn a_part_has_defaults_and_examples() {
    let source = "/// Somebody to call.
        struct Contact {
            /// Their name.
            #[field(example = \"Fatma Kaya\")]
            r#type: Line<200>,
            /// True when they may be called.
            #[field(default = false, example = true)]
            consents: bool,
            /// How old they are.
            #[field(example = -1)]
            age: Whole,
            /// Anything else.
            other: Option<Line<10>>,
        }";
    let written = written(PART, source);
    for said in [
        "name : \"type\" , about : \"Their name.\" , example : \"Fatma Kaya\"",
        "name : \"consents\" , about : \"True when they may be called.\" , example : \"true\"",
        "name : \"age\" , about : \"How old they are.\" , example : \"-1\"",
        "name : \"other\" , about : \"Anything else.\" , example : \"\"",
        "IS_OPTIONAL || true",
        "\"Contact\" , \"Somebody to call.\"",
        "\"ContactInput\" , \"Somebody to call. As it is sent.\"",
    ] {
        assert!(written.contains(said), "{said} in {written}");
    }
}
