//! The provider, used by foreign programs and watched by communicado.
//!
//! `busctl` (systemd), `gdbus` (GLib) and a Python program (python3-dbus, libdbus) drive the real
//! service on a private bus. A test compares its introspection with the documentation. The source
//! `provider` watches it to every kind of exit.

mod activation;
mod demo;
mod faults;
mod impostors;
mod introspection;
mod lifecycle;
mod memory;
mod peers;
mod provider;
mod recipes;
mod refusals;
