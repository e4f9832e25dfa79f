//! The packages for Debian and Ubuntu.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::tree::{Shipped, compress, put};
use super::{GLIBC, MAINTAINER, Release, read, text_of};
use crate::command::{root, run as run_command};

/// The scripts that dpkg runs, if a package has them.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Builds the package of a program from its staged files.
pub(super) fn build(
    shipped: &Shipped,
    release: &Release,
    staged: &Path,
    folder: &Path,
) -> Result<(), String> {
    let (name, version) = (shipped.name, format!("{}-1", release.version));
    build_version(shipped, release, staged, folder, &version)?;
    println!("{name}_{version}_{}.deb", release.architecture);
    Ok(())
}

fn build_version(
    shipped: &Shipped,
    release: &Release,
    staged: &Path,
    folder: &Path,
    version: &str,
) -> Result<(), String> {
    let name = shipped.name;
    let base = staged.with_extension("deb-root");
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", base.display());
    fs::create_dir_all(base.join("DEBIAN")).map_err(failed)?;
    run_command(Command::new("cp").arg("-a").arg(staged).arg(base.join("usr")))?;
    let log = base.join("usr/share/doc").join(name).join("changelog.Debian");
    put(&log, changelog(name, version, release).as_bytes(), 0o644)?;
    compress(&log)?;
    let data = format!("packaging/debian/{name}");
    let size = text_of(Command::new("du").args(["-sk", "--apparent-size"]).arg(&base))?;
    let size = size.split_whitespace().next().unwrap_or_default().to_owned();
    let control = read(&format!("{data}/control"))?
        .replace("VERSION", version)
        .replace("ARCHITECTURE", &release.architecture)
        .replace("MAINTAINER", MAINTAINER)
        .replace("HOMEPAGE", release.homepage)
        .replace("SIZE", &size)
        .replace("DEPENDS", &depends(name, &base.join("usr/bin").join(name), &base)?);
    put(&base.join("DEBIAN/control"), control.as_bytes(), 0o644)?;
    for script in SCRIPTS {
        if root().join(&data).join(script).exists() {
            let text = read(&format!("{data}/{script}"))?;
            put(&base.join("DEBIAN").join(script), text.as_bytes(), 0o755)?;
        }
    }
    put(&base.join("DEBIAN/md5sums"), sums(&base)?.as_bytes(), 0o644)?;
    let file = folder.join(format!("{name}_{version}_{}.deb", release.architecture));
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zxz", "--build"]).arg(&base).arg(&file);
    // Each file gets the time of the commit.
    text_of(build.env("SOURCE_DATE_EPOCH", &release.epoch))?;
    fs::remove_dir_all(&base).map_err(failed)
}

fn changelog(name: &str, version: &str, release: &Release) -> String {
    format!(
        "{name} ({version}) unstable; urgency=medium\n\n  * The changes are in changelog.gz.\n\n \
         -- {MAINTAINER}  {}\n",
        release.date
    )
}

/// The packages with the libraries that a program needs.
fn depends(name: &str, program: &Path, base: &Path) -> Result<String, String> {
    let work = base.with_extension("shlibs");
    let control = format!("Source: {name}\n\nPackage: {name}\nArchitecture: any\n");
    put(&work.join("debian/control"), control.as_bytes(), 0o644)?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    let text = text_of(shlibdeps.arg("-O").arg(program).current_dir(&work))?;
    fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    let depends = text.trim().strip_prefix("shlibs:Depends=").unwrap_or_default().to_owned();
    let glibc = format!("libc6 (>= {GLIBC})");
    if depends.split(", ").any(|it| it == glibc) {
        return Ok(depends);
    }
    Err(format!(
        "{name} needs `{depends}`, and the documents promise `{glibc}`\n  help: build the packages \
         on Debian 12"
    ))
}

/// The checksums that `dpkg --verify` compares.
fn sums(base: &Path) -> Result<String, String> {
    let script = "find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum";
    text_of(Command::new("sh").args(["-c", script]).current_dir(base))
}
