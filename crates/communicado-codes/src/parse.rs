//! Reads codes out of whatever a person pastes: a number, a name, or a message around them.
//!
//! **Not here:** what a code means; that is the tables'. How a name is known is in `names.rs`.
//! **Know:** these rules decide what is a code.
//! - With `0x` or `&H`, and any eight hexadecimal digits: hexadecimal. An HRESULT is usually
//!   shown without `0x` inside a message, and it may well have no letter (80040111).
//! - Nine digits or more, or a minus: decimal, as .NET and VBScript show an HRESULT.
//! - Shorter numbers count only where they stand alone or beside a family's name (`MyStatus 18`),
//!   since messages are full of short numbers. They are read both ways.
//! - Inside a message, numbers without `0x` count where they can only be a code: a failing
//!   HRESULT, or one of the table.
//! - A GUID is no code, although a CLSID may begin like one (8885370D).
//!
//! Read next: [`read`], then [`Numeral`].

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};
use core::fmt;

use crate::{
    Certainty, Code, Explanation, Family, codes,
    com::Hresult,
    is_failure, lookup, mistatus,
    names::{named, nearest, same},
};

/// How a text was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadAs {
    /// As a decimal number; a negative one as the 32 bits of an `i32`.
    Decimal,
    /// As a hexadecimal number.
    Hexadecimal,
    /// As a name.
    Name,
}

impl fmt::Display for ReadAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decimal => "decimal",
            Self::Hexadecimal => "hexadecimal",
            Self::Name => "name",
        })
    }
}

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseCodeError {
    /// There is no text.
    Empty,
    /// There is no code in the text.
    NoCode {
        /// The text, cut short.
        text: String,
        /// Names that are spelt much like it, the most alike first.
        nearest: Vec<&'static str>,
    },
    /// The number does not fit into 32 bits.
    TooLarge {
        /// The number as written, cut short.
        number: String,
    },
}

impl ParseCodeError {
    /// Says what to do about it.
    #[must_use]
    pub fn help(&self) -> Option<Cow<'_, str>> {
        let forms = "give a number such as 80040111, 0x8100031E or -2147221231, or a name such \
                     as MSGR_E_NOT_LOGGED_ON";
        Some(match self {
            Self::NoCode { nearest, .. } if !nearest.is_empty() => {
                Cow::Owned(format!("did you mean `{}`?", nearest.join("`, `")))
            }
            Self::Empty | Self::NoCode { .. } => Cow::Borrowed(forms),
            Self::TooLarge { .. } => Cow::Borrowed(
                "a code has 32 bits: at most 8 hexadecimal digits, or a decimal number from \
                 -2147483648 to 4294967295",
            ),
        })
    }
}

impl fmt::Display for ParseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no code to explain"),
            Self::NoCode { text, .. } => write!(f, "`{text}` is no code that is known here"),
            Self::TooLarge { number } => write!(f, "`{number}` does not fit into 32 bits"),
        }
    }
}

impl core::error::Error for ParseCodeError {}

/// One number or name out of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) number: u32,
    read_as: ReadAs,
    /// The family that the text speaks of.
    family: Option<Family>,
    /// The row, where it was named.
    code: Option<&'static Code>,
}

impl Reading {
    /// Says what the number can be, at least by its parts.
    pub(crate) fn explain(self) -> Vec<Explanation> {
        if let Some(code) = self.code {
            return vec![self.known(code)];
        }
        // `MyStatus failed with 0x8100031E` speaks of MISTATUS and holds an HRESULT.
        let family = self.family.filter(|_| !is_failure(self.number));
        let known: Vec<_> = lookup(self.number)
            .filter(|code| family.is_none_or(|it| it == code.family))
            .map(|code| self.known(code))
            .collect();
        if !known.is_empty() {
            return known;
        }
        vec![self.unknown(family)]
    }

    const fn of_name(code: &'static Code) -> Self {
        Self { number: code.number, read_as: ReadAs::Name, family: None, code: Some(code) }
    }

    fn known(self, code: &'static Code) -> Explanation {
        Explanation {
            number: self.number,
            read_as: self.read_as,
            certainty: Certainty::Known,
            family: Some(code.family),
            name: Some(code.name),
            meaning: Cow::Borrowed(code.meaning),
            action: Cow::Borrowed(code.action),
            status: code.status,
        }
    }

    fn unknown(self, family: Option<Family>) -> Explanation {
        let Self { number, read_as, .. } = self;
        if family == Some(Family::UpAndRunning) {
            return Explanation {
                number,
                read_as,
                certainty: Certainty::Unknown,
                family,
                name: None,
                meaning: "UpAndRunning is documented as 0, 1 or 2 only.".into(),
                action: "Ask the client itself for its status.".into(),
                status: None,
            };
        }
        if let Some(inference) = mistatus::infer(number) {
            return Explanation {
                number,
                read_as,
                certainty: Certainty::Inferred,
                family: Some(Family::MiStatus),
                name: None,
                meaning: inference.meaning.into(),
                action: Cow::Owned(format!(
                    "Check where the number comes from; if it is a Win32 error, `net helpmsg \
                     {number}` on Windows names it."
                )),
                // Where the text does not say MISTATUS, that would be a guess about a guess.
                status: inference.status.filter(|_| family == Some(Family::MiStatus)),
            };
        }
        Explanation {
            number,
            read_as,
            certainty: Certainty::Unknown,
            family: None,
            name: None,
            meaning: Hresult(number).meaning(),
            action: Hresult(number).action(),
            status: None,
        }
    }
}

