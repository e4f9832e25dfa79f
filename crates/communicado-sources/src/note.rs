//! A user's note for others, as plain text in one line. Pure: a note is foreign text.

/// The maximum length of a note in characters. A gateway accepts no longer ones.
const CHARS_MAX: usize = 280;
/// The maximum length of an HTML entity, without `&` and `;`, such as `#1114111`.
const ENTITY_BYTES_MAX: usize = 8;

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

/// The note in `html`, or `None` if it is blank.
///
/// libpurple's protocols read every status message as HTML, also the plain text that a user typed
/// in Finch. So a `<` before a space, or without `>`, is text, as is an unknown entity.
pub(crate) fn from_html(html: &str) -> Option<String> {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, special) = rest.split_at(at);
        text.push_str(before);
        let (replacement, after) = tag(special).or_else(|| entity(special)).unwrap_or_else(|| {
            let mut chars = special.chars();
            (chars.next(), chars.as_str())
        });
        text.extend(replacement);
        rest = after;
    }
    text.push_str(rest);
    plain(&text)
}

/// The space for a tag at the start of `text` that breaks the line, and the text after the tag.
fn tag(text: &str) -> Option<(Option<char>, &str)> {
    let inner = text.strip_prefix('<')?;
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
        return None;
    }
    let (inner, after) = inner.split_once('>')?;
    let name = inner.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let breaks =
        ["br", "p", "div", "li", "tr", "td"].iter().any(|it| name.eq_ignore_ascii_case(it));
    Some((breaks.then_some(' '), after))
}

/// The character of an entity at the start of `text`, and the text after the entity.
fn entity(text: &str) -> Option<(Option<char>, &str)> {
    let inner = text.strip_prefix('&')?;
    let (name, after) = inner.split_once(';').filter(|(name, _)| name.len() <= ENTITY_BYTES_MAX)?;
    let number = |digits: &str, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "copy" => '©',
        "reg" => '®',
        _ => {
            let number_part = name.strip_prefix('#')?;
            match number_part.strip_prefix(['x', 'X']) {
                Some(digits) => number(digits, 16)?,
                None => number(number_part, 10)?,
            }
        }
    };
    Some((Some(character), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(from_html(html).unwrap_or_default(), expected, "{html:?}");
    }

    #[test]
    fn tags_and_entities_become_the_text_that_others_see() {
        check("<font color=\"#f00\"><b>Lunch</b></font> &amp; tea", "Lunch & tea");
        check("one<br/>two<P>three</P>", "one two three");
        check(
            "&lt;b&gt; &quot;x&quot; &apos;y&apos; &#39;&#x27;&#233;&nbsp;z",
            "<b> \"x\" 'y' ''é z",
        );
        check("&amp;lt;", "&lt;");
        check("<!-- hidden -->seen", "seen");
    }

    #[test]
    fn plain_text_stays() {
        for text in ["2 < 3 > 1", "AT&T; R&D", "a <3 b", "ends with <", "&", "&#xD800;", "&#;"] {
            check(text, text);
        }
        check("unclosed <b", "unclosed <b");
        check("&aaaaaaaaaa;", "&aaaaaaaaaa;");
        assert_eq!(plain("<b>&amp;"), Some("<b>&amp;".to_owned()));
    }

    #[test]
    fn control_characters_become_one_space() {
        check("back\r\n\tat&#10;&#0;four\u{1b}", "back at four");
        for blank in ["", " \n", "<b></b>", "&nbsp;&#13;"] {
            assert_eq!(from_html(blank), None, "{blank:?}");
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
