//! A Rust that builds for Windows, and the environment that it needs.
//!
//! Rustup's own Windows target is used where a person has it. Everywhere else, and for all that
//! runs under Wine, Debian's packages give a compiler with the source of its standard library,
//! from which that library is built for Windows 7: the one target whose programs Wine 8 can start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, is_installed, output, program, root, run as run_command};
use crate::deny::cache;

const RUSTUP_TARGET: &str = "x86_64-pc-windows-gnu";
const DEBIAN_TARGET: &str = "x86_64-win7-windows-gnu";
/// Debian's names for one compiler that is kept up with what browsers need.
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
    /// The one to ship with.
    pub(super) fn any() -> Result<Self, String> {
        let listed = output(&mut program("rustup", &["target", "list", "--installed"]));
        let listed = listed.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
        let is_there = listed.is_ok_and(|listed| listed.lines().any(|line| line == RUSTUP_TARGET));
        if is_there { Ok(Self::Rustup) } else { Self::for_wine() }
    }

    /// The one whose programs run under Wine, unpacked if it is not there yet.
    pub(super) fn for_wine() -> Result<Self, String> {
        let asked = output(&mut program("apt-cache", &["depends", "rustc-web"]));
        let depends = asked.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
        let depends = depends.unwrap_or_default();
        // Its library has the version in its name.
        let policy = output(&mut program("apt-cache", &["policy", "rustc-web"]))?;
        let policy = String::from_utf8_lossy(&policy.stdout).into_owned();
        let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        let Some(version) = version.filter(|_| !depends.is_empty()) else {
            return Err(format!(
                "there is no `rustc-web` among the packages of this system\n  help: rustup target \
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
                    // The standard library may be built with a released compiler only so.
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
            // For code in C: of this target the compiler's name would be guessed wrongly.
            .env(format!("CC_{}", name.to_lowercase()), linker)
            .env(format!("AR_{}", name.to_lowercase()), "x86_64-w64-mingw32-ar")
            .env(format!("CARGO_TARGET_{name}_RUNNER"), super::wine::runner())
            // What matters of a debug build here is where a panic was.
            .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
            .env("RUSTFLAGS", self.flags())
            .env_remove("CARGO");
        Ok(cargo)
    }

    pub(super) const fn target(&self) -> &'static str {
        match self {
            Self::Rustup => RUSTUP_TARGET,
            Self::Debian(_) => DEBIAN_TARGET,
        }
    }

    /// No path of this machine and no time goes into the program.
    fn flags(&self) -> String {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        let mut flags = vec!["-Clink-arg=-Wl,--no-insert-timestamp".to_owned()];
        let mut remap = |from: &Path, to| {
            flags.push(format!("--remap-path-prefix={}={to}", from.display()));
        };
        remap(&root(), "communicado");
        if let Some(home) = home {
            remap(&home, "cargo");
        }
        if let Self::Debian(usr) = self {
            remap(usr, "rust");
        }
        flags.join(" ")
    }
}

/// The linker of mingw-w64, by the name that it has without Debian's alternatives too.
fn linker() -> Result<&'static str, String> {
    ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc-win32"]
        .into_iter()
        .find(|name| is_installed(name))
        .ok_or_else(|| "mingw-w64 is not installed\n  help: cargo xtask peers".to_owned())
}

/// Unpacks Debian's compiler beside everything else: nothing of the system is changed.
fn unpack(folder: &Path) -> Result<(), String> {
    println!("a Rust for Windows is unpacked once into {}", folder.display());
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
    // Of the source of the compiler only that of its library is needed, a fifth of it.
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
