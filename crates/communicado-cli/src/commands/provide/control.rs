//! The words that speak to the provider that runs.

use communicado_cli_support::{Failure, Outcome, note, print, print_message};
use communicado_provider::{Presence, ProviderCommand};

use super::frontend::{ControlClient, ControlError};
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
            let client = ControlClient::open().await?.ok_or_else(not_running)?;
            match client.execute(&command).await {
                Ok(()) => Ok(Outcome::Yes),
                Err(ControlError::Already(text)) => {
                    note(&format!("nothing to do: {text}"));
                    Ok(Outcome::Yes)
                }
                Err(ControlError::Failed(failure)) => Err(failure),
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
                .map_err(|error| Failure::usage("the note cannot be shown").cause(error))?,
        };
        Ok(ProviderCommand::Set { presence, lasts: self.lasts })
    }
}

async fn status(json: bool) -> Result<Outcome, Failure> {
    let Some(client) = ControlClient::open().await? else {
        print_message(&not_running().to_string());
        return Ok(Outcome::No);
    };
    let report = client.report().await?;
    print(&if json { report.to_json(now(), 0) } else { report.to_text() })?;
    Ok(Outcome::Yes)
}

fn not_running() -> Failure {
    Failure::new(Outcome::Failed, "no provider runs in this session")
        .help("start one: communicado provide")
}
