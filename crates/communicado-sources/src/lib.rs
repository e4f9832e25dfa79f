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
mod client_names;
mod client_reporter;
pub mod communicator;
#[cfg(target_os = "linux")]
pub mod dbus_address;
mod descriptor;
mod desktop;
mod find_program;
pub mod im_providers;
mod keepalive;
pub mod lines;
pub mod lync;
pub mod mqtt;
mod note;
#[cfg(target_os = "linux")]
mod process;
mod provider;
mod purple;
#[cfg(target_os = "linux")]
pub mod session_bus;
mod sign_in;
mod state_reporter;
pub mod vocabulary;
pub mod windows;
pub mod xmpp;

pub use descriptor::{
    OptionError, OptionKind, OptionSpec, OptionValue, Platform, SourceDescriptor, SourceOptions,
};
pub use find_program::find_program;
pub use keepalive::Keepalive;
#[cfg(target_os = "linux")]
pub use purple::trace;
pub use sign_in::AccountSignIn;

/// The longest name of a source.
const NAME_MAX: usize = 64;

/// All kinds of sources, in the order of their rank.
pub const SOURCES: &[&SourceDescriptor] = &[
    &purple::DESCRIPTOR,
    &provider::DESCRIPTOR,
    &desktop::DESCRIPTOR,
    &lync::DESCRIPTOR,
    &communicator::DESCRIPTOR,
    &im_providers::DESCRIPTOR,
    &lines::DESCRIPTOR,
    &mqtt::DESCRIPTOR,
    &xmpp::DESCRIPTOR,
];

/// The kind of source with this name.
#[must_use]
pub fn descriptor(name: &str) -> Option<&'static SourceDescriptor> {
    SOURCES.iter().find(|descriptor| descriptor.name == name).copied()
}

/// Returns whether a source can have this name.
#[must_use]
pub fn is_source_name(name: &str) -> bool {
    let is_valid = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c);
    (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(is_valid)
}

/// The names and kinds of the sources to run, in the order of their rank: the sources in `ranks`,
/// then the automatic sources, then the `configured` ones by name.
pub fn instances<'a>(
    configured: impl IntoIterator<Item = (&'a str, &'static SourceDescriptor)>,
    ranks: &[String],
) -> Vec<(&'a str, &'static SourceDescriptor)> {
    let mut instances: Vec<_> = SOURCES.iter().map(|each| (each.name, *each)).collect();
    instances.retain(|(_, descriptor)| descriptor.is_automatic);
    for (name, descriptor) in configured {
        match instances.iter_mut().find(|(other, _)| *other == name) {
            Some(instance) => *instance = (name, descriptor),
            None => instances.push((name, descriptor)),
        }
    }
    instances.retain(|(_, descriptor)| descriptor.runs_here());
    let rank = |name: &str| ranks.iter().position(|each| each == name).unwrap_or(ranks.len());
    instances.sort_by_key(|(name, _)| rank(name));
    instances
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
                assert!(
                    descriptor.open("x", &SourceOptions::default()).is_err(),
                    "{}",
                    descriptor.name
                );
                continue;
            }
            let opened = descriptor.open("x", &SourceOptions::default());
            if descriptor.options.iter().any(|option| option.default.is_none()) {
                assert!(matches!(opened, Err(OptionError::Missing { .. })), "{}", descriptor.name);
                continue;
            }
            let opened = opened.unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(opened.name, "x");
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
    fn the_configuration_can_change_the_ranks() {
        let lines = descriptor("lines").unwrap();
        let names = |ranks: &[&str]| -> Vec<&str> {
            let ranks: Vec<String> = ranks.iter().map(|&rank| rank.to_owned()).collect();
            let found = instances([("laptop", lines), ("graph", lines)], &ranks);
            found.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&[]), ["purple", "provider", "laptop", "graph"]);
        assert_eq!(names(&["graph", "purple"]), ["graph", "purple", "provider", "laptop"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_invalid_option_is_named_with_the_valid_ones() {
        let check = |name: &str, value: &str, expected: &str| {
            let mut options = SourceOptions::default();
            options.set(name, value);
            let error = descriptor("purple")
                .unwrap()
                .open("purple", &options)
                .err()
                .expect(expected)
                .to_string();
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
