//! Every code that another crate handles by its number has a row in the table.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // In a test, a panic is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The numbers of the form `0x8000_4001` in the code of a file, without its tests.
fn numbers(source: &str) -> Vec<u32> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = |text: &str| {
        let (high, low) = (text.get(..4)?, text.get(5..9)?);
        let whole = text.as_bytes()[4] == b'_'
            && !text[9..].starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric());
        (whole && hexadecimal(high) && hexadecimal(low))
            .then(|| u32::from_str_radix(&format!("{high}{low}"), 16).unwrap())
    };
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split("0x").skip(1)).filter_map(number).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_code_that_another_crate_handles_has_a_row() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut handled: BTreeMap<u32, PathBuf> = BTreeMap::new();
    for name in [
        "communicado",
        "communicado-cli",
        "communicado-com-server",
        "communicado-provider",
        "communicado-sources",
        "communicado-windows",
    ] {
        let mut files = Vec::new();
        sources(&crates.join(name).join("src"), &mut files);
        for file in files.into_iter().filter(|it| !it.ends_with("tests.rs")) {
            for number in numbers(&fs::read_to_string(&file).unwrap()) {
                // Failures of the facilities that clients and COM use; the low half of a base or a
                // mask is zero.
                if (0x8000_4001..0x8200_0000).contains(&number) && number & 0xFF != 0 {
                    handled.insert(number, file.clone());
                }
            }
        }
    }
    assert!(handled.contains_key(&0x8004_0111) && handled.contains_key(&0x80C8_0006));
    assert!(handled.len() > 25, "{}", handled.len());
    for (number, file) in handled {
        let known = communicado_codes::lookup(number).next().is_some();
        assert!(known, "0x{number:08X} in {} has no row", file.display());
    }
}
