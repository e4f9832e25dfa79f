//! Other processes: which there are, when they end, and with which rights they run.

use std::task::{Context, Poll};

use windows::Win32::Foundation::ERROR_ACCESS_DENIED;
use windows::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};
use windows::Win32::System::RemoteDesktop::ProcessIdToSessionId;
use windows::Win32::System::Threading::{
    IsWow64Process, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_SYNCHRONIZE,
};
use windows_core::BOOL;

use crate::token::TokenInfo;
use crate::wait::OwnedHandle;
use crate::{WaitableObject, WindowsError};

/// A process in the system's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEntry {
    /// Its number.
    pub id: u32,
    /// The name of its program, such as `communicator.exe`.
    pub image: String,
}

/// An open process.
///
/// As long as it is open its number is not given to another one.
#[derive(Debug)]
pub struct Process {
    id: u32,
    end: WaitableObject,
}

/// Every process that there is (Microsoft, "Tool Help Functions").
///
/// # Errors
///
/// If the system gives no list.
pub fn processes() -> Result<Vec<ProcessEntry>, WindowsError> {
    let operation = "list the processes";
    // SAFETY: it takes no pointers.
    let list = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    let list = OwnedHandle::new(list.map_err(|error| WindowsError::from_core(operation, &error))?);
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap_or(0),
        ..PROCESSENTRY32W::default()
    };
    let mut found = Vec::new();
    // SAFETY: the list is open and the entry has its size in it.
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

/// The session that a process is in; nothing if it has ended or may not be asked.
#[must_use]
pub fn session_of(id: u32) -> Option<u32> {
    let mut session = 0;
    // SAFETY: it is a place for the answer.
    unsafe { ProcessIdToSessionId(id, &raw mut session) }.ok()?;
    Some(session)
}

/// The session that this process is in.
#[must_use]
pub fn own_session() -> Option<u32> {
    session_of(std::process::id())
}

impl Process {
    /// Opens a process.
    ///
    /// # Errors
    ///
    /// If it has ended, or not even its end may be waited for.
    pub fn open(id: u32) -> Result<Self, WindowsError> {
        let open = |rights: PROCESS_ACCESS_RIGHTS| {
            // SAFETY: it takes no pointers.
            unsafe { OpenProcess(rights, false, id) }
        };
        let process = open(PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION);
        let process = match process {
            // One with more rights than ours may still be waited for.
            Err(error) if error.code() == ERROR_ACCESS_DENIED.to_hresult() => {
                open(PROCESS_SYNCHRONIZE)
            }
            other => other,
        };
        let process =
            process.map_err(|e| WindowsError::from_core(format!("open the process {id}"), &e))?;
        Ok(Self { id, end: WaitableObject::new(OwnedHandle::new(process)) })
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.end.is_signaled()
    }

    /// Ready once it has ended.
    ///
    /// # Errors
    ///
    /// If the system cannot wait.
    pub fn poll_ended(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        self.end.poll_signaled(cx)
    }

    /// The rights that it runs with.
    ///
    /// # Errors
    ///
    /// If they may not be read: then they are more than our own, or another user's.
    pub fn token_info(&self) -> Result<TokenInfo, WindowsError> {
        TokenInfo::of(self.end.handle())
    }

    /// 32 or 64; nothing if that may not be read.
    #[must_use]
    pub fn bits(&self) -> Option<u8> {
        let mut narrow = BOOL::default();
        // SAFETY: the process is open and `narrow` a place for the answer.
        unsafe { IsWow64Process(self.end.handle(), &raw mut narrow) }.ok()?;
        Some(if narrow.as_bool() { 32 } else { 64 })
    }
}
