//! Files and folders that only the gateway's user can open, whatever the umask is.

use std::fmt;
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_keep_capabilities,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;
/// The permission bits of a mode.
const PERMISSIONS: u32 = 0o777;
/// The sticky bit. All users may create files in such a folder, for example `/tmp`.
const STICKY: u32 = 0o1000;

/// An error of a private file or folder.
#[derive(Debug)]
pub(crate) enum FileError {
    /// The folder or a file in it cannot be created or opened.
    Inaccessible { path: PathBuf, cause: io::Error },
    /// The file or the folder belongs to another user.
    OtherOwner { path: PathBuf, uid: u32 },
    /// All users may create files in the folder.
    SharedFolder { path: PathBuf },
    /// Other users can enter the folder, and its mode cannot be changed.
    OpenFolder { path: PathBuf, cause: io::Error },
    /// The path is not a regular file.
    NotAFile { path: PathBuf },
    /// Root cannot take the rights of the folder's owner.
    NotTheOwner { path: PathBuf, cause: io::Error },
}

impl FileError {
    /// Advice for the operator.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::Inaccessible { .. } => "make the folder writable for this user, or use --data",
            Self::OtherOwner { .. } => "run the gateway as that user, or use --data",
            Self::SharedFolder { .. } => "use --data with a subfolder of it",
            Self::OpenFolder { .. } => {
                "use --data with a folder on a file system that supports modes"
            }
            Self::NotAFile { .. } => "remove the file, or use another folder with --data",
            Self::NotTheOwner { .. } => "run the command as the owner of the folder",
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inaccessible { path, cause } => {
                write!(f, "cannot open {}: {cause}", path.display())
            }
            Self::OtherOwner { path, uid } => {
                write!(f, "{} belongs to another user, with the uid {uid}", path.display())
            }
            Self::SharedFolder { path } => {
                write!(f, "all users may create files in {}", path.display())
            }
            Self::OpenFolder { path, cause } => {
                let path = path.display();
                write!(f, "other users can enter {path}, and its mode cannot be changed: {cause}")
            }
            Self::NotAFile { path } => write!(f, "{} is not a regular file", path.display()),
            Self::NotTheOwner { path, cause } => {
                write!(f, "root cannot act as the owner of {}: {cause}", path.display())
            }
        }
    }
}

/// The user id that the files must have.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Replaces root's rights by those of the owner of `folder`, and the right to enter every folder.
///
/// Every file of the process then belongs to the owner, who can open it later. The data of a dynamic
/// user is below a folder that only root can enter (systemd.exec(5)). The process must have a
/// single thread.
///
/// # Errors
///
/// If the folder is not accessible, or the system refuses.
pub(crate) fn act_as_owner(folder: &Path) -> Result<(), FileError> {
    let metadata = folder.metadata().map_err(cannot(folder))?;
    if own_uid() != 0 || metadata.uid() == 0 {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
    let changed = capabilities(None).and_then(|held| {
        let kept = held.permitted & CapabilitySet::DAC_READ_SEARCH;
        let inheritable = CapabilitySet::empty();
        // A change of the user removes all capabilities otherwise.
        set_keep_capabilities(true)?;
        set_thread_groups(&[])?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        set_capabilities(None, CapabilitySets { effective: kept, permitted: kept, inheritable })
    });
    changed
        .map_err(|error| FileError::NotTheOwner { path: folder.to_path_buf(), cause: error.into() })
}

/// Creates the folder, or checks and repairs an existing one.
///
/// # Errors
///
/// If the folder cannot be created, belongs to another user, or stays open to others.
pub(crate) fn folder(path: &Path) -> Result<(), FileError> {
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
        return Err(FileError::SharedFolder { path: path.to_path_buf() });
    }
    let repaired = repair(path, metadata.mode(), FOLDER, |mode| {
        folder.set_permissions(mode)?;
        // A file system without modes may ignore the mode.
        let is_private = folder.metadata()?.mode() & PERMISSIONS & !FOLDER == 0;
        if is_private { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
    });
    repaired.map_err(|cause| FileError::OpenFolder { path: path.to_path_buf(), cause })
}

/// Checks and repairs a file in a private folder, if it exists.
///
/// # Errors
///
/// If the path is not a regular file, belongs to another user, or cannot be repaired.
pub(crate) fn check(path: &Path) -> Result<(), FileError> {
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(path)(error)),
    };
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_path_buf() });
    }
    owned(path, metadata.uid())?;
    // No other user can replace the file by a link: the folder is private.
    repair(path, metadata.mode(), FILE, |mode| std::fs::set_permissions(path, mode))
        .map_err(cannot(path))
}

