//! A new kind of record is a line in the registry: what all kinds have in common knows none of them by
//! its name.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use almoner_kinds::REGISTRY;
use almoner_records::Kind;

/// Where kinds are what it is about.
const AT_HOME: &[&str] = &["donations", "kinds", "records-derive"];

/// Files that name kinds, and why they may. `/` at the end is a folder.
const ALLOWED: &[(&str, &str)] = &[
    // What single kinds can do beside what all can.
    ("http/src/domains.rs", "the summary"),
    ("http/src/resources/donations", "the summary"),
    ("http/src/resources/donors", "showing what is sealed"),
    ("http/src/resources/mod.rs", "where these two are served"),
    ("http/src/resources/words.rs", "the words of the summary"),
    ("persistence/src/donations", "the summary and its totals"),
    ("persistence/src/entities", "the totals of the summary"),
    ("persistence/src/lib.rs", "the totals of the summary"),
    ("app/src/assembly.rs", "the summary"),
    // What people are told of their database, and what they order.
    ("adapters/src/backup", "how much is in a copy"),
    ("persistence/src/copies.rs", "how much is in a copy"),
    ("demo/src", "what is made up for a trial"),
    ("app/src/commands/seed.rs", "how much of it is made up"),
    ("app/src/cli.rs", "how much of it is made up"),
    // What stood there before there was a registry.
    ("persistence/src/trail/whose.rs", "changes of the first format"),
    ("adapters/src/telemetry/redact.rs", "names that are never logged"),
    ("http/src/kit/problem/registry.rs", "a code that is explained to people"),
    ("accounts/src/role/built_in.rs", "what built-in roles may do is a list for administrators"),
    // Examples are of something.
    ("http/src/contract/openapi/", "examples"),
    ("http/src/live/socket/document.rs", "examples"),
    ("http/src/resources/audit", "examples"),
    ("http/src/resources/auth/bodies.rs", "examples"),
    ("http/src/resources/roles/bodies.rs", "examples"),
    ("http/src/resources/webhooks/bodies", "examples"),
];

/// What is called by nothing could not be shown where it is named, and who is above themselves is above
/// nobody.
#[test]
fn what_is_named_has_a_name_and_no_family_is_a_circle() {
    for kind in REGISTRY.kinds {
        for field in kind.references() {
            let named = REGISTRY.target(field.target.unwrap()).expect("a kind, or users");
            assert!(named.label().is_some(), "{}.{}: {}", kind.many, field.name, named.many);
        }
        // One that the registry does not know would be nobody's.
        assert_eq!(REGISTRY.people_of(kind).count(), kind.people.len(), "{}", kind.many);
        let above = |kind: &&'static Kind| REGISTRY.kind(kind.parent()?.target?);
        let family = std::iter::successors(Some(*kind), above).take(REGISTRY.kinds.len() + 1);
        assert!(family.count() <= REGISTRY.kinds.len(), "{}", kind.many);
    }
}

#[test]
fn nothing_that_serves_all_kinds_names_one() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut files = Vec::new();
    collect(&crates, &mut files);
    assert!(files.len() > 200, "{}", files.len());
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(&crates).unwrap().to_str().unwrap().to_owned();
        if AT_HOME.iter().any(|home| name.starts_with(&format!("{home}/"))) {
            continue;
        }
        let named = names_in(&fs::read_to_string(&file).unwrap());
        if named.is_empty() {
            continue;
        }
        match ALLOWED.iter().find(|(allowed, _)| name.starts_with(allowed)) {
            Some((allowed, _)) => _ = used.insert(*allowed),
            None => wrong.push(format!("{name}: {named:?}")),
        }
    }
    assert!(wrong.is_empty(), "kinds are named in\n{}", wrong.join("\n"));
    let idle: Vec<&str> =
        ALLOWED.iter().map(|(file, _)| *file).filter(|file| !used.contains(file)).collect();
    assert!(idle.is_empty(), "no kind is named any more in {idle:?}");
}

/// Every source that is no test.
pub(super) fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "tests" {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// The words of a source that name a kind: in code a word or a part of one, in texts the whole text.
fn names_in(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let (words, texts) = split(code);
    let mut named: Vec<String> = words.into_iter().filter(|word| is_of_a_kind(word)).collect();
    named.extend(texts.into_iter().filter(|text| is_a_name(text)));
    named.dedup();
    named
}

/// `DonationTotals`, `donor_id`.
fn is_of_a_kind(word: &str) -> bool {
    let mut snake = String::from("_");
    for letter in word.chars() {
        if letter.is_uppercase() && !word.contains('_') {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake.push('_');
    REGISTRY
        .kinds
        .iter()
        .any(|kind| [kind.one, kind.many].iter().any(|name| snake.contains(&format!("_{name}_"))))
}

/// `donor`, `donors`, `donors:read`, `donor.created`, `has_donors`, `donor_name`.
fn is_a_name(text: &str) -> bool {
    REGISTRY.kinds.iter().any(|kind| {
        let permission = text.strip_prefix(kind.path).is_some_and(|rest| rest.starts_with(':'));
        let event = text.strip_prefix(kind.one).is_some_and(|rest| rest.starts_with('.'));
        let fields = ["_id", "_name"].map(|end| format!("{}{end}", kind.one));
        let own = [kind.one, kind.many, kind.path, kind.holds];
        permission || event || own.contains(&text) || fields.iter().any(|field| field == text)
    })
}

/// The words of code, and the texts in it; comments are neither.
fn split(code: &str) -> (Vec<String>, Vec<String>) {
    let (mut words, mut texts) = (Vec::new(), Vec::new());
    let mut rest = code;
    let mut word = String::new();
    while let Some(letter) = rest.chars().next() {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        words.push(std::mem::take(&mut word));
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(behind) = rest.strip_prefix('"') {
            let mut end = 0;
            let bytes = behind.as_bytes();
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            texts.push(behind.get(..end).unwrap_or_default().to_owned());
            rest = behind.get(end + 1..).unwrap_or_default();
        } else if rest.starts_with("'\"'") {
            rest = &rest[3..];
        } else {
            rest = &rest[letter.len_utf8()..];
        }
    }
    words.push(word);
    (words, texts)
}

#[test]
fn a_kind_is_found_however_it_is_written() {
    let source = "use almoner_donations::Summary; // a donor\n let x = [\"donors\", \"donors:read\"];\n\
                  let of_donor = CampaignRef { name: \"a donor's name\", q: '\"', donation: 1 };";
    let named = names_in(source);
    let found =
        ["almoner_donations", "of_donor", "CampaignRef", "donation", "donors", "donors:read"];
    assert_eq!(named, found);
}
