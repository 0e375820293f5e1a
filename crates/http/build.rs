//! Puts the texts of every crate beside this one into the program: each has its own in `texts`, a file for
//! each language. Nothing lists them: a crate says something by having such a folder, and a language is
//! added by adding its files.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    ffi::OsStr,
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = here.parent().ok_or("this crate stands beside no other")?;
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in inside(crates)? {
        let texts = folder.join("texts");
        if !texts.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", texts.display());
        for file in inside(&texts)? {
            if file.extension() == Some(OsStr::new("ftl")) {
                let tag = file.file_stem().and_then(OsStr::to_str).ok_or("a file has no name")?;
                files.entry(tag.to_owned()).or_default().push(file);
            }
        }
    }
    let mut source = "&[\n".to_owned();
    for (tag, files) in files {
        writeln!(source, "    ({tag:?}, &[")?;
        for file in files {
            writeln!(source, "        include_str!({file:?}),")?;
        }
        source.push_str("    ]),\n");
    }
    source.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    fs::write(Path::new(&out).join("languages.rs"), source)?;
    Ok(())
}

/// What is in a folder, in the order of the names.
fn inside(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut all =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    all.sort_unstable();
    Ok(all)
}
