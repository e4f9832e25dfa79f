//! The lookup of codes by name, and of similar names.
//!
//! **Know:** case, spaces and hyphens make no difference. A prefix is optional unless the rest is
//! itself a name.

use alloc::vec::Vec;

use crate::{
    Code, Family, codes,
    lync::{EXCEPTIONS, Exception},
    tokens::pieces,
};

/// Finds the rows with this name, or else the rows with this name after a prefix.
pub(crate) fn named(text: &str) -> impl Iterator<Item = &'static Code> {
    let name = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let whole = with_names().any(|code| same(code.name, name));
    with_names().filter(move |code| same(if whole { code.name } else { short(code.name) }, name))
}

/// All rows that have a name of their own. Those of Lync have the name of an exception.
pub(crate) fn with_names() -> impl Iterator<Item = &'static Code> {
    codes().filter(|code| code.family != Family::Lync)
}

/// Finds the exception with this name, with or without `Exception` and the namespace.
pub(crate) fn exceptions_named(text: &str) -> impl Iterator<Item = &'static Exception> {
    let name = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = name.strip_prefix("Microsoft.Lync.Model.").unwrap_or(name);
    EXCEPTIONS.iter().filter(move |it| {
        same(it.name, name) || it.name.strip_suffix("Exception").is_some_and(|it| same(it, name))
    })
}

/// The prefixes of names, which people often leave out.
const PREFIXES: [&str; 16] = [
    "MSGR_E_",
    "MSGR_S_",
    "MISTATUS_",
    "CLASS_E_",
    "CO_E_",
    "CONNECT_E_",
    "DISP_E_",
    "REGDB_E_",
    "TYPE_E_",
    "MK_E_",
    "ClientState.",
    "ContactAvailability.",
    "RPC_E_",
    "RPC_S_",
    "E_",
    "S_",
];

pub(crate) fn short(name: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Compares two names, ignoring case, spaces and hyphens.
pub(crate) fn same(name: &str, other: &str) -> bool {
    name.len() == other.len() && plain(name).eq(plain(other))
}

fn plain(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|b| if matches!(b, b' ' | b'-') { b'_' } else { b.to_ascii_uppercase() })
}

/// The maximum number of similar names.
const NEAREST_MAX: usize = 3;
/// The maximum length of a text to compare: more than every name, and short enough to be fast.
const NAME_MAX: usize = 64;

/// Names that are similar to one in the text, or contain it, the most similar first.
pub(crate) fn nearest(text: &str) -> Vec<&'static str> {
    // In a message, a name has underscores.
    let wanted = pieces(text).find(|it| it.contains('_')).unwrap_or(text);
    // Two letters with a typo can be anything.
    if !(3..=NAME_MAX).contains(&wanted.len()) {
        return Vec::new();
    }
    let wanted: Vec<u8> = plain(wanted).collect();
    // One typo in a short name, four in a long one.
    let typos_max = (1 + wanted.len() / 6).min(4);
    let is_known = prefix(&wanted).is_some_and(is_prefix);
    let mut found: Vec<(usize, &'static str)> = with_names()
        .filter(|code| may_be_meant(&wanted, is_known, code.name.as_bytes()))
        .filter_map(|code| {
            let whole: Vec<u8> = plain(code.name).collect();
            let tail: Vec<u8> = plain(short(code.name)).collect();
            let typos = [&whole, &tail]
                .into_iter()
                .filter(|name| name.len().abs_diff(wanted.len()) <= typos_max)
                .map(|name| distance(&wanted, name))
                .min()
                .filter(|typos| *typos <= typos_max);
            // Three letters are part of many names.
            let part = || {
                let held = wanted.len() > 3 && whole.windows(wanted.len()).any(|it| it == wanted);
                held.then_some(typos_max + 1)
            };
            Some((typos.or_else(part)?, code.name))
        })
        .collect();
    found.sort_by_key(|(typos, _)| *typos);
    found.into_iter().map(|(_, name)| name).take(NEAREST_MAX).collect()
}

