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
mod messenger;
mod mistatus;
mod names;
mod parse;
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
    /// its reason as in `unknown (access-denied)`.
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
    /// The status of the user or a contact (Microsoft, OC 2007 SDK, `MISTATUS`, bb787207).
    MiStatus,
    /// The registry value by which a client reports that it runs (Microsoft, "Integrating IM
    /// applications with Office").
    UpAndRunning,
}

impl Family {
    /// The display name, such as `MSGR_E`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Com => "COM",
            Self::MessengerError => "MSGR_E",
            Self::MessengerSuccess => "MSGR_S",
            Self::MiStatus => "MISTATUS",
            Self::UpAndRunning => "UpAndRunning",
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
    /// The number.
    pub number: u32,
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
    /// The code may be an unpublished `MISTATUS`, by the bit pattern of the published ones. There
    /// is a status only if the text names `MISTATUS`.
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
    parse::read(text)?.first().map(|reading| reading.number).ok_or(ParseCodeError::Empty)
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
    let keep = |it: &Explanation| it.certainty == Certainty::Known || is_failure(it.number);
    if explanations.iter().any(keep) {
        explanations.retain(keep);
    }
    Ok(explanations)
}

/// All rows; this is the order of families for a number in several of them.
fn codes() -> impl Iterator<Item = &'static Code> {
    [mistatus::CODES, up_and_running::CODES, messenger::ERRORS, messenger::SUCCESSES, com::CODES]
        .into_iter()
        .flatten()
}

