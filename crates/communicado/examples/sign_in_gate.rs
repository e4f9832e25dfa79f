//! The console program of the Office Communicator SDK's sign-in sample, without its faults.
//!
//! It says whether a client runs and whether its user is signed in, follows both, and switches a
//! feature on and off. Enter leaves, and everything is let go of.
//!
//!     cargo run -p communicado --example sign_in_gate

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a console program")]

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicBool, Ordering};

use communicado::blocking::Monitor;
use communicado::{Client, Condition, Snapshot, Status, Update};

/// Whether the feature that needs a signed-in user may be used.
static SIGNED_IN: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), communicado::Error> {
    let monitor = Monitor::start()?;
    let changes = monitor.changes();
    let follower = std::thread::spawn(move || follow(changes));

    println!("Press Enter key to exit the application.\n");
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    if let Err(error) = read {
        eprintln!("standard input cannot be read: {error}");
    }
    // Ends the monitor's thread, and with it the iterator that the follower waits on.
    drop(monitor);
    if follower.join().is_err() {
        eprintln!("the follower panicked");
    }
    Ok(())
}

fn follow(changes: communicado::blocking::Changes) {
    let mut snapshot = Snapshot::default();
    for update in changes {
        snapshot.apply(&update);
        match &update {
            Update::Snapshot { clients, .. } => clients.iter().for_each(|client| say(client)),
            // A change may be of the presence only.
            Update::Change(client) if client.before.flatten() == Some(client.status) => {}
            Update::Change(client) => say(client),
        }
        switch(Condition::SIGNED_IN.judge(&snapshot) == Some(true));
    }
}

/// Says what the sample's three events said.
fn say(client: &Client) {
    let name = &client.client;
    match client.status {
        Status::SignedIn => println!("{name}: signed in"),
        Status::SignedOut => match &client.reason {
            Some(reason) => println!("{name}: signed out ({reason})"),
            None => println!("{name}: signed out"),
        },
        Status::ShuttingDown => println!("{name}: shutting down"),
        Status::Absent => println!("{name}: not running"),
        Status::Unknown => {
            println!("{name}: cannot tell ({})", client.reason.as_deref().unwrap_or("?"));
        }
        Status::Starting | Status::SigningIn | Status::SigningOut => {
            println!("{name}: {}", client.status.word());
        }
    }
}

fn switch(signed_in: bool) {
    if SIGNED_IN.swap(signed_in, Ordering::Relaxed) != signed_in {
        println!("The feature is {}.", if signed_in { "on" } else { "off" });
    }
}
