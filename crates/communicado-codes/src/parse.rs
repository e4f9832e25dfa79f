//! The parser of codes in a text: a number, a name, or a message around them.
//!
//! **Not here:** the meaning of a code, which is in the tables, and names, which are in `names.rs`.
//! **Know:** these rules decide what is a code.
//! - With `0x` or `&H`, and any eight hexadecimal digits: hexadecimal. An HRESULT is usually shown
//!   without `0x` inside a message, and it may well have no letter (80040111).
//! - Nine digits or more, or a minus: decimal, as .NET and VBScript show an HRESULT.
//! - Shorter numbers count only alone or with a family's name (`MyStatus 18`), since messages are
//!   full of short numbers. They are read both ways.
//! - In a message, a number without `0x` counts only if it is a failing HRESULT or in the table.
//! - A GUID is not a code, although a CLSID may start like one (8885370D).
//!
//! Read next: [`read`], then [`Numeral`].

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};
use core::fmt;

use crate::{
    Certainty, Code, Explanation, Family, codes,
    com::HresultBits,
    is_failure, lookup, mistatus,
    names::{named, nearest, same},
    tokens::{is_decimal, pieces},
};

/// The notation of a code in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadAs {
    /// A decimal number; a negative one has the 32 bits of an `i32`.
    Decimal,
    /// A hexadecimal number.
    Hexadecimal,
    /// A name.
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

/// The error for a text without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseCodeError {
    /// The text is empty.
    Empty,
    /// The text has no code.
    NoCode {
        /// The text, truncated.
        text: String,
        /// Similar names, the most similar first.
        nearest: Vec<&'static str>,
    },
    /// The number does not fit into 32 bits.
    TooLarge {
        /// The number as written, truncated.
        number: String,
    },
}

impl ParseCodeError {
    /// The advice.
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
            Self::Empty => f.write_str("the text is empty"),
            Self::NoCode { text, .. } => write!(f, "`{text}` is not a known code"),
            Self::TooLarge { number } => write!(f, "`{number}` does not fit into 32 bits"),
        }
    }
}

impl core::error::Error for ParseCodeError {}

/// One number or name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsedCode {
    pub(crate) number: u32,
    read_as: ReadAs,
    /// The family that the text names.
    family: Option<Family>,
    /// The row, if the text has its name.
    code: Option<&'static Code>,
}

impl ParsedCode {
    /// All explanations of the number, at least one by its parts.
    pub(crate) fn explain(self) -> Vec<Explanation> {
        if let Some(code) = self.code {
            return vec![self.known(code)];
        }
        // `MyStatus failed with 0x8100031E` names MISTATUS and has an HRESULT.
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
                // Without MISTATUS in the text, a status would be a guess based on a guess.
                status: inference.status.filter(|_| family == Some(Family::MiStatus)),
            };
        }
        Explanation {
            number,
            read_as,
            certainty: Certainty::Unknown,
            family: None,
            name: None,
            meaning: HresultBits(number).meaning(),
            action: HresultBits(number).action(),
            status: None,
        }
    }
}

/// The maximum number of codes in one text: more than any message has, and few enough to print.
const CODES_MAX: usize = 16;

/// Reads all codes in `text`, in order. A text without codes is an error.
pub(crate) fn read(text: &str) -> Result<Vec<ParsedCode>, ParseCodeError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ParseCodeError::Empty);
    }
    let mut readings: Vec<_> = named(text).map(ParsedCode::of_name).collect();
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
        let names = codes().filter(|code| same(code.name, piece)).map(ParsedCode::of_name);
        for reading in numbers.chain(names) {
            if !readings.contains(&reading) && readings.len() < CODES_MAX {
                readings.push(reading);
            }
        }
    }
    if readings.is_empty() && alone {
        // The name of a family alone means all of its codes.
        readings.extend(codes().filter(|it| Some(it.family) == family).map(ParsedCode::of_name));
    }
    if readings.is_empty() {
        return Err(ParseCodeError::NoCode { text: shortened(text), nearest: nearest(text) });
    }
    Ok(readings)
}

fn is_hexadecimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The family that a text names.
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

/// A possible number, by its notation.
#[derive(Clone, Copy)]
enum Numeral {
    /// A number with a prefix, such as `0x12`.
    Prefixed(u32),
    /// A number in the form of an HRESULT, such as `80040111` or `-2147221231`.
    Formed(u32, ReadAs),
    /// A short number such as `18`, which can be decimal or hexadecimal.
    Short { decimal: Option<u32>, hexadecimal: Option<u32> },
}

/// A numeral of more than 32 bits.
#[derive(Debug)]
struct TooLarge;

impl Numeral {
    /// Reads a piece of a text, which may not be a number.
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

    /// Returns whether the number counts as a code, by itself unless it stands alone or with a
    /// family's name.
    fn counts(self, named: bool) -> bool {
        match self {
            Self::Prefixed(_) => true,
            Self::Formed(number, _) => {
                named || is_failure(number) || lookup(number).next().is_some()
            }
            Self::Short { .. } => named,
        }
    }

    /// All possible numbers, the decimal one first.
    fn readings(self, family: Option<Family>) -> impl Iterator<Item = ParsedCode> {
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
        [first, second].into_iter().flatten().map(move |(number, read_as)| ParsedCode {
            number,
            read_as,
            family,
            code: None,
        })
    }
}

/// Reads hexadecimal digits without a prefix, including an HRESULT that is sign-extended to 64
/// bits.
fn from_hexadecimal(digits: &str) -> Option<u32> {
    let number = u64::from_str_radix(digits, 16).ok()?;
    let low = u32::try_from(number & 0xFFFF_FFFF).ok()?;
    match number >> 32 {
        0 => Some(low),
        0xFFFF_FFFF if is_failure(low) => Some(low),
        _ => None,
    }
}

/// The maximum length of a foreign text in an error.
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
    fn the_first_number_is_the_most_plausible() {
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
    fn the_name_of_a_family_alone_means_all_of_its_codes() {
        assert_eq!(read("UpAndRunning").map(|it| it.len()), Ok(3));
        assert_eq!(read("mistatus").map(|it| it.len()), Ok(21));
    }

    #[test]
    fn an_error_has_a_cause_and_an_advice() {
        let check = |text: &str, says: &str, helps: &str| {
            let error = read(text).unwrap_err();
            assert_eq!(format!("{error}"), says);
            let help = error.help().unwrap();
            assert!(help.contains(helps), "{text}: {help}");
        };
        check("  ", "the text is empty", "80040111");
        check("BUZY", "`BUZY` is not a known code", "did you mean `MISTATUS_BUSY`, `MS");
        check("what\0?", "`what ?` is not a known code", "0x8100031E");
        check("0x123456789", "`0x123456789` does not fit into 32 bits", "8 hexadecimal digits");
        let long = "x".repeat(61);
        let cut = "x".repeat(60);
        check(&long, &format!("`{cut}...` is not a known code"), "give a number");
    }
}
