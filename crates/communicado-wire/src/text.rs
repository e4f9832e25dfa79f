//! Foreign text for people.

/// Returns whether a character can be shown unchanged.
///
/// Not printable are control characters, line and paragraph separators, and the explicit
/// directional characters of Unicode's bidirectional algorithm (UAX #9, 2.1 to 2.6).
#[must_use]
pub fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_directional_characters_are_not_printable() {
        for bad in
            "\0\n\r\t\u{1b}\u{7f}\u{85}\u{61c}\u{200e}\u{2028}\u{202e}\u{2066}\u{2069}".chars()
        {
            assert!(!is_printable(bad), "{bad:?}");
        }
        for good in "a é 🦀 א \u{200d}\u{206a}".chars() {
            assert!(is_printable(good), "{good:?}");
        }
    }
}
