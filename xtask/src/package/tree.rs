//! The files that a package contains, in the folders that they are installed to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::{read, text_of};
use crate::command::{root, run as run_command};

/// A program with the files that belong to it.
pub(super) struct Shipped {
    /// The name of the program and of its package.
    pub(super) name: &'static str,
    /// The name of its crate.
    pub(super) package: &'static str,
    /// The systemd unit in the repository, the folder below `lib/systemd`, and its program.
    unit: (&'static str, &'static str, &'static str),
    /// Further files: in the repository, and the folder to install them to.
    files: &'static [(&'static str, &'static str)],
}

/// Every shipped program.
pub(super) const SHIPPED: [Shipped; 2] = [
    Shipped {
        name: "communicado",
        package: "communicado-cli",
        unit: (
            "crates/communicado-cli/systemd/communicado-agent.service",
            "user",
            "%h/.cargo/bin/communicado",
        ),
        files: &[
            ("docs/org.communicado.Provider1.xml", "share/dbus-1/interfaces"),
            ("docs/agent.md", "share/doc/communicado"),
            ("docs/cli.md", "share/doc/communicado"),
            ("docs/client.schema.json", "share/doc/communicado"),
            ("docs/config.schema.json", "share/doc/communicado"),
            ("docs/configuration.md", "share/doc/communicado"),
            ("docs/install.md", "share/doc/communicado"),
            ("docs/provider.md", "share/doc/communicado"),
            ("docs/scripting.md", "share/doc/communicado"),
            ("docs/sinks.md", "share/doc/communicado"),
        ],
    },
    Shipped {
        name: "communicado-gateway",
        package: "communicado-gateway",
        unit: (
            "crates/communicado-gateway/dist/communicado-gateway.service",
            "system",
            "/usr/local/bin/communicado-gateway",
        ),
        files: &[
            (
                "crates/communicado-gateway/dist/monitoring/alerts.yml",
                "share/doc/communicado-gateway",
            ),
            (
                "crates/communicado-gateway/dist/monitoring/dashboard.json",
                "share/doc/communicado-gateway",
            ),
            ("docs/board.md", "share/doc/communicado-gateway"),
            ("docs/gateway.md", "share/doc/communicado-gateway"),
            ("docs/install.md", "share/doc/communicado-gateway"),
            ("docs/operations.md", "share/doc/communicado-gateway"),
        ],
    },
];

/// The shells with completions, and the files that they read.
const COMPLETIONS: [(&str, &str, &str); 3] = [
    ("bash", "share/bash-completion/completions", "NAME"),
    ("zsh", "share/zsh/vendor-completions", "_NAME"),
    ("fish", "share/fish/vendor_completions.d", "NAME.fish"),
];

/// Puts the files of a program below `folder`, as they are installed below `prefix`.
pub(super) fn stage(
    shipped: &Shipped,
    programs: &Path,
    licences: &str,
    folder: &Path,
    prefix: &str,
) -> Result<(), String> {
    let name = shipped.name;
    let program = programs.join(name);
    put(&folder.join("bin").join(name), &bytes(&program)?, 0o755)?;
    let man = folder.join("share/man/man1");
    let mut write_pages = Command::new(&program);
    run_command(write_pages.args(["man", "--dir"]).arg(&man))?;
    for page in fs::read_dir(&man).map_err(|error| format!("{}: {error}", man.display()))? {
        compress(&page.map_err(|error| format!("{}: {error}", man.display()))?.path())?;
    }
    for (shell, below, file) in COMPLETIONS {
        let script = text_of(Command::new(&program).args(["completions", shell]))?;
        let file = folder.join(below).join(file.replace("NAME", name));
        put(&file, script.as_bytes(), 0o644)?;
    }
    let (unit, kind, built_in) = shipped.unit;
    let text = read(unit)?;
    if !text.contains(built_in) {
        return Err(format!("{unit} does not start `{built_in}`"));
    }
    // The first lines say how to copy the unit, which the package has done.
    let (_, text) = text.split_once("[Unit]").ok_or(format!("{unit} has no `[Unit]`"))?;
    let text = format!("[Unit]{}", text.replace(built_in, &format!("{prefix}/bin/{name}")));
    let file = unit.rsplit('/').next().unwrap_or(unit);
    put(&folder.join("lib/systemd").join(kind).join(file), text.as_bytes(), 0o644)?;
    for (from, below) in shipped.files {
        let file = from.rsplit('/').next().unwrap_or(from);
        put(&folder.join(below).join(file), &bytes(&root().join(from))?, 0o644)?;
    }
    let doc = folder.join("share/doc").join(name);
    put(&doc.join("copyright"), read("packaging/debian/copyright")?.as_bytes(), 0o644)?;
    for (file, text) in
        [("changelog", read("CHANGELOG.md")?), ("third-party-licences.txt", licences.to_owned())]
    {
        put(&doc.join(file), text.as_bytes(), 0o644)?;
        compress(&doc.join(file))?;
    }
    Ok(())
}

fn bytes(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Writes a file with its folder.
pub(super) fn put(file: &Path, bytes: &[u8], mode: u32) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(file, bytes).map_err(failed)?;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).map_err(failed)
}

/// Compresses a file as Debian's policy requires, without its name and time.
pub(super) fn compress(file: &Path) -> Result<(), String> {
    run_command(Command::new("gzip").args(["-9n", "--"]).arg(file))
}
