//! The consent of the user: what to publish, for which person and device, to which gateway.

use std::path::{Path, PathBuf};

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome};
use communicado_sinks::gateway::{Access, AccessToken, Address, Id};
use communicado_sinks::publish::Detail;
use serde_json::{Value, json};

/// The version of the file format.
const VERSION: u64 = 1;
/// The maximum size of a token or certificate file.
const FILE_MAX: u64 = 1024 * 1024;

/// A consent to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Consent {
    pub(super) gateway: Address,
    pub(super) person: Id,
    pub(super) device: Id,
    /// The file with the token. The token is not copied, so the user can revoke it in one place.
    pub(super) token_file: PathBuf,
    /// The file with the only CA that may verify the gateway.
    pub(super) ca: Option<PathBuf>,
    pub(super) detail: Detail,
    pub(super) given: Timestamp,
}

impl Consent {
    /// The access data for the gateway. Reads the token file on each call.
    pub(super) fn access(&self) -> Result<Access, Failure> {
        Ok(Access {
            address: self.gateway.clone(),
            person: self.person.clone(),
            device: self.device.clone(),
            token: token(&self.token_file)?,
            authorities: self.ca.as_deref().map(ca_certificates).transpose()?,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "v": VERSION,
            "gateway": self.gateway.to_string(),
            "person": self.person.as_str(),
            "device": self.device.as_str(),
            "token_file": self.token_file,
            "ca": self.ca,
            "names": self.detail == Detail::Names,
            "given": self.given.to_string(),
        })
    }

    /// Parses a stored consent.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if json.get("v") != Some(&json!(VERSION)) {
            return Err("its version is unknown".to_owned());
        }
        let text = |key: &str| {
            let text = json.get(key).and_then(Value::as_str);
            text.ok_or_else(|| format!("`{key}` is missing or not a string"))
        };
        let id = |key| Id::new(text(key)?).map_err(|why| format!("`{key}`: {why}"));
        let names = json
            .get("names")
            .and_then(Value::as_bool)
            .ok_or("`names` is missing or not a boolean")?;
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

/// Reads a token from a file that only its owner may read.
pub(super) fn token(file: &Path) -> Result<AccessToken, Failure> {
    let text = read(file, "token")?;
    AccessToken::new(&text).map_err(|error| {
        let message = format!("cannot use the token file `{}`", file.display());
        Failure::new(Outcome::Failed, message).cause(error.cause).help(error.help)
    })
}

fn ca_certificates(file: &Path) -> Result<Vec<u8>, Failure> {
    read(file, "CA").map(String::into_bytes)
}

fn read(file: &Path, kind: &str) -> Result<String, Failure> {
    let failed = |cause: &dyn ToString, help: &str| {
        let message = format!("cannot read the {kind} file `{}`", file.display());
        Failure::new(Outcome::Failed, message).cause(cause.to_string()).help(help)
    };
    let choose_file = "name a file that you may read: communicado agent allow --help";
    let meta = std::fs::metadata(file).map_err(|error| failed(&error, choose_file))?;
    if !meta.is_file() || meta.len() > FILE_MAX {
        return Err(failed(&"it is not a regular file of at most 1 MiB", choose_file));
    }
    if kind == "token" && is_open_to_others(&meta) {
        let help = format!("run: chmod 600 {}", file.display());
        return Err(failed(&"other users may read it", &help));
    }
    std::fs::read_to_string(file).map_err(|error| failed(&error, choose_file))
}

#[cfg(unix)]
fn is_open_to_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o077 != 0
}

/// Always false: on Windows, the permissions of the folder protect the file.
#[cfg(not(unix))]
const fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_round_trips_through_json() {
        let consent = Consent {
            gateway: Address::parse("https://uc.test/in").unwrap(),
            person: Id::new("ada").unwrap(),
            device: Id::new("laptop").unwrap(),
            token_file: "/home/ada/token".into(),
            ca: None,
            detail: Detail::Statuses,
            given: Timestamp::EPOCH,
        };
        assert_eq!(Consent::from_json(&consent.to_json().to_string()), Ok(consent.clone()));
        let other = Consent { ca: Some("/ca.pem".into()), detail: Detail::Names, ..consent };
        assert_eq!(Consent::from_json(&other.to_json().to_string()), Ok(other));
    }

    #[test]
    fn an_invalid_consent_is_refused() {
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
