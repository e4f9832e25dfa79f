//! The commands, one file each.

pub(crate) mod backup;
mod client;
pub(crate) mod doctor;
mod location;
pub(crate) mod people;
pub(crate) mod serve;
pub(crate) mod tokens;
