//! How reachable a signed-in person is.

use crate::Token;

/// Whether a person can be reached, most reachable first.
///
/// The order is the one in which a client's accounts compete to speak for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Availability {
    /// At the desk and willing.
    Available,
    /// At the desk by status, but not touching it.
    Idle,
    /// At work on something else.
    Busy,
    /// Away for a short time.
    BeRightBack,
    /// Not at the desk.
    Away,
    /// Wants no interruption.
    DoNotDisturb,
    /// Signed in, but shown to others as offline.
    Invisible,
    /// A word that we do not know; the raw token says which.
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

    /// The word for it, as written everywhere.
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

/// What a person is doing, where the client says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// In a call.
    OnThePhone,
    /// In a meeting.
    InAMeeting,
    /// In a conference call.
    InAConference,
    /// Showing the screen to others.
    Presenting,
    /// Out of the office.
    OutOfOffice,
    /// Out to lunch.
    OutToLunch,
    /// To be interrupted only for what is urgent.
    UrgentInterruptionsOnly,
    /// An activity that we do not know; the raw token says which.
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

    /// The word for it, as written everywhere.
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

/// How reachable a signed-in person is, with the client's own word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Presence {
    /// Whether the person can be reached.
    pub availability: Availability,
    /// What the person is doing.
    pub activity: Option<Activity>,
    /// The client's own word.
    pub raw: Token,
}
