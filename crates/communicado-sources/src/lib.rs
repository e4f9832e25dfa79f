//! Sources: the readers of clients, one file or folder each, and the table of them.
//!
//! Each source has a [`SourceDescriptor`] on every platform, so that `communicado sources` can list
//! all sources. The source itself is compiled only on its platform. The order of [`SOURCES`] is
//! their rank: if two sources disagree about a client, the roster believes the first one.
//!
//! **Invariant:** no source depends on a sink or on another source.
//!
//! To add a source:
//!
//! 1. Add its module here, with a `DESCRIPTOR`, and its row in [`SOURCES`].
//! 2. Add its words to `vocabulary`, if the client has its own.
//! 3. Add its cases with a real client: `conformance/NAME` or `conformance/windows/NAME.rs`.
//! 4. Print `docs/config.schema.json` again. The settings, `sources`, `doctor`, the completions and
//!    the conformance tests take the source from [`SOURCES`] or from this file.
//! 5. Add a fuzz target for its decoder.
//! 6. Add its clients to the documents.
//!
//! CONTRIBUTING.md has the details.
#![warn(clippy::wildcard_enum_match_arm)]

#[cfg(target_os = "linux")]
mod bus;
mod client_reporter;
pub mod communicator;
#[cfg(target_os = "linux")]
pub mod dbus_address;
mod descriptor;
pub mod im_providers;
mod keepalive;
pub mod lync;
#[cfg(target_os = "linux")]
mod note;
mod provider;
mod purple;
#[cfg(target_os = "linux")]
pub mod session_bus;
mod sign_in;
pub mod vocabulary;
pub mod windows;

pub use descriptor::{
    OptionError, OptionKind, OptionSpec, Platform, SourceDescriptor, SourceOptions,
};
pub use keepalive::Keepalive;
#[cfg(target_os = "linux")]
pub use purple::trace;
pub use sign_in::AccountSignIn;

/// All sources, in the order of their rank.
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
    fn every_descriptor_is_well_formed_and_opens_with_its_defaults() {
        for descriptor in SOURCES {
            assert!(
                descriptor.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                descriptor.name
            );
            assert!(!descriptor.about.ends_with('.'), "{}", descriptor.about);
            if !descriptor.runs_here() {
                assert!(descriptor.open(&SourceOptions::default()).is_err(), "{}", descriptor.name);
                continue;
            }
            let opened =
                descriptor.open(&SourceOptions::default()).unwrap_or_else(|e| panic!("{e}"));
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
    fn an_invalid_option_is_named_with_the_valid_ones() {
        let check = |name: &str, value: &str, expected: &str| {
            let mut options = SourceOptions::default();
            options.set(name, value);
            let error =
                descriptor("purple").unwrap().open(&options).err().expect(expected).to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "chek",
            "1s",
            "source `purple` has no option `chek`; expected one of: check, timeout, trace, other-buses",
        );
        let expected =
            "invalid value `soon` for `check` of source `purple`: expected a duration such";
        check("check", "soon", expected);
        check("check", "0s", "expected a duration longer than 0");
    }
}
