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
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "not a duration; for example `30s`, `8h` or `720h`".to_owned())
}

/// Parses a view for clap.
pub(crate) fn view(word: &str) -> Result<View, String> {
    let words = || View::ALL.map(View::word).join(", ");
    View::from_word(word).ok_or_else(|| format!("not a view; expected one of: {}", words()))
}
