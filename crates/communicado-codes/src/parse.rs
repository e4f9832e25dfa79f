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
//! The file is long because the notation of a number and the text around it decide together.
//!
//! Read next: [`read`], then [`Numeral`].

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};
use core::fmt;

use crate::{
    Certainty, Code, Explanation, Family, codes,
    com::HresultBits,
    is_failure, lookup,
    lync::{EXCEPTIONS, Exception},
    lync_values::availability_range,
    mistatus,
    names::{exceptions_named, named, nearest, same, short, with_names},
    notation::normal,
    script,
    tokens::{hexadecimal_digits, is_decimal, is_hexadecimal, pieces, without_suffix},
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
    /// The sentence that a program shows for the code.
    Sentence,
}

impl fmt::Display for ReadAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decimal => "decimal",
            Self::Hexadecimal => "hexadecimal",
            Self::Name => "name",
            Self::Sentence => "sentence",
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
    /// The text has the name of an exception that has no number.
    NoNumber {
        /// The name.
        name: &'static str,
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
            Self::Empty | Self::NoCode { .. } | Self::NoNumber { .. } => Cow::Borrowed(forms),
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
            Self::NoNumber { name } => write!(f, "`{name}` has no number"),
            Self::TooLarge { number } => write!(f, "`{number}` does not fit into 32 bits"),
        }
    }
}

impl core::error::Error for ParseCodeError {}

/// One number or name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParsedCode {
    /// The number, unless the text has a name that has none.
    pub(crate) number: Option<u32>,
    read_as: ReadAs,
    found: Found,
}

/// The form in which a text has a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A number, with the family that the text names.
    Number(u32, Option<Family>),
    /// The name or the sentence of a row.
    Row(&'static Code),
    /// The name of an exception.
    Exception(&'static Exception),
}

impl ParsedCode {
    /// All explanations of the code, at least one by its parts.
    pub(crate) fn explain(self) -> Vec<Explanation> {
        match self.found {
            Found::Row(code) => vec![self.known(code)],
            Found::Exception(exception) => vec![self.exception(exception)],
            Found::Number(number, named) => {
                // `MyStatus failed with 0x8100031E` names MISTATUS and has an HRESULT.
                let has_row = |family| lookup(number).any(|code| code.family == family);
                let family = named.filter(|it| !is_failure(number) || has_row(*it));
                let known: Vec<_> =
                    self.rows(number, family).map(|code| self.known(code)).collect();
                if known.is_empty() { vec![self.unknown(number, family)] } else { known }
            }
        }
    }

    /// The rows that a number can mean beside the name of a family, or alone.
    fn rows(self, number: u32, family: Option<Family>) -> impl Iterator<Item = &'static Code> {
        let error = script::by_error(number).filter(|_| {
            self.read_as == ReadAs::Decimal
                && match family {
                    Some(family) => family == Family::Script,
                    None => script::counts_alone(number),
                }
        });
        let rows = lookup(number).filter(move |code| match family {
            Some(family) => code.family == family,
            None => counts_alone(code),
        });
        rows.chain(error)
    }

    const fn of_row(code: &'static Code, read_as: ReadAs) -> Self {
        Self { number: Some(code.number), read_as, found: Found::Row(code) }
    }

    /// The error for a code without a number.
    pub(crate) const fn no_number(self) -> Option<ParseCodeError> {
        match self.found {
            Found::Exception(exception) => Some(ParseCodeError::NoNumber { name: exception.name }),
            Found::Number(..) | Found::Row(_) => None,
        }
    }

    const fn of_name(code: &'static Code) -> Self {
        Self::of_row(code, ReadAs::Name)
    }

    const fn of_exception(exception: &'static Exception) -> Self {
        let found = Found::Exception(exception);
        Self { number: exception.number, read_as: ReadAs::Name, found }
    }

    fn known(self, code: &'static Code) -> Explanation {
        Explanation {
            number: Some(code.number),
            read_as: self.read_as,
            certainty: Certainty::Known,
            family: Some(code.family),
            name: Some(code.name),
            meaning: Cow::Borrowed(code.meaning),
            action: Cow::Borrowed(code.action),
            status: code.status,
        }
    }

    const fn exception(self, exception: &'static Exception) -> Explanation {
        Explanation {
            number: exception.number,
            read_as: self.read_as,
            certainty: Certainty::Known,
            family: Some(Family::Lync),
            name: Some(exception.name),
            meaning: Cow::Borrowed(exception.meaning),
            action: Cow::Borrowed(exception.action),
            status: exception.status,
        }
    }

    fn unknown(self, number: u32, family: Option<Family>) -> Explanation {
        let explanation = |certainty, meaning, action| Explanation {
            number: Some(number),
            read_as: self.read_as,
            certainty,
            family,
            name: None,
            meaning,
            action,
            status: None,
        };
        let outside = |meaning: &'static str, action: &'static str| {
            explanation(Certainty::Unknown, meaning.into(), action.into())
        };
        match family {
            Some(Family::UpAndRunning) => outside(
                "UpAndRunning is documented as 0, 1 or 2 only.",
                "Ask the client itself for its status.",
            ),
            Some(Family::ClientState) => outside(
                "ClientState is documented as 0 to 6 only.",
                "Read the State of a new client object.",
            ),
            Some(Family::ContactAvailability) => {
                let action = "Read the client's State to learn whether its user is signed in.";
                match availability_range(number) {
                    Some(meaning) => {
                        explanation(Certainty::Inferred, meaning.into(), action.into())
                    }
                    None => outside("This is not a published ContactAvailability.", action),
                }
            }
            Some(Family::MiStatus) if let Some(inference) = mistatus::infer(number) => {
                Explanation {
                    status: inference.status,
                    ..explanation(
                        Certainty::Inferred,
                        inference.meaning.into(),
                        "Read the value again, and search for it in the documentation of that \
                         client."
                            .into(),
                    )
                }
            }
            _ => self.by_bits(number),
        }
    }

    /// The explanation of a number by the bits of an HRESULT.
    fn by_bits(self, number: u32) -> Explanation {
        let hresult = HresultBits(number);
        if let Some(code) = hresult.with_severity().and_then(|it| lookup(it).next()) {
            let meaning = format!(
                "With the severity bit set, this is {} (0x{:08X}): {}",
                code.name, code.number, code.meaning
            );
            let certainty = Certainty::Inferred;
            return Explanation { certainty, meaning: meaning.into(), ..self.known(code) };
        }
        Explanation {
            number: Some(number),
            read_as: self.read_as,
            certainty: Certainty::Unknown,
            family: None,
            name: None,
            meaning: hresult.meaning(),
            action: hresult.action(),
            status: None,
        }
    }
}

