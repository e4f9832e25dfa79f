//! Points in civil time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A point in civil time, in microseconds since 1970 in UTC.
///
/// Its text is RFC 3339 with six decimals and `Z`: `2026-11-22T21:00:00.123456Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

/// The error for a text or number that is not a timestamp.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text does not conform to RFC 3339.
    NotATime {
        /// The text.
        text: String,
    },
    /// The number lies outside the years -9999 to 9999.
    OutOfRange {
        /// Microseconds since 1970.
        micros: i64,
    },
}

impl Timestamp {
    /// The start of 1970 in UTC.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The last whole second that fits into microseconds, and so can be read back.
    const LAST: Self = Self(jiff::Timestamp::constant(253_402_207_200, 0));

    /// The point in time `micros` microseconds after the start of 1970 in UTC.
    ///
    /// # Errors
    ///
    /// If it lies outside the years -9999 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        let time = jiff::Timestamp::from_microsecond(micros);
        time.map(Self).map_err(|_| TimestampError::OutOfRange { micros })
    }

    /// Microseconds since the start of 1970 in UTC.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0.as_microsecond()
    }

    /// The point in time `duration` later; saturates.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let later = Self::from_micros(self.micros().saturating_add(micros));
        later.unwrap_or(Self::LAST)
    }

    /// The point in time `duration` earlier; saturates.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        let earlier = Self::from_micros(self.micros().saturating_sub(micros));
        earlier.unwrap_or(Self(jiff::Timestamp::MIN))
    }

    /// The time from `earlier` to this point in time, or zero if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.micros().saturating_sub(earlier.micros());
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// The text in the format of HTTP dates: `Sun, 22 Nov 2026 21:00:00 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        self.0.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The time of day in UTC: `21:00:00`.
    #[must_use]
    pub fn time_of_day(self) -> String {
        self.0.strftime("%H:%M:%S").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let parsed = text.parse::<jiff::Timestamp>();
        let time = parsed.map_err(|_| TimestampError::NotATime { text: text.to_owned() })?;
        Self::from_micros(time.as_microsecond())
    }
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATime { text } => {
                write!(f, "`{text}` is not a time such as 2026-11-22T21:00:00.123456Z")
            }
            Self::OutOfRange { micros } => {
                write!(f, "{micros} microseconds since 1970 are outside the years -9999 to 9999")
            }
        }
    }
}

impl std::error::Error for TimestampError {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_six_decimals_and_read_back() {
        let check = |micros: i64, text: &str| {
            let time = Timestamp::from_micros(micros).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(text.parse(), Ok(time));
        };
        check(0, "1970-01-01T00:00:00.000000Z");
        check(1_795_381_200_123_456, "2026-11-22T21:00:00.123456Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn the_first_and_the_last_timestamp_are_read_back() {
        for end in [Timestamp::EPOCH.after(Duration::MAX), Timestamp::EPOCH.before(Duration::MAX)] {
            assert_eq!(end.to_string().parse(), Ok(end));
            assert_eq!(Timestamp::from_micros(end.micros()), Ok(end));
        }
    }

    #[test]
    fn an_error_contains_the_invalid_text() {
        let error = "tomorrow".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("`tomorrow`"), "{error}");
        assert!(Timestamp::from_micros(i64::MAX).is_err());
    }
}
