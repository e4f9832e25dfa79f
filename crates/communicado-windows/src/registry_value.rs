//! Registry values and their decoding.

/// A registry value as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawValue {
    /// The type (winnt.h, `REG_*`).
    pub kind: u32,
    /// The data.
    pub bytes: Vec<u8>,
}

/// A decoded registry value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryValue {
    /// A `REG_DWORD`.
    Number(u32),
    /// A `REG_SZ` or `REG_EXPAND_SZ`, up to the first null character. Invalid UTF-16 is replaced.
    Text(String),
    /// Any other value, or a number of the wrong length.
    Other {
        /// The type.
        kind: u32,
        /// The length in bytes.
        length: usize,
    },
}

const REG_SZ: u32 = 1;
const REG_EXPAND_SZ: u32 = 2;
const REG_DWORD: u32 = 4;

impl RawValue {
    /// Decodes the value.
    #[must_use]
    pub fn decode(&self) -> RegistryValue {
        match (self.kind, <[u8; 4]>::try_from(self.bytes.as_slice())) {
            (REG_DWORD, Ok(bytes)) => RegistryValue::Number(u32::from_le_bytes(bytes)),
            (REG_SZ | REG_EXPAND_SZ, _) => RegistryValue::Text(text(&self.bytes)),
            _ => RegistryValue::Other { kind: self.kind, length: self.bytes.len() },
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|each| each.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: u32, bytes: &[u8], expected: &RegistryValue) {
        assert_eq!(RawValue { kind, bytes: bytes.to_vec() }.decode(), *expected);
    }

    #[test]
    fn a_number_has_exactly_four_bytes() {
        check(REG_DWORD, &[2, 0, 0, 0], &RegistryValue::Number(2));
        check(REG_DWORD, &[2, 0], &RegistryValue::Other { kind: REG_DWORD, length: 2 });
        check(11, &[2, 0, 0, 0, 0, 0, 0, 0], &RegistryValue::Other { kind: 11, length: 8 });
    }

    #[test]
    fn a_text_ends_at_the_first_null_or_the_end_of_the_data() {
        check(REG_SZ, b"o\0k\0\0\0", &RegistryValue::Text("ok".to_owned()));
        check(REG_SZ, b"o\0k\0", &RegistryValue::Text("ok".to_owned()));
        check(REG_SZ, b"o\0k\0\0\0x\0", &RegistryValue::Text("ok".to_owned()));
        check(REG_SZ, b"o\0k", &RegistryValue::Text("o".to_owned()));
        check(REG_EXPAND_SZ, &[0x00, 0xD8], &RegistryValue::Text("\u{FFFD}".to_owned()));
        check(REG_SZ, &[], &RegistryValue::Text(String::new()));
    }
}