/// Returns whether a name with typos can mean another one. `E_UNEXPECTED` and `MSGR_E_UNEXPECTED`
/// are similar, but their prefixes belong to different components.
fn may_be_meant(wanted: &[u8], is_known: bool, name: &[u8]) -> bool {
    const PREFIX_TYPOS_MAX: usize = 2;
    let foreign = FOREIGN_PREFIXES.iter().any(|it| wanted.starts_with(it.as_bytes()));
    match (prefix(wanted), prefix(name)) {
        _ if foreign => false,
        (wanted, name) if is_known => wanted == name,
        (Some(wanted), Some(name)) => distance(wanted, name) <= PREFIX_TYPOS_MAX,
        _ => true,
    }
}

/// The prefixes of names that Windows defines outside COM.
const FOREIGN_PREFIXES: [&str; 6] = ["ERROR_", "STATUS_", "WSA", "STG_E_", "SEC_E_", "RTC_E_"];

/// The part of a name up to `E_` or `S_`, which tells the component.
fn prefix(name: &[u8]) -> Option<&[u8]> {
    let end = match name {
        [b'E' | b'S', b'_', ..] => 2,
        _ => name.windows(3).position(|it| matches!(it, b"_E_" | b"_S_"))? + 3,
    };
    name.get(..end)
}

/// Returns whether names with this prefix are in the table.
fn is_prefix(wanted: &[u8]) -> bool {
    with_names().any(|code| prefix(code.name.as_bytes()) == Some(wanted))
}

/// The Levenshtein distance of two names.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (1..=other.len()).collect();
    for (above_left, a) in one.iter().enumerate() {
        let (mut above_left, mut left) = (above_left, above_left + 1);
        for (cell, b) in row.iter_mut().zip(other) {
            let changed = above_left + usize::from(a != b);
            above_left = *cell;
            left = changed.min(above_left + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_whole_and_without_its_prefix() {
        for code in with_names() {
            assert_eq!(named(code.name).collect::<Vec<_>>(), [code]);
            assert!(named(short(code.name)).any(|it| it == code), "{}", code.name);
            assert!(code.name.len() <= NAME_MAX);
        }
    }

    #[test]
    fn a_name_with_typos_finds_similar_names() {
        let check = |text: &str, expected: &[&str]| assert_eq!(nearest(text), expected, "{text}");
        check("MSGR_E_NOT_LOGED_ON", &["MSGR_E_NOT_LOGGED_ON"]);
        check("not loged on", &["MSGR_E_NOT_LOGGED_ON"]);
        check("got MSGR_E_NOT_LOGGED_OM today", &["MSGR_E_NOT_LOGGED_ON"]);
        check("BUZY", &["MISTATUS_BUSY", "MSGR_E_BUSY", "ContactAvailability.Busy"]);
        check("LOCAL_FINDING", &["MISTATUS_LOCAL_FINDING_SERVER"]);
        check("CLASNOTREGS", &["REGDB_E_CLASSNOTREG"]);
        check("what is this", &[]);
        check("MSRG_E_NOT_LOGGED_ON", &["MSGR_E_NOT_LOGGED_ON"]);
        check("E_UNEXPECTD", &["E_UNEXPECTED"]);
        // Names of other components.
        check("E_BUSY", &[]);
        check("STG_E_INUSE", &[]);
        check("ERROR_UNEXPECTED", &[]);
        check("WSAENOTCONN", &[]);
        check("xyz", &[]);
    }

    #[test]
    fn distance_counts_typos() {
        let check = |one: &str, other: &str, expected| {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), expected, "{one} {other}");
            assert_eq!(distance(other.as_bytes(), one.as_bytes()), expected, "{other} {one}");
        };
        check("", "", 0);
        check("", "abc", 3);
        check("busy", "busy", 0);
        check("busy", "buzy", 1);
        check("busy", "bus", 1);
        check("kitten", "sitting", 3);
    }
}
