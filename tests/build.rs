//! Without a PostgreSQL server the cases on it are compiled as ignored ones, each with its reason,
//! so that a run says what it left out.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(without_postgres)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=ALMONER_TEST_POSTGRES_URL");
    if std::env::var_os("ALMONER_TEST_POSTGRES_URL").is_none_or(|url| url.is_empty()) {
        println!("cargo::rustc-cfg=without_postgres");
    }
}