/// Opens or creates a file in a private folder for writing.
///
/// # Errors
///
/// If the file cannot be opened, is not a regular file, or belongs to another user.
pub(crate) fn open(path: &Path) -> Result<File, FileError> {
    check(path)?;
    let opened = File::options().create(true).truncate(false).write(true).mode(FILE).open(path);
    opened.and_then(with_mode).map_err(cannot(path))
}

/// Creates a new file for reading and writing.
///
/// # Errors
///
/// If the path exists, even as a link, or cannot be created.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let options = File::options().create_new(true).read(true).write(true).mode(FILE).clone();
    options.open(path).and_then(with_mode)
}

/// Writes a new file, which is on the disk afterwards. After an error there is no file.
///
/// # Errors
///
/// If the path exists, even as a link, or cannot be written.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

/// Creates a file and replaces an existing one.
///
/// # Errors
///
/// If the file cannot be created.
pub(crate) fn replace(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create(path),
    }
}

/// Sets the owner's permissions too: a umask can remove them.
fn with_mode(file: File) -> io::Result<File> {
    if file.metadata()?.mode() & PERMISSIONS != FILE {
        file.set_permissions(Permissions::from_mode(FILE))?;
    }
    Ok(file)
}

/// True if the mode of a file lets this user with this group read it. Another group or an access
/// list can permit more.
///
/// # Errors
///
/// If the file is not accessible.
pub(crate) fn is_readable_by(path: &Path, uid: u32, gid: u32) -> io::Result<bool> {
    let metadata = path.metadata()?;
    let bit = match (metadata.uid() == uid, metadata.gid() == gid) {
        (true, _) => 0o400,
        (false, true) => 0o040,
        (false, false) => 0o004,
    };
    Ok(metadata.mode() & bit != 0)
}

/// The faults in the owner and the mode of a private folder and these files in it.
///
/// # Errors
///
/// If the folder or a file cannot be read.
pub(crate) fn faults(folder: &Path, files: &[&str]) -> Result<Vec<String>, FileError> {
    let metadata = folder.metadata().map_err(cannot(folder))?;
    let (owner, mut faults) = (metadata.uid(), Vec::new());
    if metadata.mode() & STICKY != 0 {
        faults.push(FileError::SharedFolder { path: folder.to_path_buf() }.to_string());
    } else if metadata.mode() & PERMISSIONS & !FOLDER != 0 {
        let mode = metadata.mode() & PERMISSIONS;
        faults
            .push(format!("other users can enter {}, with the mode {mode:04o}", folder.display()));
    }
    for path in files.iter().map(|name| folder.join(name)) {
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(cannot(&path)(error)),
        };
        if !metadata.is_file() {
            faults.push(FileError::NotAFile { path }.to_string());
        } else if metadata.uid() != owner {
            faults.push(FileError::OtherOwner { path, uid: metadata.uid() }.to_string());
        } else if metadata.mode() & PERMISSIONS & !FILE != 0 {
            let mode = metadata.mode() & PERMISSIONS;
            faults
                .push(format!("other users can open {}, with the mode {mode:04o}", path.display()));
        }
    }
    Ok(faults)
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

fn owned(path: &Path, uid: u32) -> Result<(), FileError> {
    if uid == own_uid() {
        return Ok(());
    }
    Err(FileError::OtherOwner { path: path.to_path_buf(), uid })
}

fn cannot(path: &Path) -> impl Fn(io::Error) -> FileError {
    let path: PathBuf = path.to_path_buf();
    move |cause| FileError::Inaccessible { path: path.clone(), cause }
}
