//! The rights that a process runs with.

use std::fmt;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::{
    GetSidSubAuthority, GetSidSubAuthorityCount, GetTokenInformation, TOKEN_ELEVATION,
    TOKEN_INFORMATION_CLASS, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TokenElevation,
    TokenIntegrityLevel, TokenSessionId,
};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use crate::WindowsError;
use crate::wait::OwnedHandle;

/// How far a process is trusted (Microsoft, "Mandatory Integrity Control"); the number is the
/// last part of its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Integrity(pub u32);

/// The rights that a process runs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Whether it runs as administrator.
    pub elevated: bool,
    /// How far it is trusted.
    pub integrity: Integrity,
    /// The session that it is in.
    pub session: u32,
}

impl TokenInfo {
    /// Those of this process.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn own() -> Result<Self, WindowsError> {
        // SAFETY: it takes nothing and gives a handle that needs no closing.
        Self::of(unsafe { GetCurrentProcess() })
    }

    /// Those of a process that is open.
    pub(crate) fn of(process: HANDLE) -> Result<Self, WindowsError> {
        let mut token = HANDLE::default();
        // SAFETY: the caller's process is open and `token` a place for the answer.
        let opened = unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) };
        opened.map_err(|error| WindowsError::from_core("read the rights of a process", &error))?;
        let token = OwnedHandle::new(token);
        let elevation: TOKEN_ELEVATION = fixed(&token, TokenElevation)?;
        Ok(Self {
            elevated: elevation.TokenIsElevated != 0,
            integrity: integrity(&token)?,
            session: fixed(&token, TokenSessionId)?,
        })
    }
}

/// Information of a size that is known.
fn fixed<T: Default>(
    token: &OwnedHandle,
    class: TOKEN_INFORMATION_CLASS,
) -> Result<T, WindowsError> {
    let mut answer = T::default();
    let room = u32::try_from(size_of::<T>()).unwrap_or(0);
    let mut length = 0;
    // SAFETY: the token is open, and `room` says how large `answer` is; the classes that are
    // asked for here answer with plain numbers, of which any bits are a value.
    let done = unsafe {
        GetTokenInformation(
            token.get(),
            class,
            Some((&raw mut answer).cast()),
            room,
            &raw mut length,
        )
    };
    done.map_err(|error| WindowsError::from_core("read the rights of a process", &error))?;
    Ok(answer)
}

fn integrity(token: &OwnedHandle) -> Result<Integrity, WindowsError> {
    let operation = "read how far a process is trusted";
    // Room for the label and the longest identifier behind it, aligned as the label is.
    let mut room = [0_u64; 32];
    let size = u32::try_from(size_of_val(&room)).unwrap_or(0);
    let mut length = 0;
    // SAFETY: the token is open, and `size` says how large `room` is.
    let done = unsafe {
        GetTokenInformation(
            token.get(),
            TokenIntegrityLevel,
            Some(room.as_mut_ptr().cast()),
            size,
            &raw mut length,
        )
    };
    done.map_err(|error| WindowsError::from_core(operation, &error))?;
    // SAFETY: the system has written a label, and `room` is aligned for it and lives on.
    let label = unsafe { &*room.as_ptr().cast::<TOKEN_MANDATORY_LABEL>() };
    // SAFETY: the label's identifier is a valid one, in the same room.
    let parts = unsafe { *GetSidSubAuthorityCount(label.Label.Sid) };
    let last = u32::from(parts).checked_sub(1);
    let last = last.ok_or_else(|| WindowsError::last_os_error(operation))?;
    // SAFETY: as above, and `last` is one of its parts.
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
