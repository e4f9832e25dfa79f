//! The command `people`.

use clap::{Args, Subcommand};
use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::gateway::{self as wire, Alter, NewPerson};

use super::client::{ask, misread};
use crate::options::DataFolder;

/// Add, list, change and remove people, whether or not the gateway runs.
#[derive(Debug, Args)]
pub(crate) struct PeopleCommand {
    #[command(flatten)]
    data: DataFolder,
    #[command(subcommand)]
    action: PeopleAction,
}

#[derive(Debug, Subcommand)]
enum PeopleAction {
    /// Add a person.
    Add {
        /// Id: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
        id: String,
        /// Name. Default: the id.
        #[arg(long)]
        name: Option<String>,
        /// Group that the person belongs to. Repeat for several groups.
        #[arg(long, value_name = "ID")]
        group: Vec<String>,
    },
    /// List all people.
    List,
    /// Change a person's name, groups or badge.
    Set {
        /// Id of the person.
        id: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// New list of groups, which replaces the old list. Repeat for several groups.
        #[arg(long, value_name = "ID")]
        group: Option<Vec<String>>,
        /// Enable or disable the public badge.
        #[arg(long)]
        badge: Option<bool>,
    },
    /// Remove a person, with all stored data and tokens of the person.
    Remove {
        /// Id of the person.
        id: String,
    },
}

impl PeopleCommand {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let data = &self.data;
        match self.action {
            PeopleAction::Add { id, name, group } => {
                let groups = group.into_iter().map(Into::into).collect();
                let new = NewPerson { id: id.into(), name: name.map(Into::into), groups };
                ask(data, "POST", "/v1/people", &new.to_json()).map(|_| Outcome::Yes)
            }
            PeopleAction::List => {
                let mut after = String::new();
                loop {
                    let response = ask(data, "GET", &format!("/v1/people?limit=1000{after}"), "")?;
                    let page: wire::People = serde_json::from_str(&response).map_err(misread)?;
                    print(&page.people.iter().map(line).collect::<String>())?;
                    let Some(next) = page.next else { return Ok(Outcome::Yes) };
                    after = format!("&after={next}");
                }
            }
            PeopleAction::Set { id, name, group, badge } => {
                let groups = group.map(|groups| groups.into_iter().map(Into::into).collect());
                let alter = Alter { name: name.map(Into::into), groups, badge };
                let response = ask(data, "PATCH", &format!("/v1/people/{id}"), &alter.to_json())?;
                let person: wire::OwnPerson = serde_json::from_str(&response).map_err(misread)?;
                let badge = person.badge.map(|badge| format!("badge /badge/{badge}.svg\n"));
                print(&badge.unwrap_or_default()).map(|()| Outcome::Yes)
            }
            PeopleAction::Remove { id } => {
                ask(data, "DELETE", &format!("/v1/people/{id}"), "").map(|_| Outcome::Yes)
            }
        }
    }
}

fn line(person: &wire::Person) -> String {
    let status = person.presence.as_ref().map_or("", |presence| presence.status.word());
    let (id, name, groups) = (&person.id, &person.name, person.groups.join(","));
    format!("{id}  {status}  {name}  {groups}\n")
}
