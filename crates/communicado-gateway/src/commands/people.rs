//! The command `people`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::gateway::{self as wire, Alter, NewPerson};

use super::client::{Client, part, texts};
use super::people_export::export;
use super::people_import::import;
use crate::options::DataFolder;
use crate::serve::misread;

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
        /// Name of the person at the issuer, for example `ada@example.org`. Repeat for several
        /// names.
        #[arg(long, value_name = "NAME")]
        sign_in: Vec<String>,
    },
    /// Add and change the people of a file.
    ///
    /// The file is CSV with a first line of column names, or a JSON array of objects. The names are
    /// `id`, `name`, `groups` and `sign_in`. Several groups or names at the issuer in one cell have
    /// `;` between them. People with a known id get the values of the file; what the file lacks
    /// stays. The command removes nobody.
    Import {
        /// File to read. `-` is standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Write the people to a new file that `import` reads.
    ///
    /// The file is a JSON array of objects with `id`, `name`, `groups` and `sign_in`. It has no
    /// status and no tokens; `communicado-gateway backup` copies everything.
    Export {
        /// New file, which must not exist yet. `-` is standard output.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List all people.
    List,
    /// Change a person's name, groups, sign-in names or badge.
    Set {
        /// Id of the person.
        id: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        /// New list of groups, which replaces the old list. Repeat for several groups.
        #[arg(long, value_name = "ID")]
        group: Option<Vec<String>>,
        /// New list of names at the issuer, which replaces the old list. Repeat for several names.
        #[arg(long, value_name = "NAME")]
        sign_in: Option<Vec<String>>,
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
        // As the owner of the store, root could not write the file of an export.
        let client = || Client::open(&self.data);
        match self.action {
            PeopleAction::Add { id, name, group, sign_in } => {
                let new = NewPerson {
                    id: id.into(),
                    name: name.map(Into::into),
                    groups: texts(group),
                    sign_in: texts(sign_in),
                };
                client()?.ask("POST", "/v1/people", &new.to_json()).map(|_| Outcome::Yes)
            }
            PeopleAction::Import { file } => import(&client()?, &file),
            PeopleAction::Export { file } => export(&self.data, &file),
            PeopleAction::List => client()?
                .each_page(|page| print(&page.people.iter().map(line).collect::<String>()))
                .map(|()| Outcome::Yes),
            PeopleAction::Set { id, name, group, sign_in, badge } => {
                let (groups, sign_in) = (group.map(texts), sign_in.map(texts));
                let alter = Alter { name: name.map(Into::into), groups, sign_in, badge };
                let response = client()?.ask(
                    "PATCH",
                    &format!("/v1/people/{}", part(&id)),
                    &alter.to_json(),
                )?;
                let person: wire::OwnPerson = serde_json::from_str(&response).map_err(misread)?;
                let badge = person.badge.map(|badge| format!("badge /badge/{badge}.svg\n"));
                print(&badge.unwrap_or_default()).map(|()| Outcome::Yes)
            }
            PeopleAction::Remove { id } => client()?
                .ask("DELETE", &format!("/v1/people/{}", part(&id)), "")
                .map(|_| Outcome::Yes),
        }
    }
}

fn line(person: &wire::Person) -> String {
    let status = person.presence.as_ref().map_or("", |presence| presence.status.word());
    let (id, name, groups) = (&person.id, &person.name, person.groups.join(","));
    format!("{id}  {status}  {name}  {groups}\n")
}
