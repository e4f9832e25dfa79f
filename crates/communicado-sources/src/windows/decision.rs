//! Decision on a client: its status, from all evidence.
//!
//! `status`, `watch` and `doctor` all use [`decide`], so they cannot disagree.
//!
//! **Know:** the flag is about the process and never about the sign-in, and nothing resets it after
//! a crash. A client without the flag may run all the same. So a client is absent only if its
//! process does not run, and its object is created only if its process is proven to serve it.

use communicado_core::{Life, UnknownReason};
use communicado_windows::RegistryValue;

use super::class_server::{ClassEvidence, Doubt};

/// The time that a client has to start, in microseconds.
pub const START_MAX: i64 = 30_000_000;
/// The time that a client has to exit after it has reset its flag, in microseconds.
pub const SHUTDOWN_MAX: i64 = 10_000_000;
/// The difference of a clock that was set, in microseconds. A later moment is not believed.
const CLOCK_ERROR_MAX: i64 = 1_000_000;

/// Value of `UpAndRunning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningFlag {
    /// The client has no key under `HKCU\Software\IM Providers`.
    NoKey,
    /// The key has no such value. This is undocumented.
    Missing,
    /// 0: the client does not run.
    Down,
    /// 1: the client is starting.
    Starting,
    /// 2: the client runs, and its classes are registered.
    Up,
    /// Another number.
    Undocumented(u32),
    /// Not a number.
    WrongType(RegistryValue),
}

/// Evidence on the process of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvidence {
    /// Its program is unknown.
    UnknownProgram,
    /// No process of its program runs.
    NotRunning,
    /// Its process runs in another session of the user.
    OtherSession,
    /// Another client's process serves its class.
    OtherClient(String),
    /// Only a program that runs other programs runs, such as Java.
    SharedHost,
    /// Its process runs.
    Running {
        /// The start of its first process, in microseconds since 1970, where readable.
        started: Option<i64>,
    },
}

/// All evidence on a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its flag.
    pub flag: RunningFlag,
    /// The last change of the key with the flag, in microseconds since 1970, where readable.
    pub written: Option<i64>,
    /// Its process.
    pub process: ProcessEvidence,
    /// Its class.
    pub class: ClassEvidence,
}

/// Decision on a client, valid until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The reason.
    pub basis: Basis,
    /// The moment of the next decision without new evidence, in microseconds since 1970.
    pub until: Option<i64>,
}

/// Reason of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The process does not run, and the flag agrees or says nothing.
    NotRunning,
    /// The process does not run, although the flag says so.
    StaleFlag,
    /// The flag is 0, and the program is unknown.
    FlagDown,
    /// The class belongs to another client, which runs.
    OtherClient(String),
    /// The process has just started, and has not set its flag yet.
    JustStarted,
    /// The flag is 1.
    Starting,
    /// The process has reset its flag, and is about to exit.
    ShuttingDown,
    /// The flag is 1 for too long.
    HungStart,
    /// The flag is 1, and nothing shows since when.
    Undated,
    /// The process runs, although its flag does not say so.
    WithoutFlag,
    /// The flag is not a number.
    WrongType,
    /// The flag is an undocumented number.
    Undocumented,
    /// The process runs, and its client has no class.
    NoClass,
    /// The process runs, and the class of its client is invalid.
    InvalidClass,
    /// The process runs, and is not proven to serve its class.
    Unproven(Doubt),
    /// The process runs in another session.
    OtherSession,
    /// The program is unknown, so nothing shows whether it runs.
    UnknownProgram,
    /// Only a program that runs other programs runs.
    SharedHost,
    /// The process runs and serves its class.
    Callable,
}

impl RunningFlag {
    /// The flag that a value of the registry means.
    #[must_use]
    pub fn of(value: Option<&RegistryValue>) -> Self {
        match value {
            None => Self::Missing,
            Some(RegistryValue::Number(0)) => Self::Down,
            Some(RegistryValue::Number(1)) => Self::Starting,
            Some(RegistryValue::Number(2)) => Self::Up,
            Some(RegistryValue::Number(other)) => Self::Undocumented(*other),
            Some(other) => Self::WrongType(other.clone()),
        }
    }

    /// Returns whether the flag says that the client runs. Only numbers other than 0 do.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        matches!(self, Self::Starting | Self::Up | Self::Undocumented(_))
    }

    /// The order of flags of one client with several keys.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Up => 6,
            Self::Starting => 5,
            Self::Undocumented(_) => 4,
            Self::WrongType(_) => 3,
            Self::Down => 2,
            Self::Missing => 1,
            Self::NoKey => 0,
        }
    }
}

