//! Parsers for the values of options: conditions and durations.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use communicado::Condition;

/// The parser for a condition, which lists the known conditions in the help.
pub(crate) fn condition() -> impl TypedValueParser<Value = Condition> {
    let words = PossibleValuesParser::new(Condition::words());
    words.try_map(|word| word.parse::<Condition>())
}

/// Parses a duration that is not negative.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<jiff::SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration.ok_or_else(|| "not a duration such as `30s`, `500ms` or `1m 30s`".to_owned())
}
