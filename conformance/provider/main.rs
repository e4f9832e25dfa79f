//! The provider, used by programs that we did not write, and what communicado says of it.
//!
//! `busctl` (systemd), `gdbus` (GLib) and a Python program (python3-dbus, libdbus) drive the real
//! service on a private bus; its introspection is held against the documentation. The source
//! `provider` watches it through every end that it can come to.

mod activation;
mod demo;
mod faults;
mod introspection;
mod memory;
mod peers;
mod provider;
mod recipes;
mod refusals;
mod stories;
mod strangers;