/// Returns whether a row can be meant by its number alone. Small numbers are a `ClientState` only
/// beside its name, and -1 is the value of much else.
const fn counts_alone(code: &Code) -> bool {
    match code.family {
        Family::ClientState => false,
        Family::ContactAvailability => code.number != 0 && code.number != u32::MAX,
        _ => true,
    }
}

/// The maximum number of codes in one text: more than any message has, and few enough to print.
const CODES_MAX: usize = 16;

/// Reads all codes in `text`, in order. A text without codes is an error.
pub(crate) fn read(text: &str) -> Result<Vec<ParsedCode>, ParseCodeError> {
    let written = text.trim();
    if written.is_empty() {
        return Err(ParseCodeError::Empty);
    }
    let text = &*normal(written);
    let mut readings: Vec<_> = named(text).map(ParsedCode::of_name).collect();
    readings.extend(exceptions_named(text).map(ParsedCode::of_exception));
    if !readings.is_empty() {
        return Ok(readings);
    }
    let family = family_in(text);
    let alone = pieces(text).nth(1).is_none();
    // The statuses of HTTP have the numbers of some errors of Visual Basic (429).
    let of_http = pieces(text).any(|piece| piece.to_ascii_lowercase().starts_with("http"));
    let mut before = "";
    for piece in pieces(text) {
        let numeral = match Numeral::read(piece) {
            Err(TooLarge) if alone => {
                return Err(ParseCodeError::TooLarge { number: shortened(piece) });
            }
            numeral => numeral.ok().flatten(),
        };
        let of_script = !of_http && numeral.is_some_and(|it| it.is_script_error(before, family));
        let family = if of_script { Some(Family::Script) } else { family };
        let named = alone || of_script || family.is_some_and(|it| it != Family::Script);
        let numbers =
            numeral.filter(|it| it.counts(named)).into_iter().flat_map(|it| it.readings(family));
        for reading in numbers.chain(names_in(piece, family)) {
            if !readings.contains(&reading) && readings.len() < CODES_MAX {
                readings.push(reading);
            }
        }
        before = piece;
    }
    if readings.is_empty() && alone {
        // The name of a family alone means all of its codes.
        readings.extend(codes().filter(|it| Some(it.family) == family).map(ParsedCode::of_name));
    }
    if readings.is_empty() {
        let row = script::of_sentence(text);
        readings.extend(row.map(|code| ParsedCode::of_row(code, ReadAs::Sentence)));
    }
    if readings.is_empty() {
        return Err(ParseCodeError::NoCode { text: shortened(written), nearest: nearest(text) });
    }
    Ok(readings)
}

/// The codes that a piece of a text names. Beside the name of a family, the rest of a name is
/// enough (`ClientState: SignedOut`).
fn names_in(piece: &str, family: Option<Family>) -> impl Iterator<Item = ParsedCode> {
    let rows = with_names().filter(move |code| {
        same(code.name, piece) || Some(code.family) == family && same(short(code.name), piece)
    });
    let exceptions = EXCEPTIONS.iter().filter(|it| same(it.name, piece));
    rows.map(ParsedCode::of_name).chain(exceptions.map(ParsedCode::of_exception))
}

/// The family that a text names.
fn family_in(text: &str) -> Option<Family> {
    let lower = text.to_ascii_lowercase();
    if ["run-time error", "runtime error", "err.number"].iter().any(|it| lower.contains(it)) {
        return Some(Family::Script);
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).find_map(|word| {
        FAMILY_WORDS
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name))
            .map(|(_, family)| *family)
    })
}

