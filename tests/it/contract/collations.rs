//! Names stand in the order of the organisation's language, and in that of another one after a start that
//! is told so.

use almoner_accounts::user::{UserQuery, UserSort};
use almoner_donations::{Campaign, Donor};
use almoner_kernel::{Direction, Locale, PageRequest, PersonName, Scope, Sort};
use almoner_persistence::{Store, StoreOptions};
use almoner_records::{Order, Query, Record, Repository};

use crate::support::{World, name};

on_both![
    names_stand_in_the_order_of_the_language,
    pages_go_on_where_they_ended_in_that_order,
    another_language_puts_every_name_in_order_anew,
    who_stopped_half_way_goes_on,
    an_instance_that_is_told_otherwise_skips_nothing_and_is_put_right,
    the_longest_names_have_room,
];

/// In Turkish order; in English `Ç` is among the `C`, `Ö` among the `O`, `ı` a letter behind `i` and `I` none.
const TURKISH: [&str; 10] =
    ["Cem", "Cuma", "Çetin", "Dilek", "ılgaz", "Irmak", "İnci", "Orhan", "Ömer", "Şule"];
const ENGLISH: [&str; 10] =
    ["Cem", "Çetin", "Cuma", "Dilek", "İnci", "Irmak", "ılgaz", "Ömer", "Orhan", "Şule"];

/// Donors, campaigns and users of these names, entered in no order.
async fn entered(world: &World) {
    for at in [3, 7, 0, 9, 5, 1, 8, 2, 6, 4] {
        let called = TURKISH[at];
        world.save_donor(&world.donor(called)).await;
        world.save_campaign(&world.campaign(called)).await.unwrap();
        let user = almoner_accounts::user::User {
            name: name(called),
            ..world.user(&format!("user{at}@example.org"))
        };
        world.save_user(&user).await.unwrap();
    }
}

/// The names of a kind as its list has them, by pages.
async fn donors(store: &Store) -> Vec<String> {
    listed::<Donor>(store, |donor| donor.name.as_str().to_owned()).await
}

