//! Options that several commands share, and the parsers of their values.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use communicado_wire::gateway::View;

/// The option for the data folder.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataFolder {
    /// Folder of the store. Default: `communicado-gateway` in the user's data directory.
    #[arg(long = "data", global = true, value_name = "FOLDER", env = "COMMUNICADO_GATEWAY_DATA")]
    folder: Option<PathBuf>,
}

impl DataFolder {
    /// The data folder: the option, the state directory of systemd, or the user's data directory.
    pub(crate) fn folder(&self) -> PathBuf {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let home = || variable("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let data = || {
            let data = variable("XDG_DATA_HOME").map(PathBuf::from);
            data.unwrap_or_else(|| home().join(".local/share")).join("communicado-gateway")
        };
        let given = self.folder.clone().or_else(|| variable("STATE_DIRECTORY").map(PathBuf::from));
        given.unwrap_or_else(data)
    }
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
