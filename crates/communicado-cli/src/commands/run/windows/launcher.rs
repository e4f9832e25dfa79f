//! Runs the commands of hooks, each in a job that ends it with this program.

use std::future::poll_fn;
use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitStatus, Stdio};

use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use communicado_sinks::agent::{Launch, LaunchFuture, Launcher};
use communicado_sinks::publish::PublishError;
use communicado_windows::{JobObject, Process};
use tokio::sync::oneshot;

use crate::commands::run::launch_error::{STDERR_MAX, cannot_start, ended, timed_out};

/// A launcher whose commands run in a job.
pub(crate) struct CommandLauncher;

impl Launcher for CommandLauncher {
    fn run(&self, launch: Launch) -> LaunchFuture {
        Box::pin(run(launch))
    }
}

async fn run(launch: Launch) -> Result<(), PublishError> {
    let clock = SystemClock::start();
    let end = clock.now().after(launch.timeout);
    let ran = timeout_at(&clock, end, run_in_job(&launch)).await;
    // Dropping the job has ended the command.
    let (status, stderr) =
        ran.ok_or_else(|| timed_out(&launch))?.map_err(|error| cannot_start(&launch, &error))?;
    ended(&launch, status, &stderr)
}

async fn run_in_job(launch: &Launch) -> io::Result<(ExitStatus, Vec<u8>)> {
    let Some((program, arguments)) = launch.command.split_first() else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let job = JobObject::new()?;
    let mut command = Command::new(program);
    command.args(arguments).envs(launch.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = job.spawn(&mut command)?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let input = launch.input.clone();
    // Pipes of a child block. Both threads end with the command.
    std::thread::spawn(move || {
        // A command need not read its input.
        let _ = stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
    });
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.by_ref().take(STDERR_MAX as u64).read_to_end(&mut text);
            let _ = io::copy(&mut stderr, &mut io::sink());
        }
        let _ = sender.send(text);
    });
    let mut process = Process::open(child.id())?;
    poll_fn(|cx| process.poll_ended(cx)).await?;
    let status = child.wait()?;
    // Processes that the command left behind hold the pipe.
    drop(job);
    Ok((status, receiver.await.unwrap_or_default()))
}
