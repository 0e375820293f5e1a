//! README's first account and walk-through, word for word.

use std::process::Command;

use super::almoner::{Almoner, binary};

const README: &str = include_str!("../../../README.md");

/// The script below a mark.
fn script(mark: &str) -> &'static str {
    let (_, rest) = README.split_once(mark).unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    script
}

/// Runs it in the folder of that server, and returns what it prints.
fn run(almoner: &Almoner, script: &str) -> String {
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
    printed
}

#[test]
fn the_walk_through_of_the_readme_works_word_for_word_as_often_as_one_likes() {
    let mut almoner = Almoner::new();
    almoner.start();
    let printed = run(&almoner, script("<!-- first account"));
    assert_eq!(printed.trim(), "ayse@example.org can log in now, as superadmin");
    for _ in 0..2 {
        let printed = run(&almoner, script("<!-- walk-through"));
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(
            lines[..7],
            ["\"completed\"", "1", "Ahmet Işık", "3", "updated", "completed", "created"]
        );
        assert!(lines[7].starts_with("intact: "), "{printed}");
        assert_eq!(lines.last(), Some(&"\"refunded\""), "{printed}");
        assert!(!almoner.folder.path().join("cookies.txt").exists());
    }
}
