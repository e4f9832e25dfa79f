//! The stage on which communicado meets programs that someone else wrote.
//!
//! A [`TestSession`] is a folder, a private bus and whatever is started on it: [`Prosody`], [`Kamailio`],
//! [`Client`] (Finch or Pidgin) and the program under test ([`Communicado`], [`Watch`]).
//! A [`Wine`] is the same for Windows: a registry and a COM of its own, and a [`Peer`] that is a
//! client there.
//!
//! Clients are driven as their user would drive them, over [`Purple`], with `dbus-send`.
//!
//! **Invariant:** nothing leaves the machine: servers listen on 127.0.0.1, at ports of their own,
//! and nothing on the private bus can be activated except what a test puts there.
//! **Invariant:** what is started is ended, by process id, also when a test panics or its process
//! is killed; nothing else is touched. See `process` and `reaper`.
//! **Invariant:** nobody sleeps and hopes: every wait is [`within`] a deadline for a state, and
//! fails with what was seen.
//!
//! A failure here is a panic: this is a library for tests and has no caller that could go on.
//!
//! Read next: [`Watch::expect`], then the cases in `conformance/purple/`.

mod account;
mod bus;
mod client;
mod communicado;
mod deadline;
mod display;
mod expect_ok;
mod gateway;
mod kamailio;
mod line;
mod packages;
mod ports;
mod process;
mod prosody;
mod pty;
mod purple;
mod reaper;
mod session;
mod transcript;
mod watch;
mod wine;

pub use account::{Account, Protocol};
pub use bus::Bus;
pub use client::{Client, Kind};
pub use communicado::{Communicado, Completed};
pub use deadline::{HANG, receive, within, within_of};
pub use expect_ok::ExpectOk;
pub use gateway::{Gateway, Request};
pub use kamailio::Kamailio;
pub use line::Line;
pub use packages::{require, require_python};
pub use process::{Process, Signal};
pub use prosody::Prosody;
pub use pty::Pty;
pub use purple::{Purple, Saved};
pub use session::TestSession;
pub use watch::Watch;
pub use wine::{Peer, PeerKind, Program, Wine};
