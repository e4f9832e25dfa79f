//! Files and folders that only the gateway's own user can open, whatever the umask is.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use crate::store::StoreError;

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;
/// The bits of a mode that concern permissions.
const PERMISSIONS: u32 = 0o777;
/// In a folder with this bit, such as `/tmp`, all users may make files.
const STICKY: u32 = 0o1000;

/// The user whose files these are.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Makes the folder, or checks and repairs it if it exists.
///
/// # Errors
///
/// If it cannot be made, belongs to another user, or stays open to others.
pub(crate) fn folder(path: &Path) -> Result<(), StoreError> {
    let cannot = cannot(path);
    DirBuilder::new().recursive(true).mode(FOLDER).create(path).map_err(&cannot)?;
    let link = path.symlink_metadata().map_err(&cannot)?;
    if link.is_symlink() && link.uid() != 0 {
        owned(path, link.uid())?;
    }
    let folder = File::open(path).map_err(&cannot)?;
    let metadata = folder.metadata().map_err(&cannot)?;
    owned(path, metadata.uid())?;
    if metadata.mode() & STICKY != 0 {
        return Err(StoreError::SharedFolder { path: path.to_path_buf() });
    }
    let repaired = repair(path, metadata.mode(), FOLDER, |mode| {
        folder.set_permissions(mode)?;
        // A file system without modes may ignore it.
        let is_private = folder.metadata()?.mode() & PERMISSIONS & !FOLDER == 0;
        if is_private { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    });
    repaired.map_err(|cause| StoreError::OpenFolder { path: path.to_path_buf(), cause })
}

/// Checks and repairs a file in a private folder, if it exists.
///
/// # Errors
///
/// If it is not a regular file, belongs to another user, or cannot be repaired.
pub(crate) fn check(path: &Path) -> Result<(), StoreError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(path)(error)),
    };
    if !metadata.is_file() {
        return Err(StoreError::NotAFile { path: path.to_path_buf() });
    }
    owned(path, metadata.uid())?;
    // Nobody else can put a link in its place: the folder is private.
    repair(path, metadata.mode(), FILE, |mode| std::fs::set_permissions(path, mode))
        .map_err(cannot(path))
}

/// Opens a file in a private folder for writing, and makes it if it does not exist.
///
/// # Errors
///
/// If it cannot be opened, is not a regular file, or belongs to another user.
pub(crate) fn open(path: &Path) -> Result<File, StoreError> {
    check(path)?;
    let opened = File::options().create(true).truncate(false).write(true).mode(FILE).open(path);
    opened.and_then(with_mode).map_err(cannot(path))
}

/// Makes a new file for reading and writing.
///
/// # Errors
///
/// If it exists, even as a link, or cannot be made.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let options = File::options().create_new(true).read(true).write(true).mode(FILE).clone();
    options.open(path).and_then(with_mode)
}

/// Makes a new file in the place of the one that exists.
///
/// # Errors
///
/// If it cannot be made.
pub(crate) fn replace(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create(path),
    }
}

/// A umask can take permissions from the owner too.
fn with_mode(file: File) -> io::Result<File> {
    if file.metadata()?.mode() & PERMISSIONS != FILE {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

fn repair(
    path: &Path,
    mode: u32,
    right: u32,
    set: impl FnOnce(Permissions) -> io::Result<()>,
) -> io::Result<()> {
    let mode = mode & PERMISSIONS;
    if mode & !right == 0 {
        return Ok(());
    }
    set(Permissions::from_mode(right))?;
    tracing::warn!(
        what = "private",
        cause = "other users could open it",
        path = %path.display(),
        mode = format!("{mode:04o}"),
        now = format!("{right:04o}"),
    );
    Ok(())
}

fn owned(path: &Path, uid: u32) -> Result<(), StoreError> {
    if uid == own_uid() {
        return Ok(());
    }
    Err(StoreError::OtherOwner { path: path.to_path_buf(), uid })
}

fn cannot(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path: PathBuf = path.to_path_buf();
    move |cause| StoreError::Folder { path: path.clone(), cause }
}
