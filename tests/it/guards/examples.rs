//! What ARCHITECTURE.md shows as an example is compiled and tried: it is a file of the tests, word for word.

use std::{fs, path::Path};

#[test]
fn the_example_of_the_architecture_is_one_that_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let (_, rest) = document.split_once("<!-- example: ").expect("there is one");
    let (file, rest) = rest.split_once(" -->\n```rust\n").expect("it names its file");
    let (shown, _) = rest.split_once("```\n<!-- example: end -->").expect("it ends");
    assert_eq!(shown, fs::read_to_string(root.join(file)).unwrap(), "{file}");
    // What a newcomer reads in one go.
    assert!(document.lines().count() <= 250);
}
