//! Foreign text for a terminal.

use communicado_wire::is_printable;

/// `text` as it can be shown to a person: on one line, from left to right, and no longer than
/// `max` characters.
///
/// The names of accounts are foreign. A line break would make one line two, an escape sequence
/// would command the terminal, and a mark that turns the direction of writing round would show a
/// name as another; each is shown as its escape instead.
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
    fn foreign_text_stays_on_its_line_and_in_its_direction() {
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
