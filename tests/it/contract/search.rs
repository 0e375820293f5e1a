//! Search finds what people mean, whatever they type.

use almoner_accounts::user::{UserQuery, UserSort};
use almoner_donations::{
    Campaign, CampaignQuery, Donation, DonationQuery, DonationSort, Donor, DonorQuery, DonorSort,
};
use almoner_kernel::{Direction, PageRequest, PhoneNumber, Scope, Sort, Total, text::fold};

use crate::support::{
    Dice, World, donation_ids, donor_ids, email, later, lira, name, named, phone, walk,
};

on_both![
    the_last_word_may_be_a_beginning_and_the_others_are_whole,
    turkish_letters_are_found_however_they_are_typed,
    every_field_that_is_promised_is_looked_through,
    words_of_every_script_are_found,
    syntax_of_the_search_engine_is_harmless,
    a_search_without_a_word_finds_nothing,
    a_word_that_is_too_long_finds_nothing,
    search_agrees_with_a_reading_of_every_row,
    a_changed_record_is_found_by_its_new_words_alone,
    a_renamed_donor_is_found_in_their_donations_and_the_old_name_is_not,
    a_donation_that_changes_hands_is_found_by_its_new_donor,
    records_in_the_trash_are_found_in_the_trash_alone,
    a_purged_record_is_not_found,
    search_pages_through_every_result_in_every_order,
    search_finds_campaigns_and_users,
];

async fn donors(world: &World, q: &str) -> Vec<String> {
    let query = DonorQuery {
        q: Some(q.to_owned()),
        sort: Sort::up(DonorSort::CreatedAt),
        ..DonorQuery::default()
    };
    let request = PageRequest { limit: 200, after: None, count: true };
    let page = world.donors().list(&query, Scope::All, &request).await.unwrap();
    let total = Total { count: page.items.len() as u64, is_capped: false };
    assert_eq!(page.total, Some(total), "the count of {q:?}");
    page.items.iter().map(|donor| donor.name.as_str().to_owned()).collect()
}

async fn donations(world: &World, q: &str) -> Vec<Donation> {
    let query = DonationQuery { q: Some(q.to_owned()), ..DonationQuery::default() };
    world.donations().list(&query, Scope::All, &PageRequest::default()).await.unwrap().items
}

async fn save(world: &World, names: &[&str]) {
    let donors: Vec<Donor> = names.iter().map(|called| world.donor(called)).collect();
    world.save_donors(&donors).await;
}

async fn the_last_word_may_be_a_beginning_and_the_others_are_whole(world: &World) {
    save(world, &["Ahmet Yılmaz", "Ahmet Yıldız", "Ahmetcan Demir", "Yılmaz Ahmet"]).await;
    assert_eq!(donors(world, "ahmet").await.len(), 4);
    assert_eq!(donors(world, "ahmetc").await, ["Ahmetcan Demir"]);
    assert_eq!(donors(world, "ahmet yıl").await.len(), 3);
    assert_eq!(donors(world, "ahmet yılm").await, ["Ahmet Yılmaz", "Yılmaz Ahmet"]);
    assert_eq!(donors(world, "yılmaz ahmet").await, ["Ahmet Yılmaz", "Yılmaz Ahmet"]);
    assert_eq!(donors(world, "ahm yılmaz").await, [""; 0]);
    assert_eq!(donors(world, "a").await.len(), 4);
    assert_eq!(donors(world, "ahmet demir").await, [""; 0]);
    assert_eq!(donors(world, "met").await, [""; 0]);
}

