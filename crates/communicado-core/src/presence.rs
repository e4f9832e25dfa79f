//! The presence of a signed-in person.

use crate::{NoteId, Symbol};

/// The availability of a person, most reachable first.
///
/// The order decides which account gives the client its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Availability {
    /// At the computer and reachable.
    Available,
    /// Available by status, but not using the computer.
    Idle,
    /// Busy with something else.
    Busy,
    /// Away for a short time.
    BeRightBack,
    /// Away from the computer.
    Away,
    /// Wants no interruption.
    DoNotDisturb,
    /// Signed in, but shown as offline to others.
    Invisible,
    /// A word that Communicado does not know; see the raw word.
    Other,
}

impl Availability {
    /// Every availability, most reachable first.
    pub const ALL: [Self; 8] = [
        Self::Available,
        Self::Idle,
        Self::Busy,
        Self::BeRightBack,
        Self::Away,
        Self::DoNotDisturb,
        Self::Invisible,
        Self::Other,
    ];

    /// The word for this value in JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::BeRightBack => "be-right-back",
            Self::Away => "away",
            Self::DoNotDisturb => "do-not-disturb",
            Self::Invisible => "invisible",
            Self::Other => "other",
        }
    }

    /// The availability that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.word() == word)
    }
}

/// The activity of a person, if the client reports one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// In a call.
    OnThePhone,
    /// In a meeting.
    InAMeeting,
    /// In a conference call.
    InAConference,
    /// Presenting or sharing the screen.
    Presenting,
    /// Out of the office.
    OutOfOffice,
    /// Out to lunch.
    OutToLunch,
    /// Accepting urgent interruptions only.
    UrgentInterruptionsOnly,
    /// An activity that Communicado does not know; see the raw word.
    Other,
}

impl Activity {
    /// Every activity.
    pub const ALL: [Self; 8] = [
        Self::OnThePhone,
        Self::InAMeeting,
        Self::InAConference,
        Self::Presenting,
        Self::OutOfOffice,
        Self::OutToLunch,
        Self::UrgentInterruptionsOnly,
        Self::Other,
    ];

    /// The word for this value in JSON and on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnThePhone => "on-the-phone",
            Self::InAMeeting => "in-a-meeting",
            Self::InAConference => "in-a-conference",
            Self::Presenting => "presenting",
            Self::OutOfOffice => "out-of-office",
            Self::OutToLunch => "out-to-lunch",
            Self::UrgentInterruptionsOnly => "urgent-interruptions-only",
            Self::Other => "other",
        }
    }

    /// The activity that `word` names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.word() == word)
    }
}

/// The presence of a signed-in person, with the client's own word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Presence {
    /// The availability.
    pub availability: Availability,
    /// The activity, if known.
    pub activity: Option<Activity>,
    /// The client's own word.
    pub raw: Symbol,
    /// The user's note for others, if there is one.
    pub note: Option<NoteId>,
}
