//! The files of texts: in every language each crate says everything that it can say, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use almoner_donations::{Donation, Method, State};
use almoner_kernel::{Currency, Money, Words, words::Wording};
use almoner_records::{Record, Rules};
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use fluent_syntax::{
    ast::{Entry, Resource},
    parser,
};

use crate::kit::{
    language::{FILES, Language},
    problem::registry,
    words,
};

/// The crates that tell callers something.
const SPEAKERS: [(&str, &[Wording]); 8] = [
    ("accounts", almoner_accounts::words::ALL),
    ("donations", almoner_donations::words::ALL),
    ("http", words::ALL),
    ("jobs", almoner_jobs::words::ALL),
    ("kernel", almoner_kernel::words::ALL),
    ("mail", almoner_mail::words::ALL),
    ("records", almoner_records::words::ALL),
    ("webhooks", almoner_webhooks::words::ALL),
];

fn every_wording() -> impl Iterator<Item = &'static Wording> {
    SPEAKERS.into_iter().flat_map(|(_, wordings)| wordings)
}

/// The folder with all crates.
fn crates() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Tag and content of every file of a crate; none for one that has no texts.
fn files_of(speaker: &str) -> BTreeMap<String, String> {
    let Ok(folder) = fs::read_dir(crates().join(speaker).join("texts")) else {
        return BTreeMap::new();
    };
    let paths = folder.map(|file| file.unwrap().path());
    let tag = |path: &PathBuf| {
        assert_eq!(path.extension().unwrap(), "ftl", "{path:?}");
        path.file_stem().unwrap().to_str().unwrap().to_owned()
    };
    paths.map(|path| (tag(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// Tag and content of every language: the files of all crates behind each other.
fn files() -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (speaker, _) in SPEAKERS {
        for (tag, content) in files_of(speaker) {
            let language = all.entry(tag).or_default();
            language.push_str(&content);
            language.push('\n');
        }
    }
    all
}

fn parsed(content: &str) -> Resource<&str> {
    parser::parse(content).unwrap_or_else(|(_, errors)| panic!("{errors:?}"))
}

/// Every text of a file: its key, and whether it has an explanation.
fn texts(content: &str) -> Vec<(String, bool)> {
    let messages = parsed(content).body.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message),
        Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => None,
        other => panic!("neither a text nor a comment: {other:?}"),
    });
    messages
        .map(|message| {
            let parts: Vec<_> = message.attributes.iter().map(|part| part.id.name).collect();
            assert!(parts.is_empty() || parts == ["explanation"], "{parts:?}");
            assert!(message.value.is_some(), "{} is empty", message.id.name);
            (message.id.name.to_owned(), !parts.is_empty())
        })
        .collect()
}

/// The text of a key in one language alone, with `{name}` for whatever varies; complaints as well.
fn with_names(content: &str, wording: &Wording) -> Result<String, String> {
    let resource = FluentResource::try_new(content.to_owned()).unwrap();
    let mut bundle = FluentBundle::default();
    bundle.set_use_isolating(false);
    bundle.add_resource(resource).unwrap();
    let names = wording.args.iter().map(|name| (*name, FluentValue::from(format!("{{{name}}}"))));
    let names: FluentArgs<'_> = names.collect();
    let message = bundle.get_message(wording.key).ok_or("there is no such text")?;
    let mut errors = Vec::new();
    let text = bundle.format_pattern(message.value().unwrap(), Some(&names), &mut errors);
    if errors.is_empty() { Ok(text.replace('\n', " ")) } else { Err(format!("{errors:?}")) }
}

#[test]
fn every_language_has_every_text_and_no_other() {
    let languages: BTreeSet<String> = files().into_keys().collect();
    let mut keys = BTreeSet::new();
    for (speaker, wordings) in SPEAKERS {
        // What a problem is called is HTTP's own.
        let problems = if speaker == "http" { registry::ENTRIES } else { &[] };
        let expected: BTreeSet<(String, bool)> = wordings
            .iter()
            .map(|wording| (wording.key.to_owned(), false))
            .chain(problems.iter().map(|entry| (format!("problem-{}", entry.code), true)))
            .collect();
        for key in &expected {
            assert!(keys.insert(key.clone()), "two crates say different things under {}", key.0);
        }
        let files = files_of(speaker);
        assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), languages, "{speaker}");
        for (tag, content) in files {
            let said = texts(&content);
            let found: BTreeSet<_> = said.iter().cloned().collect();
            assert_eq!(found.len(), said.len(), "{speaker}/{tag} says something twice");
            let lacks: Vec<_> = expected.difference(&found).collect();
            let unused: Vec<_> = found.difference(&expected).collect();
            assert!(
                lacks.is_empty() && unused.is_empty(),
                "{speaker}/{tag} lacks {lacks:?}, needs no {unused:?}"
            );
        }
    }
}

#[test]
fn every_language_uses_all_that_varies_in_a_text_and_nothing_else() {
    for (tag, content) in files() {
        for wording in every_wording() {
            let text = with_names(&content, wording)
                .unwrap_or_else(|error| panic!("{tag}: {}: {error}", wording.key));
            for name in wording.args {
                assert!(text.contains(&format!("{{{name}}}")), "{tag}: {}: {text}", wording.key);
            }
            assert_eq!(text.matches('{').count(), wording.args.len(), "{tag}: {text}");
        }
    }
}

#[test]
fn the_english_files_say_what_the_crates_say() {
    let english = &files()["en"];
    for wording in every_wording() {
        assert_eq!(with_names(english, wording).unwrap(), wording.english, "{}", wording.key);
    }
}