/// So many codes of one text are looked at: more than any message holds, and few enough to print.
const CODES_MAX: usize = 16;

/// Reads every code in `text`, in the order of the text; where there is none, that is an error.
pub(crate) fn read(text: &str) -> Result<Vec<Reading>, ParseCodeError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ParseCodeError::Empty);
    }
    let mut readings: Vec<_> = named(text).map(Reading::of_name).collect();
    if !readings.is_empty() {
        return Ok(readings);
    }
    let family = family_in(text);
    let alone = pieces(text).nth(1).is_none();
    for piece in pieces(text) {
        let numeral = match Numeral::read(piece) {
            Err(TooLarge) if alone => {
                return Err(ParseCodeError::TooLarge { number: shortened(piece) });
            }
            numeral => numeral.ok().flatten(),
        };
        let numbers = numeral
            .filter(|it| it.counts(alone || family.is_some()))
            .into_iter()
            .flat_map(|it| it.readings(family));
        let names = codes().filter(|code| same(code.name, piece)).map(Reading::of_name);
        for reading in numbers.chain(names) {
            if !readings.contains(&reading) && readings.len() < CODES_MAX {
                readings.push(reading);
            }
        }
    }
    if readings.is_empty() && alone {
        // A family's name alone asks for all of it.
        readings.extend(codes().filter(|it| Some(it.family) == family).map(Reading::of_name));
    }
    if readings.is_empty() {
        return Err(ParseCodeError::NoCode { text: shortened(text), nearest: nearest(text) });
    }
    Ok(readings)
}

/// A text is cut at everything that is not in a number, a name or a GUID; a hyphen that is no
/// minus joins words (`error-80040111`).
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '&')))
        .filter(|token| !is_guid(token))
        .flat_map(|token| {
            let negative = token.strip_prefix('-').is_some_and(is_decimal);
            let (whole, parts) = if negative { (token, "") } else { ("", token) };
            core::iter::once(whole).chain(parts.split('-'))
        })
        .filter(|piece| !piece.is_empty())
}

/// Whether a token has the form of a CLSID: 8-4-4-4-12 hexadecimal digits.
fn is_guid(token: &str) -> bool {
    token.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && token.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

fn is_decimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The family that a text speaks of, by a word of it.
fn family_in(text: &str) -> Option<Family> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).find_map(|word| {
        let is = |name| word.eq_ignore_ascii_case(name);
        if is("UpAndRunning") {
            Some(Family::UpAndRunning)
        } else if is("MISTATUS") || is("MyStatus") {
            Some(Family::MiStatus)
        } else {
            None
        }
    })
}

/// What looks like a number, with what speaks for it.
#[derive(Clone, Copy)]
enum Numeral {
    /// `0x12`: a number wherever it stands.
    Prefixed(u32),
    /// `80040111`, `-2147221231`: has the form of an HRESULT.
    Formed(u32, ReadAs),
    /// `18`: can be anything, in decimal and in hexadecimal.
    Short { decimal: Option<u32>, hexadecimal: Option<u32> },
}

/// A numeral of more than 32 bits.
#[derive(Debug)]
struct TooLarge;

impl Numeral {
    /// Reads a piece of a text, which may well be no number.
    fn read(piece: &str) -> Result<Option<Self>, TooLarge> {
        if let Some(digits) = ["0x", "0X", "&h", "&H"].iter().find_map(|it| piece.strip_prefix(it))
        {
            // `0x8100_031E` and `0x8100031EUL` come from source code.
            let digits: String = digits
                .trim_end_matches(['u', 'U', 'l', 'L'])
                .chars()
                .filter(|c| *c != '_')
                .collect();
            return match is_hexadecimal(&digits) {
                true => Ok(Some(Self::Prefixed(from_hexadecimal(&digits).ok_or(TooLarge)?))),
                false => Ok(None),
            };
        }
        if let Some(digits) = piece.strip_prefix('-').filter(|digits| is_decimal(digits)) {
            let number = piece.parse::<i32>().map_err(|_| TooLarge)?.cast_unsigned();
            return Ok(Some(match digits.len() {
                ..9 => Self::Short { decimal: Some(number), hexadecimal: None },
                _ => Self::Formed(number, ReadAs::Decimal),
            }));
        }
        let decimal = is_decimal(piece);
        Ok(match piece.len() {
            8 if is_hexadecimal(piece) => {
                from_hexadecimal(piece).map(|it| Self::Formed(it, ReadAs::Hexadecimal))
            }
            9.. if decimal => {
                let number = piece.parse().map_err(|_| TooLarge)?;
                Some(Self::Formed(number, ReadAs::Decimal))
            }
            // Sign-extended to 64 bits.
            16 if is_hexadecimal(piece) => {
                from_hexadecimal(piece).map(|it| Self::Formed(it, ReadAs::Hexadecimal))
            }
            // A word such as `added` has no digit.
            ..8 if is_hexadecimal(piece) && piece.bytes().any(|b| b.is_ascii_digit()) => {
                let hexadecimal = from_hexadecimal(piece);
                let decimal = piece.parse().ok().filter(|_| decimal);
                Some(Self::Short { decimal, hexadecimal })
            }
            _ => None,
        })
    }

