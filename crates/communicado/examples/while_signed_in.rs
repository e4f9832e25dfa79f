//! Does its work for as long as somebody is signed in, on an async runtime.
//!
//!     cargo run -p communicado --example while_signed_in

#![expect(clippy::print_stdout, reason = "this is a console program")]

use communicado::Monitor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), communicado::Error> {
    let monitor = Monitor::start()?;
    loop {
        let ended = monitor
            .while_signed_in(|snapshot| async move {
                let clients = snapshot.iter().filter(|client| client.availability.is_some());
                let names: Vec<&str> = clients.map(|client| &*client.client).collect();
                println!("working, since somebody is signed in with {}", names.join(" and "));
                // Work that goes on for as long as it is let.
                std::future::pending::<()>().await;
            })
            .await?;
        if ended.is_none() {
            println!("nobody is signed in any more");
        }
    }
}
