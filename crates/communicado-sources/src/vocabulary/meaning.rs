//! Meaning of a client's word.

use communicado_core::{Activity, Availability};

/// Meaning of a word: an availability, and an activity if the word implies one.
pub type Meaning = (Availability, Option<Activity>);
