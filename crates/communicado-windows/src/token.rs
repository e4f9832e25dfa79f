//! Process tokens: elevation, integrity level and session.

use std::fmt;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::{
    EqualSid, GetSidSubAuthority, GetSidSubAuthorityCount, GetTokenInformation, TOKEN_ELEVATION,
    TOKEN_INFORMATION_CLASS, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TOKEN_USER, TokenElevation,
    TokenIntegrityLevel, TokenSessionId, TokenUser,
};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use crate::WindowsError;
use crate::wait::OwnedHandle;

/// The integrity level of a process (Microsoft, "Mandatory Integrity Control"), as the last
/// sub-authority of its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Integrity(pub u32);

/// The token of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// True if the process runs elevated, as administrator.
    pub elevated: bool,
    /// The integrity level.
    pub integrity: Integrity,
    /// The session.
    pub session: u32,
}

impl TokenInfo {
    /// Reads the token of this process.
    ///
    /// # Errors
    ///
    /// If the token cannot be read.
    pub fn own() -> Result<Self, WindowsError> {
        // SAFETY: the call has no arguments, and its pseudo handle needs no closing.
        Self::of(unsafe { GetCurrentProcess() })
    }

    /// Reads the token of an open process.
    pub(crate) fn of(process: HANDLE) -> Result<Self, WindowsError> {
        let token = open(process)?;
        let elevation: TOKEN_ELEVATION = read_fixed(&token, TokenElevation)?;
        Ok(Self {
            elevated: elevation.TokenIsElevated != 0,
            integrity: integrity(&token)?,
            session: read_fixed(&token, TokenSessionId)?,
        })
    }
}

fn open(process: HANDLE) -> Result<OwnedHandle, WindowsError> {
    let mut token = HANDLE::default();
    // SAFETY: the process is open, and the result pointer is valid.
    let opened = unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) };
    opened.map_err(|error| WindowsError::from_core("read the token of a process", &error))?;
    Ok(OwnedHandle::new(token))
}

/// Returns whether an open process has the user of this process, where readable.
pub(crate) fn is_of_own_user(process: HANDLE) -> Option<bool> {
    // SAFETY: the call has no arguments, and its pseudo handle needs no closing.
    let own = read_sid(&open(unsafe { GetCurrentProcess() }).ok()?, TokenUser).ok()?;
    let other = read_sid(&open(process).ok()?, TokenUser).ok()?;
    // SAFETY: the system has written a user to both buffers, which are aligned for it and alive.
    let [own, other] = [&own, &other].map(|room| unsafe { &*room.as_ptr().cast::<TOKEN_USER>() });
    // SAFETY: the SIDs are valid, and lie in the buffers.
    Some(unsafe { EqualSid(own.User.Sid, other.User.Sid) }.is_ok())
}

/// Reads token information of a fixed size.
fn read_fixed<T: Default>(
    token: &OwnedHandle,
    class: TOKEN_INFORMATION_CLASS,
) -> Result<T, WindowsError> {
    let mut answer = T::default();
    let room = u32::try_from(size_of::<T>()).unwrap_or(0);
    let mut length = 0;
    // SAFETY: the token is open, and `room` is the size of `answer`. The requested classes return
    // plain integers, for which all bit patterns are valid.
    let done = unsafe {
        GetTokenInformation(
            token.get(),
            class,
            Some((&raw mut answer).cast()),
            room,
            &raw mut length,
        )
    };
    done.map_err(|error| WindowsError::from_core("read the token of a process", &error))?;
    Ok(answer)
}

/// Room for a label or a user, and the longest SID after it, with the alignment of both.
type SidRoom = [u64; 32];

fn read_sid(token: &OwnedHandle, class: TOKEN_INFORMATION_CLASS) -> Result<SidRoom, WindowsError> {
    let mut room: SidRoom = [0; 32];
    let size = u32::try_from(size_of_val(&room)).unwrap_or(0);
    let mut length = 0;
    // SAFETY: the token is open, and `size` is the size of `room`.
    let done = unsafe {
        GetTokenInformation(
            token.get(),
            class,
            Some(room.as_mut_ptr().cast()),
            size,
            &raw mut length,
        )
    };
    done.map_err(|error| WindowsError::from_core("read the token of a process", &error))?;
    Ok(room)
}

fn integrity(token: &OwnedHandle) -> Result<Integrity, WindowsError> {
    let operation = "read the integrity level of a process";
    let room = read_sid(token, TokenIntegrityLevel)?;
    // SAFETY: the system has written a label to `room`, which is aligned for it and alive.
    let label = unsafe { &*room.as_ptr().cast::<TOKEN_MANDATORY_LABEL>() };
    // SAFETY: the SID of the label is valid, and lies in `room`.
    let parts = unsafe { *GetSidSubAuthorityCount(label.Label.Sid) };
    let last = u32::from(parts).checked_sub(1);
    let last = last.ok_or_else(|| WindowsError::last_os_error(operation))?;
    // SAFETY: as above, and the SID has a sub-authority at `last`.
    Ok(Integrity(unsafe { *GetSidSubAuthority(label.Label.Sid, last) }))
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0..0x1000 => "untrusted",
            0x1000..0x2000 => "low",
            0x2000..0x3000 => "medium",
            0x3000..0x4000 => "high",
            _ => "system",
        })
    }
}
