//! GUIDs, which identify classes and interfaces.

use std::fmt;
use std::str::FromStr;

/// The id of a class, an interface or a type library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub u128);

/// The error for a text that is not a [`Guid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseGuidError;

/// The positions of the hyphens in `8885370D-B33E-44B7-875D-28E403CF9270`.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const LENGTH: usize = 36;

impl FromStr for Guid {
    type Err = ParseGuidError;

    /// Parses the form of the registry, with or without braces.
    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        let bare = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        if bare.len() != LENGTH {
            return Err(ParseGuidError);
        }
        bare.bytes().enumerate().try_fold(Self(0), |Self(number), (at, byte)| {
            if HYPHENS.contains(&at) {
                return if byte == b'-' { Ok(Self(number)) } else { Err(ParseGuidError) };
            }
            let digit = char::from(byte).to_digit(16).ok_or(ParseGuidError)?;
            Ok(Self(number << 4 | u128::from(digit)))
        })
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, bits: u32| self.0 >> shift & ((1 << bits) - 1);
        write!(
            f,
            "{{{:08X}-{:04X}-{:04X}-{:04X}-{:012X}}}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        )
    }
}

impl fmt::Display for ParseGuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a GUID such as {8885370D-B33E-44B7-875D-28E403CF9270}")
    }
}

impl std::error::Error for ParseGuidError {}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSENGER: Guid = Guid(0x8885370D_B33E_44B7_875D_28E403CF9270);

    #[test]
    fn the_forms_of_the_registry_are_parsed() {
        let check = |text: &str| assert_eq!(text.parse(), Ok(MESSENGER), "{text}");
        check("{8885370D-B33E-44B7-875D-28E403CF9270}");
        check("8885370d-b33e-44b7-875d-28e403cf9270");
        assert_eq!(MESSENGER.to_string(), "{8885370D-B33E-44B7-875D-28E403CF9270}");
    }

    #[test]
    fn other_texts_are_rejected() {
        let check = |text: &str| assert_eq!(text.parse::<Guid>(), Err(ParseGuidError), "{text}");
        check("");
        check("{8885370D-B33E-44B7-875D-28E403CF9270");
        check("8885370D B33E 44B7 875D 28E403CF9270");
        check("{8885370D-B33E-44B7-875D-28E403CF927g}");
        check("äääääääääääääääääääääääääääääääääääää");
    }
}
