//! What the classes are called by: one table for callers bound early and late.

pub(crate) mod messenger;
pub(crate) mod office;
