//! The async runtime of desktop programs.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Creates a tokio runtime for the current thread, with I/O and timers.
///
/// Timers are for libraries: code of this workspace uses a [`Clock`](crate::Clock). A tokio timer
/// that is not set costs no wake-up.
///
/// # Errors
///
/// If the system has no resources for I/O events.
pub fn desktop_executor() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_library_can_use_tokio_timers() {
        let runtime = desktop_executor().unwrap();
        let elapsed = runtime.block_on(async {
            let never = std::future::pending::<()>();
            tokio::time::timeout(Duration::from_millis(1), never).await
        });
        assert!(elapsed.is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_idle_executor_does_not_wake_up() {
        use std::sync::mpsc::channel;

        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (started, task) = channel();
        let thread = std::thread::spawn(move || {
            let runtime = desktop_executor().unwrap();
            runtime.block_on(async {
                // A timer that has fired must not leave a periodic wake-up.
                tokio::time::sleep(Duration::from_millis(1)).await;
                started.send(rustix::thread::gettid().as_raw_nonzero()).unwrap();
                stopped.await.unwrap();
            });
        });
        let task = task.recv().unwrap();
        let wake_ups = || {
            let status = std::fs::read_to_string(format!("/proc/self/task/{task}/status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches"));
            line.unwrap().to_owned()
        };
        // The first windows may contain the thread's way to its wait.
        let (_nothing, timer) = channel::<()>();
        let is_quiet = || {
            let before = wake_ups();
            let _ = timer.recv_timeout(Duration::from_millis(50));
            wake_ups() == before
        };
        assert!((0..20).any(|_| is_quiet()), "the executor wakes up while nothing happens");
        stop.send(()).unwrap();
        thread.join().unwrap();
    }
}
