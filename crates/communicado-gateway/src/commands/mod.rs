//! The commands, one file each.

pub(crate) mod backup;
mod client;
pub(crate) mod doctor;
pub(crate) mod install;
mod location;
pub(crate) mod people;
mod people_export;
mod people_file;
mod people_import;
pub(crate) mod serve;
pub(crate) mod tokens;
