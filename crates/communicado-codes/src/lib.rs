//! The meaning of the codes of UC clients, and what to do about them.
//!
//! One table for `communicado explain`, the Windows sources and the SDK's `messenger` module:
//! COM errors, `MSGR_E` and `MSGR_S` codes, `MISTATUS` values and `UpAndRunning`.
//! Use [`lookup`] for a number, and [`explain`] for a text.
//!
//! **Invariant:** no I/O. The crate is `no_std` and has no dependencies; all rows are constants.
//! **Invariant:** no text makes it panic.
//! **Know:** one number can be in several families (2 is `MISTATUS_ONLINE` and `UpAndRunning` 2),
//! and one text can be several numbers ("22" in decimal and in hexadecimal). [`explain`] returns
//! all plausible ones, each with how it was read.
//! **Know:** a sentence describes the meaning of a code for a UC client, not the general one.
//!
//! Read next: [`Code`], then [`explain`], then `parse.rs` for how a text is read.
#![no_std]

extern crate alloc;

mod com;
mod lync;
mod lync_values;
mod messenger;
mod mistatus;
mod names;
mod notation;
mod parse;
mod script;
mod standard;
mod tokens;
mod up_and_running;

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

pub use parse::{ParseCodeError, ReadAs};

/// A code of a UC client and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number; an HRESULT as its 32 bits.
    pub number: u32,
    /// The name in Microsoft's headers, such as `MSGR_E_NOT_LOGGED_ON`.
    pub name: &'static str,
    /// The family that the number belongs to.
    pub family: Family,
    /// The meaning for the client and the sign-in, in one sentence.
    pub meaning: &'static str,
    /// The advice, in one sentence.
    pub action: &'static str,
    /// The status that the code implies, if any: a word such as `signed-out`, or `unknown` with
    /// its reason as in `unknown (access-denied)`. If several situations have the code, the
    /// statuses of all of them.
    pub status: Option<&'static str>,
}

/// The families of codes; a number is unique within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// An HRESULT of COM or Windows (`winerror.h`, `olectl.h`).
    Com,
    /// A failure of the Messenger API (Microsoft, OC 2007 SDK, "Error Codes", bb758786).
    MessengerError,
    /// A success of the Messenger API that is more specific than `S_OK` (`msgrua.h`, `MSGR_S_*`).
    MessengerSuccess,
    /// A result of a session of the Messenger API (bb758786, `SR_*`).
    MessengerSession,
    /// The status of the user or a contact (Microsoft, OC 2007 SDK, `MISTATUS`, bb787207).
    MiStatus,
    /// The registry value by which a client reports that it runs (Microsoft, "Integrating IM
    /// applications with Office").
    UpAndRunning,
    /// A status code or an exception of Lync (Microsoft, "Lync platform status codes", jj933114).
    Lync,
    /// The state of Lync's client object (Microsoft, UCCollaborationLib, ff398653).
    ClientState,
    /// The availability of a contact in Lync (Microsoft, Lync SDK, gg464202).
    ContactAvailability,
    /// A run-time error of Visual Basic or a script (Microsoft, "VBScript Run-time Errors").
    Script,
}

impl Family {
    /// The display name, such as `MSGR_E`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Com => "COM",
            Self::MessengerError => "MSGR_E",
            Self::MessengerSuccess => "MSGR_S",
            Self::MessengerSession => "SR",
            Self::MiStatus => "MISTATUS",
            Self::UpAndRunning => "UpAndRunning",
            Self::Lync => "Lync",
            Self::ClientState => "ClientState",
            Self::ContactAvailability => "ContactAvailability",
            Self::Script => "Visual Basic",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An explanation of one code in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The number; some exceptions have none.
    pub number: Option<u32>,
    /// The notation of the number in the text.
    pub read_as: ReadAs,
    /// The certainty of the explanation.
    pub certainty: Certainty,
    /// The family, if it is known or inferred.
    pub family: Option<Family>,
    /// The name, if the number has one.
    pub name: Option<&'static str>,
    /// The meaning, in one sentence.
    pub meaning: Cow<'static, str>,
    /// The advice, in one sentence.
    pub action: Cow<'static, str>,
    /// The status that the code implies, as in [`Code::status`].
    pub status: Option<&'static str>,
}

