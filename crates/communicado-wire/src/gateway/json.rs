//! JSON of messages: one line each.

use serde::Serialize;

/// `value` as one line of JSON.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|error| unreachable!("it has only text, numbers and lists: {error}"))
}

macro_rules! to_json {
    ($($type:ty),*) => {$(
        impl $type {
            /// The object as one line of JSON, without the line break.
            #[must_use]
            pub fn to_json(&self) -> String {
                $crate::gateway::json::json(self)
            }
        }
    )*};
}

pub(super) use to_json;
