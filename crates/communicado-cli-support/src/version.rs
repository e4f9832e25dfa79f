//! The text of `--version`.

/// The version of a program with its commit and its target, and `details` as further lines.
///
/// The build of the packages sets the commit. Any other build does not know it.
#[must_use]
pub fn long_version(version: &str, details: &[(&str, &str)]) -> String {
    let commit = option_env!("COMMUNICADO_COMMIT").unwrap_or("unknown");
    let lines = [("commit", commit), ("target", env!("COMMUNICADO_TARGET"))];
    let lines = lines.iter().chain(details).map(|(name, value)| format!("\n{name}: {value}"));
    version.to_owned() + &lines.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_detail_has_its_line() {
        let text = long_version("1.2.3", &[("sources", "one, two")]);
        let lines: Vec<&str> = text.lines().collect();
        let [version, commit, target, sources] = lines.as_slice() else { panic!("{text}") };
        assert_eq!((*version, *sources), ("1.2.3", "sources: one, two"));
        assert!(commit.starts_with("commit: "), "{commit}");
        let of_us = target.strip_prefix("target: ").unwrap_or_default();
        assert!(of_us.starts_with(std::env::consts::ARCH), "{target}");
    }
}
