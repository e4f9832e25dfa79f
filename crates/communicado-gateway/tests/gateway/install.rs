//! `install` beside `systemd-analyze`. The check of the packages runs it in a clean Debian, whose
//! systemd runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::fixture::program;

fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

#[test]
fn systemd_accepts_the_printed_unit_which_starts_this_program() {
    let folder = TempDir::new().unwrap();
    // The path has characters that systemd would expand.
    let copy = folder.path().join("100% $HOME/communicado-gateway");
    fs::create_dir(copy.parent().unwrap()).unwrap();
    fs::copy(program(), &copy).unwrap();
    for program in [program(), copy] {
        let output = run(&program, &["install", "--print"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let unit = folder.path().join("communicado-gateway.service");
        fs::write(&unit, &output.stdout).unwrap();
        let analyze = Command::new("systemd-analyze").arg("verify").arg(&unit).output();
        let analyzed = analyze.expect("systemd-analyze\n  help: cargo xtask peers");
        assert!(analyzed.status.success() && analyzed.stderr.is_empty(), "{analyzed:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
        let shipped = fs::read_to_string(shipped.join("communicado-gateway.service")).unwrap();
        let differences: Vec<_> =
            text.lines().zip(shipped.lines()).filter(|(one, other)| one != other).collect();
        let [(start, _)] = differences.as_slice() else { panic!("{differences:?}") };
        let words = start.strip_prefix("ExecStart=\"").unwrap();
        let path = words.split_once("\" serve --log info").unwrap().0;
        assert_eq!(path.replace("%%", "%"), program.display().to_string());
    }
}