async fn turkish_letters_are_found_however_they_are_typed(world: &World) {
    save(world, &["Isparta İstanbul", "çağrı ŞÜKRÜ öğün", "Diyarbakır'a"]).await;
    for typed in ["ISPARTA", "ısparta", "isparta", "İSPARTA", "istanbul", "İSTANBUL", "ISTANBUL"]
    {
        assert_eq!(donors(world, typed).await, ["Isparta İstanbul"], "{typed}");
    }
    for typed in ["cagri sukru ogun", "ÇAĞRI ŞÜKRÜ ÖĞÜN", "C\u{327}ag\u{306}rı s\u{327}u"]
    {
        assert_eq!(donors(world, typed).await, ["çağrı ŞÜKRÜ öğün"], "{typed}");
    }
    for typed in ["diyarbakir", "diyarbakır'a", "a diyarbakır"] {
        assert_eq!(donors(world, typed).await, ["Diyarbakır'a"], "{typed}");
    }
}

async fn every_field_that_is_promised_is_looked_through(world: &World) {
    let donor = Donor {
        email: Some(email("mail.box@alanadi.org")),
        phone: Some(phone("0532 123 45 67")),
        address: Some("Gülistan\nSokak".to_owned()),
        notes: Some("acele etmez".to_owned()),
        ..world.donor("Fatma")
    };
    world.save_donor(&donor).await;
    for q in [
        "fatma",
        "mail",
        "alanadi org",
        "mail.box@alanadi.org",
        "gulistan",
        "acele",
        "fatma mail gulistan acele",
        "905321234567",
        "+90532",
    ] {
        assert_eq!(donors(world, q).await, ["Fatma"], "{q}");
    }
    let donation = Donation {
        donor: named(&donor),
        purpose: Some("okul çantası".to_owned()),
        reference: Some("HAVALE-2026/17".to_owned()),
        notes: Some("teşekkür yazısı".to_owned()),
        reason: Some("gizli".to_owned()),
        ..world.donation(lira(1))
    };
    world.save_donation(&donation).await;
    for q in ["fatma", "canta", "havale 2026 17", "havale-2026/17", "tesekkur", "fatma okul tes"] {
        assert_eq!(donation_ids(&donations(world, q).await), [donation.id], "{q}");
    }
    assert_eq!(donations(world, "gulistan").await, []);
}

async fn words_of_every_script_are_found(world: &World) {
    let names = [
        "Ελευθερία Παπαδοπούλου",
        "Дмитрий Ёлкин",
        "محمد الأمين",
        "משה כהן",
        "हिन्दी परिवार",
        "กำลังใจ ไทย",
        "山田 太郎",
        "김민준",
        "Ⓐlpha Ⅷ",
        "ẞtraße",
        "ﬁnance ½",
        "x²y",
        "\u{1e900}\u{1e901} Adlam",
        "\u{11103}\u{11127} Chakma",
        "Ünal 👨‍👩‍👧 aile",
    ];
    save(world, &names).await;
    for called in names {
        assert!(donors(world, called).await.contains(&called.to_owned()), "{called}");
        for word in called.split(' ').filter(|word| !fold(word).is_empty()) {
            assert!(donors(world, word).await.contains(&called.to_owned()), "{word} of {called}");
        }
    }
}

async fn syntax_of_the_search_engine_is_harmless(world: &World) {
    save(world, &["and or not near", "Plain Name"]).await;
    let typed = [
        "\"",
        "'",
        "\"\"",
        "''",
        "a\"b",
        "a'b",
        "*",
        "**",
        "a*b",
        "(",
        ")",
        "()",
        "a AND b",
        "a OR b",
        "NOT a",
        "NEAR(a b)",
        "a NEAR/2 b",
        "search:a",
        "{search}:a",
        "-a",
        "^a",
        "a^b",
        "a + b",
        "a & b",
        "a | b",
        "!a",
        "a <-> b",
        "a:*",
        "a:ABC",
        "\\",
        "\\'",
        "a\\",
        ";",
        "'; DROP TABLE donors; --",
        "$1",
        "?",
        "?1",
        ":a",
        "@a",
        "%",
        "_",
        "%s",
        "a\0b",
        "\0",
        "a\nb",
        "\u{feff}",
        "\u{200d}",
        "\u{301}",
        "🕌",
        "\u{10ffff}",
        "1e5",
        "-1.5e-3",
        "0x1F",
        "http://a.b/c?d=e",
        "a@b.c",
        "/etc/passwd",
        "<b>bold</b>",
        "&amp;",
        "1/2",
        "a--b",
        "a.b.c",
    ];
    for q in typed {
        donors(world, q).await;
        donors(world, &format!("plain {q}")).await;
        donors(world, &format!("{q} plain")).await;
        donations(world, q).await;
    }
    assert_eq!(donors(world, "AND").await, ["and or not near"]);
    assert_eq!(donors(world, "or not").await, ["and or not near"]);
    assert_eq!(donors(world, "NEAR").await, ["and or not near"]);
    assert_eq!(donors(world, "\"plain\" 'name'*").await, ["Plain Name"]);
    assert_eq!(world.rows("donors").await, 2);
}

