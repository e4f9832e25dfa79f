//! A UC client for tests, over our own wrappers of COM: late-bound, without a type library, in the
//! multithreaded apartment. So it differs in each of these from the client in C beside it, and is
//! driven by the same lines: each is answered by one, "ok ..." or "error ...".
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
