//! The token is in its file and in requests, and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};

use communicado_conformance::{ExpectOk as _, Gateway, ends};

use crate::fixture::{AgentFixture, TOKEN};

#[test]
fn the_token_is_in_no_file_and_no_output() {
    let (fixture, mut gateway) = (AgentFixture::new(), Gateway::start());
    fixture.allow(&gateway.address("127.0.0.1"), &[]);
    let mut agent = fixture.agent();
    gateway.next_list();
    gateway.behave("broken");
    fixture.expect_status("failing");
    gateway.behave("take");
    fixture.expect_status("publishing");
    fixture.expect_success(&["pause", "1h"]);
    fixture.expect_success(&["resume"]);
    // The agent's folder, and every output.
    let files = below(fixture.session.folder());
    assert!(files.iter().any(|file| file.ends_with("consent.json")), "{files:?}");
    for file in files.iter().filter(|file| !file.ends_with("token")) {
        let text = fs::read(file).expect_ok("read a file");
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(TOKEN), "{}", file.display());
    }
    let arguments =
        fs::read(format!("/proc/{}/cmdline", agent.id())).expect_ok("read its arguments");
    assert!(!String::from_utf8_lossy(&arguments).contains(TOKEN));
    ends(&mut agent);
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect_ok("read a folder").flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}
