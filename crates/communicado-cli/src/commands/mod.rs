//! The commands, one module each.

pub(crate) mod agent;
pub(crate) mod config;
#[cfg(target_os = "linux")]
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod is;
pub(crate) mod provide;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod sinks;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod wait;
pub(crate) mod watch;
