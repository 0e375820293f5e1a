//! Who may know whom: the table of ARCHITECTURE.md, held against `cargo metadata`.

use std::{collections::BTreeMap, path::Path};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

const DOMAINS: [&str; 6] = [
    "almoner-accounts",
    "almoner-audit",
    "almoner-donations",
    "almoner-jobs",
    "almoner-mail",
    "almoner-webhooks",
];

/// What a crate of the house may depend on in the house, beyond development.
fn allowed(package: &str) -> Vec<&'static str> {
    let with_domains = |more: &[&'static str]| [&DOMAINS[..], more].concat();
    match package {
        "almoner-kernel" | "almoner-records-derive" => vec![],
        // A step of the schema makes anew what follows from what was typed.
        "almoner-migrations" => vec!["almoner-kernel"],
        "almoner-records" => vec!["almoner-kernel", "almoner-records-derive"],
        // Domains made of kinds of record.
        "almoner-donations" => vec!["almoner-kernel", "almoner-records"],
        domain if DOMAINS.contains(&domain) => vec!["almoner-kernel"],
        // The list of all kinds: of domains, it alone need know those that are made of nothing else.
        "almoner-kinds" => vec!["almoner-donations", "almoner-records"],
        "almoner-persistence" => {
            with_domains(&["almoner-kernel", "almoner-migrations", "almoner-records"])
        }
        "almoner-http" => with_domains(&["almoner-kernel", "almoner-records"]),
        // It answers their ports, and knows no settings but its own.
        "almoner-adapters" => vec![
            "almoner-accounts",
            "almoner-audit",
            "almoner-http",
            "almoner-jobs",
            "almoner-kernel",
            "almoner-mail",
            "almoner-persistence",
            "almoner-webhooks",
        ],
        "almoner-demo" => vec!["almoner-donations", "almoner-kernel", "almoner-records"],
        "almoner-app" => with_domains(&[
            "almoner-adapters",
            "almoner-demo",
            "almoner-http",
            "almoner-kernel",
            "almoner-kinds",
            "almoner-migrations",
            "almoner-records",
            "almoner-persistence",
        ]),
        "almoner-tests" => with_domains(&[
            "almoner-adapters",
            "almoner-app",
            "almoner-http",
            "almoner-kernel",
            "almoner-kinds",
            "almoner-migrations",
            "almoner-records",
            "almoner-persistence",
        ]),
        // It sees the program from outside; it folds words and seals rows as the program does.
        "almoner-load" => vec!["almoner-audit", "almoner-kernel"],
        new => panic!("{new} has no row in the table: say who it may know"),
    }
}

/// Outside crates that only some crates of the house may know: the start of their names, and who.
const RESERVED: [(&str, &[&str]); 14] = [
    ("sea-orm", &["almoner-persistence", "almoner-migrations"]),
    ("sqlx", &[]),
    ("rusqlite", &["almoner-persistence"]),
    ("actix", &["almoner-http", "almoner-app"]),
    ("utoipa", &["almoner-http"]),
    // actix-session's storage trait names its error; nothing else of http does.
    ("anyhow", &["almoner-adapters", "almoner-app", "almoner-http"]),
    ("clap", &["almoner-app"]),
    ("lettre", &["almoner-adapters"]),
    ("minijinja", &["almoner-mail"]),
    ("opentelemetry", &["almoner-adapters"]),
    ("sentry", &["almoner-adapters"]),
    ("tracing-subscriber", &["almoner-adapters"]),
    ("serde_path_to_error", &["almoner-http"]),
    // What is called is checked in one place.
    ("reqwest", &["almoner-adapters"]),
];

#[test]
fn no_crate_knows_one_that_the_table_does_not_allow() {
    let mut wrong = Vec::new();
    for package in packages() {
        let allowed = allowed(&package.name);
        for dependency in needed(&package) {
            let is_of_the_house = dependency.starts_with("almoner-");
            if is_of_the_house && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{} may not know {dependency}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn outside_crates_stay_behind_the_crate_that_hides_them() {
    let mut wrong = Vec::new();
    // Tests and measurements look at the parts from outside.
    let outside = ["almoner-tests", "almoner-load"];
    for package in packages().iter().filter(|package| !outside.contains(&&**package.name)) {
        for dependency in needed(package) {
            for (reserved, holders) in RESERVED {
                if dependency.starts_with(reserved) && !holders.contains(&package.name.as_str()) {
                    wrong.push(format!("{} may not know {dependency}", package.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn domains_know_neither_a_runtime_nor_a_format() {
    let input_and_output = ["tokio", "serde", "reqwest", "rand", "getrandom", "metrics"];
    let mut wrong = Vec::new();
    for package in packages() {
        let is_pure = *package.name == "almoner-kernel" || DOMAINS.contains(&package.name.as_str());
        if is_pure {
            let needed = needed(&package);
            let met = needed.iter().filter(|name| input_and_output.contains(&name.as_str()));
            wrong.extend(met.map(|name| format!("{} may not know {name}", package.name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn folders_and_packages_have_one_name() {
    let expected = |folder: &str| format!("almoner-{folder}");
    let found: BTreeMap<String, String> = packages()
        .iter()
        .map(|package| {
            let folder = package.manifest_path.parent().unwrap().file_name().unwrap();
            (package.name.to_string(), expected(folder))
        })
        .collect();
    assert!(found.iter().all(|(package, expected)| package == expected), "{found:#?}");
}

/// The packages of the workspace.
fn packages() -> Vec<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(root).no_deps().exec().unwrap();
    assert!(metadata.packages.len() >= DOMAINS.len() + 3);
    metadata.packages
}

/// What a package needs to be built and to run, not what only its tests need.
fn needed(package: &Package) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .collect()
}
