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
pub struct Manners {
    /// Every call is answered with an error.
    pub refuses: bool,
    /// Every call is answered so much later.
    pub late: Duration,
    /// What says that it runs is not taken back.
    pub stale_flag: bool,
}

impl Manners {
    /// Takes up a fault, if it is one of the face.
    pub const fn take_up(&mut self, fault: Fault) {
        match fault {
            Fault::Refuse => self.refuses = true,
            Fault::Late(late) => self.late = late,
            Fault::StaleFlag => self.stale_flag = true,
            Fault::Behave => {
                *self = Self { refuses: false, late: Duration::ZERO, stale_flag: false };
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
        let mut manners = Manners::default();
        manners.take_up(Fault::Refuse);
        manners.take_up(Fault::Late(Duration::from_secs(1)));
        manners.take_up(Fault::Hang(Duration::from_secs(9)));
        assert!(manners.refuses && manners.late == Duration::from_secs(1));
        manners.take_up(Fault::Behave);
        assert_eq!(manners, Manners::default());
    }
}