#[test]
fn no_two_languages_say_the_same() {
    // A text that was copied and never translated. What is the same on purpose would stand here.
    let files = files();
    let english = &files["en"];
    for (tag, content) in files.iter().filter(|(tag, _)| *tag != "en") {
        for wording in every_wording() {
            let (theirs, ours) = (with_names(content, wording), with_names(english, wording));
            assert_ne!(theirs.unwrap(), ours.unwrap(), "{tag}: {}", wording.key);
        }
        for entry in registry::ENTRIES {
            let language = language(tag);
            let (title, explanation) = (entry.title(language), entry.explanation(language));
            assert_ne!(title, entry.title(Language::english()), "{tag}: {}", entry.code);
            assert_ne!(explanation, entry.explanation(Language::english()), "{}", entry.code);
        }
    }
}

#[test]
fn every_file_is_a_language_of_the_program() {
    let known: BTreeSet<_> = Language::all().iter().map(|known| known.tag().to_owned()).collect();
    assert_eq!(known, files().into_keys().collect::<BTreeSet<_>>());
    assert!(known.contains("tr"));
    for (tag, contents) in FILES {
        let built_in: BTreeSet<&str> = contents.iter().copied().collect();
        let files: Vec<String> =
            SPEAKERS.into_iter().filter_map(|(name, _)| files_of(name).remove(*tag)).collect();
        assert_eq!(built_in, files.iter().map(String::as_str).collect(), "{tag}");
    }
    for language in Language::all() {
        assert_eq!(language.as_ref().to_string(), language.tag(), "the tag in its usual form");
    }
}

/// A crate that says something but is not among the speakers would not be looked at here.
#[test]
fn every_crate_that_says_something_is_looked_at() {
    let (mut found, mut with_files) = (BTreeSet::new(), BTreeSet::new());
    for folder in fs::read_dir(crates()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if folder.join("texts").is_dir() {
            with_files.insert(name);
        }
        let mut sources = vec![folder.join("src")];
        while let Some(path) = sources.pop() {
            if path.is_dir() {
                sources.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let place = path.strip_prefix(crates()).unwrap().to_str().unwrap();
            let is_test = place.contains("/src/tests/");
            let says = source
                .lines()
                .any(|line| line.ends_with("words! {") && !line.trim_start().starts_with("//"));
            if says && !is_test {
                found.insert(folder.file_name().unwrap().to_str().unwrap().to_owned());
                assert!(place.ends_with("/words.rs"), "{place}: texts stand in words.rs");
            }
            let made_by_hand = source.contains("Words::of(") && !place.starts_with("kernel/");
            assert!(!made_by_hand || is_test, "{place}: a text is made by `words!`");
        }
    }
    let speakers: BTreeSet<String> = SPEAKERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, speakers);
    assert_eq!(with_files, speakers, "the program takes in every folder of texts");
}

fn language(tag: &str) -> Language {
    let known = Language::all().into_iter().find(|language| language.tag() == tag);
    known.unwrap_or_else(|| panic!("{tag} is not a language"))
}

fn said(tag: &str, words: &Words) -> String {
    language(tag).say(words)
}

#[test]
fn numbers_are_plain_and_choose_their_words() {
    assert_eq!(said("en", &words::wait(1_u32)), "wait 1 second");
    assert_eq!(said("en", &words::wait(30_u32)), "wait 30 seconds");
    assert_eq!(said("tr", &words::wait(1_u32)), "1 saniye bekleyin");
    let limit = words::body_too_large(1_048_576_u32);
    assert_eq!(said("en", &limit), "the body may have at most 1048576 bytes");
    assert_eq!(said("tr", &limit), "istek gövdesi en fazla 1048576 bayt olabilir");
}

#[test]
fn what_varies_is_repeated_as_it_is_and_never_read_as_a_text() {
    for name in ["{ $names }", "{is_required}", "\u{2068}a\u{2069}", "a\\u0041 b"] {
        let words = words::query_parameters(name.to_owned());
        assert_eq!(said("en", &words), format!("query parameter: {name}"));
        assert_eq!(said("tr", &words), format!("sorgu parametresi: {name}"));
    }
}

#[test]
fn turkish_names_every_state_of_a_donation_in_turkish() {
    let mut last = None;
    for from in State::ALL {
        let before = donation(*from);
        let after = Donation { method: Method::Sms, ..before.clone() };
        let settled = after.may_follow(&before).err();
        let steps = Donation::KIND.steps.iter().map(|step| before.out_of_order(step));
        for refusal in steps.chain(settled) {
            assert_eq!(said("en", &refusal.detail), refusal.to_string());
            let turkish = said("tr", &refusal.detail);
            for state in State::ALL {
                assert!(!turkish.contains(state.as_str()), "{turkish}");
            }
        }
        if *from == State::Refunded {
            last = Some(before.out_of_order(Donation::KIND.step("complete").unwrap()));
        }
    }
    assert_eq!(
        said("tr", &last.unwrap().detail),
        "durumu “iade edildi” olan bir bağış “tamamlandı” durumuna geçemez"
    );
}

fn donation(state: State) -> Donation {
    Donation {
        donor_id: None,
        campaign_id: None,
        amount: Some(Money::from_minor(1, Currency::parse("TRY").unwrap())),
        method: Method::Cash,
        state,
        purpose: None,
        donated_on: "2026-03-14".parse().unwrap(),
        reference: None,
        notes: None,
        reason: None,
        settled_at: None,
    }
}
