//! What a value of Automation holds.

use crate::HResult;

/// A `VARIANT`, as far as a client's status needs it.
#[derive(Clone, Debug, PartialEq)]
pub enum Variant {
    /// Nothing (`VT_EMPTY`).
    Empty,
    /// A value that is none (`VT_NULL`).
    Null,
    /// A truth (`VT_BOOL`).
    Bool(bool),
    /// A whole number of up to 32 bits, an enumeration included.
    Number(i32),
    /// A whole number that needs more.
    Long(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text (`VT_BSTR`); what is no UTF-16 is replaced.
    Text(String),
    /// A code (`VT_ERROR`), which also stands for an argument that was left out.
    Error(HResult),
    /// Some object, which is kept beside it.
    Object,
    /// Anything else.
    Other {
        /// Its type (wtypes.h, `VT_*`).
        kind: u16,
    },
}

/// Decodes the parts of a `VARIANT`: its type, its eight bytes, and the text that they point to.
#[must_use]
pub fn decode(kind: u16, data: [u8; 8], text: Option<&[u16]>) -> Variant {
    let [b0, b1, b2, b3, ..] = data;
    let word = u16::from_le_bytes([b0, b1]);
    let long = u32::from_le_bytes([b0, b1, b2, b3]);
    let wide = u64::from_le_bytes(data);
    match kind {
        0 => Variant::Empty,
        1 => Variant::Null,
        2 => Variant::Number(i16::from_le_bytes([b0, b1]).into()),
        3 | 22 => Variant::Number(long.cast_signed()),
        4 => Variant::Real(f32::from_bits(long).into()),
        5 => Variant::Real(f64::from_bits(wide)),
        8 => Variant::Text(text.map(String::from_utf16_lossy).unwrap_or_default()),
        9 | 13 => Variant::Object,
        10 => Variant::Error(HResult::of(long)),
        11 => Variant::Bool(word != 0),
        16 => Variant::Number(i8::from_le_bytes([b0]).into()),
        17 => Variant::Number(b0.into()),
        18 => Variant::Number(word.into()),
        19 | 23 => number(long.into()),
        20 => number(wide.cast_signed()),
        21 => i64::try_from(wide).map_or(Variant::Other { kind }, number),
        _ => Variant::Other { kind },
    }
}

fn number(wide: i64) -> Variant {
    i32::try_from(wide).map_or(Variant::Long(wide), Variant::Number)
}

impl Variant {
    /// The whole number that it is, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<i32> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text that it is, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_whole_number_is_one_whatever_its_width() {
        let check = |kind, data, expected| assert_eq!(decode(kind, data, None), expected, "{kind}");
        check(2, [0xFE, 0xFF, 9, 9, 9, 9, 9, 9], Variant::Number(-2));
        check(3, [0x22, 0, 0, 0, 9, 9, 9, 9], Variant::Number(0x22));
        check(16, [0xFF; 8], Variant::Number(-1));
        check(17, [0xFF; 8], Variant::Number(255));
        check(18, [0xFF; 8], Variant::Number(0xFFFF));
        check(19, [0xFF; 8], Variant::Long(0xFFFF_FFFF));
        check(20, [0xFF; 8], Variant::Number(-1));
        check(21, [0xFF; 8], Variant::Other { kind: 21 });
    }

    #[test]
    fn what_is_not_known_is_passed_on() {
        assert_eq!(decode(0x2003, [0; 8], None), Variant::Other { kind: 0x2003 });
        assert_eq!(decode(8, [0; 8], None), Variant::Text(String::new()));
        assert_eq!(decode(8, [0; 8], Some(&[0xD800])), Variant::Text("\u{FFFD}".to_owned()));
        assert_eq!(decode(11, [0xFF; 8], None), Variant::Bool(true));
    }
}
