//! Escaping of foreign text for a terminal.

use crate::is_printable;

/// The `text` on one line, from left to right, truncated to `max` characters.
///
/// Names of accounts are foreign text. Line breaks, escape sequences and marks that change the
/// direction of writing are replaced by their escapes.
#[must_use]
pub fn printable(text: &str, max: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max));
    let mut count = 0;
    for character in text.chars() {
        let escaped = !is_printable(character);
        let width = if escaped { character.escape_default().count() } else { 1 };
        if count + width > max {
            shown.push('…');
            break;
        }
        count += width;
        if escaped {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_escaped_and_truncated() {
        let check = |text: &str, expected: &str| assert_eq!(printable(text, 20), expected);
        check("alice@localhost", "alice@localhost");
        check("al\nice", "al\\nice");
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("\u{202e}ecila", "\\u{202e}ecila");
        check("Zoë 🦀 \"q\"", "Zoë 🦀 \"q\"");
        check(&"x".repeat(10_240), &format!("{}…", "x".repeat(20)));
        check(&"\n".repeat(20), &format!("{}…", "\\n".repeat(10)));
    }
}
