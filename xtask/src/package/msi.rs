//! The packages for Windows: an installer for one user, and an archive.
//!
//! wixl makes the installer. It does not know the PATH, so msibuild adds the rows for it. Both
//! files are signed if the environment names a certificate.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::sign::Signer;
use super::tree::put;
use super::{Release, read, text_of};

/// The statements that add the folder of the program to the user's PATH, and remove it.
const PATH: [&str; 4] = [
    "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL \
     LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY \
     `Environment`)",
    "INSERT INTO `Environment` (`Environment`,`Name`,`Value`,`Component_`) VALUES \
     ('Path','=-PATH','[~];[INSTALLDIR]','Program')",
    "INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES \
     ('WriteEnvironmentStrings','',5200)",
    "INSERT INTO `InstallExecuteSequence` (`Action`,`Condition`,`Sequence`) VALUES \
     ('RemoveEnvironmentStrings','',3300)",
];

/// Packs the program for Windows into `folder`.
pub(super) fn build(
    program: &Path,
    licences: &str,
    release: &Release,
    folder: &Path,
) -> Result<(), String> {
    let base = format!("communicado-{}-x86_64-windows", release.version);
    let staged = folder.join("staged").join(&base);
    let signer = Signer::from_environment()?;
    stage(program, licences, release, signer.as_ref(), &staged)?;
    let file = folder.join(format!("{base}.msi"));
    installer(&staged, release, release.version, &file)?;
    if let Some(signer) = &signer {
        signer.sign(&file, release)?;
    }
    let mut zip = Command::new("zip");
    zip.args(["-X", "-q", "-r"]).arg(folder.join(format!("{base}.zip"))).arg(&base);
    // The times in the archive have no zone.
    text_of(zip.current_dir(folder.join("staged")).env("TZ", "UTC"))?;
    let signed = if signer.is_some() { "signed" } else { "not signed" };
    println!("{base}.msi, {base}.zip ({signed})");
    Ok(())
}

fn stage(
    program: &Path,
    licences: &str,
    release: &Release,
    signer: Option<&Signer>,
    folder: &Path,
) -> Result<(), String> {
    let bytes = fs::read(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let staged = folder.join("communicado.exe");
    put(&staged, &bytes, 0o755)?;
    if let Some(signer) = signer {
        signer.sign(&staged, release)?;
    }
    for (name, text) in [
        ("LICENSE-MIT.txt", read("LICENSE-MIT")?),
        ("LICENSE-APACHE.txt", read("LICENSE-APACHE")?),
        ("third-party-licences.txt", licences.to_owned()),
    ] {
        put(&folder.join(name), text.replace('\n', "\r\n").as_bytes(), 0o644)?;
    }
    let time = format!("@{}", release.epoch);
    let mut touch = Command::new("find");
    touch.arg(folder).args(["-exec", "touch", "-d", &time, "{}", "+"]);
    text_of(&mut touch).map(|_| ())
}

/// Makes an installer of this version from the files in `staged`.
pub(super) fn installer(
    staged: &Path,
    release: &Release,
    version: &str,
    file: &Path,
) -> Result<(), String> {
    let id = product(version)?;
    let description = read("packaging/windows/communicado.wxs")?
        .replace("PRODUCT", &id)
        .replace("VERSION", version);
    let source = staged.with_extension("wxs");
    put(&source, description.as_bytes(), 0o644)?;
    let mut wixl = at_the_time_of(release, "wixl");
    text_of(wixl.args(["-a", "x64", "-o"]).arg(file).arg(&source).current_dir(staged))?;
    let mut rows = at_the_time_of(release, "msibuild");
    text_of(rows.arg(file).args(PATH.iter().flat_map(|statement| ["-q", statement])))?;
    // wixl gives each installer a new id.
    let title = format!("Communicado {version}");
    let mut summary = at_the_time_of(release, "msibuild");
    summary.arg(file).args(["-s", &title, "The Communicado maintainers", "x64;1033"]);
    text_of(summary.arg(format!("{{{id}}}")))?;
    fs::remove_file(&source).map_err(|error| format!("{}: {error}", source.display()))
}

/// A program that believes that it is the time of the commit.
fn at_the_time_of(release: &Release, name: &str) -> Command {
    let mut command = Command::new("faketime");
    command.args([&release.timestamp, name]).env("TZ", "UTC");
    command
}

/// The id of the installer of this version.
pub(super) fn product(version: &str) -> Result<String, String> {
    guid(&format!("communicado {version}"))
}

/// An id that is made of a text, in the form of version 5.
fn guid(text: &str) -> Result<String, String> {
    let script = "printf %s \"$1\" | sha1sum";
    let sum = text_of(Command::new("sh").args(["-c", script, "sh", text]))?;
    shape(&sum).ok_or_else(|| format!("sha1sum printed `{}`", sum.trim()))
}

/// The form of a GUID for the digits of a checksum.
fn shape(sum: &str) -> Option<String> {
    let part = |from: usize, to: usize| sum.get(from..to);
    let id = format!(
        "{}-{}-5{}-8{}-{}",
        part(0, 8)?,
        part(8, 12)?,
        part(13, 16)?,
        part(17, 20)?,
        part(20, 32)?
    );
    Some(id.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_becomes_a_guid() {
        let sum = "0123456789abcdef0123456789abcdef01234567  -";
        assert_eq!(shape(sum).as_deref(), Some("01234567-89AB-5DEF-8123-456789ABCDEF"));
        assert_eq!(shape("0123"), None);
    }
}
