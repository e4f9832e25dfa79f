//! What reads clients: one file or folder a source, and one table of them.
//!
//! Each source has a [`SourceDescriptor`]: its name, what it sees, its options, and how it is opened. The
//! card is there on every platform, so that `communicado sources` can say what is missing where;
//! only the source behind it is compiled where it can work. The order of [`SOURCES`] is their
//! rank: where two sources disagree about a client, the earlier one is believed.
//!
//! **Invariant:** no source knows a sink, or another source.
//!
//! To add one, see CONTRIBUTING.md.
#![warn(clippy::wildcard_enum_match_arm)]

#[cfg(target_os = "linux")]
mod bus;
pub mod communicator;
mod descriptor;
pub mod im_providers;
pub mod lync;
mod provider;
mod purple;
#[cfg(target_os = "linux")]
pub mod session_bus;
pub mod vocabulary;
pub mod windows;

pub use descriptor::{OptionError, OptionKind, OptionSpec, Options, Platform, SourceDescriptor};
#[cfg(target_os = "linux")]
pub use purple::trace;

/// Every source, first the one that is believed first.
pub const SOURCES: &[&SourceDescriptor] = &[
    &purple::DESCRIPTOR,
    &provider::DESCRIPTOR,
    &lync::DESCRIPTOR,
    &communicator::DESCRIPTOR,
    &im_providers::DESCRIPTOR,
];

/// The source with this name.
#[must_use]
pub fn descriptor(name: &str) -> Option<&'static SourceDescriptor> {
    SOURCES.iter().find(|descriptor| descriptor.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_well_formed_and_opens_with_its_defaults() {
        for descriptor in SOURCES {
            assert!(
                descriptor.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                descriptor.name
            );
            assert!(!descriptor.about.ends_with('.'), "{}", descriptor.about);
            if !descriptor.runs_here() {
                assert!(descriptor.open(&Options::default()).is_err(), "{}", descriptor.name);
                continue;
            }
            let opened = descriptor.open(&Options::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(opened.name, descriptor.name);
            assert_eq!(opened.clients, descriptor.clients);
        }
    }

    #[test]
    fn no_source_is_in_the_table_twice() {
        let mut names: Vec<_> = SOURCES.iter().map(|descriptor| descriptor.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SOURCES.len());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_wrong_option_is_named_with_the_choices() {
        let check = |name: &str, value: &str, expected: &str| {
            let mut options = Options::default();
            options.set(name, value);
            let error =
                descriptor("purple").unwrap().open(&options).err().expect(expected).to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("chek", "1s", "source `purple` has no option `chek`; one of: check, timeout, trace");
        check("check", "soon", "`check` of source `purple` is `soon`, which is no span of time");
        check("check", "0s", "must be longer than 0");
    }
}
