//! A session bus for the demo alone, in this process.
//!
//! It listens at an abstract address (`unix(7)`), which is no file: whatever ends this process,
//! nothing of it is left.

use std::thread;

use busd::bus::Bus;
use tokio::sync::oneshot;

use crate::failure::{Failure, Outcome};

/// Starts a bus on a thread of its own, and returns its address. It ends with this process.
pub(super) async fn start() -> Result<String, Failure> {
    // Nobody else has this name: the kernel's own random UUID (`random(4)`).
    let unique = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(cannot)?;
    let address = format!("unix:abstract=communicado-demo-{}", unique.trim());
    let (started, is_started) = oneshot::channel();
    let bus = thread::Builder::new().name("bus".to_owned()).spawn(move || {
        zruntime::block_on(async {
            match Bus::for_address(Some(&address)).await {
                Ok(mut bus) => {
                    // Where nobody waits for it, the demo has ended.
                    let _ = started.send(Ok(bus.address().to_string()));
                    let _ = bus.run().await;
                }
                Err(error) => {
                    let _ = started.send(Err(format!("{error:#}")));
                }
            }
        });
    });
    bus.map_err(cannot)?;
    is_started.await.map_err(cannot)?.map_err(cannot)
}

fn cannot(error: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, "the private bus of the demo cannot be started").cause(error)
}
