//! Whole numbers in foreign JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Reads a whole number, including `60000.0`, which is the same number in JSON.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    perhaps_whole(deserializer)?.ok_or_else(|| D::Error::custom("`null` is not a number"))
}

/// Reads a whole number or `null`.
pub(crate) fn perhaps_whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let of_float = || {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    };
    let whole = number.as_u64().or_else(of_float);
    whole.map(Some).ok_or_else(|| {
        D::Error::custom(format!("invalid value: `{number}` is not a whole number of 0 or more"))
    })
}
