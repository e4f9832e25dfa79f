//! Options that several commands share, and the parsers of their values.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use communicado_wire::gateway::View;

/// The option for the data folder.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataFolder {
    /// Folder of the store. Default: that of the systemd service, or else `communicado-gateway` in
    /// the user's data directory.
    #[arg(long = "data", global = true, value_name = "FOLDER", env = "COMMUNICADO_GATEWAY_DATA")]
    folder: Option<PathBuf>,
}

impl DataFolder {
    /// The data folder of `serve`: the option, the state directory of systemd, or the user's
    /// folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.given().or_else(state_directory).unwrap_or_else(user_folder)
    }

    /// The folder of the option.
    pub(crate) fn given(&self) -> Option<PathBuf> {
        self.folder.clone()
    }
}

/// The folder of a gateway that a user runs: `communicado-gateway` in the user's data directory.
pub(crate) fn user_folder() -> PathBuf {
    let home = || variable("HOME").unwrap_or_else(|| PathBuf::from("/"));
    let data = variable("XDG_DATA_HOME").unwrap_or_else(|| home().join(".local/share"));
    data.join("communicado-gateway")
}

/// The state directory that systemd gives to a service.
pub(crate) fn state_directory() -> Option<PathBuf> {
    first_directory("STATE_DIRECTORY")
}

/// The runtime directory that systemd gives to a service.
pub(crate) fn runtime_directory() -> Option<PathBuf> {
    first_directory("RUNTIME_DIRECTORY")
}

/// The first directory of a variable in which systemd separates several by colons.
fn first_directory(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&variable(name)?).next()
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Parses a duration for clap.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let days_are_24_hours = jiff::SpanRelativeTo::days_are_24_hours();
    let span = text.parse::<jiff::Span>().ok();
    let duration = span.and_then(|span| span.to_duration(days_are_24_hours).ok());
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "not a duration; for example `30s`, `8h` or `30d`".to_owned())
}

/// Parses a view for clap.
pub(crate) fn view(word: &str) -> Result<View, String> {
    let words = || View::ALL.map(View::word).join(", ");
    View::from_word(word).ok_or_else(|| format!("not a view; expected one of: {}", words()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_may_be_in_days_and_weeks() {
        let hours = |text: &str| duration(text).map(|duration| duration.as_secs() / 3600);
        assert_eq!((hours("8h"), hours("30d"), hours("2 weeks")), (Ok(8), Ok(720), Ok(336)));
        for bad in ["", "30", "1mo", "-8h", "soon"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
