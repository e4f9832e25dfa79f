//! Finds the file of a program.

use std::ffi::OsStr;
#[cfg(unix)]
use std::path::Path;
use std::path::PathBuf;

/// Finds the file of a program in the folders of `path`, as execvp(3) does.
#[cfg(unix)]
#[must_use]
pub fn find_program(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let is_executable = |file: &Path| {
        file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(program)).filter(|file| is_executable(file));
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.map(|folder| folder.join(program)).find(|file| is_executable(file))
}

/// Finds the file of a program as `CreateProcess` documents it: in the folders of `path`, with
/// `.exe` if the name has no extension.
#[cfg(windows)]
#[must_use]
pub fn find_program(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let mut file = PathBuf::from(program);
    if file.extension().is_none() {
        file.set_extension("exe");
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let mut files = folders.map(|folder| folder.join(&file));
    if file.is_file() { Some(file) } else { files.find(|file| file.is_file()) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let path = OsStr::new("/nowhere:/bin:/usr/bin");
        let find = |program, path| find_program(OsStr::new(program), path);
        assert_eq!(find("sh", Some(OsStr::new("/nowhere:/bin"))), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find("/bin/sh", None), Some(PathBuf::from("/bin/sh")));
        for missing in ["no-such-program", "/etc/passwd", "/bin", ""] {
            assert_eq!(find(missing, Some(path)), None, "{missing}");
        }
        assert_eq!(find("sh", None), None);
    }
}