    /// Whether it is to be taken for a code: where nothing else says so, by itself.
    fn counts(self, named: bool) -> bool {
        match self {
            Self::Prefixed(_) => true,
            Self::Formed(number, _) => {
                named || is_failure(number) || lookup(number).next().is_some()
            }
            Self::Short { .. } => named,
        }
    }

    /// Every number that it can be, a decimal one first.
    fn readings(self, family: Option<Family>) -> impl Iterator<Item = Reading> {
        let (first, second) = match self {
            Self::Prefixed(number) => (Some((number, ReadAs::Hexadecimal)), None),
            Self::Formed(number, read_as) => (Some((number, read_as)), None),
            Self::Short { decimal, hexadecimal } => (
                decimal.map(|number| (number, ReadAs::Decimal)),
                hexadecimal
                    .filter(|number| Some(*number) != decimal)
                    .map(|number| (number, ReadAs::Hexadecimal)),
            ),
        };
        [first, second].into_iter().flatten().map(move |(number, read_as)| Reading {
            number,
            read_as,
            family,
            code: None,
        })
    }
}

/// Reads digits without their prefix. An HRESULT that was sign-extended to 64 bits is one, too.
fn from_hexadecimal(digits: &str) -> Option<u32> {
    let number = u64::from_str_radix(digits, 16).ok()?;
    let low = u32::try_from(number & 0xFFFF_FFFF).ok()?;
    match number >> 32 {
        0 => Some(low),
        0xFFFF_FFFF if is_failure(low) => Some(low),
        _ => None,
    }
}

/// So much of a foreign text is repeated in an error.
const SHORTENED_CHARS: usize = 60;

fn shortened(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = chars.by_ref().take(SHORTENED_CHARS).collect();
    if chars.next().is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_number_that_is_meant() {
        let check = |text: &str, expected: Option<u32>| {
            let first = read(text).ok().and_then(|it| it.first().copied());
            assert_eq!(first.map(|it| it.number), expected, "{text:?}");
        };
        check(" 80040111 ", Some(0x8004_0111));
        check("-2147221231", Some(0x8004_0111));
        check("8100031e", Some(0x8100_031E));
        check("18", Some(18));
        check("0x12", Some(18));
        check("MISTATUS 0x12", Some(18));
        check("mistatus=18", Some(18));
        check("MyStatus (18)", Some(18));
        check("error-80040111", Some(0x8004_0111));
        check("hr=-2147221231", Some(0x8004_0111));
        check("0x80040111!", Some(0x8004_0111));
        check("0x0000000080040111", Some(0x8004_0111));
        check("ffffffff80040111", Some(0x8004_0111));
        check("4294967295", Some(u32::MAX));
        check("-2147483648", Some(0x8000_0000));
        check("31E", Some(0x31E));
        // Not alone, too short; and words that happen to be hexadecimal.
        check("error 5", None);
        check("OC 2007 R2", None);
        check("added", None);
        check("0x", None);
        check("0xZZ", None);
        check("80040111x", None);
        check("{8885370D-B33E-44B7-875D-28E403CF9270}", None);
        check("on 20240101", None);
        check("after 123456789 s", None);
        // Too large.
        check("4294967296", None);
        check("-2147483649", None);
        check("0x180040111", None);
        check("0xFFFFFFFF00040111", None);
        check("", None);
        check("- - -", None);
    }

    #[test]
    fn a_familys_name_alone_asks_for_all_of_it() {
        assert_eq!(read("UpAndRunning").map(|it| it.len()), Ok(3));
        assert_eq!(read("mistatus").map(|it| it.len()), Ok(21));
    }

    #[test]
    fn an_error_says_what_is_wrong_and_what_to_do() {
        let check = |text: &str, says: &str, helps: &str| {
            let error = read(text).unwrap_err();
            assert_eq!(format!("{error}"), says);
            let help = error.help().unwrap();
            assert!(help.contains(helps), "{text}: {help}");
        };
        check("  ", "there is no code to explain", "80040111");
        check("BUZY", "`BUZY` is no code that is known here", "did you mean `MISTATUS_BUSY`, `MS");
        check("what\0?", "`what ?` is no code that is known here", "0x8100031E");
        check("0x123456789", "`0x123456789` does not fit into 32 bits", "8 hexadecimal digits");
        let long = "x".repeat(61);
        let cut = "x".repeat(60);
        check(&long, &format!("`{cut}...` is no code that is known here"), "give a number");
    }
}
