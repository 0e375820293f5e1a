//! The whole configuration is checked before anything opens.

use super::almoner::Almoner;

#[test]
fn every_problem_of_the_configuration_is_told_at_once_and_nothing_is_opened() {
    let almoner = Almoner::new()
        .with("ALMONER_PUBLIC_URL", "ftp://example.org")
        .with("ALMONER_RATE_LIMIT", "perhaps")
        .with("ALMONER_TRUSTED_PROXIES", "10.0.0.0/8,nowhere")
        .with("ALMONER_ADMIN_EMAIL", "ayse@example.org")
        .with("ALMONER_LSTEN", "127.0.0.1:1");
    let output = almoner.run(&["serve"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    for key in [
        "ALMONER_PUBLIC_URL",
        "ALMONER_RATE_LIMIT",
        "ALMONER_TRUSTED_PROXIES",
        "ALMONER_ADMIN_PASSWORD",
        "ALMONER_LSTEN",
    ] {
        assert!(said.contains(key), "{key} is not named:\n{said}");
    }
    assert!(!almoner.folder.path().join("data").exists());
}
