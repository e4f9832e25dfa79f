//! A critical thread: its end stops the gateway.

use std::convert::Infallible;
use std::io;
use std::thread::{Builder, JoinHandle};

use communicado_cli_support::{Failure, Outcome};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) struct CriticalThread<T> {
    name: &'static str,
    thread: JoinHandle<T>,
    /// The channel never carries a message. It closes when the thread ends, in whatever way.
    lives: oneshot::Receiver<Infallible>,
}

impl<T: Send + 'static> CriticalThread<T> {
    /// # Errors
    ///
    /// If the system cannot start a thread.
    pub(super) fn start(
        name: &'static str,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let (life, lives) = oneshot::channel();
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            let _life = life;
            run()
        })?;
        Ok(Self { name, thread, lives })
    }

    /// Waits until the thread returns or panics.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.lives).await;
    }

    /// Waits for the result of the thread.
    ///
    /// # Errors
    ///
    /// If the thread panicked.
    pub(super) fn join(self) -> Result<T, Failure> {
        self.thread.join().map_err(|_| exited(&format!("the {} thread panicked", self.name)))
    }
}

/// The failure of a gateway whose critical thread ended.
pub(super) fn exited(cause: &str) -> Failure {
    Failure::new(Outcome::Failed, "a critical thread of the gateway exited unexpectedly")
        .cause(cause)
        .help("restart the gateway, and report this with the log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thread_that_panics_is_noticed_and_named() {
        let panics = || assert!(std::hint::black_box(false), "on purpose");
        let mut thread = CriticalThread::start("writer", panics).unwrap();
        thread.ended().await;
        let why = format!("{:?}", thread.join());
        assert!(why.contains("the writer thread"), "{why}");
    }

    #[tokio::test]
    async fn a_thread_that_runs_has_not_ended() {
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let mut thread = CriticalThread::start("event-loop", move || wait.recv().is_err()).unwrap();
        let ended = tokio::time::timeout(std::time::Duration::from_millis(20), thread.ended());
        assert!(ended.await.is_err());
        drop(end);
        thread.ended().await;
        assert!(thread.join().unwrap());
    }
}
