//! The commands that control a running provider.

use communicado_cli_support::{Failure, Outcome, note, print, print_message};
use communicado_provider::{Presence, ProviderCommand};

use super::frontend::{ProviderClient, ProviderClientError};
use super::{ProvideCommand, SetPresenceArgs};
use crate::runtime::{block_on, now};

impl ProvideCommand {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let command = match self {
            Self::Status { json } => return block_on(status(json)),
            Self::SignIn => ProviderCommand::SIGN_IN,
            Self::SignOut => ProviderCommand::SIGN_OUT,
            Self::Set(set) => set.command()?,
            Self::Quit => ProviderCommand::Quit,
        };
        block_on(async {
            let client = ProviderClient::open().await?.ok_or_else(not_running)?;
            match client.execute(&command).await {
                Ok(()) => Ok(Outcome::Yes),
                Err(ProviderClientError::AlreadyDone(text)) => {
                    note(&format!("nothing to do: {text}"));
                    Ok(Outcome::Yes)
                }
                Err(ProviderClientError::Failed(failure)) => Err(failure),
            }
        })
    }
}

impl SetPresenceArgs {
    fn command(self) -> Result<ProviderCommand, Failure> {
        let presence = Presence::new(self.availability, self.activity);
        let presence = match &self.note {
            None => presence,
            Some(note) => presence
                .with_note(note)
                .map_err(|error| Failure::usage("the note is invalid").cause(error))?,
        };
        Ok(ProviderCommand::Set { presence, lasts: self.lasts })
    }
}

async fn status(json: bool) -> Result<Outcome, Failure> {
    let Some(client) = ProviderClient::open().await? else {
        print_message(&not_running().to_string());
        return Ok(Outcome::No);
    };
    let report = client.report().await?;
    print(&if json { report.to_json(now(), 0) } else { report.to_text() })?;
    Ok(Outcome::Yes)
}

fn not_running() -> Failure {
    Failure::new(Outcome::Failed, "no provider is running in this session")
        .help("start one: communicado provide")
}
