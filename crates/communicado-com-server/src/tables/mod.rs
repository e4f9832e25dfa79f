//! Interface tables, for early-bound and late-bound callers.

pub(crate) mod messenger;
pub(crate) mod office;