/// Returns whether a number, as an HRESULT, is a failure.
const fn is_failure(number: u32) -> bool {
    com::HresultBits(number).is_failure()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeSet, format, string::String, vec};

    /// The words of a status, and the reasons of an `unknown` one.
    const STATUSES: [&str; 8] = [
        "absent",
        "starting",
        "signed-out",
        "signing-in",
        "signed-in",
        "signing-out",
        "shutting-down",
        "unknown",
    ];
    const REASONS: [&str; 5] =
        ["not-responding", "access-denied", "source-lost", "lease-expired", "not-supported"];

    #[test]
    fn every_row_is_complete() {
        let mut seen = BTreeSet::new();
        let mut names = BTreeSet::new();
        for code in codes() {
            assert!(seen.insert((code.family.name(), code.number)), "twice: {code:?}");
            assert!(names.insert(code.name), "twice: {code:?}");
            for sentence in [code.meaning, code.action] {
                let first = sentence.chars().next().unwrap();
                assert!(first.is_uppercase() && sentence.ends_with('.'), "{code:?}");
                assert!(sentence.len() > 10 && !sentence.contains("  "), "{code:?}");
                assert_eq!(sentence.matches(". ").count(), 0, "two sentences: {code:?}");
            }
            if let Some(status) = code.status {
                let unknown = status.strip_prefix("unknown (").and_then(|it| it.strip_suffix(')'));
                assert!(
                    STATUSES.contains(&status) || unknown.is_some_and(|it| REASONS.contains(&it)),
                    "{code:?}"
                );
            }
        }
        assert_eq!(seen.len(), 21 + 3 + 121 + 8 + 24);
    }

    /// Checks names and statuses of all that `text` is explained as.
    fn check(text: &str, expected: &[(&str, Option<&str>)]) {
        let found = explain(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found: Vec<_> = found.iter().map(|it| (it.name.unwrap_or("-"), it.status)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_codes_of_the_article_are_found_in_every_form() {
        let forms = |name, status, forms: &[&str]| {
            for form in forms {
                check(form, &[(name, Some(status))]);
            }
        };
        forms(
            "CLASS_E_CLASSNOTAVAILABLE",
            "absent",
            &[
                "80040111",
                "0x80040111",
                "0X80040111",
                "-2147221231",
                "2147746065",
                "&H80040111",
                "(80040111).",
                "Creating an instance of the COM component with CLSID \
                 {8885370D-B33E-44B7-875D-28E403CF9270} from the IClassFactory failed due to the \
                 following error: 80040111.",
                "CLASS_E_CLASSNOTAVAILABLE",
            ],
        );
        forms(
            "MSGR_E_NOT_LOGGED_ON",
            "signed-out",
            &[
                "8100031E",
                "8100031e",
                "0x8100031E",
                "-2130705634",
                "0x8100_031E",
                "0xFFFFFFFF8100031E",
                "0x8100031EUL",
                "\u{201c}Exception from HRESULT: 0x8100031E\u{201d}",
                "COMException (0x8100031E): Exception from HRESULT: 0x8100031E at Main()",
                "hr=0x8100031e",
                "hr:-2130705634;",
                "Messenger.MyStatus failed with 0x8100031E",
                "msgr_e_not_logged_on",
                "NOT_LOGGED_ON",
                "not logged on",
                "error MSGR_E_NOT_LOGGED_ON, twice: MSGR_E_NOT_LOGGED_ON",
            ],
        );
        forms(
            "CO_E_SERVER_EXEC_FAILURE",
            "unknown (access-denied)",
            &[
                "80080005",
                "0x80080005",
                "-2146959355",
                "retriving the com Clas factory componet with \
                 CLSID{8885370D-B33E-44B7-875D-28E403CF9270} failed due to the following \
                 error:80080005",
            ],
        );
    }

    #[test]
    fn the_statuses_and_flags_of_the_article_are_found() {
        let online = ("MISTATUS_ONLINE", Some("signed-in"));
        check(
            "0",
            &[
                ("MISTATUS_UNKNOWN", Some("unknown")),
                ("UpAndRunning 0", Some("absent")),
                ("S_OK", None),
            ],
        );
        check("2", &[online, ("UpAndRunning 2", None)]);
        check("MISTATUS 2", &[online]);
        check("MISTATUS.MISTATUS_ONLINE", &[online]);
        check("UpAndRunning 2", &[("UpAndRunning 2", None)]);
        check("UpAndRunning = 0x1", &[("UpAndRunning 1", Some("starting"))]);
        check(
            r"HKCU\Software\IM Providers\Communicator\UpAndRunning is 0",
            &[("UpAndRunning 0", Some("absent"))],
        );
        check("0x200", &[("MISTATUS_LOCAL_CONNECTING_TO_SERVER", Some("signing-in"))]);
        check(
            "MyStatus: 1024",
            &[("MISTATUS_LOCAL_DISCONNECTING_FROM_SERVER", Some("signing-out"))],
        );
    }

    #[test]
    fn a_short_number_is_read_in_every_plausible_way() {
        let read = |text: &str| -> Vec<_> {
            let found = explain(text).unwrap();
            found.iter().map(|it| (it.number, it.read_as, it.certainty)).collect()
        };
        use Certainty::{Inferred, Known, Unknown};
        use ReadAs::{Decimal, Hexadecimal};
        assert_eq!(read("18"), [(0x12, Decimal, Known)]);
        assert_eq!(read("0x12"), [(0x12, Hexadecimal, Known)]);
        assert_eq!(read("12"), [(0x12, Hexadecimal, Known)]);
        assert_eq!(read("MISTATUS 52"), [(0x52, Hexadecimal, Known)]);
        // 50 is ON_THE_PHONE in decimal; 10 is BUSY in decimal.
        assert_eq!(read("50"), [(0x32, Decimal, Known)]);
        assert_eq!(read("10"), [(0x0A, Decimal, Known)]);
        assert_eq!(read("0a"), [(0x0A, Hexadecimal, Known)]);
        assert_eq!(read("26"), [(26, Decimal, Inferred), (0x26, Hexadecimal, Inferred)]);
        assert_eq!(read("0xC2"), [(0xC2, Hexadecimal, Inferred)]);
        assert_eq!(read("UpAndRunning 7"), [(7, Decimal, Unknown)]);
        assert_eq!(read("80070002"), [(0x8007_0002, Hexadecimal, Unknown)]);
        assert_eq!(read("-1"), [(u32::MAX, Decimal, Unknown)]);
    }

    #[test]
    fn only_a_mistatus_has_an_inferred_status() {
        check("0xC2", &[("-", None)]);
        check("MISTATUS 0xC2", &[("-", Some("signed-in"))]);
        check("MyStatus 0x104", &[("-", None)]);
    }

    #[test]
    fn a_name_without_its_prefix_finds_every_name_with_that_ending() {
        check("BUSY", &[("MISTATUS_BUSY", Some("signed-in")), ("MSGR_E_BUSY", None)]);
        check(
            "group-already-exists",
            &[("MSGR_E_GROUP_ALREADY_EXISTS", None), ("MSGR_S_GROUP_ALREADY_EXISTS", None)],
        );
        check("accessdenied", &[("E_ACCESSDENIED", Some("unknown (access-denied)"))]);
        assert_eq!(by_name("Not_Logged_On").map(|it| it.number), Some(0x8100_031E));
        assert_eq!(by_name("MSGR_E_NOT_LOGGED_ON").map(|it| it.number), Some(0x8100_031E));
        assert_eq!(by_name("LOGGED"), None);
        assert_eq!(by_name(""), None);
    }

    #[test]
    fn several_codes_in_one_text_are_all_explained() {
        check(
            "DISP_E_EXCEPTION (80020009), scode 8100031E",
            &[("DISP_E_EXCEPTION", None), ("MSGR_E_NOT_LOGGED_ON", Some("signed-out"))],
        );
        check("0x80020009 then 0x8100037B", &[("DISP_E_EXCEPTION", None), ("-", None)]);
        // The time and the thread are no codes beside one that is known.
        check(
            "20240101 12:00:07 [0x1a4] 0x80070005",
            &[("E_ACCESSDENIED", Some("unknown (access-denied)"))],
        );
    }

    #[test]
    fn lookup_finds_every_family() {
        let families = |number| lookup(number).map(|it| it.family).collect::<Vec<_>>();
        assert_eq!(families(2), [Family::MiStatus, Family::UpAndRunning]);
        assert_eq!(families(1), [Family::MiStatus, Family::UpAndRunning, Family::Com]);
        assert_eq!(families(0x0100_0306), [Family::MessengerSuccess]);
        assert_eq!(families(0x8100_031E), [Family::MessengerError]);
        assert_eq!(families(0x8100_037B), []);
    }

    #[test]
    fn parse_and_explain_agree() {
        for text in ["80040111", "0x8100031E", "2", "MISTATUS 18", "NOT_LOGGED_ON", "-5"] {
            assert_eq!(parse(text).unwrap(), explain(text).unwrap()[0].number, "{text}");
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        // Every explanation ends its sentences, too.
        let feed = |text: &str| match explain(text) {
            Ok(found) => {
                assert!(!found.is_empty(), "{text:?}");
                for it in found {
                    assert!(it.meaning.ends_with('.') && it.action.ends_with('.'), "{it:?}");
                }
                assert!(parse(text).is_ok(), "{text:?}");
            }
            Err(error) => {
                assert!(!format!("{error}").is_empty() && error.help().is_some(), "{text:?}");
                assert!(parse(text).is_err(), "{text:?}");
            }
        };
        for first in 0..=u8::MAX {
            for second in *b"08fFx-&_ M\0\xFF" {
                feed(&String::from_utf8_lossy(&[first, second]));
            }
        }
        // Pieces that a code is made of, in an order that a small generator picks.
        let pieces = [
            "0x",
            "-",
            "8",
            "1E",
            "031",
            "80040111",
            "&H",
            "_",
            " ",
            "{",
            "}",
            "MSGR_E_",
            "BUSY",
            "MISTATUS",
            "UpAndRunning",
            "\u{e9}",
            "\u{2212}",
            "\0",
            "g",
            "F",
            ".",
            "(",
            "\n",
            "99999999999999999999",
            "ffffffff",
            "L",
        ];
        let mut state = 169_u64;
        for _ in 0..300 {
            let mut text = String::new();
            for _ in 0..state % 9 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
            }
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
            feed(&text);
        }
        for long in ["8", "F", "-", "_", "MSGR_E_", "80040111 ", "0x8100031E,", "\u{e9}"] {
            feed(&long.repeat(1_000));
        }
        let every_failure: Vec<_> = (0..99).map(|it| format!("{:#x}", u32::MAX - it)).collect();
        assert!(explain(&every_failure.join(" ")).unwrap().len() <= 16);
        assert_eq!(explain(&vec!["0x80040111"; 99].join(" ")).unwrap().len(), 1);
    }
}
