//! Two programs and one file.

use super::almoner::Almoner;

#[test]
fn a_second_server_on_the_same_file_is_refused_with_the_reason() {
    let mut almoner = Almoner::new();
    almoner.start();
    for command in [&["serve"][..], &["migrate", "up"], &["seed"]] {
        let second = almoner.run(command);
        assert_eq!(second.status.code(), Some(1), "{command:?}");
        let said = String::from_utf8(second.stderr).unwrap();
        assert!(said.contains("another almoner is running on"), "{command:?}: {said}");
    }
    assert!(almoner.run(&["migrate", "status"]).status.success());
}
