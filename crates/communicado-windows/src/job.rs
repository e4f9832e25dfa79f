//! Job objects, which group processes.

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

/// A group of processes and their descendants (Microsoft, "Job Objects").
///
/// Windows terminates them when this object is dropped or this process exits.
#[derive(Debug)]
pub struct JobObject(OwnedHandle);

impl JobObject {
    /// Creates an empty job.
    ///
    /// # Errors
    ///
    /// If the job cannot be created.
    pub fn new() -> Result<Self, WindowsError> {
        // SAFETY: the job has no name and default security, so there are no pointers.
        let job = unsafe { CreateJobObjectW(None, PCWSTR::null()) };
        let job = Self(OwnedHandle::new(
            job.map_err(|error| WindowsError::from_core("create a job", &error))?,
        ));
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the job is open, and the size is that of the structure.
        let set = unsafe {
            SetInformationJobObject(
                job.0.get(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size(&limits),
            )
        };
        set.map_err(|error| WindowsError::from_core("set the limits of a job", &error))?;
        Ok(job)
    }

    /// Starts a command in the job, in its own process group.
    ///
    /// # Errors
    ///
    /// If the command cannot be started or assigned to the job. An unassigned process never runs.
    pub fn spawn(&self, command: &mut Command) -> std::io::Result<Child> {
        // Suspended, so that the process starts nothing before it is in the job.
        let flags = CREATE_SUSPENDED.0 | CREATE_NEW_PROCESS_GROUP.0;
        let mut child = command.creation_flags(flags).spawn()?;
        let process = HANDLE(child.as_raw_handle());
        // SAFETY: the job is open, and the process is open as long as `child`.
        let assigned = unsafe { AssignProcessToJobObject(self.0.get(), process) };
        let assigned =
            assigned.map_err(|error| WindowsError::from_core("assign a process to a job", &error));
        if let Err(error) = assigned.and_then(|()| resume(child.id())) {
            child.kill()?;
            child.wait()?;
            return Err(error.into());
        }
        Ok(child)
    }

    /// True if all processes of the job have exited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut counts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        // SAFETY: the job is open, and the size is that of the structure.
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

    /// Sends Ctrl-Break to a process group.
    ///
    /// # Errors
    ///
    /// If the group does not share a console with this process.
    pub fn send_ctrl_break(group: u32) -> Result<(), WindowsError> {
        // SAFETY: the call has no pointer arguments.
        let sent = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) };
        sent.map_err(|error| WindowsError::from_core("send Ctrl-Break to a process", &error))
    }

    /// Terminates all processes of the job.
    ///
    /// # Errors
    ///
    /// If access is denied.
    pub fn terminate(&self) -> Result<(), WindowsError> {
        // SAFETY: the job is open.
        let ended = unsafe { TerminateJobObject(self.0.get(), 1) };
        ended.map_err(|error| WindowsError::from_core("terminate the processes of a job", &error))
    }
}

/// Resumes a process that was started suspended.
fn resume(process: u32) -> Result<(), WindowsError> {
    let operation = "resume a process";
    // SAFETY: the call has no pointer arguments.
    let list = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    let list = OwnedHandle::new(list.map_err(|error| WindowsError::from_core(operation, &error))?);
    let mut entry = THREADENTRY32::default();
    entry.dwSize = size(&entry);
    // SAFETY: the snapshot is open, and the entry contains its own size.
    let mut more = unsafe { Thread32First(list.get(), &raw mut entry) };
    while more.is_ok() {
        if entry.th32OwnerProcessID == process {
            // SAFETY: the call has no pointer arguments.
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
