//! The base directories for configuration, data and state.
//!
//! On Linux these follow the XDG Base Directory Specification. On Windows they are `%APPDATA%` and
//! `%LOCALAPPDATA%`, unless an XDG variable is set.

use std::path::PathBuf;

use etcetera::{BaseStrategy as _, choose_base_strategy};

/// The directory for configuration: `XDG_CONFIG_HOME`, `~/.config` or `%APPDATA%`.
#[must_use]
pub fn config_dir() -> Option<PathBuf> {
    variable("XDG_CONFIG_HOME").or_else(|| absolute(choose_base_strategy().ok()?.config_dir()))
}

/// The directory for data: `XDG_DATA_HOME`, `~/.local/share` or `%APPDATA%`.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    variable("XDG_DATA_HOME").or_else(|| absolute(choose_base_strategy().ok()?.data_dir()))
}

/// The directory for state: `XDG_STATE_HOME`, `~/.local/state` or `%LOCALAPPDATA%`.
#[must_use]
pub fn state_dir() -> Option<PathBuf> {
    let default = || {
        let base = choose_base_strategy().ok()?;
        // Windows has no state directory; its cache directory is `%LOCALAPPDATA%`.
        absolute(base.state_dir().unwrap_or_else(|| base.cache_dir()))
    };
    variable("XDG_STATE_HOME").or_else(default)
}

/// The directory for state that follows the user between computers: like [`state_dir`], but
/// `%APPDATA%` on Windows.
#[must_use]
pub fn roaming_state_dir() -> Option<PathBuf> {
    let default = || {
        let base = choose_base_strategy().ok()?;
        absolute(base.state_dir().unwrap_or_else(|| base.data_dir()))
    };
    variable("XDG_STATE_HOME").or_else(default)
}

/// The value of a variable. The specification ignores relative paths.
fn variable(name: &str) -> Option<PathBuf> {
    absolute(std::env::var_os(name)?.into())
}

fn absolute(path: PathBuf) -> Option<PathBuf> {
    Some(path).filter(|path| path.is_absolute())
}
