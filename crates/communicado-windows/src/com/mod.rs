//! COM, late-bound.
