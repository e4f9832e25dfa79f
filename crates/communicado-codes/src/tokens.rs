//! The split of a text into tokens.

/// Splits a text into numbers and names, without GUIDs. A hyphen that is not a minus also splits
/// (`error-80040111`).
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

/// Returns whether a token has the form of a CLSID: 8-4-4-4-12 hexadecimal digits.
fn is_guid(token: &str) -> bool {
    token.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && token.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

pub(crate) fn is_decimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
