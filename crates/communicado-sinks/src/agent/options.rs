//! The options of a sink: their kinds, and the values of a configuration. Pure.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use communicado_net::{configured_path, is_file_name};
use hyper::Uri;

use crate::gateway::Id;
use crate::net::parse_header;
use crate::template::Template;

/// The specification of an option.
#[derive(Clone, Copy, Debug)]
pub struct SinkOption {
    /// Its name, as in the configuration.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: SinkOptionKind,
    /// Its default value, as text; `None` if the option is required.
    pub default: Option<&'static str>,
    /// Its effect, in one sentence.
    pub help: &'static str,
}

/// The kind of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkOptionKind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A list of texts.
    List,
    /// A duration such as `30s`.
    Duration,
    /// A path: absolute, or below the home folder with `~/`. Empty for none.
    Path,
    /// A file with a secret: a path, or the name of a systemd credential. Empty for none.
    SecretFile,
    /// A URL with one of these schemes.
    Url(&'static [&'static str]),
    /// The id of a device. Empty for the host name.
    Id,
    /// The levels of an MQTT topic. Empty for none.
    Topic,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The media type of a body. Empty for the default.
    MediaType,
    /// HTTP headers, each as `Name: value`.
    Headers,
    /// A template with the keys of `--format`. Empty for the default.
    Template,
}

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkValue {
    /// A text, for most kinds.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A list of texts.
    List(Vec<String>),
}

/// The options of a sink, with valid values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkOptions {
    values: BTreeMap<&'static str, SinkValue>,
}

/// The error of an invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkOptionError {
    /// The problem, which follows the name of the option.
    pub cause: String,
    /// The advice.
    pub help: String,
}

impl SinkOptionKind {
    /// The name of the kind of value, for a message about a wrong type.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::List => "a list of texts such as [\"playerctl\", \"pause\"]",
            Self::Duration => "a duration such as \"30s\"",
            Self::Path => "the path of a file, in quotes",
            Self::SecretFile => "the path of a file or the name of a systemd credential, in quotes",
            Self::Url(_) => "a URL, in quotes",
            Self::Id => "a name of lower-case letters, digits, `.`, `_` and `-`",
            Self::Topic => "a topic such as \"communicado\"",
            Self::Choice(_) => "one of the words of this option",
            Self::MediaType => "a media type such as \"text/plain\"",
            Self::Headers => "a list of headers such as [\"Title: Presence\"]",
            Self::Template => "a template such as \"{{ client }}: {{ status }}\"",
        }
    }

    /// Checks a value.
    fn check(self, value: &SinkValue) -> Result<(), SinkOptionError> {
        let wrong =
            |cause: String| SinkOptionError { cause, help: format!("write {}", self.expected()) };
        let text = match (self, value) {
            (Self::Bool, SinkValue::Bool(_)) => return Ok(()),
            (Self::List, SinkValue::List(list)) if !list.is_empty() => return Ok(()),
            (Self::Headers, SinkValue::List(list)) => return check_headers(list),
            (Self::List, SinkValue::List(_)) => return Err(wrong("is empty".to_owned())),
            (Self::Bool | Self::List | Self::Headers, _)
            | (_, SinkValue::Bool(_) | SinkValue::List(_)) => {
                return Err(wrong(format!("is not {}", self.expected())));
            }
            (_, SinkValue::Text(text)) => text,
        };
        match self {
            Self::Text | Self::Bool | Self::List | Self::Headers => Ok(()),
            Self::Choice(words) if words.contains(&text.as_str()) => Ok(()),
            Self::Choice(words) => Err(SinkOptionError {
                cause: format!("is `{text}`, which it does not support"),
                help: format!("write one of: {}", words.join(", ")),
            }),
            Self::MediaType if text.is_empty() || is_media_type(text) => Ok(()),
            Self::MediaType => Err(wrong(format!("is `{text}`, which is no media type"))),
            Self::Template => match Template::new(text) {
                Ok(_) => Ok(()),
                Err(error) => Err(SinkOptionError {
                    cause: format!("is not usable: {}", error.cause),
                    help: error.help,
                }),
            },
            Self::Duration => match duration(text) {
                Some(duration) if !duration.is_zero() => Ok(()),
                _ => Err(wrong(format!("is `{text}`, which is no duration longer than 0"))),
            },
            Self::Path if text.is_empty() || configured_path(text).is_some() => Ok(()),
            Self::Path => Err(SinkOptionError {
                cause: format!("is `{text}`, which is a relative path"),
                help: "write an absolute path, or one that starts with ~/".to_owned(),
            }),
            Self::SecretFile
                if text.is_empty() || configured_path(text).is_some() || is_file_name(text) =>
            {
                Ok(())
            }
            Self::SecretFile => Err(SinkOptionError {
                cause: format!("is `{text}`, which is a relative path"),
                help: "write an absolute path, one that starts with ~/, or the name of a \
                       credential"
                    .to_owned(),
            }),
            Self::Url(schemes) => check_url(text, schemes),
            Self::Id if text.is_empty() => Ok(()),
            Self::Id => Id::new(text).map(drop).map_err(|why| wrong(format!("is `{text}`: {why}"))),
            Self::Topic => {
                let is_level = |level: &str| !level.is_empty() && !level.contains(['+', '#', '\0']);
                if text.is_empty() || (text.len() <= 256 && text.split('/').all(is_level)) {
                    return Ok(());
                }
                Err(wrong(format!(
                    "is `{text}`, which has an empty level, a wildcard, or more than 256 bytes"
                )))
            }
        }
    }
}

