//! The name that somebody may have meant.

/// The one of `known` that is nearest to `name`, if any is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |other: &&str| strsim::damerau_levenshtein(name, other) <= 1 + name.len() / 4;
    known.into_iter().filter(near).min_by_key(|other| strsim::damerau_levenshtein(name, other))
}

/// A sentence that names it, or what there is.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> String {
    nearest(name, known.iter().copied()).map_or_else(
        || format!("one of: {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["check", "timeout", "clients"];
        assert_eq!(nearest("chekc", known), Some("check"));
        assert_eq!(nearest("client", known), Some("clients"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(did_you_mean("x", &known), "one of: check, timeout, clients");
    }
}
