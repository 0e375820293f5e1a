//! Which rooms of `http` may know which: the table of its `lib.rs`, held against the paths in its sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::kinds::collect;

/// The rooms, and which others each may know: rooms above it, so that there is no circle.
const ROOMS: &[(&str, &[&str])] = &[
    ("kit", &[]),
    ("middleware", &["kit"]),
    ("live", &["kit"]),
    ("resources", &["kit", "middleware", "live"]),
    ("contract", &["kit", "middleware", "live", "resources"]),
];

/// What of the house every room may know, because it knows no room.
const GROUND: &[&str] = &["connection", "domains", "routes"];

/// Circles: what knows rooms itself, which files know it all the same, and why. `/` at the end is a folder.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "site",
        &[
            "kit/answer.rs",
            "kit/body/read.rs",
            "kit/etag.rs",
            "kit/query.rs",
            "kit/replay.rs",
            "live/list.rs",
            "live/socket/host.rs",
            "middleware/",
            "resources/batch/mod.rs",
            "resources/kinds/query.rs",
            "resources/socket.rs",
        ],
        "what the workers share comes with a request as `Data<Site>`, and is of every room",
    ),
    (
        "site",
        &["contract/openapi/mod.rs"],
        "the document is collected from the routes that are served, and served beside them",
    ),
    (
        "services",
        &["kit/replay.rs", "live/", "middleware/", "resources/"],
        "they are ports, but one of them names what the kit has read of a trace",
    ),
    (
        "settings",
        &["kit/body/read.rs", "middleware/", "contract/mock.rs"],
        "they have the settings of bodies and of live lists in them",
    ),
    (
        "health",
        &["middleware/arrival.rs", "resources/auth.rs"],
        "the names of what is counted stand where it is asked for",
    ),
];

#[test]
fn no_room_knows_what_the_table_does_not_allow() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for Edge { file, from, to } in edges() {
        let Some((_, known)) = ROOMS.iter().find(|(room, _)| *room == from) else { continue };
        if known.contains(&to.as_str()) || GROUND.contains(&to.as_str()) {
            continue;
        }
        let holds =
            |place: &&&str| file == **place || place.ends_with('/') && file.starts_with(**place);
        let circle = CIRCLES
            .iter()
            .filter(|(known, ..)| *known == to)
            .find_map(|(known, places, _)| Some((*known, *places.iter().find(holds)?)));
        match circle {
            Some(circle) => _ = used.insert(circle),
            None => wrong.push(format!("{file} may not know {to}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let listed =
        CIRCLES.iter().flat_map(|(to, places, _)| places.iter().map(move |place| (*to, *place)));
    let idle: Vec<_> = listed.filter(|circle| !used.contains(circle)).collect();
    assert!(idle.is_empty(), "these circles are none any more: {idle:?}");
}

#[test]
fn the_ground_knows_no_room() {
    let is_ground = |name: &String| GROUND.contains(&name.as_str());
    let wrong: Vec<String> = edges()
        .into_iter()
        .filter(|Edge { from, to, .. }| is_ground(from) && !is_ground(to))
        .map(|Edge { file, to, .. }| format!("{file} may not know {to}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_has_no_circle_and_is_what_people_read() {
    for (at, (room, known)) in ROOMS.iter().enumerate() {
        let above: Vec<&str> = ROOMS[..at].iter().map(|(room, _)| *room).collect();
        assert!(known.iter().all(|known| above.contains(known)), "{room}");
        assert!(source().join(room).join("mod.rs").is_file(), "{room}");
    }
    let library = fs::read_to_string(source().join("lib.rs")).unwrap();
    let quoted = |cell: &str| -> Vec<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let told: Vec<(Vec<String>, Vec<String>)> = library
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("//! | ")?.split(" | ").collect();
            let [room, _, known] = cells[..] else { return None };
            Some((quoted(room), quoted(known)))
        })
        .filter(|(room, _)| !room.is_empty())
        .collect();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let held: Vec<_> = ROOMS.iter().map(|(room, known)| (owned(&[*room]), owned(known))).collect();
    assert_eq!(told, held);
}

/// A file that knows something outside of the folder at the top that it is in.
struct Edge {
    file: String,
    /// The module at the top that the file belongs to.
    from: String,
    /// The module at the top that it knows.
    to: String,
}

/// Every edge of the crate that leads from one module at the top to another.
fn edges() -> Vec<Edge> {
    let mut files: Vec<PathBuf> = Vec::new();
    collect(&source(), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    let homes = homes();
    let mut edges = Vec::new();
    for path in files {
        let file = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
        let module: Vec<&str> =
            file.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
        if module == ["lib"] {
            continue;
        }
        let code = code_of(&fs::read_to_string(&path).unwrap());
        for name in paths(&code).iter().filter_map(|path| top(&module, path)) {
            let to = homes.get(name).map_or(name, String::as_str).to_owned();
            if to != module[0] {
                edges.push(Edge { file: file.clone(), from: module[0].to_owned(), to });
            }
        }
    }
    edges
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/http/src")
}

/// What the crate shows at its top, and the module at the top that it is from.
fn homes() -> BTreeMap<String, String> {
    let library = code_of(&fs::read_to_string(source().join("lib.rs")).unwrap());
    let mut shown = Vec::new();
    for tree in library.split("pub use ").skip(1) {
        read(tree, &[], &mut shown);
    }
    let homes = shown.iter().filter_map(|path| {
        let name = path.iter().rev().find(|word| **word != "self")?;
        Some(((*name).to_owned(), path[0].to_owned()))
    });
    homes.collect()
}

/// A source without its comments and its tests.
fn code_of(source: &str) -> String {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first word of a path of this module as it is seen from the top of the crate; none of a path that
/// stays in the module at the top.
fn top<'a>(module: &[&str], path: &[&'a str]) -> Option<&'a str> {
    let up = path.iter().take_while(|word| **word == "super").count();
    match path.first() {
        Some(&"crate") => path.get(1).copied(),
        _ if up >= module.len() => path.get(up).copied(),
        _ => None,
    }
}

/// Every path of a code that begins with `crate` or `super`.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = ["crate::", "super::"].iter().filter_map(|word| rest.find(*word)).min() {
        let is_within = |letter: char| letter.is_alphanumeric() || "_:$".contains(letter);
        rest = match rest[..at].ends_with(is_within) {
            true => &rest[at + "crate::".len()..],
            false => read(&rest[at..], &[], &mut found),
        };
    }
    found
}

