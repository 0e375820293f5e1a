//! The example file is complete, and says what holds.

use super::*;

#[test]
fn the_example_file_has_every_key_with_its_default() {
    let defaults = format!("{:?}", Given::default().config());
    assert_eq!(format!("{:?}", Given::file(EXAMPLE).config()), defaults);

    let mut table = String::new();
    let mut found = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table = format!("{name}.");
        } else if let Some((name, _)) = line.trim_start_matches("# ").split_once(" = ")
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            found.push((format!("{table}{name}"), !line.starts_with('#')));
        }
    }
    let expected: Vec<_> =
        KEYS.iter().map(|key| (key.path.to_owned(), key.default.is_some())).collect();
    assert_eq!(found, expected, "the keys in order, and whether they have a default");
    for key in KEYS {
        assert!(EXAMPLE.contains(key.variable), "{} is missing", key.variable);
    }
}

#[test]
fn every_documented_value_of_a_key_without_default_is_accepted() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if ["key_file =", "public_url =", "url =", "email =", "password ="]
                    .iter()
                    .any(|key| rest.starts_with(key)) =>
            {
                rest
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let config = Given::file(&uncommented).config();
    assert!(config.public_url.is_https());
    assert!(config.first_admin.is_some());
}
