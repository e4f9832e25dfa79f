//! Runs the commands of hooks, each below a guard that ends it with this program.

use std::io;
use std::process::{ExitStatus, Stdio};

use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::agent::{Launch, LaunchFuture, Launcher};
use communicado_sinks::publish::PublishError;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::commands::run::launch_error::{STDERR_MAX, cannot_start, ended, timed_out};
use crate::guard::GUARD;

/// Milliseconds between SIGTERM and SIGKILL.
const GRACE: &str = "2000";

/// A launcher whose commands run below a guard.
pub(crate) struct CommandLauncher;

/// A running guard, which ends its command when this is dropped.
struct Guard(Child);

impl Launcher for CommandLauncher {
    fn run(&self, launch: Launch) -> LaunchFuture {
        Box::pin(run(launch))
    }
}

async fn run(launch: Launch) -> Result<(), PublishError> {
    let clock = SystemClock::start();
    let mut guard = Guard::start(&launch).map_err(|error| cannot_start(&launch, &error))?;
    let mut stderr = Vec::new();
    let end = clock.now().after(launch.timeout);
    let status = timeout_at(&clock, end, guard.talk(launch.input.as_bytes(), &mut stderr)).await;
    let Some(status) = status else {
        guard.terminate();
        let _ = guard.0.wait().await;
        return Err(timed_out(&launch));
    };
    let status = status.map_err(|error| cannot_start(&launch, &error))?;
    ended(&launch, status, &stderr)
}

impl Guard {
    fn start(launch: &Launch) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(GUARD).arg(rustix::process::getpid().as_raw_nonzero().to_string()).arg(GRACE);
        command.arg("--").args(&launch.command);
        command.envs(launch.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map(Self)
    }

    /// Writes standard input and reads standard error until the command has ended.
    async fn talk(&mut self, input: &[u8], stderr: &mut Vec<u8>) -> io::Result<ExitStatus> {
        let (stdin, output) = (self.0.stdin.take(), self.0.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A command need not read its input.
                let _ = stdin.write_all(input).await;
            }
        };
        let read = async {
            let Some(mut output) = output else { return };
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = output.read(&mut buffer).await {
                let room = STDERR_MAX.saturating_sub(stderr.len()).min(length);
                stderr.extend(buffer.iter().take(room));
            }
        };
        let ((), (), status) = futures_util::join!(write, read, self.0.wait());
        status
    }

    fn terminate(&self) {
        if let Some(guard) = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // The guard may have ended meanwhile.
            let _ = kill_process(guard, Signal::TERM);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.terminate();
    }
}
