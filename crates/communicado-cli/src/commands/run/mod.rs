//! `run`: a command for as long as it is so.
//!
//! The command runs below a guard, a process of this program: if this process is killed, the
//! guard ends the command; if the guard is killed, this process does; and each of both adopts
//! what the command left behind, so that nothing is.

mod child;
mod family;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use clap::Args;
use communicado::{Condition, Monitor, Snapshot};
use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, kill_process};

use child::GUARD;
pub(crate) use child::Inner;

use crate::arguments::{condition, span};
use crate::failure::{Failure, Outcome};
use crate::live::{beside_monitor, tell_unknown_clients, unless_asked_to_end};
use crate::settings::Settings;

/// Run a command for as long as it is so.
///
/// Starts COMMAND when it becomes so, and ends it (TERM, then KILL) when it stops being so or
/// can no longer be told. A command that ends by itself is not started again before it has
/// stopped being so. Nothing that it started is left behind, whatever ends first.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// A status, an availability, or `running`.
    #[arg(long = "while", value_name = "WORD", value_parser = condition())]
    condition: Condition,
    /// How long the command may take to end by itself before it is killed.
    #[arg(long, value_name = "SPAN", value_parser = span, default_value = "5s")]
    grace: Duration,
    /// The command and its arguments.
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

impl Run {
    pub(crate) fn run(self, settings: &Settings) -> Result<Outcome, Failure> {
        let Some(program) = self.command.first() else {
            return Err(Failure::usage("there is no command to run"));
        };
        if find(program, std::env::var_os("PATH").as_deref()).is_none() {
            let what = format!("the command `{}` cannot be run", program.display());
            let help = "give the path of a program, or install it";
            return Err(Failure::new(Outcome::Failed, what)
                .because("there is no such program, or it is not executable")
                .help(help));
        }
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(|error| {
            Failure::new(Outcome::Failed, "orphans cannot be adopted").because(error)
        })?;
        let condition = self.condition.clone().of(settings.clients.clone());
        beside_monitor(settings.builder()?, async |monitor| {
            tell_unknown_clients(settings, &monitor.snapshot().await);
            let done = unless_asked_to_end(self.repeat(&monitor, &condition), Ok(())).await;
            // Asked to end in the middle: what runs is a child of this process.
            family::end(self.grace).await;
            done.map(|()| Outcome::Yes)
        })
    }

    async fn repeat(&self, monitor: &Monitor, condition: &Condition) -> Result<(), Failure> {
        let so = |snapshot: &Snapshot| condition.judge(snapshot) == Some(true);
        let mut changes = monitor.follow();
        loop {
            changes.until(so).await?;
            tell(&format!(
                "it is {condition}: starting `{}`",
                self.command.join(OsStr::new(" ")).display()
            ));
            let mut guard = self.start()?;
            let ended = {
                let no_more = std::pin::pin!(changes.until(|snapshot| !so(snapshot)));
                match select(std::pin::pin!(guard.wait()), no_more).await {
                    Either::Left((ended, no_more)) => {
                        tell(&format!("the command ended: {}", how(&ended)));
                        // A guard that was killed left what it guarded.
                        family::end(self.grace).await;
                        no_more.await?;
                        true
                    }
                    Either::Right((no_more, _)) => {
                        no_more?;
                        false
                    }
                }
            };
            if !ended {
                tell(&format!("it is not {condition} any more: ending the command"));
                if let Some(guard) = guard.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
                    // It may have ended this very moment.
                    let _ = kill_process(guard, Signal::TERM);
                }
                let _ = guard.wait().await;
            }
            family::end(self.grace).await;
        }
    }

    fn start(&self) -> Result<tokio::process::Child, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::new(Outcome::Failed, "the guard of the command cannot be started")
                .because(error)
        };
        let mut guard = tokio::process::Command::new(std::env::current_exe().map_err(cannot)?);
        guard.arg(GUARD).arg(rustix::process::getpid().as_raw_nonzero().to_string());
        guard.arg(self.grace.as_millis().to_string()).arg("--").args(&self.command);
        guard.spawn().map_err(cannot)
    }
}

fn how(ended: &std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

fn tell(what: &str) {
    crate::commands::tell(&format!("note: {what}\n"));
}

/// The file of a program, found as execvp(3) finds it.
fn find(program: &OsStr, path: Option<&OsStr>) -> Option<PathBuf> {
    let executable = |file: &Path| {
        file.is_file() && rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok()
    };
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(program)).filter(|file| executable(file));
    }
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.map(|folder| folder.join(program)).find(|file| executable(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_a_shell_would() {
        let path = OsStr::new("/nowhere:/bin:/usr/bin");
        let find = |program, path| super::find(OsStr::new(program), path);
        assert!(find("sh", Some(path)).is_some());
        assert!(find("/bin/sh", None).is_some());
        assert!(find("sh", None).is_none());
        assert!(find("no-such-program", Some(path)).is_none());
        assert!(find("/etc/passwd", Some(path)).is_none());
    }
}
