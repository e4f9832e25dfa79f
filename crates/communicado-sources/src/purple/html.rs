//! The note in a status message of libpurple, which is HTML. Pure.

use crate::note::plain;

/// The part of a text that is read, in bytes. A client may send megabytes, and every `<` without
/// `>` makes the rest be searched.
const HTML_BYTES_MAX: usize = 16 * 1024;
/// The maximum length of an HTML entity, without `&` and `;`, such as `#1114111`.
const ENTITY_BYTES_MAX: usize = 8;

/// The note in `html`, or `None` if it is blank.
///
/// libpurple's protocols read every status message as HTML, also the plain text that a user typed
/// in Finch. So a `<` before a space, or without `>`, is text, as is an unknown entity.
pub(crate) fn note(html: &str) -> Option<String> {
    let (html, _) = html.split_at(html.floor_char_boundary(HTML_BYTES_MAX));
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
        assert_eq!(note(html).unwrap_or_default(), expected, "{html:?}");
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
    }

    #[test]
    fn control_characters_become_one_space() {
        check("back\r\n\tat&#10;&#0;four\u{1b}", "back at four");
        for blank in ["", " \n", "<b></b>", "&nbsp;&#13;"] {
            assert_eq!(note(blank), None, "{blank:?}");
        }
    }

    #[test]
    fn of_an_endless_text_only_the_start_is_read() {
        let endless = format!("lunch {}", "<a".repeat(64 * HTML_BYTES_MAX));
        assert!(note(&endless).is_some_and(|note| note.starts_with("lunch <a<a")));
        assert_eq!(note(&"ü".repeat(HTML_BYTES_MAX)), plain(&"ü".repeat(HTML_BYTES_MAX)));
    }
}
