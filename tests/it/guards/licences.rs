//! What may be linked into Almoner: `deny.toml`, held against `cargo metadata`. cargo-deny reads the same
//! file and knows more (advisories, twins), but takes minutes to build where there is no binary of it.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde::Deserialize;

/// The parts of `deny.toml` that are held against the tree here.
#[derive(Deserialize)]
struct Deny {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    registries: Vec<String>,
}

#[test]
fn every_crate_has_a_licence_that_agrees_with_ours() {
    let deny = deny();
    let of = |name: &str| {
        let exception = deny.licenses.exceptions.iter().find(|exception| exception.name == name);
        exception.map(|exception| &exception.allow).into_iter().flatten()
    };
    let wrong: Vec<String> = outside(&deny)
        .into_values()
        .filter_map(|package| {
            let allowed: Vec<&String> =
                deny.licenses.allow.iter().chain(of(&package.name)).collect();
            match package.license.as_deref().map(|licence| is_allowed(licence, &allowed)) {
                Some(true) => None,
                Some(false) => Some(format!("{}: {}", package.name, package.license.unwrap())),
                None => Some(format!("{} names no licence", package.name)),
            }
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_exception_is_left_over() {
    let deny = deny();
    let known = outside(&deny);
    for exception in &deny.licenses.exceptions {
        assert!(
            known.values().any(|package| *package.name == exception.name),
            "{} is no longer in the tree",
            exception.name
        );
    }
}

#[test]
fn our_own_crates_say_that_they_are_agpl() {
    for package in metadata().workspace_packages() {
        assert_eq!(package.license.as_deref(), Some("AGPL-3.0-or-later"), "{}", package.name);
        assert_eq!(package.publish.as_deref(), Some(&[][..]), "{} can be published", package.name);
    }
}

#[test]
fn no_crate_is_in_the_tree_that_was_kept_out() {
    let deny = deny();
    let known = outside(&deny);
    let met: Vec<String> = deny
        .bans
        .deny
        .iter()
        .filter(|banned| known.values().any(|package| *package.name == banned.name))
        .map(|banned| format!("{}: {}", banned.name, banned.reason))
        .collect();
    assert!(met.is_empty(), "{met:#?}");
}

#[test]
fn every_crate_comes_from_the_registry() {
    let deny = deny();
    let allowed: Vec<String> =
        deny.sources.registries.iter().map(|url| format!("registry+{url}")).collect();
    for package in outside(&deny).into_values() {
        let source = package.source.map_or_else(|| "a path".to_owned(), |source| source.repr);
        assert!(allowed.contains(&source), "{} comes from {source}", package.name);
    }
}

#[test]
fn a_choice_of_licences_needs_one_of_them_and_a_sum_all() {
    let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
    let allowed: Vec<&String> = allowed.iter().collect();
    for (licence, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("Apache-2.0/MIT", true),
        ("MIT AND Unicode-3.0", true),
        ("MIT AND Apache-2.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT WITH LLVM-exception", false),
    ] {
        assert_eq!(is_allowed(licence, &allowed), expected, "{licence}");
    }
}

fn is_allowed(licence: &str, allowed: &[&String]) -> bool {
    let licence = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
        .unwrap_or_else(|error| panic!("{licence}: {error}"));
    licence.evaluate(|wanted| allowed.iter().any(|one| **one == wanted.to_string()))
}

fn deny() -> Deny {
    toml::from_str(&fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

/// The crates of others that any system builds which we ship to, by name and version.
fn outside(deny: &Deny) -> BTreeMap<String, Package> {
    let metadata = metadata();
    let known: BTreeMap<String, &Package> = metadata
        .packages
        .iter()
        .filter(|package| !metadata.workspace_members.contains(&package.id))
        .map(|package| (format!("{} v{}", package.name, package.version), package))
        .collect();
    let built = deny.graph.targets.iter().flat_map(|target| built_for(target));
    built.filter_map(|name| known.get(&name).map(|package| (name, (*package).clone()))).collect()
}

/// The crates that are built for a target, by name and version. The metadata has more: crates that stand
/// behind features which nobody asks for.
fn built_for(target: &str) -> Vec<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--edges=all", "--prefix=none", "--format={p}"])
        .args(["--target", target])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).unwrap();
    let named = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let found: Vec<String> = lines.lines().map(named).collect();
    assert!(found.len() > 100, "{found:?}");
    found
}

fn metadata() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml"));
    command.other_options(vec!["--locked".to_owned()]).exec().unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
