//! A private session bus for the demo, in this process.
//!
//! The bus listens on an abstract socket (`unix(7)`), which is not a file. So nothing of the bus
//! remains, however this process ends.

use std::thread;

use busd::bus::Bus;
use communicado_cli_support::{Failure, Outcome};
use tokio::sync::oneshot;

/// Starts a bus on a new thread, and returns its address. The bus ends with this process.
pub(super) async fn start() -> Result<String, Failure> {
    // A random UUID of the kernel makes the name unique (`random(4)`).
    let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(cannot_start)?;
    let address = format!("unix:abstract=communicado-demo-{}", uuid.trim());
    let (started, is_started) = oneshot::channel();
    let bus = thread::Builder::new().name("bus".to_owned()).spawn(move || {
        zruntime::block_on(async {
            match Bus::for_address(Some(&address)).await {
                Ok(mut bus) => {
                    // The receiver is gone if the demo has ended.
                    let _ = started.send(Ok(bus.address().to_string()));
                    let _ = bus.run().await;
                }
                Err(error) => {
                    let _ = started.send(Err(format!("{error:#}")));
                }
            }
        });
    });
    bus.map_err(cannot_start)?;
    is_started.await.map_err(cannot_start)?.map_err(cannot_start)
}

fn cannot_start(error: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, "cannot start the private bus of the demo").cause(error)
}
