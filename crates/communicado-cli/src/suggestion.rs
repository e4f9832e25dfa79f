//! Suggestions for misspelled names.

/// The known name that is closest to `name`, if one is close enough.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let is_close = |other: &&str| strsim::damerau_levenshtein(name, other) <= 1 + name.len() / 4;
    known.into_iter().filter(is_close).min_by_key(|other| strsim::damerau_levenshtein(name, other))
}

/// A question that suggests the closest name, or the list of known names.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> String {
    closest(name, known.iter().copied()).map_or_else(
        || format!("use one of: {}", known.join(", ")),
        |closest| format!("did you mean `{closest}`?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_gets_a_suggestion_and_a_different_word_gets_the_list() {
        let known = ["check", "timeout", "clients"];
        assert_eq!(closest("chekc", known), Some("check"));
        assert_eq!(closest("client", known), Some("clients"));
        assert_eq!(closest("colour", known), None);
        assert_eq!(did_you_mean("x", &known), "use one of: check, timeout, clients");
    }
}
