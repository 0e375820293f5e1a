//! Without a PostgreSQL server the cases on it are compiled as ignored ones, each with its reason,
//! so that a run says what it left out. The digest of the schema's steps names the databases that
//! tests are copied from.

#![allow(clippy::unwrap_used, reason = "a build that cannot read its sources is over")]

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
};

const STEPS: &str = "../migrations/src";

fn main() {
    println!("cargo::rustc-check-cfg=cfg(without_postgres)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={STEPS}");
    println!("cargo::rerun-if-env-changed=ALMONER_TEST_POSTGRES_URL");
    if std::env::var_os("ALMONER_TEST_POSTGRES_URL").is_none_or(|url| url.is_empty()) {
        println!("cargo::rustc-cfg=without_postgres");
    }
    println!("cargo::rustc-env=SCHEMA_DIGEST={:016x}", schema_digest());
}

fn schema_digest() -> u64 {
    let mut steps: Vec<PathBuf> =
        fs::read_dir(STEPS).unwrap().map(|step| step.unwrap().path()).collect();
    steps.sort();
    let mut digest = DefaultHasher::new();
    for step in steps {
        fs::read(step).unwrap().hash(&mut digest);
    }
    digest.finish()
}
