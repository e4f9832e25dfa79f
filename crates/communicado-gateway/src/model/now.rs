//! The current time.

use communicado_core::Moment;
use communicado_wire::Timestamp;

/// The time on both clocks: a moment for deadlines, and civil time for timestamps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) moment: Moment,
    pub(crate) civil: Timestamp,
}
