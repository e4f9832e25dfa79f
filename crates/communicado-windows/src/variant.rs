//! Automation values (VARIANTs) and their decoding.

use crate::HResult;

/// A decoded `VARIANT` of the types that clients use.
#[derive(Clone, Debug, PartialEq)]
pub enum Variant {
    /// No value (`VT_EMPTY`).
    Empty,
    /// The null value (`VT_NULL`).
    Null,
    /// A Boolean (`VT_BOOL`).
    Bool(bool),
    /// An integer of up to 32 bits, or an enumeration.
    Number(i32),
    /// An integer that needs 64 bits.
    Long(i64),
    /// A floating-point number.
    Real(f64),
    /// A string (`VT_BSTR`). Invalid UTF-16 is replaced.
    Text(String),
    /// An error code (`VT_ERROR`), which also represents an omitted argument.
    Error(HResult),
    /// An object, which the owner of this value stores separately.
    Object,
    /// A value of another type.
    Other {
        /// The type (wtypes.h, `VT_*`).
        kind: u16,
    },
}

/// Decodes a `VARIANT` from its type, its eight data bytes, and the string that these point to.
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
    /// The integer, if the value is one of up to 32 bits.
    #[must_use]
    pub const fn number(&self) -> Option<i32> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if the value is one.
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
    fn integers_of_every_width_are_decoded() {
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
    fn unknown_types_keep_their_number() {
        assert_eq!(decode(0x2003, [0; 8], None), Variant::Other { kind: 0x2003 });
        assert_eq!(decode(8, [0; 8], None), Variant::Text(String::new()));
        assert_eq!(decode(8, [0; 8], Some(&[0xD800])), Variant::Text("\u{FFFD}".to_owned()));
        assert_eq!(decode(11, [0xFF; 8], None), Variant::Bool(true));
    }
}
