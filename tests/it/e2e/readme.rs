//! README's walk-through, word for word.

use std::process::Command;

use super::almoner::{Almoner, binary};

const README: &str = include_str!("../../../README.md");

#[test]
fn the_walk_through_of_the_readme_works_word_for_word() {
    let mut almoner = Almoner::new();
    almoner.start();
    let (_, rest) = README.split_once("<!-- walk-through").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let script = script
        .replace("target/release/almoner", &binary().display().to_string())
        .replace("http://127.0.0.1:8080", &almoner.url);
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(almoner.folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}\n{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        almoner.log()
    );
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines[..8],
        [
            "ayse@example.org can log in now, as superadmin",
            "\"completed\"",
            "1",
            "Ahmet Işık",
            "3",
            "updated",
            "completed",
            "created",
        ]
    );
    assert!(lines[8].starts_with("intact: "), "{printed}");
}
