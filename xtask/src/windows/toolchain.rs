//! A Rust that builds for Windows, and the environment that it needs.
//!
//! The task uses rustup's Windows target if it is installed. Otherwise, and for all programs under
//! Wine, it uses the compiler from Debian's packages and builds the standard library for Windows 7.
//! Wine 8 can start programs for no newer target.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, is_installed, output, program, root, run as run_command};
use crate::deny::cache;
use crate::dist;

const RUSTUP_TARGET: &str = "x86_64-pc-windows-gnu";
const DEBIAN_TARGET: &str = "x86_64-win7-windows-gnu";
/// Debian's packages of the compiler that it updates for browsers.
const PACKAGES: [&str; 5] =
    ["rustc-web", "cargo-web", "libstd-rust-web-dev", "rust-web-src", "rust-web-clippy"];

/// A Rust that builds for Windows.
pub(super) enum Toolchain {
    /// Rustup's, with its own target.
    Rustup,
    /// Debian's, unpacked below this folder.
    Debian(PathBuf),
}

impl Toolchain {
    /// The toolchain for a release.
    pub(super) fn any() -> Result<Self, String> {
        let listed = output(&mut program("rustup", &["target", "list", "--installed"]));
        let listed = listed.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
        let is_there = listed.is_ok_and(|listed| listed.lines().any(|line| line == RUSTUP_TARGET));
        if is_there { Ok(Self::Rustup) } else { Self::for_wine() }
    }

    /// The toolchain for Wine, which is unpacked first if it is missing.
    pub(super) fn for_wine() -> Result<Self, String> {
        let asked = output(&mut program("apt-cache", &["depends", "rustc-web"]));
        let depends = asked.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
        let depends = depends.unwrap_or_default();
        // The name of the library package has the version.
        let policy = output(&mut program("apt-cache", &["policy", "rustc-web"]))?;
        let policy = String::from_utf8_lossy(&policy.stdout).into_owned();
        let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        let Some(version) = version.filter(|_| !depends.is_empty()) else {
            return Err(format!(
                "this system has no package `rustc-web`\n  help: rustup target \
                 add {RUSTUP_TARGET}, or run it on Debian 12 after `apt-get update`"
            ));
        };
        let folder = cache()?.join(format!("windows-{}", version.replace(['+', '~', ':'], "-")));
        if !folder.join("complete").exists() {
            unpack(&folder)?;
        }
        Ok(Self::Debian(folder.join("usr")))
    }

    /// Cargo for a Windows target: `cargo COMMAND --target .. ARGUMENTS`.
    pub(super) fn cargo(&self, command: &str, arguments: &[&str]) -> Result<Command, String> {
        self.cargo_in(&root(), command, arguments)
    }

    /// Cargo for a Windows target, in a copy of the workspace.
    pub(super) fn cargo_in(
        &self,
        source: &Path,
        command: &str,
        arguments: &[&str],
    ) -> Result<Command, String> {
        let linker = linker()?;
        let target = self.target();
        let mut cargo = match self {
            Self::Rustup => cargo(&[command]),
            Self::Debian(usr) => {
                let bin = usr.join("bin");
                let mut cargo = program(&bin.join("cargo").to_string_lossy(), &[command]);
                let path = std::env::var("PATH").unwrap_or_default();
                cargo
                    .env("PATH", format!("{}:{path}", bin.display()))
                    .env("LD_LIBRARY_PATH", usr.join("lib/x86_64-linux-gnu"))
                    .env("RUSTC", bin.join("rustc"))
                    .env("RUSTDOC", bin.join("rustdoc"))
                    // A released compiler builds the standard library only with this.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .arg("-Zbuild-std=std,panic_unwind");
                cargo
            }
        };
        let name = target.replace('-', "_").to_uppercase();
        cargo
            .args(["--target", target, "--locked"])
            .args(arguments)
            .env(format!("CARGO_TARGET_{name}_LINKER"), linker)
            // For C code, because cc-rs guesses a wrong compiler for this target.
            .env(format!("CC_{}", name.to_lowercase()), linker)
            .env(format!("AR_{}", name.to_lowercase()), "x86_64-w64-mingw32-ar")
            .env(format!("CARGO_TARGET_{name}_RUNNER"), super::wine::runner())
            // A debug build here only needs the lines of a panic.
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .env("RUSTFLAGS", self.flags(source))
            .env(format!("CFLAGS_{}", name.to_lowercase()), dist::c_flags(source))
            .env_remove("CARGO")
            .current_dir(source);
        Ok(cargo)
    }

    pub(super) const fn target(&self) -> &'static str {
        match self {
            Self::Rustup => RUSTUP_TARGET,
            Self::Debian(_) => DEBIAN_TARGET,
        }
    }

    /// The flags that keep local paths and the time out of the program.
    fn flags(&self, source: &Path) -> String {
        let time = "-Clink-arg=-Wl,--no-insert-timestamp";
        let flags = format!("{time} {}", dist::rust_flags(source));
        match self {
            Self::Rustup => flags,
            Self::Debian(usr) => format!("{flags} --remap-path-prefix={}=rust", usr.display()),
        }
    }
}

/// The linker of mingw-w64, also by its name without Debian's alternatives.
fn linker() -> Result<&'static str, String> {
    ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc-win32"]
        .into_iter()
        .find(|name| is_installed(name))
        .ok_or_else(|| "mingw-w64 is not installed\n  help: cargo xtask peers".to_owned())
}

/// Unpacks Debian's compiler into the cache, without changes to the system.
fn unpack(folder: &Path) -> Result<(), String> {
    println!("unpacking a Rust for Windows once into {}", folder.display());
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    let _ = fs::remove_dir_all(folder);
    let packages = folder.join("packages");
    fs::create_dir_all(&packages).map_err(failed)?;
    let asked = output(&mut program("apt-cache", &["depends", "libstd-rust-web-dev"]))?;
    let asked = String::from_utf8_lossy(&asked.stdout).into_owned();
    let library = asked.lines().find_map(|line| line.trim().strip_prefix("Depends: libstd-rust"));
    let library = format!("libstd-rust{}", library.unwrap_or_default());
    let mut download = program("apt-get", &["download", "--quiet"]);
    download.args(PACKAGES).arg(library).current_dir(&packages);
    run_command(&mut download)?;
    for package in fs::read_dir(&packages).map_err(failed)?.flatten() {
        let mut unpack = program("dpkg-deb", &["--extract"]);
        run_command(unpack.arg(package.path()).arg(folder))?;
    }
    fs::remove_dir_all(&packages).map_err(failed)?;
    // Only the library's source is needed, a fifth of the compiler's.
    let source = folder.join("usr/src");
    for version in fs::read_dir(&source).map_err(failed)?.flatten() {
        for part in fs::read_dir(version.path()).map_err(failed)?.flatten() {
            if part.file_name() != "library" {
                let _ = fs::remove_dir_all(part.path());
            }
        }
    }
    fs::write(folder.join("complete"), "").map_err(failed)
}
