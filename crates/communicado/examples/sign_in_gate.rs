//! The sign-in sample of the Office Communicator SDK, without its bugs.
//!
//! It switches a feature on and off with the sign-in. Unlike the sample, it works when Communicator
//! does not run yet, has no user signed in, or restarts. Enter exits the program.
//!
//!     cargo run -p communicado --example sign_in_gate

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a console program")]

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use communicado::messenger::{Messenger, MiStatus, is_communicator_running, wait_until_running};

/// `true` while a user is signed in, who can use the feature.
static SIGNED_IN: AtomicBool = AtomicBool::new(false);

/// The delay before the next attempt after Communicator has returned an error.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// An event of the main loop.
enum LoopEvent {
    Shutdown,
    Enter,
}

fn main() {
    let (sender, events) = channel();
    let enter = sender.clone();
    std::thread::spawn(move || {
        let read = io::stdin().lock().read_line(&mut String::new());
        if let Err(error) = read {
            eprintln!("cannot read standard input: {error}");
        }
        let _ = enter.send(LoopEvent::Enter);
    });
    println!("Press Enter key to exit the application.\n");
    let mut last_line = String::new();
    let mut print_once = |line: &str| {
        if last_line != line {
            println!("{line}");
            line.clone_into(&mut last_line);
        }
    };
    loop {
        if !is_communicator_running() {
            print_once("Communicator is not running.");
            if wait_for_start(&events) { continue } else { return }
        }
        match Messenger::new() {
            Ok(messenger) => {
                print_once("Communicator is running.");
                if !gate(&messenger, sender.clone(), &events) {
                    return;
                }
            }
            Err(error) => {
                print_once(&format!("Communicator returns an error: {error}"));
                // There is no event for the moment at which a call would succeed.
                match events.recv_timeout(RETRY_DELAY) {
                    Err(RecvTimeoutError::Timeout) | Ok(LoopEvent::Shutdown) => {}
                    Ok(LoopEvent::Enter) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }
}

/// Waits until Communicator runs. Returns `false` if Enter was pressed before.
fn wait_for_start(events: &Receiver<LoopEvent>) -> bool {
    loop {
        if let Ok(LoopEvent::Enter) = events.try_recv() {
            return false;
        }
        if wait_until_running(RETRY_DELAY) {
            return true;
        }
    }
}

/// Follows one run of Communicator to its end. Returns `false` if Enter was pressed before.
fn gate(messenger: &Messenger, sender: Sender<LoopEvent>, events: &Receiver<LoopEvent>) -> bool {
    messenger.on_app_shutdown(move || {
        println!("OnAppShutdown");
        let _ = sender.send(LoopEvent::Shutdown);
    });
    messenger.on_signin(|hr| {
        println!("OnSignin {hr:#010X}");
        if hr == 0 {
            switch(true);
        }
    });
    messenger.on_signout(|| {
        println!("OnSignout");
        switch(false);
    });
    switch(messenger.my_status().is_ok_and(|status| status.contains(MiStatus::ONLINE)));
    let shut_down = matches!(events.recv(), Ok(LoopEvent::Shutdown));
    switch(false);
    shut_down
}

fn switch(signed_in: bool) {
    if SIGNED_IN.swap(signed_in, Ordering::Relaxed) != signed_in {
        println!("The feature is {}.", if signed_in { "on" } else { "off" });
    }
}