impl Evidence {
    /// Returns whether anything shows that the client runs.
    #[must_use]
    pub const fn shows_life(&self) -> bool {
        match self.process {
            ProcessEvidence::NotRunning | ProcessEvidence::OtherClient(_) => false,
            ProcessEvidence::UnknownProgram => !matches!(self.flag, RunningFlag::Down),
            ProcessEvidence::OtherSession
            | ProcessEvidence::SharedHost
            | ProcessEvidence::Running { .. } => true,
        }
    }
}

impl Decision {
    const fn lasting(basis: Basis) -> Self {
        Self { basis, until: None }
    }

    /// The life of the client. A client that accepts calls is unknown until it is read.
    #[must_use]
    pub const fn life(&self) -> Life {
        match &self.basis {
            Basis::NotRunning | Basis::StaleFlag | Basis::FlagDown | Basis::OtherClient(_) => {
                Life::Absent
            }
            Basis::JustStarted | Basis::Starting => Life::Starting,
            Basis::ShuttingDown => Life::ShuttingDown,
            Basis::HungStart => Life::Unknown(UnknownReason::NotResponding),
            Basis::Unproven(Doubt::PathDenied) => Life::Unknown(UnknownReason::AccessDenied),
            // The other reasons mean that the client runs, which nothing shows here.
            Basis::UnknownProgram | Basis::SharedHost => Life::Unknown(UnknownReason::SourceLost),
            Basis::Undated
            | Basis::WithoutFlag
            | Basis::WrongType
            | Basis::Undocumented
            | Basis::NoClass
            | Basis::InvalidClass
            | Basis::Unproven(_)
            | Basis::OtherSession
            | Basis::Callable => Life::Unknown(UnknownReason::NotSupported),
        }
    }

    /// Returns whether the client's object may be created. This never starts a program.
    #[must_use]
    pub const fn accepts_calls(&self) -> bool {
        matches!(self.basis, Basis::Callable)
    }
}

/// Decides on a client at `now`, in microseconds since 1970.
#[must_use]
pub fn decide(evidence: &Evidence, now: i64) -> Decision {
    let Evidence { flag, written, process, class } = evidence;
    let started = match process {
        ProcessEvidence::OtherClient(client) => {
            return Decision::lasting(Basis::OtherClient(client.clone()));
        }
        ProcessEvidence::NotRunning if flag.is_set() => {
            return Decision::lasting(Basis::StaleFlag);
        }
        ProcessEvidence::NotRunning => return Decision::lasting(Basis::NotRunning),
        ProcessEvidence::UnknownProgram => {
            let is_down = *flag == RunningFlag::Down;
            return Decision::lasting(if is_down {
                Basis::FlagDown
            } else {
                Basis::UnknownProgram
            });
        }
        ProcessEvidence::OtherSession => return Decision::lasting(Basis::OtherSession),
        ProcessEvidence::SharedHost if !flag.is_set() => {
            return Decision::lasting(Basis::SharedHost);
        }
        ProcessEvidence::SharedHost => None,
        ProcessEvidence::Running { started } => past(*started, now),
    };
    let written = past(*written, now);
    match flag {
        RunningFlag::Up => Decision::lasting(match class {
            ClassEvidence::Missing => Basis::NoClass,
            ClassEvidence::Invalid => Basis::InvalidClass,
            ClassEvidence::Unproven(doubt) => Basis::Unproven(doubt.clone()),
            ClassEvidence::Proven => Basis::Callable,
        }),
        // A client may register its classes again long after its start.
        RunningFlag::Starting => match started.max(written) {
            None => Decision::lasting(Basis::Undated),
            since => limited(Basis::Starting, since, START_MAX, now, Basis::HungStart),
        },
        RunningFlag::Down if started.is_some() && written > started => {
            limited(Basis::ShuttingDown, written, SHUTDOWN_MAX, now, Basis::WithoutFlag)
        }
        RunningFlag::Down | RunningFlag::Missing | RunningFlag::NoKey => {
            limited(Basis::JustStarted, started, START_MAX, now, Basis::WithoutFlag)
        }
        RunningFlag::Undocumented(_) => Decision::lasting(Basis::Undocumented),
        RunningFlag::WrongType(_) => Decision::lasting(Basis::WrongType),
    }
}

/// The moment, unless the clock shows that it is wrong.
fn past(moment: Option<i64>, now: i64) -> Option<i64> {
    moment.filter(|moment| *moment <= now.saturating_add(CLOCK_ERROR_MAX))
}

/// A decision for as long as `max` after `since`, then another one.
fn limited(basis: Basis, since: Option<i64>, max: i64, now: i64, then: Basis) -> Decision {
    match since.map(|since| since.saturating_add(max)) {
        Some(until) if now < until => Decision { basis, until: Some(until) },
        Some(_) | None => Decision::lasting(then),
    }
}
