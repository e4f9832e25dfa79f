//! The split of a text into tokens.

/// Splits a text into numbers and names, without GUIDs. A hyphen that is not a minus also splits
/// (`error-80040111`).
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '&')))
        .filter(|token| !is_guid(token))
        .flat_map(|token| {
            let negative = token.strip_prefix('-').is_some_and(is_magnitude);
            let (whole, parts) = if negative { (token, "") } else { ("", token) };
            core::iter::once(whole).chain(parts.split('-'))
        })
        .filter(|piece| !piece.is_empty())
}

/// Returns whether a token has the form of a CLSID: 8-4-4-4-12 hexadecimal digits.
fn is_guid(token: &str) -> bool {
    token.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && token.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Returns whether a token can follow a minus: a decimal number, or a hexadecimal one with prefix.
fn is_magnitude(token: &str) -> bool {
    let digits = without_suffix(token);
    is_decimal(digits) || hexadecimal_digits(digits).is_some_and(is_hexadecimal)
}

/// The digits after `0x` or `&H`.
pub(crate) fn hexadecimal_digits(token: &str) -> Option<&str> {
    ["0x", "0X", "&h", "&H"].iter().find_map(|it| token.strip_prefix(it))
}

/// The token without the suffix of a type in source code: `UL` of C, `&` of Visual Basic.
pub(crate) fn without_suffix(token: &str) -> &str {
    token.trim_end_matches(['u', 'U', 'l', 'L', '&'])
}

pub(crate) fn is_decimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Returns whether all characters are hexadecimal digits, or underscores between them.
pub(crate) fn is_hexadecimal(digits: &str) -> bool {
    digits.bytes().any(|b| b.is_ascii_hexdigit())
        && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_')
}
