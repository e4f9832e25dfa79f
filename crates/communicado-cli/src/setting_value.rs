//! The value of a setting, from the configuration file or the command line.

use toml::Spanned;
use toml::de::DeValue;

/// A value from a file or the command line.
#[derive(Clone, Debug)]
pub(crate) enum SettingValue {
    /// A value of `--set`, which the setting parses as a text, a boolean or a list.
    Unparsed(String),
    Text(String),
    Bool(bool),
    List(Vec<String>),
    /// A value of a type that no setting accepts, with the name of the type.
    Other(&'static str),
}

/// The error of an invalid value: the problem and what to do.
pub(crate) type SettingError = (String, String);

impl SettingValue {
    pub(crate) fn of(value: &Spanned<DeValue<'_>>) -> Self {
        match value.get_ref() {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Boolean(yes) => Self::Bool(*yes),
            DeValue::Array(items) => {
                let texts = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => Some(text.clone().into_owned()),
                    _ => None,
                });
                texts
                    .collect::<Option<_>>()
                    .map_or(Self::Other("a list of other types"), Self::List)
            }
            DeValue::Integer(_) => Self::Other("a whole number"),
            DeValue::Float(_) => Self::Other("a number"),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Table(_) => Self::Other("a section"),
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Unparsed(_) | Self::Text(_) => "a text",
            Self::Bool(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }

    pub(crate) fn text(self, key: &str, takes: &str) -> Result<String, SettingError> {
        match self {
            Self::Unparsed(text) | Self::Text(text) => Ok(text),
            other => Err((format!("`{key}` is {}", other.kind()), format!("write {takes}"))),
        }
    }

    pub(crate) fn bool(&self, key: &str) -> Result<bool, SettingError> {
        let written = match self {
            Self::Bool(yes) => Some(*yes),
            Self::Unparsed(text) => text.parse().ok(),
            _ => None,
        };
        written.ok_or_else(|| {
            (format!("`{key}` is {}", self.kind()), "write true or false".to_owned())
        })
    }

    pub(crate) fn list(self, key: &str) -> Result<Vec<String>, SettingError> {
        match self {
            Self::List(list) => Ok(list),
            Self::Unparsed(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
            other => {
                let help = "write a list of texts such as [\"finch\", \"pidgin\"]";
                Err((format!("`{key}` is {}", other.kind()), help.to_owned()))
            }
        }
    }
}