async fn listed<R: Record>(store: &Store, called: fn(&R) -> String) -> Vec<String> {
    let order = Order { field: R::KIND.field("name"), direction: Direction::Up };
    let query = Query { order, ..Default::default() };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = PageRequest { limit: 3, after, ..PageRequest::default() };
        let found = Repository::<R>::list(store, &query, Scope::All, &page).await.unwrap();
        all.extend(found.items.iter().map(|record| called(&record.own)));
        match found.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

async fn users(store: &Store) -> Vec<String> {
    let sort = Sort { field: UserSort::Name, direction: Direction::Up };
    let query = UserQuery { sort, ..UserQuery::default() };
    let accounts: &dyn almoner_accounts::ports::Accounts = store;
    let page = accounts.users(&query, Scope::All, &PageRequest::default()).await.unwrap();
    page.items.iter().map(|user| user.name.as_str().to_owned()).collect()
}

async fn names_stand_in_the_order_of_the_language(world: &World) {
    entered(world).await;
    assert_eq!(donors(&world.store).await, TURKISH);
    assert_eq!(users(&world.store).await, TURKISH);
    let campaigns = listed::<Campaign>(&world.store, |it| it.name.as_str().to_owned()).await;
    assert_eq!(campaigns, TURKISH);
}

async fn pages_go_on_where_they_ended_in_that_order(world: &World) {
    // The same but for case: the one that was entered first comes first.
    for called in ["ali", "ALİ", "Ali", "Âli", "Ali Can", "alican"] {
        world.save_donor(&world.donor(called)).await;
    }
    assert_eq!(donors(&world.store).await, ["ali", "ALİ", "Ali", "Âli", "Ali Can", "alican"]);
}

/// The same database, opened by a program that is told another language.
async fn opened(world: &World, language: &str) -> Store {
    let language = Locale::parse(language).unwrap();
    let store = Store::open(StoreOptions { language, ..world.once_more() }).await.unwrap();
    store.migrate_up(None).await.unwrap();
    store
}

async fn another_language_puts_every_name_in_order_anew(world: &World) {
    entered(world).await;
    let english = opened(world, "en-GB").await;
    assert_eq!(donors(&english).await, ENGLISH);
    assert_eq!(users(&english).await, ENGLISH);
    // Told the same again, it has nothing to do.
    let made = async || world.texts("name_sort", "FROM donors ORDER BY id").await;
    let before = made().await;
    opened(world, "en-GB").await;
    assert_eq!(made().await, before);
    let turkish = opened(world, "tr").await;
    assert_eq!(donors(&turkish).await, TURKISH);
    // The records themselves are as they were: no version, no change of the trail.
    assert_eq!(world.texts("CAST(version AS text)", "FROM donors GROUP BY version").await, ["1"]);
}

async fn who_stopped_half_way_goes_on(world: &World) {
    // More than are written at once.
    for n in 0..450 {
        world.save_donor(&world.donor(&format!("Donor {n:03}"))).await;
    }
    // As an older program left it, and a start that was killed after some rows.
    world.sql("UPDATE donors SET name_sort = 'x' WHERE name > 'Donor 150'").await;
    world.sql("UPDATE donors SET name_sort = '' WHERE name > 'Donor 300'").await;
    world.sql("UPDATE donors SET deleted_at = 5 WHERE name > 'Donor 440'").await;
    let store = opened(world, "tr").await;
    let expected: Vec<String> = (0..=440).map(|n| format!("Donor {n:03}")).collect();
    assert_eq!(donors(&store).await, expected);
    // Those in the trash come back to their place.
    world.sql("UPDATE donors SET deleted_at = NULL").await;
    assert_eq!(donors(&store).await.len(), 450);
    assert_eq!(donors(&store).await.last().map(String::as_str), Some("Donor 449"));
}

/// An index of PostgreSQL takes some 2,700 bytes: names whose keys are as long as can be are stored, whatever
/// their script, and come back in order.
async fn the_longest_names_have_room(world: &World) {
    let longest = PersonName::MAX_CHARS;
    // Letters that have keys of several bytes, marks upon marks, a sign that stands for many letters.
    let letters = ['\u{ac01}', '\u{20000}', '\u{1ea4}', '\u{fdfa}', '\u{e01}'];
    let mut names: Vec<String> = letters.map(|letter| letter.to_string().repeat(longest)).into();
    names.push(format!("a{}", "\u{301}\u{323}".repeat(longest / 2 - 1)));
    // Nothing that repeats, so that nothing is made smaller by compressing it.
    let mixed =
        |from: u32| (0..).filter_map(move |at| char::from_u32(from + at * 37)).take(longest);
    names.push(mixed(0x4e00).collect());
    names.push(mixed(0xac00).collect());
    for called in &names {
        world.save_donor(&world.donor(called)).await;
        world.save_campaign(&world.campaign(called)).await.unwrap();
    }
    let mut listed = donors(&world.store).await;
    listed.sort_unstable();
    names.sort_unstable();
    assert_eq!(listed, names);
}

/// While instances are restarted one after the other, some are told another language: their lists have every
/// record once, and the last restart puts all in order.
async fn an_instance_that_is_told_otherwise_skips_nothing_and_is_put_right(world: &World) {
    entered(world).await;
    let english = opened(world, "en-GB").await;
    // The older one still writes as it was told.
    for called in ["Çiğdem", "Ceyda", "Zeynep"] {
        world.save_donor(&world.donor(called)).await;
    }
    for store in [&world.store, &english] {
        let mut all = donors(store).await;
        assert_eq!(all.len(), 13, "{all:?}");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 13);
    }
    let restarted = opened(world, "en-GB").await;
    let first = ["Cem", "Çetin", "Ceyda", "Çiğdem", "Cuma", "Dilek"];
    assert_eq!(donors(&restarted).await[..6], first);
}