/// Reads a path or a tree of paths, and returns what is behind it.
fn read<'a>(code: &'a str, before: &[&'a str], found: &mut Vec<Vec<&'a str>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut list) = code.strip_prefix('{') {
        loop {
            list = read(list, before, found);
            let Some(end) = list.find([',', '}']) else { return "" };
            let is_last = list[end..].starts_with('}');
            list = &list[end + 1..];
            if is_last {
                return list;
            }
        }
    }
    let is_of_a_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let end = code.find(|letter: char| !is_of_a_word(letter)).unwrap_or(code.len());
    let (word, behind) = code.split_at(end);
    if word.is_empty() {
        return behind;
    }
    let path = [before, &[word]].concat();
    match behind.strip_prefix("::") {
        Some(more) if more.starts_with(|letter: char| is_of_a_word(letter) || letter == '{') => {
            read(more, &path, found)
        }
        _ => {
            found.push(path);
            behind
        }
    }
}

#[test]
fn a_path_is_found_however_it_is_written() {
    let code = code_of(
        "use crate::{\n    kit::{self, body::Body as Sent},\n    words,\n};\n// crate::comment\n\
         pub(crate) use super::super::site::*;\nlet x = crate::routes::of::<u8>(my_crate::none);\n\
         #[cfg(test)]\nmod tests {\n    use crate::tested;\n}\n",
    );
    let found: Vec<String> = paths(&code).iter().map(|path| path.join("::")).collect();
    let expected = [
        "crate::kit::self",
        "crate::kit::body::Body",
        "crate::words",
        "super::super::site",
        "crate::routes::of",
    ];
    assert_eq!(found, expected);
    assert_eq!(top(&["kit", "body"], &["super", "super", "site"]), Some("site"));
    assert_eq!(top(&["kit", "body"], &["super", "site"]), None);
    assert_eq!(homes().get("Answer").map(String::as_str), Some("kit"));
}
