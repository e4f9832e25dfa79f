//! The console program of the Office Communicator SDK's sign-in sample, without its faults.
//!
//! It switches a feature on and off with the sign-in. Unlike the sample it goes on when
//! Communicator does not run yet, has nobody signed in, or ends and comes back. Enter leaves, and
//! everything is let go of.
//!
//!     cargo run -p communicado --example sign_in_gate

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a console program")]

use std::io::{self, BufRead as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use communicado::messenger::{Messenger, MiStatus, is_communicator_running, wait_until_running};

/// Whether the feature that needs a signed-in user may be used.
static SIGNED_IN: AtomicBool = AtomicBool::new(false);

/// How long to wait before Communicator is asked again that refused.
const AGAIN: Duration = Duration::from_secs(1);

/// What makes the program go on.
enum Happened {
    Shutdown,
    Enter,
}

fn main() {
    let (tell, happened) = channel();
    let enter = tell.clone();
    std::thread::spawn(move || {
        let read = io::stdin().lock().read_line(&mut String::new());
        if let Err(error) = read {
            eprintln!("standard input cannot be read: {error}");
        }
        let _ = enter.send(Happened::Enter);
    });
    println!("Press Enter key to exit the application.\n");
    let mut said = String::new();
    let mut say_once = |what: &str| {
        if said != what {
            println!("{what}");
            what.clone_into(&mut said);
        }
    };
    loop {
        if !is_communicator_running() {
            say_once("Communicator is not running.");
            if comes_up(&happened) { continue } else { return }
        }
        match Messenger::new() {
            Ok(messenger) => {
                say_once("Communicator is running.");
                if !gate(&messenger, tell.clone(), &happened) {
                    return;
                }
            }
            Err(error) => {
                say_once(&format!("Communicator gives no object: {error}"));
                // Nothing tells when it would give one.
                match happened.recv_timeout(AGAIN) {
                    Err(RecvTimeoutError::Timeout) | Ok(Happened::Shutdown) => {}
                    Ok(Happened::Enter) | Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        }
    }
}

/// Waits until Communicator runs; `false` if Enter was pressed before.
fn comes_up(happened: &Receiver<Happened>) -> bool {
    loop {
        if let Ok(Happened::Enter) = happened.try_recv() {
            return false;
        }
        if wait_until_running(AGAIN) {
            return true;
        }
    }
}

/// Follows one run of Communicator to its end; `false` if Enter was pressed before.
fn gate(messenger: &Messenger, tell: Sender<Happened>, happened: &Receiver<Happened>) -> bool {
    messenger.on_app_shutdown(move || {
        println!("OnAppShutdown");
        let _ = tell.send(Happened::Shutdown);
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
    let goes_on = matches!(happened.recv(), Ok(Happened::Shutdown));
    switch(false);
    goes_on
}

fn switch(signed_in: bool) {
    if SIGNED_IN.swap(signed_in, Ordering::Relaxed) != signed_in {
        println!("The feature is {}.", if signed_in { "on" } else { "off" });
    }
}
