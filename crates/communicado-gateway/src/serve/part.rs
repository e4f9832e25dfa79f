//! A thread that a gateway cannot do without.

use std::convert::Infallible;
use std::io;
use std::thread::{Builder, JoinHandle};

use tokio::sync::oneshot;

use crate::failure::{Failure, Outcome};

#[derive(Debug)]
pub(super) struct Part<T> {
    name: &'static str,
    thread: JoinHandle<T>,
    /// Nothing is ever sent: it closes with the thread, however that ends.
    lives: oneshot::Receiver<Infallible>,
}

impl<T: Send + 'static> Part<T> {
    /// # Errors
    ///
    /// If the system gives no thread.
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

    /// Waits until it ends, by itself or by a panic.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.lives).await;
    }

    /// Waits for what came of it.
    ///
    /// # Errors
    ///
    /// If it panicked.
    pub(super) fn join(self) -> Result<T, Failure> {
        self.thread.join().map_err(|_| broke_off(&format!("the {} panicked", self.name)))
    }
}

/// What is said of a gateway that ends without one of its parts.
pub(super) fn broke_off(cause: &str) -> Failure {
    Failure::new(Outcome::Failed, "a part of the gateway broke off")
        .cause(cause)
        .help("start it again; what it printed before helps us to mend it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_breaks_off_is_noticed_and_named() {
        let broken = || assert!(std::hint::black_box(false), "on purpose");
        let mut part = Part::start("writer", broken).unwrap();
        part.ended().await;
        let why = format!("{:?}", part.join());
        assert!(why.contains("the writer"), "{why}");
    }

    #[tokio::test]
    async fn a_part_that_goes_on_has_not_ended() {
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let mut part = Part::start("event-loop", move || wait.recv().is_err()).unwrap();
        let ended = tokio::time::timeout(std::time::Duration::from_millis(20), part.ended());
        assert!(ended.await.is_err());
        drop(end);
        part.ended().await;
        assert!(part.join().unwrap());
    }
}
