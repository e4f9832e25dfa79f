//! Fault injection, for tests of other programs.

use core::time::Duration;

/// A fault that a script can inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Exits at once without any event, like a killed client.
    Crash,
    /// Blocks for a time, like a client behind a modal dialog.
    Hang(Duration),
    /// Rejects every call from now on.
    Refuse,
    /// Delays every call by this time from now on.
    Late(Duration),
    /// Leaves a stale flag: `UpAndRunning` stays 2 during and after the exit.
    StaleFlag,
    /// Clears all faults.
    Behave,
}

/// The faults in force in a frontend.
///
/// A crash and a hang are not included, because they affect the whole process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveFaults {
    /// True if the frontend rejects every call.
    pub refuse_calls: bool,
    /// The delay of every call.
    pub call_delay: Duration,
    /// True if the flag `UpAndRunning` stays 2 at exit.
    pub stale_flag: bool,
}

impl ActiveFaults {
    /// Activates a fault of the frontend; ignores faults of the process.
    pub const fn apply(&mut self, fault: Fault) {
        match fault {
            Fault::Refuse => self.refuse_calls = true,
            Fault::Late(delay) => self.call_delay = delay,
            Fault::StaleFlag => self.stale_flag = true,
            Fault::Behave => {
                *self = Self { refuse_calls: false, call_delay: Duration::ZERO, stale_flag: false };
            }
            Fault::Crash | Fault::Hang(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_accumulate_until_they_are_cleared() {
        let mut faults = ActiveFaults::default();
        faults.apply(Fault::Refuse);
        faults.apply(Fault::Late(Duration::from_secs(1)));
        faults.apply(Fault::Hang(Duration::from_secs(9)));
        assert!(faults.refuse_calls && faults.call_delay == Duration::from_secs(1));
        faults.apply(Fault::Behave);
        assert_eq!(faults, ActiveFaults::default());
    }
}
