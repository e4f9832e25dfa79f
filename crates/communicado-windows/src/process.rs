//! Other processes: enumeration, exit and token.

use std::task::{Context, Poll};

use windows::Win32::Foundation::{ERROR_ACCESS_DENIED, FILETIME};
use windows::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows::Win32::System::Threading::{
    GetProcessTimes, IsWow64Process, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_NAME_WIN32,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, QueryFullProcessImageNameW,
};
use windows_core::{BOOL, PWSTR};

use crate::time::micros_of;
use crate::token::{TokenInfo, is_of_own_user};
use crate::wait::OwnedHandle;
use crate::{WaitableObject, WindowsError};

/// An entry of the process list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEntry {
    /// The process id.
    pub id: u32,
    /// The file name of the program, such as `communicator.exe`.
    pub image: String,
}

/// An open process.
///
/// The system does not reuse the process id while the process is open.
#[derive(Debug)]
pub struct Process {
    id: u32,
    end: WaitableObject,
}

/// The maximum length of a path, in UTF-16 units (Microsoft, "Maximum path length limitation").
const PATH_UNITS_MAX: usize = 32 * 1024;

/// Lists all processes (Microsoft, "Tool Help Functions").
///
/// # Errors
///
/// If the list cannot be read.
pub fn processes() -> Result<Vec<ProcessEntry>, WindowsError> {
    let operation = "list the processes";
    // SAFETY: the call has no pointer arguments.
    let list = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    let list = OwnedHandle::new(list.map_err(|error| WindowsError::from_core(operation, &error))?);
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap_or(0),
        ..PROCESSENTRY32W::default()
    };
    let mut found = Vec::new();
    // SAFETY: the snapshot is open, and the entry contains its own size.
    let mut more = unsafe { Process32FirstW(list.get(), &raw mut entry) };
    while more.is_ok() {
        let units = entry.szExeFile.split(|unit| *unit == 0).next().unwrap_or_default();
        let image = String::from_utf16_lossy(units);
        found.push(ProcessEntry { id: entry.th32ProcessID, image });
        // SAFETY: as above.
        more = unsafe { Process32NextW(list.get(), &raw mut entry) };
    }
    Ok(found)
}

/// The session of a process; `None` if it has exited or is not accessible.
#[must_use]
pub fn session_of(id: u32) -> Option<u32> {
    let mut session = 0;
    // SAFETY: the result pointer is valid.
    unsafe { ProcessIdToSessionId(id, &raw mut session) }.ok()?;
    Some(session)
}

/// The session of this process.
#[must_use]
pub fn own_session() -> Option<u32> {
    session_of(std::process::id())
}

impl Process {
    /// Opens a process.
    ///
    /// # Errors
    ///
    /// If the process has exited, or this process may not even wait for it.
    pub fn open(id: u32) -> Result<Self, WindowsError> {
        let open = |rights: PROCESS_ACCESS_RIGHTS| {
            // SAFETY: the call has no pointer arguments.
            unsafe { OpenProcess(rights, false, id) }
        };
        let process = open(PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION);
        let process = match process {
            // A process with higher rights still permits a wait.
            Err(error) if error.code() == ERROR_ACCESS_DENIED.to_hresult() => {
                open(PROCESS_SYNCHRONIZE)
            }
            other => other,
        };
        let process =
            process.map_err(|e| WindowsError::from_core(format!("open the process {id}"), &e))?;
        Ok(Self { id, end: WaitableObject::new(OwnedHandle::new(process)) })
    }

    /// The process id.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// True if the process has exited.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.end.is_signaled()
    }

    /// Ready once the process has exited.
    ///
    /// # Errors
    ///
    /// If the wait fails.
    pub fn poll_ended(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        self.end.poll_signaled(cx)
    }

    /// Reads the token of the process.
    ///
    /// # Errors
    ///
    /// If access is denied, because the process has higher rights or belongs to another user.
    pub fn token_info(&self) -> Result<TokenInfo, WindowsError> {
        TokenInfo::of(self.end.handle())
    }

    /// 32 or 64; `None` if access is denied.
    #[must_use]
    pub fn bits(&self) -> Option<u8> {
        let mut is_wow64 = BOOL::default();
        // SAFETY: the process is open, and the result pointer is valid.
        unsafe { IsWow64Process(self.end.handle(), &raw mut is_wow64) }.ok()?;
        Some(if is_wow64.as_bool() { 32 } else { 64 })
    }

    /// The path of its program; `None` if access is denied.
    #[must_use]
    pub fn image_path(&self) -> Option<String> {
        let mut path = vec![0_u16; PATH_UNITS_MAX];
        let mut length = u32::try_from(path.len()).unwrap_or(0);
        let handle = self.end.handle();
        let text = PWSTR(path.as_mut_ptr());
        // SAFETY: the process is open, and `length` is the capacity of `path`.
        unsafe { QueryFullProcessImageNameW(handle, PROCESS_NAME_WIN32, text, &raw mut length) }
            .ok()?;
        Some(String::from_utf16_lossy(path.get(..usize::try_from(length).ok()?)?))
    }

    /// The start of the process in microseconds since 1970 (UTC); `None` if access is denied.
    #[must_use]
    pub fn started_micros(&self) -> Option<i64> {
        let mut start = FILETIME::default();
        let mut other = [FILETIME::default(); 3];
        let [exit, kernel, user] = &mut other;
        let handle = self.end.handle();
        // SAFETY: the process is open, and the result pointers are valid.
        unsafe { GetProcessTimes(handle, &raw mut start, exit, kernel, user) }.ok()?;
        Some(micros_of(start))
    }

    /// Returns whether the process belongs to the user of this process; `None` if access is denied.
    #[must_use]
    pub fn is_of_own_user(&self) -> Option<bool> {
        is_of_own_user(self.end.handle())
    }
}
