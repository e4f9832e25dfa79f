//! What the clients' own words for a presence mean in ours, one table a vocabulary.
//!
//! A word that is in no table maps to `other`, never to an error and never to signed out; the
//! client's word goes along beside it.

mod lync;
mod messenger;
mod purple;

use communicado_core::{Activity, Availability};

pub use lync::{LYNC_ACTIVITY, lync_activity, lync_availability};
pub use messenger::{MISTATUS, failure, mistatus_raw, mistatus_signed_in};
pub use purple::{
    PURPLE_PRIMITIVE, PURPLE_STATUS, purple_primitive, purple_primitive_id, purple_status,
};

/// What a word means.
pub type Meaning = (Availability, Option<Activity>);
