//! Runs work while a user is signed in, on an async runtime.
//!
//!     cargo run -p communicado --example while_signed_in

#![expect(clippy::print_stdout, reason = "this is a console program")]

use communicado::Monitor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), communicado::Error> {
    let monitor = Monitor::start()?;
    loop {
        monitor
            .while_signed_in(|snapshot| async move {
                let clients = snapshot.iter().filter(|client| client.availability.is_some());
                let names: Vec<&str> = clients.map(|client| &*client.client).collect();
                println!("signed in to {}", names.join(" and "));
                // Put the work here. It is dropped at the sign-out.
            })
            .await?;
        println!("signed out");
    }
}
