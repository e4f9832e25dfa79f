//! How a provider can be told to misbehave, for other people's tests.

use core::time::Duration;

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ends at once and says nothing, as a client that is killed does.
    Crash,
    /// Does nothing at all for so long, as a client behind a dialog does.
    Hang(Duration),
    /// Answers every call with an error from here on.
    Refuse,
    /// Answers every call so much later from here on.
    Late(Duration),
    /// Does not take back what says that it runs: `UpAndRunning` stays 2 to the end and after.
    StaleFlag,
    /// Does no such thing from here on.
    Behave,
}

/// How a face behaves towards those who ask.
///
/// A crash and a hang are not among it: they are acts of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActiveFaults {
    /// Every call is answered with an error.
    pub refuse_calls: bool,
    /// Every call is answered so much later.
    pub call_delay: Duration,
    /// What says that it runs is not taken back.
    pub stale_flag: bool,
}

impl ActiveFaults {
    /// Takes up a fault, if it is one of the face.
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
    fn faults_add_up_until_it_is_to_behave() {
        let mut faults = ActiveFaults::default();
        faults.apply(Fault::Refuse);
        faults.apply(Fault::Late(Duration::from_secs(1)));
        faults.apply(Fault::Hang(Duration::from_secs(9)));
        assert!(faults.refuse_calls && faults.call_delay == Duration::from_secs(1));
        faults.apply(Fault::Behave);
        assert_eq!(faults, ActiveFaults::default());
    }
}