/// Returns whether a text is a media type, with parameters or without.
fn is_media_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let (media, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_visible = parameters.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_visible && media.trim().split_once('/').is_some_and(|(a, b)| is_token(a) && is_token(b))
}

/// Checks headers without printing a value, because it may be a secret.
fn check_headers(list: &[String]) -> Result<(), SinkOptionError> {
    let invalid = list.iter().find_map(|text| parse_header(text).err());
    let Some(why) = invalid else { return Ok(()) };
    let help = format!("write {}", SinkOptionKind::Headers.expected());
    Err(SinkOptionError { cause: format!("has an invalid header: {why}"), help })
}

/// Checks a URL without printing it, because it may contain a secret.
fn check_url(text: &str, schemes: &[&str]) -> Result<(), SinkOptionError> {
    let wrong = |why: &str| {
        let schemes: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        let help = format!("write a URL that starts with {}", schemes.join(" or "));
        Err(SinkOptionError { cause: format!("is not usable: {why}"), help })
    };
    let Ok(uri) = text.parse::<Uri>() else { return wrong("it is not a URL") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return wrong("the scheme or the host is missing");
    };
    if !schemes.contains(&scheme) {
        return wrong("its scheme is unknown");
    }
    if authority.as_str().contains('@') {
        return wrong("it has a user name or a password, which belong in other options");
    }
    if text.contains('#') { wrong("it has a fragment") } else { Ok(()) }
}

impl SinkOptions {
    /// Sets an option after a check of its value.
    ///
    /// # Errors
    ///
    /// If the value is invalid.
    pub fn set(&mut self, option: &SinkOption, value: SinkValue) -> Result<(), SinkOptionError> {
        option.kind.check(&value)?;
        self.values.insert(option.name, value);
        Ok(())
    }

    /// The value of an option, or its default.
    #[must_use]
    pub fn value(&self, option: &SinkOption) -> Option<SinkValue> {
        let default = || {
            let default = option.default?;
            Some(match option.kind {
                SinkOptionKind::Bool => SinkValue::Bool(default == "true"),
                SinkOptionKind::List | SinkOptionKind::Headers => {
                    let items = default.split_whitespace().map(str::to_owned);
                    SinkValue::List(items.collect())
                }
                _ => SinkValue::Text(default.to_owned()),
            })
        };
        self.values.get(option.name).cloned().or_else(default)
    }

