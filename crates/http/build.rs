//! Puts every file of `texts/` into the program: a language is added by adding its file.

use std::{env, error::Error, ffi::OsStr, fmt::Write, fs, path::Path};

/// Always there, by name: what is said where a language lacks a text.
const ENGLISH: &str = "en";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=texts");
    let texts = Path::new(env!("CARGO_MANIFEST_DIR")).join("texts");
    let mut files: Vec<_> = fs::read_dir(&texts)?
        .map(|file| Ok(file?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.sort_unstable();
    let mut source = "&[\n".to_owned();
    for file in files.iter().filter(|file| file.extension() == Some(OsStr::new("ftl"))) {
        let tag = file.file_stem().and_then(OsStr::to_str).ok_or("a file has no name")?;
        if tag != ENGLISH {
            writeln!(source, "    ({tag:?}, include_str!({file:?})),")?;
        }
    }
    source.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    fs::write(Path::new(&out).join("languages.rs"), source)?;
    Ok(())
}
