//! The client of the commands. It sends requests to a running gateway, or else runs them on the
//! store or the bucket.

use std::path::PathBuf;
use std::sync::Arc;

use communicado_cli_support::{Failure, Outcome, note};
use communicado_wire::gateway::{People, Problem};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::location::{Location, locate};
use crate::bucket_file;
use crate::config::ClusterConfig;
use crate::options::DataFolder;
use crate::private::act_as_owner;
use crate::serve::{ask, ask_folder, ask_offline, misread};
use crate::store::store_file;

/// Characters that separate the parts of a path.
const SEPARATORS: &AsciiSet = &CONTROLS.add(b' ').add(b'/').add(b'?').add(b'#').add(b'%');

/// A command's way to the people and tokens.
pub(super) enum Client {
    Running { socket: PathBuf },
    Stopped { folder: PathBuf, bucket: Option<ClusterConfig> },
}

impl Client {
    /// Finds the gateway or the store, and prints which one the command uses.
    ///
    /// # Errors
    ///
    /// If there is none or more than one, or this user may not use it.
    pub(super) fn open(data: &DataFolder) -> Result<Self, Failure> {
        match locate(data)? {
            Location::Running { socket } => {
                let folder = ask_folder(&socket)?;
                note(&format!("using the running gateway of {}", folder.display()));
                Ok(Self::Running { socket })
            }
            Location::Stopped { folder } => {
                act_as_owner(&folder).map_err(crate::store::StoreError::from)?;
                let bucket = bucket_file::read(&folder)?;
                match &bucket {
                    Some(bucket) => note(&format!("no gateway runs here; using {bucket}")),
                    None => {
                        let file = store_file(&folder);
                        note(&format!("no gateway runs; using the store {}", file.display()));
                    }
                }
                Ok(Self::Stopped { folder, bucket })
            }
        }
    }

    /// Sends a request and returns the text of the response.
    ///
    /// # Errors
    ///
    /// If the gateway refuses the request, or does not respond.
    pub(super) fn ask(&self, method: &str, target: &str, body: &str) -> Result<String, Failure> {
        let response = match self {
            Self::Running { socket } => ask(socket, method, target, body)?,
            Self::Stopped { folder, bucket } => {
                ask_offline(folder, bucket.clone(), method, target, body)?
            }
        };
        match response {
            (200..=299, text) => Ok(text),
            (_, text) => {
                let problem: Problem = serde_json::from_str(&text).map_err(misread)?;
                Err(Failure::new(Outcome::Failed, &*problem.detail).help(&*problem.help))
            }
        }
    }

    /// Calls `on_page` with each page of people.
    ///
    /// # Errors
    ///
    /// If the gateway refuses a page, or `on_page` fails.
    pub(super) fn each_page(
        &self,
        mut on_page: impl FnMut(&People) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut after = String::new();
        loop {
            let response = self.ask("GET", &format!("/v1/people?limit=1000{after}"), "")?;
            let page: People = serde_json::from_str(&response).map_err(misread)?;
            on_page(&page)?;
            let Some(next) = page.next else { return Ok(()) };
            after = format!("&after={next}");
        }
    }
}

/// Texts of a command as the parts of a request.
pub(super) fn texts(texts: Vec<String>) -> Vec<Arc<str>> {
    texts.into_iter().map(Into::into).collect()
}

/// A text of the command line as a part of a target.
pub(super) fn part(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, SEPARATORS)
}
