//! A user's note for others, as plain text in one line. Pure: a note is foreign text.

/// The maximum length of a note in characters. A gateway accepts no longer ones.
const CHARS_MAX: usize = 280;

/// The note in `text`, or `None` if it is blank.
///
/// A space replaces each run of control characters and spaces. An ellipsis ends a note that was too
/// long.
pub(crate) fn plain(text: &str) -> Option<String> {
    let is_separator = |c: char| c.is_whitespace() || c.is_control();
    let words = text.split(is_separator).filter(|word| !word.is_empty());
    let mut note = String::new();
    let mut count = 0;
    for word in words {
        let space = (!note.is_empty()).then_some(' ');
        for c in space.into_iter().chain(word.chars()) {
            if count == CHARS_MAX {
                note.pop();
                note.push('…');
                return Some(note);
            }
            note.push(c);
            count += 1;
        }
    }
    (!note.is_empty()).then_some(note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        assert_eq!(plain("<b>&amp;"), Some("<b>&amp;".to_owned()));
    }

    #[test]
    fn control_characters_become_one_space() {
        assert_eq!(plain("back\r\n\tat\u{1b}four\n").as_deref(), Some("back at four"));
        for blank in ["", " \n", "\u{a0}\r"] {
            assert_eq!(plain(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn a_long_note_ends_with_an_ellipsis() {
        let whole = "ü".repeat(CHARS_MAX);
        assert_eq!(plain(&whole).as_deref(), Some(&*whole));
        let cut = plain(&format!("{whole}ü")).unwrap();
        assert_eq!(cut, format!("{}…", "ü".repeat(CHARS_MAX - 1)));
    }
}
