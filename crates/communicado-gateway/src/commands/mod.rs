//! The commands, one file each.

pub(crate) mod backup;
mod client;
mod location;
pub(crate) mod people;
pub(crate) mod serve;
pub(crate) mod tokens;
