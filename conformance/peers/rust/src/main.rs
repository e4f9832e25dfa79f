//! A UC client for tests, with our COM wrappers: late-bound, without a type library, in the
//! multithreaded apartment. The client in C differs in each of these and takes the same commands.
//! It answers each line with "ok ..." or "error ...".
#![expect(clippy::print_stdout, reason = "a program's output is its purpose")]

#[cfg(windows)]
mod client;
#[cfg(windows)]
mod commands;
#[cfg(windows)]
mod objects;

#[cfg(windows)]
fn main() {
    commands::run();
}

#[cfg(not(windows))]
fn main() {
    println!("error this client is for Windows");
}