/// The words by which a text names a family.
const FAMILY_WORDS: [(&str, Family); 10] = [
    ("UpAndRunning", Family::UpAndRunning),
    ("MISTATUS", Family::MiStatus),
    ("MyStatus", Family::MiStatus),
    ("ClientState", Family::ClientState),
    ("ContactAvailability", Family::ContactAvailability),
    ("Availability", Family::ContactAvailability),
    ("VB", Family::Script),
    ("VBA", Family::Script),
    ("VBScript", Family::Script),
    ("JScript", Family::Script),
];

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
        let (negative, token) = match piece.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, piece),
        };
        let token = without_suffix(token);
        if let Some(digits) = hexadecimal_digits(token) {
            return match is_hexadecimal(digits) {
                true => Self::prefixed(negative, digits).map(Some),
                false => Ok(None),
            };
        }
        if negative {
            return if is_decimal(token) { Self::negative(token).map(Some) } else { Ok(None) };
        }
        if is_decimal(token) && token.len() > 8 {
            return match token.parse().ok().and_then(of_64_bits) {
                Some(number) => Ok(Some(Self::Formed(number, ReadAs::Decimal))),
                // More digits than a decimal HRESULT has, but as many as 64 bits in hexadecimal.
                None if token.len() == 16 => Ok(Self::hexadecimal(token)),
                None => Err(TooLarge),
            };
        }
        // Assemblers write 8100031Eh, with a zero first if it would begin with a letter.
        if let Some(digits) = token.strip_suffix(['h', 'H']).filter(|it| is_hexadecimal(it)) {
            let number = from_hexadecimal(digits);
            return Ok(match digits.len() {
                8.. => number.map(Self::Prefixed),
                _ if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                    number.map(|it| Self::Short { decimal: None, hexadecimal: Some(it) })
                }
                _ => None,
            });
        }
        // A number that has lost the zero of its 0x.
        let token = token.strip_prefix(['x', 'X']).filter(|it| it.len() == 8).unwrap_or(token);
        Ok(match token.len() {
            // 16 digits are sign-extended to 64 bits.
            8 | 16 => Self::hexadecimal(token),
            // A word such as `added` has no digit.
            ..8 if is_hexadecimal(token) && token.bytes().any(|b| b.is_ascii_digit()) => {
                let hexadecimal = from_hexadecimal(token);
                Some(Self::Short { decimal: token.parse().ok(), hexadecimal })
            }
            _ => None,
        })
    }

    fn hexadecimal(token: &str) -> Option<Self> {
        let digits = Some(token).filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit()))?;
        from_hexadecimal(digits).map(|it| Self::Formed(it, ReadAs::Hexadecimal))
    }

    /// Reads the digits after `0x`. Python shows an HRESULT as a negative number (-0x7efffce2).
    fn prefixed(negative: bool, digits: &str) -> Result<Self, TooLarge> {
        let number = from_hexadecimal(digits).ok_or(TooLarge)?;
        // A hyphen before an HRESULT is no minus.
        let negative = negative && number <= 0x8000_0000;
        Ok(Self::Prefixed(if negative { number.wrapping_neg() } else { number }))
    }

    /// Reads the digits after a minus.
    fn negative(digits: &str) -> Result<Self, TooLarge> {
        // A hyphen before an HRESULT is no minus (error -80040111).
        let hresult = Some(digits).filter(|it| it.len() == 8).and_then(from_hexadecimal);
        if let Some(number) = hresult.filter(|it| is_failure(*it) && lookup(*it).next().is_some()) {
            return Ok(Self::Formed(number, ReadAs::Hexadecimal));
        }
        let magnitude: i64 = digits.parse().map_err(|_| TooLarge)?;
        let number = i32::try_from(-magnitude).map_err(|_| TooLarge)?.cast_unsigned();
        Ok(match digits.len() {
            ..9 => Self::Short { decimal: Some(number), hexadecimal: None },
            _ => Self::Formed(number, ReadAs::Decimal),
        })
    }

    /// Returns whether the number is an error of a script, by the word before it.
    fn is_script_error(self, before: &str, family: Option<Family>) -> bool {
        let is = |word: &&str| before.eq_ignore_ascii_case(word);
        match self {
            Self::Short { decimal: Some(error), .. } => {
                ["error", "number", "vb", "vba"].iter().any(is)
                    && script::by_error(error).is_some()
                    && (family == Some(Family::Script) || script::counts_alone(error))
            }
            _ => false,
        }
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
            number: Some(number),
            read_as,
            found: Found::Number(number, family),
        })
    }
}

/// Reads hexadecimal digits without a prefix, including an HRESULT that is sign-extended to 64
/// bits.
fn from_hexadecimal(digits: &str) -> Option<u32> {
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    of_64_bits(u64::from_str_radix(&digits, 16).ok()?)
}

/// The low half of a number, if the high half is zero or the sign of an HRESULT.
fn of_64_bits(number: u64) -> Option<u32> {
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
mod tests;