async fn a_search_without_a_word_finds_nothing(world: &World) {
    save(world, &["Somebody"]).await;
    for q in ["", " ", "-", "…", "🕌", "'\"*"] {
        assert_eq!(donors(world, q).await, [""; 0], "{q:?}");
    }
}

async fn a_word_that_is_too_long_finds_nothing(world: &World) {
    let long = "ğ".repeat(Donor::MAX_NOTES);
    let donor = Donor { notes: Some(long.clone()), ..world.donor("Uzun") };
    world.save_donor(&donor).await;
    for chars in [2_047, 3_000, 100_000] {
        assert_eq!(donors(world, &"z".repeat(chars)).await, [""; 0], "{chars}");
        assert_eq!(donors(world, &format!("uzun {}", "z".repeat(chars))).await, [""; 0]);
    }
    // A record with such a word is found by its others.
    assert_eq!(donors(world, "uzun").await, ["Uzun"]);
    // Words beyond the tenth do not count.
    assert_eq!(donors(world, &format!("{}uzu", "uzun ".repeat(9))).await, ["Uzun"]);
    assert_eq!(donors(world, &"uzun ".repeat(5_000)).await, ["Uzun"]);
}

async fn search_agrees_with_a_reading_of_every_row(world: &World) {
    let seed = 7;
    let mut dice = Dice::new(seed);
    let letters = ["a", "b", "ı", "İ", "ş", "1", "0", "e", "ç", "ß"];
    let gaps = [" ", "-", "'", ".", "/", ", ", "@", "_", " 🕌 "];
    let text = |dice: &mut Dice, words: u64| {
        let mut text = String::from("a");
        for _ in 0..words {
            text.push_str(dice.pick(&gaps));
            for _ in 0..=dice.below(3) {
                text.push_str(dice.pick(&letters));
            }
        }
        text
    };
    let all: Vec<Donor> = (0..150)
        .map(|_| Donor {
            notes: (dice.once_in(2)).then(|| text(&mut dice, 4)),
            ..world.donor(&text(&mut dice, 2))
        })
        .collect();
    world.save_donors(&all).await;
    let mut found_something = 0;
    for _ in 0..150 {
        let words = dice.below(3);
        let q = text(&mut dice, words);
        // A search need not start with an `a`.
        let q: String = q.chars().skip(usize::from(dice.once_in(2))).collect();
        let expected: Vec<String> = all
            .iter()
            .filter(|donor| naive(&q, &[Some(donor.name.as_str()), donor.notes.as_deref()]))
            .map(|donor| donor.name.as_str().to_owned())
            .collect();
        found_something += usize::from(!expected.is_empty());
        assert_eq!(donors(world, &q).await, expected, "q = {q:?}, seed {seed}");
    }
    assert!(found_something > 50, "only {found_something} searches found anything");
}

fn naive(q: &str, texts: &[Option<&str>]) -> bool {
    let folded: Vec<String> = texts.iter().flatten().map(|text| fold(text)).collect();
    let has: Vec<&str> = folded.iter().flat_map(|text| text.split_whitespace()).collect();
    let q = fold(q);
    let mut words: Vec<&str> = q.split_whitespace().collect();
    let Some(last) = words.pop() else { return false };
    words.iter().all(|word| has.contains(word)) && has.iter().any(|word| word.starts_with(last))
}

