//! Processes that are kept together.

use std::os::windows::io::AsRawHandle as _;
use std::os::windows::process::CommandExt as _;
use std::process::{Child, Command};

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent};
use windows::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
};
use windows::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectBasicAccountingInformation, JobObjectExtendedLimitInformation,
    QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
};
use windows_core::PCWSTR;

use crate::WindowsError;
use crate::wait::OwnedHandle;

/// Processes that are kept together, with all that they start, and end with this object and so
/// with this process (Microsoft, "Job Objects").
#[derive(Debug)]
pub struct JobObject(OwnedHandle);

impl JobObject {
    /// A job without processes.
    ///
    /// # Errors
    ///
    /// If the system gives none.
    pub fn new() -> Result<Self, WindowsError> {
        // SAFETY: a job without name and with the rights of this process.
        let job = unsafe { CreateJobObjectW(None, PCWSTR::null()) };
        let job = Self(OwnedHandle::new(
            job.map_err(|error| WindowsError::from_core("make a job", &error))?,
        ));
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the job is open, and the size is that of what the pointer leads to.
        let set = unsafe {
            SetInformationJobObject(
                job.0.get(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size(&limits),
            )
        };
        set.map_err(|error| WindowsError::from_core("have a job end with this process", &error))?;
        Ok(job)
    }

    /// Starts a command in it, as a group of processes of its own.
    ///
    /// # Errors
    ///
    /// If it cannot be started or not be kept; then it is ended before it has begun.
    pub fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        // Suspended, so that it starts nothing before it is in the job.
        let flags = CREATE_SUSPENDED.0 | CREATE_NEW_PROCESS_GROUP.0;
        let mut child = command.creation_flags(flags).spawn()?;
        let process = HANDLE(child.as_raw_handle());
        // SAFETY: the job is open, and so is the process as long as `child`.
        let kept = unsafe { AssignProcessToJobObject(self.0.get(), process) };
        let kept =
            kept.map_err(|error| WindowsError::from_core("put a process into a job", &error));
        if let Err(error) = kept.and_then(|()| resume(child.id())) {
            child.kill()?;
            child.wait()?;
            return Err(error.into());
        }
        Ok(child)
    }

    /// Whether all in it have ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut counts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the job is open, and the size is that of what the pointer leads to.
        let asked = unsafe {
            QueryInformationJobObject(
                Some(self.0.get()),
                JobObjectBasicAccountingInformation,
                (&raw mut counts).cast(),
                size(&counts),
                None,
            )
        };
        asked.is_ok() && counts.ActiveProcesses == 0
    }

    /// Asks a group of processes to end, as Ctrl-Break in its console does.
    ///
    /// # Errors
    ///
    /// If it has no console in common with this process.
    pub fn send_ctrl_break(group: u32) -> Result<(), WindowsError> {
        // SAFETY: it takes no pointers.
        let sent = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) };
        sent.map_err(|error| WindowsError::from_core("ask a process to end", &error))
    }

    /// Ends all in it at once.
    ///
    /// # Errors
    ///
    /// If they may not be ended.
    pub fn terminate(&self) -> Result<(), WindowsError> {
        // SAFETY: the job is open.
        let ended = unsafe { TerminateJobObject(self.0.get(), 1) };
        ended.map_err(|error| WindowsError::from_core("end the processes of a job", &error))
    }
}

/// Lets a process go on that was started suspended.
fn resume(process: u32) -> Result<(), WindowsError> {
    let operation = "let a process begin";
    // SAFETY: it takes no pointers.
    let list = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    let list = OwnedHandle::new(list.map_err(|error| WindowsError::from_core(operation, &error))?);
    let mut entry = THREADENTRY32::default();
    entry.dwSize = size(&entry);
    // SAFETY: the list is open and the entry has its size in it.
    let mut more = unsafe { Thread32First(list.get(), &raw mut entry) };
    while more.is_ok() {
        if entry.th32OwnerProcessID == process {
            // SAFETY: it takes no pointers.
            let thread = unsafe { OpenThread(THREAD_SUSPEND_RESUME, false, entry.th32ThreadID) };
            let thread = OwnedHandle::new(
                thread.map_err(|error| WindowsError::from_core(operation, &error))?,
            );
            // SAFETY: the thread is open.
            return match unsafe { ResumeThread(thread.get()) } {
                u32::MAX => Err(WindowsError::last_os_error(operation)),
                _ => Ok(()),
            };
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(list.get(), &raw mut entry) };
    }
    Err(WindowsError::last_os_error(operation))
}

fn size<T>(of: &T) -> u32 {
    u32::try_from(size_of_val(of)).unwrap_or(0)
}