    pub(crate) fn text(&self, option: &SinkOption) -> String {
        match self.value(option) {
            Some(SinkValue::Text(text)) => text,
            Some(SinkValue::Bool(_) | SinkValue::List(_)) | None => String::new(),
        }
    }

    pub(crate) fn list(&self, option: &SinkOption) -> Vec<String> {
        match self.value(option) {
            Some(SinkValue::List(list)) => list,
            Some(SinkValue::Text(_) | SinkValue::Bool(_)) | None => Vec::new(),
        }
    }

    pub(crate) fn bool(&self, option: &SinkOption) -> bool {
        self.value(option) == Some(SinkValue::Bool(true))
    }

    pub(crate) fn path(&self, option: &SinkOption) -> Option<PathBuf> {
        configured_path(&self.text(option))
    }

    pub(crate) fn duration(&self, option: &SinkOption) -> Duration {
        duration(&self.text(option)).unwrap_or_default()
    }
}

/// A duration that is not negative.
fn duration(text: &str) -> Option<Duration> {
    let duration = text.parse::<jiff::SignedDuration>().ok()?;
    Duration::try_from(duration).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: SinkOptionKind, text: &str) -> Result<(), String> {
        kind.check(&SinkValue::Text(text.to_owned())).map_err(|error| error.cause)
    }

    #[test]
    fn a_valid_value_is_accepted_and_an_invalid_one_has_a_reason() {
        const URL: SinkOptionKind = SinkOptionKind::Url(&["mqtt", "mqtts"]);
        for (kind, good, bad) in [
            (SinkOptionKind::Duration, "30s", "0s"),
            (SinkOptionKind::Duration, "1m 30s", "soon"),
            (SinkOptionKind::Path, "/etc/ca.pem", "ca.pem"),
            (SinkOptionKind::SecretFile, "mqtt-password", "secrets/mqtt"),
            (SinkOptionKind::SecretFile, "/etc/mqtt", ".."),
            (URL, "mqtts://broker.lan:8883", "https://broker.lan"),
            (URL, "mqtt://broker.lan", "mqtt://ada:secret@broker.lan"),
            (SinkOptionKind::Id, "laptop-2", "Laptop 2"),
            (SinkOptionKind::Topic, "home/office", "home/#"),
            (SinkOptionKind::Topic, "", "/home"),
            (SinkOptionKind::Choice(&["POST", "PUT"]), "PUT", "put"),
            (SinkOptionKind::MediaType, "text/plain; charset=utf-8", "text"),
            (SinkOptionKind::MediaType, "application/ld+json", "a/b\r\nX: y"),
            (SinkOptionKind::Template, "{{ status | json }}", "{{ title }}"),
            (SinkOptionKind::Template, "", "{{ status"),
        ] {
            assert_eq!(check(kind, good), Ok(()), "{good}");
            let cause = check(kind, bad).unwrap_err();
            assert!(!cause.contains("secret@"), "{cause}");
        }
        let empty = SinkOptionKind::List.check(&SinkValue::List(Vec::new()));
        assert!(
            empty.is_err() && SinkOptionKind::Bool.check(&SinkValue::Text("on".into())).is_err()
        );
    }

    #[test]
    fn an_invalid_header_is_an_error_without_its_value() {
        let check = |header: &str| {
            let list = SinkValue::List(vec![header.to_owned()]);
            SinkOptionKind::Headers.check(&list).map_err(|error| error.cause)
        };
        assert_eq!(check("Authorization: Bearer secret"), Ok(()));
        for bad in ["secret", ": secret", "Ti tle: secret", "Title: se\ncret", "Host: secret"] {
            let cause = check(bad).unwrap_err();
            assert!(!cause.contains("cret"), "{cause}");
        }
    }
}
