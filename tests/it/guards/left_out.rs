//! A run without PostgreSQL says so, and is a failure where PostgreSQL is required.

#[test]
#[cfg(without_postgres)]
#[allow(non_snake_case, reason = "the name of the variable is what a reader looks for")]
fn postgres_half_is_left_out_because_ALMONER_TEST_POSTGRES_URL_is_not_set() {
    use std::{env, io::Write};

    let is_required =
        ["CI", "ALMONER_TEST_REQUIRE_POSTGRES"].into_iter().find(|name| is_on(env::var_os(name)));
    if let Some(name) = is_required {
        panic!("{name} asks for the PostgreSQL half: set ALMONER_TEST_POSTGRES_URL");
    }
    // Not through a macro: libtest would keep it to itself.
    writeln!(
        std::io::stderr(),
        "\nalmoner-tests: ALMONER_TEST_POSTGRES_URL is not set: \
         every case on PostgreSQL is left out\n",
    )
    .unwrap();
}

/// The opposite, so that a list of the tests shows which half there is.
#[test]
#[cfg(not(without_postgres))]
fn postgres_half_is_there() {
    assert!(std::env::var_os("ALMONER_TEST_POSTGRES_URL").is_some_and(|url| !url.is_empty()));
}

#[cfg(without_postgres)]
fn is_on(value: Option<std::ffi::OsString>) -> bool {
    value.is_some_and(|value| value == "true" || value == "1")
}
