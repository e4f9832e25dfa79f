//! The commands, one file each.

pub(crate) mod backup;
mod client;
pub(crate) mod doctor;
mod location;
pub(crate) mod people;
mod people_file;
mod people_import;
pub(crate) mod serve;
pub(crate) mod tokens;
