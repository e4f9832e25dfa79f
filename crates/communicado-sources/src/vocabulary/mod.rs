//! Vocabularies: the presence that the words of each client mean.
//!
//! A word that is in no table means `other`, never an error and never signed out. The client's word
//! stays beside its meaning.

mod lync;
mod meaning;
mod messenger;
mod purple;
mod xmpp;

pub use lync::{LYNC_ACTIVITY, lync_activity, lync_availability};
pub use meaning::Meaning;
pub use messenger::{MISTATUS, failure, mistatus_raw, mistatus_signed_in};
pub use purple::{
    PURPLE_PRIMITIVE, PURPLE_STATUS, purple_primitive, purple_primitive_id, purple_status,
};
pub use xmpp::{XMPP_SHOW, xmpp_show};