async fn a_changed_record_is_found_by_its_new_words_alone(world: &World) {
    let before = Donor { notes: Some("eski".to_owned()), ..world.donor("Ayla") };
    world.save_donor(&before).await;
    let after = Donor { notes: Some("yeni".to_owned()), ..before };
    let after = world.change_donor(&after).await.unwrap();
    assert_eq!(donors(world, "eski").await, [""; 0]);
    assert_eq!(donors(world, "yeni").await, ["Ayla"]);
    world.change_donor(&Donor { notes: None, ..after }).await.unwrap();
    assert_eq!(donors(world, "yeni").await, [""; 0]);
    assert_eq!(donors(world, "ayla").await, ["Ayla"]);
}

async fn a_renamed_donor_is_found_in_their_donations_and_the_old_name_is_not(world: &World) {
    let donor = world.donor("Eskiad");
    let other = world.donor("Başkası");
    world.save_donors(&[donor.clone(), other.clone()]).await;
    let given = |donor: &Donor| Donation {
        donor: named(donor),
        purpose: Some("okul".to_owned()),
        ..world.donation(lira(1))
    };
    let (theirs, others) = (given(&donor), given(&other));
    let trashed = Donation { deleted_at: Some(later(0)), ..given(&donor) };
    world.save_donations(&[theirs.clone(), others.clone(), trashed.clone()]).await;
    world.change_donor(&Donor { name: name("Yeniad"), ..donor }).await.unwrap();

    let found = async |q| donation_ids(&donations(world, q).await);
    assert_eq!(found("eskiad").await, []);
    assert_eq!(found("yeniad").await, [theirs.id]);
    assert_eq!(found("yeniad okul").await, [theirs.id]);
    assert_eq!(found("baskasi").await, [others.id]);
    assert_eq!(found("okul").await, [others.id, theirs.id]);
    // A donation that comes back from the trash has the new name too.
    let restored = Donation {
        donor: named(&Donor { name: name("Yeniad"), ..world.donor("x") }).map(|found| {
            almoner_donations::DonorRef { id: theirs.donor.clone().unwrap().id, ..found }
        }),
        deleted_at: None,
        ..trashed.clone()
    };
    world.change_donation(&restored).await.unwrap();
    assert_eq!(found("yeniad").await, [trashed.id, theirs.id]);
    // Its version was not touched by the renaming.
    world.change_donation(&theirs).await.unwrap();
}

async fn a_donation_that_changes_hands_is_found_by_its_new_donor(world: &World) {
    let (first, second) = (world.donor("Birinci"), world.donor("İkinci"));
    world.save_donors(&[first.clone(), second.clone()]).await;
    let donation = Donation { donor: named(&first), ..world.donation(lira(1)) };
    world.save_donation(&donation).await;
    let donation = Donation { donor: named(&second), ..donation };
    let donation = world.change_donation(&donation).await.unwrap();
    assert_eq!(donations(world, "birinci").await, []);
    assert_eq!(donation_ids(&donations(world, "ikinci").await), [donation.id]);
    let donation = world.change_donation(&Donation { donor: None, ..donation }).await.unwrap();
    assert_eq!(donations(world, "ikinci").await, []);
    assert_eq!(donation.donor, None);
}

async fn records_in_the_trash_are_found_in_the_trash_alone(world: &World) {
    let (here, gone) = (world.donor("Ortak Burada"), world.donor("Ortak Çöpte"));
    let gone = Donor { deleted_at: Some(later(0)), ..gone };
    world.save_donors(&[here.clone(), gone.clone()]).await;
    for (trash, id) in
        [(almoner_kernel::Trash::Without, here.id), (almoner_kernel::Trash::Only, gone.id)]
    {
        let query = DonorQuery { q: Some("ortak".to_owned()), trash, ..DonorQuery::default() };
        let request = PageRequest { limit: 5, after: None, count: true };
        let page = world.donors().list(&query, Scope::All, &request).await.unwrap();
        assert_eq!(donor_ids(&page.items), [id]);
        assert_eq!(page.total, Some(Total::capped(1)));
    }
}

