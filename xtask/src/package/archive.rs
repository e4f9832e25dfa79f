//! The archives for any Linux: unpack one into a prefix, for example `/usr/local`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::tree::Shipped;
use super::{Release, text_of};

/// Packs the staged files of a program below one folder.
pub(super) fn build(
    shipped: &Shipped,
    release: &Release,
    staged: &Path,
    folder: &Path,
) -> Result<(), String> {
    let machine = std::env::consts::ARCH;
    let top = format!("{}-{}-{machine}-linux", shipped.name, release.version);
    let base = staged.with_file_name(&top);
    fs::rename(staged, &base).map_err(|error| format!("{}: {error}", base.display()))?;
    let file = folder.join(format!("{top}.tar.gz"));
    let time = format!("--mtime=@{}", release.epoch);
    let mut tar = Command::new("tar");
    tar.args(["--create", "--sort=name", "--format=ustar", "--owner=0", "--group=0"]);
    tar.args([
        "--numeric-owner",
        "--mode=u+rwX,go+rX,go-w",
        &time,
        "--use-compress-program=gzip -9n",
        "--file",
    ]);
    let parent = base.parent().unwrap_or(&base);
    text_of(tar.arg(&file).arg("--directory").arg(parent).arg(&top))?;
    println!("{top}.tar.gz");
    Ok(())
}
