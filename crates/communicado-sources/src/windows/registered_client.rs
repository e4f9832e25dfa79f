//! A registered client, with its decision.

use std::time::Duration;

use communicado_core::{Life, UnknownReason};
use communicado_windows::Guid;

use super::decision::{Basis, Decision, Evidence, ProcessEvidence};
use super::known_clients::{MESSENGER, by_app};
use super::session::ProcessState;

/// A registered client, or a known one that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The name of its registry key.
    pub app: String,
    /// The name that Communicado reports.
    pub client: String,
    /// The name of its program, where known.
    pub program: Option<String>,
    /// The IDs of its processes in this session.
    pub processes: Vec<u32>,
    /// Processes that it started and that may outlive it: ID and file name.
    pub helpers: Vec<(u32, String)>,
    /// The class of its root object.
    pub class: Option<Guid>,
    /// True if no key names its class, so that the class is the known one.
    pub has_known_class: bool,
    /// True if its installer has registered it in the 64-bit view and in the 32-bit view.
    pub registered: (bool, bool),
    /// True if a server is registered for its class.
    pub has_server: bool,
    /// True if it is communicado's provider.
    pub is_provider: bool,
    /// All evidence on it.
    pub evidence: Evidence,
    /// The decision on that evidence.
    pub decision: Decision,
}

/// Presence of a client's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramPresence {
    /// The program runs.
    Runs,
    /// The program does not run.
    Absent,
    /// Nothing shows whether it runs.
    Unknown,
}

impl RegisteredClient {
    /// Returns whether the client runs. A client that accepts calls is unknown until it is read.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.decision.life()
    }

    /// Returns whether its program runs, by itself or under another key.
    #[must_use]
    pub const fn presence(&self) -> ProgramPresence {
        match (&self.decision.basis, self.life()) {
            (Basis::OtherClient(_), _) => ProgramPresence::Runs,
            (_, Life::Absent) => ProgramPresence::Absent,
            (_, Life::Unknown(UnknownReason::SourceLost)) => ProgramPresence::Unknown,
            _ => ProgramPresence::Runs,
        }
    }

    /// Returns whether its root object is Communicator's. The source `communicator` reads such
    /// clients, and `lync` all others.
    #[must_use]
    pub fn is_messenger(&self) -> bool {
        self.class == Some(MESSENGER)
    }

    /// Returns whether its events are known to carry the presence before the change.
    #[must_use]
    pub fn sends_former_presence(&self) -> bool {
        by_app(&self.app).is_some_and(|known| known.sends_former_presence)
    }

    /// Returns whether its root object can be created without a start of the client.
    #[must_use]
    pub const fn accepts_calls(&self) -> bool {
        self.decision.accepts_calls()
    }

    /// The state of its process at `now`, for a session.
    #[must_use]
    pub fn process_state(&self, now: i64) -> ProcessState {
        if !self.accepts_calls() {
            return ProcessState::Closed(self.life());
        }
        ProcessState::Open {
            processes: self.processes.iter().copied().collect(),
            age: self.up_since().map(|since| {
                let micros = now.saturating_sub(since).max(0);
                Duration::from_micros(micros.unsigned_abs())
            }),
        }
    }

    /// The start of its process or the time of its flag, the later one, where readable: the
    /// microseconds since 1970.
    #[must_use]
    pub const fn up_since(&self) -> Option<i64> {
        let ProcessEvidence::Running { started } = self.evidence.process else { return None };
        match (started, self.evidence.written) {
            (Some(started), Some(written)) if written > started => Some(written),
            (None, written) => written,
            (started, _) => started,
        }
    }
}