/// The certainty of an [`Explanation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The code is in the table.
    Known,
    /// The code is not in the table, and its bits or its range resemble published ones: a value
    /// beside the name of its family, or an HRESULT whose severity bit is missing.
    Inferred,
    /// The code is not in the table; the explanation has only its parts.
    Unknown,
}

/// Reads the first code in `text` as a number.
///
/// Accepts `80040111`, `0x8100031E`, `8100031e`, `-2147221231`, `&H8100031E`, `MISTATUS 18`, a
/// name, and a message around one of them, such as `Exception from HRESULT: 0x8100031E`.
/// Eight digits without a prefix are hexadecimal, as people paste an HRESULT; fewer digits are
/// decimal, if they can be. [`explain`] returns all plausible numbers.
///
/// # Errors
///
/// If the text has no code, or one that does not fit into 32 bits.
///
/// # Examples
///
/// ```
/// assert_eq!(communicado_codes::parse("80040111"), Ok(0x8004_0111));
/// assert_eq!(communicado_codes::parse("-2147221231"), Ok(0x8004_0111));
/// assert_eq!(communicado_codes::parse("18"), Ok(0x12));
/// ```
pub fn parse(text: &str) -> Result<u32, ParseCodeError> {
    // A text without a code is an error before, so there is a first one.
    let readings = parse::read(text)?;
    match readings.iter().find_map(|reading| reading.number) {
        Some(number) => Ok(number),
        None => Err(readings
            .first()
            .and_then(|reading| reading.no_number())
            .unwrap_or(ParseCodeError::Empty)),
    }
}

/// Finds every row of a number, family by family.
pub fn lookup(number: u32) -> impl Iterator<Item = &'static Code> {
    codes().filter(move |code| code.number == number)
}

/// Finds the row of a name such as `MSGR_E_NOT_LOGGED_ON` or, without its prefix,
/// `NOT_LOGGED_ON`.
///
/// Case does not matter, and a space or hyphen counts as an underscore. If several names match
/// (`BUSY`), this returns the first; [`explain`] returns all of them.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Code> {
    names::named(name).next()
}

/// Explains every code in `text`, a number or a name, in every plausible way.
///
/// If any number is in the table, those that are not are left out. Otherwise, each explanation has
/// the parts of its number. At most 16 codes of a text are explained.
///
/// # Errors
///
/// As for [`parse()`]; the error's [`help`](ParseCodeError::help) names similar codes.
///
/// # Examples
///
/// ```
/// let found = communicado_codes::explain("Exception from HRESULT: 0x8100031E").unwrap();
/// assert_eq!(found[0].name, Some("MSGR_E_NOT_LOGGED_ON"));
/// assert_eq!(found[0].status, Some("signed-out"));
/// ```
pub fn explain(text: &str) -> Result<Vec<Explanation>, ParseCodeError> {
    let mut explanations: Vec<Explanation> = Vec::new();
    for reading in parse::read(text)? {
        for explanation in reading.explain() {
            let again = explanations.iter().any(|it| {
                (it.number, it.family, it.name)
                    == (explanation.number, explanation.family, explanation.name)
            });
            if !again {
                explanations.push(explanation);
            }
        }
    }
    // An unknown failure stays: it is a code of its own, not another way to read a known one.
    let keep =
        |it: &Explanation| it.certainty == Certainty::Known || it.number.is_some_and(is_failure);
    if explanations.iter().any(keep) {
        explanations.retain(keep);
    }
    Ok(explanations)
}

/// All rows; this is the order of families for a number in several of them.
fn codes() -> impl Iterator<Item = &'static Code> {
    [
        mistatus::CODES,
        up_and_running::CODES,
        messenger::ERRORS,
        messenger::SUCCESSES,
        messenger::SESSIONS,
        com::CODES,
        standard::CODES,
        lync::CODES,
        lync_values::STATES,
        lync_values::AVAILABILITIES,
        script::CODES,
    ]
    .into_iter()
    .flatten()
}

/// Returns whether a number, as an HRESULT, is a failure.
const fn is_failure(number: u32) -> bool {
    com::HresultBits(number).is_failure()
}

#[cfg(test)]
mod tests;
