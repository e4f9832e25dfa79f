//! What a person has allowed: to tell what, of which device, as whom, to whom.

use std::path::{Path, PathBuf};

use communicado::Timestamp;
use communicado_sinks::gateway::{Access, AccessToken, Address, Id};
use communicado_sinks::publish::Detail;
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};

/// The version of the form in which it is kept.
const VERSION: u64 = 1;
/// No token and no certificate is larger.
const FILE_MAX: u64 = 1024 * 1024;

/// A permission to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consent {
    pub(super) gateway: Address,
    pub(super) person: Id,
    pub(super) device: Id,
    /// Where the token is: it is not copied, so there is one place to take it away from.
    pub(super) token_file: PathBuf,
    /// Where the only authority is that is trusted to know the gateway.
    pub(super) ca: Option<PathBuf>,
    pub(super) detail: Detail,
    pub(super) given: Timestamp,
}

impl Consent {
    /// What is needed to publish; the token is read here and now.
    pub(super) fn access(&self) -> Result<Access, Failure> {
        Ok(Access {
            address: self.gateway.clone(),
            person: self.person.clone(),
            device: self.device.clone(),
            token: token(&self.token_file)?,
            authorities: self.ca.as_deref().map(authority).transpose()?,
        })
    }

    pub(super) fn to_json(&self) -> String {
        let consent = json!({
            "v": VERSION,
            "gateway": self.gateway.to_string(),
            "person": self.person.as_str(),
            "device": self.device.as_str(),
            "token_file": self.token_file,
            "ca": self.ca,
            "names": self.detail == Detail::Names,
            "given": self.given.to_string(),
        });
        format!("{consent:#}\n")
    }

    /// Reads what was kept; the error says what is wrong with it.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if json.get("v") != Some(&json!(VERSION)) {
            return Err("it is of a version that is not known here".to_owned());
        }
        let text = |key: &str| {
            let text = json.get(key).and_then(Value::as_str);
            text.ok_or_else(|| format!("it has no text `{key}`"))
        };
        let id = |key| Id::new(text(key)?).map_err(|why| format!("`{key}`: {why}"));
        let names = json.get("names").and_then(Value::as_bool).ok_or("it does not say `names`")?;
        Ok(Self {
            gateway: Address::parse(text("gateway")?).map_err(|error| error.cause)?,
            person: id("person")?,
            device: id("device")?,
            token_file: text("token_file")?.into(),
            ca: text("ca").ok().map(PathBuf::from),
            detail: if names { Detail::Names } else { Detail::Statuses },
            given: text("given")?.parse().map_err(|error| format!("`given`: {error}"))?,
        })
    }
}

/// Reads a token, which nobody else may be able to read.
pub(super) fn token(file: &Path) -> Result<AccessToken, Failure> {
    let text = read(file, "token")?;
    AccessToken::new(&text).map_err(|error| {
        let what = format!("the token file `{}` is not usable", file.display());
        Failure::new(Outcome::Failed, what).cause(error.cause).help(error.help)
    })
}

fn authority(file: &Path) -> Result<Vec<u8>, Failure> {
    read(file, "authority").map(String::into_bytes)
}

fn read(file: &Path, what: &str) -> Result<String, Failure> {
    let failed = |cause: &dyn ToString, help: &str| {
        let what = format!("the {what} file `{}` cannot be read", file.display());
        Failure::new(Outcome::Failed, what).cause(cause.to_string()).help(help)
    };
    let named = "name a file that is there and that you may read, or allow it again with another";
    let meta = std::fs::metadata(file).map_err(|error| failed(&error, named))?;
    if !meta.is_file() || meta.len() > FILE_MAX {
        return Err(failed(&"it is no small file", named));
    }
    if what == "token" && is_open_to_others(&meta) {
        let help = format!("take their right away: chmod 600 {}", file.display());
        return Err(failed(&"others may read it", &help));
    }
    std::fs::read_to_string(file).map_err(|error| failed(&error, named))
}

#[cfg(unix)]
fn is_open_to_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o077 != 0
}

/// On Windows a file in one's own folder is one's own.
#[cfg(not(unix))]
const fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allowed_is_kept_and_read_back() {
        let consent = Consent {
            gateway: Address::parse("https://uc.test/in").unwrap(),
            person: Id::new("ada").unwrap(),
            device: Id::new("laptop").unwrap(),
            token_file: "/home/ada/token".into(),
            ca: None,
            detail: Detail::Statuses,
            given: Timestamp::EPOCH,
        };
        assert_eq!(Consent::from_json(&consent.to_json()), Ok(consent.clone()));
        let other = Consent { ca: Some("/ca.pem".into()), detail: Detail::Names, ..consent };
        assert_eq!(Consent::from_json(&other.to_json()), Ok(other));
    }

    #[test]
    fn what_is_no_consent_is_none() {
        let good = r#"{"v":1,"gateway":"https://uc.test","person":"ada","device":"laptop",
            "token_file":"/t","ca":null,"names":false,"given":"1970-01-01T00:00:00.000000Z"}"#;
        assert!(Consent::from_json(good).is_ok());
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("https://", "http://"),
            ("\"ada\"", "\"../ada\""),
            ("\"names\":false", "\"names\":\"no\""),
            ("\"device\":\"laptop\",", ""),
            ("1970-", "x"),
            ("{", ""),
        ] {
            assert!(Consent::from_json(&good.replacen(from, to, 1)).is_err(), "{from} to {to}");
        }
        for nothing in ["", "null", "[]", "{}"] {
            assert!(Consent::from_json(nothing).is_err());
        }
    }
}
