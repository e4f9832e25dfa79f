//! The current time.

use communicado_core::Moment;
use communicado_wire::Timestamp;

/// The time on both clocks: moments for what ends, civil time for what is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) moment: Moment,
    pub(crate) civil: Timestamp,
}