async fn a_purged_record_is_not_found(world: &World) {
    let donor = world.donor("Silinecek");
    world.save_donor(&donor).await;
    let mut tx = world.donors().begin().await.unwrap();
    tx.purge_donor(donor.id).await.unwrap();
    tx.commit(crate::support::changed(&donor)).await.unwrap();
    save(world, &["Başka"]).await;
    assert_eq!(donors(world, "silinecek").await, [""; 0]);
    assert_eq!(donors(world, "baska").await, ["Başka"]);
}

async fn search_pages_through_every_result_in_every_order(world: &World) {
    let all: Vec<Donation> = (0..23_i64)
        .map(|n| Donation {
            purpose: Some(if n % 4 == 0 { "başka" } else { "ortak" }.to_owned()),
            donated_on: crate::support::day(2026, 1, 1 + u32::try_from(n % 3).unwrap()),
            amount: lira(1 + n % 5),
            ..world.donation(lira(1))
        })
        .collect();
    world.save_donations(&all).await;
    for field in [DonationSort::CreatedAt, DonationSort::DonatedOn, DonationSort::Amount] {
        for direction in [Direction::Up, Direction::Down] {
            let query = DonationQuery {
                q: Some("orta".to_owned()),
                sort: Sort { field, direction },
                ..DonationQuery::default()
            };
            let mut expected: Vec<&Donation> = all
                .iter()
                .filter(|donation| donation.purpose.as_deref() == Some("ortak"))
                .collect();
            expected.sort_by_key(|donation| {
                let key = match field {
                    DonationSort::CreatedAt => 0,
                    DonationSort::DonatedOn => {
                        i64::from(chrono::Datelike::num_days_from_ce(&donation.donated_on))
                    }
                    DonationSort::Amount => donation.amount.minor(),
                };
                (key, donation.id)
            });
            if direction == Direction::Down {
                expected.reverse();
            }
            let expected: Vec<_> = expected.iter().map(|donation| donation.id).collect();
            for limit in [1, 2, 7, 50] {
                let read = walk(
                    limit,
                    async |page| world.donations().list(&query, Scope::All, &page).await,
                    async |_| {},
                )
                .await;
                assert_eq!(donation_ids(&read), expected, "{field:?} {direction:?} by {limit}");
            }
        }
    }
}

async fn search_finds_campaigns_and_users(world: &World) {
    let campaign = Campaign {
        description: Some("Kışlık mont".to_owned()),
        ..world.campaign("Çocuklara Isınma")
    };
    world.save_campaign(&campaign).await.unwrap();
    world.save_campaign(&world.campaign("Su Kuyusu")).await.unwrap();
    for q in ["cocuk", "ISINMA", "mont", "çocuklara kış"] {
        let query = CampaignQuery { q: Some(q.to_owned()), ..CampaignQuery::default() };
        let page = world.campaigns().list(&query, &PageRequest::default()).await.unwrap();
        assert_eq!(page.items, std::slice::from_ref(&campaign), "{q}");
    }

    let user = almoner_accounts::user::User {
        name: name("Gökçe Işık"),
        phone: Some(PhoneNumber::from_stored("+905321234567".to_owned())),
        ..world.user("g.isik@dernek.org")
    };
    world.save_user(&user).await.unwrap();
    world.save_user(&world.user("other@example.org")).await.unwrap();
    for q in ["gokce", "işık", "dernek", "9053212", "gökçe dern"] {
        for field in UserSort::ALL {
            let query =
                UserQuery { q: Some(q.to_owned()), sort: Sort::up(field), ..UserQuery::default() };
            let page = world.accounts().users(&query, Scope::All, &PageRequest::default()).await;
            assert_eq!(page.unwrap().items, std::slice::from_ref(&user), "{q}");
        }
    }
}
