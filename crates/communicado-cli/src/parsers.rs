//! A parser for the values of options: durations.

use std::time::Duration;

/// Parses a duration that is not negative.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "not a duration such as `30s`, `500ms` or `1m 30s`".to_owned())
}
