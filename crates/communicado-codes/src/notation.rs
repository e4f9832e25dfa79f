//! The normal form of a text, before its numbers are read.
//!
//! Word processors, chats and spreadsheets change what people copy: a hyphen becomes a minus sign
//! or a dash, and a number gets thousands separators.

use alloc::string::String;

use crate::lookup;

/// The characters that look like a minus.
const DASHES: [char; 8] = [
    '\u{2212}', '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{FE63}', '\u{FF0D}',
];
/// The characters that look like an apostrophe.
const APOSTROPHES: [char; 3] = ['\u{2018}', '\u{2019}', '\u{02BC}'];
/// The spaces that are no ASCII space. Some of them separate thousands.
const SPACES: [char; 4] = ['\u{A0}', '\u{2009}', '\u{202F}', '\u{3000}'];

/// The forms of ASCII in the width of Chinese characters, and their distance from ASCII.
const FULL_WIDTH: core::ops::RangeInclusive<char> = '\u{FF01}'..='\u{FF5E}';
const FULL_WIDTH_OFFSET: u32 = 0xFEE0;

/// The text with plain digits, letters, minus signs, apostrophes and spaces, and without thousands
/// separators.
pub(crate) fn normal(text: &str) -> String {
    let plain = |c: char| match c {
        _ if DASHES.contains(&c) => '-',
        _ if APOSTROPHES.contains(&c) => '\'',
        _ if SPACES.contains(&c) => ' ',
        _ if FULL_WIDTH.contains(&c) => {
            char::from_u32(u32::from(c) - FULL_WIDTH_OFFSET).unwrap_or(c)
        }
        _ => c,
    };
    let text: String = text.chars().map(plain).collect();
    let mut normal = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(first) = rest.chars().next() {
        let inside = normal.ends_with(|c: char| c.is_ascii_alphanumeric() || "_.,".contains(c));
        if !inside && let Some((digits, after)) = grouped(rest, normal.ends_with('-')) {
            normal.push_str(&digits);
            rest = after;
            continue;
        }
        if !inside && let Some((digits, after)) = halves_of_32_bits(rest) {
            normal.extend(["0x", digits.0, digits.1]);
            rest = after;
            continue;
        }
        let (_, after) = rest.split_at(first.len_utf8());
        // The debugger separates the halves of 64 bits: ffffffff`8100031e.
        let halves = normal.ends_with(|c: char| c.is_ascii_hexdigit())
            && after.starts_with(|c: char| c.is_ascii_hexdigit());
        if first != '`' || !halves {
            normal.push(first);
        }
        rest = after;
    }
    normal
}

/// Splits a number with thousands separators from the rest of a text, if it starts with one.
fn grouped(text: &str, negative: bool) -> Option<(String, &str)> {
    let (first, mut rest) = leading_digits(text);
    if !(1..=3).contains(&first.len()) {
        return None;
    }
    let separator = rest.chars().next().filter(|c| ",'. ".contains(*c))?;
    let mut digits = String::from(first);
    let mut groups = 0;
    while let Some(after) = rest.strip_prefix(separator) {
        let (group, after) = leading_digits(after);
        if group.len() != 3 {
            break;
        }
        digits.push_str(group);
        groups += 1;
        rest = after;
    }
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    // Versions, addresses and lists have dots and spaces too.
    let enough = match separator {
        ',' | '\'' => groups >= 1,
        _ => groups >= 2 && (negative || digits.parse().is_ok_and(|it| lookup(it).count() > 0)),
    };
    (ends && enough).then_some((digits, rest))
}

/// Splits a number such as `0x8004 0111` from the rest of a text, if it starts with one.
fn halves_of_32_bits(text: &str) -> Option<((&str, &str), &str)> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let (high, rest) = four_hexadecimal_digits(digits)?;
    let (low, rest) = four_hexadecimal_digits(rest.strip_prefix(' ')?)?;
    Some(((high, low), rest))
}

/// Splits four hexadecimal digits from the rest of a text, unless a letter or a digit follows.
fn four_hexadecimal_digits(text: &str) -> Option<(&str, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    (ends && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((digits, rest))
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typographic_characters_become_plain() {
        for dash in DASHES {
            assert_eq!(normal(&alloc::format!("{dash}2147221005")), "-2147221005");
        }
        assert_eq!(normal("can\u{2019}t"), "can't");
        assert_eq!(normal("０ｘ８００４０１１１"), "0x80040111");
        assert_eq!(normal("－２１４７２２１２３１"), "-2147221231");
    }

    #[test]
    fn thousands_separators_disappear_and_other_punctuation_stays() {
        let check = |text: &str, expected: &str| assert_eq!(normal(text), expected);
        check("-2,130,705,634", "-2130705634");
        check("-2.130.705.634;", "-2130705634;");
        check("-2\u{a0}130\u{a0}705\u{a0}634", "-2130705634");
        check("2'147'746'065", "2147746065");
        check("2 147 746 065", "2147746065");
        check("18,500", "18500");
        check("ffffffff`8100031e", "ffffffff8100031e");
        check("192.168.100.200", "192.168.100.200");
        check("1,2,3 and 4,5678", "1,2,3 and 4,5678");
        check("15.0.4420.1017 in 100 200 300", "15.0.4420.1017 in 100 200 300");
        check("`a` \u{e9}1", "`a` \u{e9}1");
    }

    #[test]
    fn the_halves_of_a_number_are_joined() {
        let check = |text: &str, expected: &str| assert_eq!(normal(text), expected);
        check("error 0x8004 0111.", "error 0x80040111.");
        check("0x8004 01115", "0x8004 01115");
        check("0x8004 been", "0x8004 been");
        check("0x80 0111, a0x8004 0111", "0x80 0111, a0x8004 0111");
        check("0x8004 01\u{e9}", "0x8004 01\u{e9}");
    }
}
