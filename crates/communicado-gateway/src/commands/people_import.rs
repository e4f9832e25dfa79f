//! `people import`: adds and changes the people of a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use communicado_cli_support::{Failure, Outcome, print};
use communicado_wire::gateway::{Alter, NewPerson};

use super::client::{Client, part, texts};
use super::people_file::{ListedPerson, parse};

/// The maximum size of a file in bytes.
const FILE_BYTES: u64 = 64 << 20;

/// Adds the people that the gateway does not have, and changes the others.
///
/// # Errors
///
/// If the file is malformed: then no person is changed. If the gateway refuses a person: then the
/// people before that one are imported.
pub(super) fn import(client: &Client, file: &Path) -> Result<Outcome, Failure> {
    let people = listed(file)?;
    let mut known = BTreeSet::new();
    client.each_page(|page| {
        known.extend(page.people.iter().map(|person| person.id.clone()));
        Ok(())
    })?;
    let (mut added, mut changed) = (0_usize, 0_usize);
    for person in people {
        let id = person.id.clone();
        let is_known = known.contains(&*id);
        let sent = if is_known { change(client, person) } else { add(client, person) };
        sent.map_err(|failure| {
            let (cause, help) = failure.into_parts();
            let before = match added + changed {
                0 => "no person was imported".to_owned(),
                1 => "the person before was imported".to_owned(),
                count => format!("the {count} people before were imported"),
            };
            let what = format!("cannot import the person `{id}`, and {before}");
            let again = "correct the person, and import the same file again";
            let help = help.map_or_else(|| again.to_owned(), |help| format!("{help}; {again}"));
            Failure::new(Outcome::Failed, what).cause(cause).help(help)
        })?;
        if is_known { changed += 1 } else { added += 1 }
    }
    print(&format!("added {added}\nchanged {changed}\n")).map(|()| Outcome::Yes)
}

fn listed(file: &Path) -> Result<Vec<ListedPerson>, Failure> {
    let unreadable = |error: io::Error| {
        let what = format!("cannot read {}", file.display());
        Failure::usage(what).cause(error).help("give a CSV or JSON file, or `-` for standard input")
    };
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(FILE_BYTES + 1).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(unreadable(io::Error::other("it has more than 64 MiB")));
    }
    parse(&bytes).map_err(|error| {
        let what = format!("cannot import {}, and no person was changed", file.display());
        Failure::usage(what).cause(error.cause).help(error.help)
    })
}

fn add(client: &Client, person: ListedPerson) -> Result<(), Failure> {
    let new = NewPerson {
        id: person.id.into(),
        name: person.name.map(Into::into),
        groups: texts(person.groups.unwrap_or_default()),
        sign_in: texts(person.sign_in.unwrap_or_default()),
    };
    client.ask("POST", "/v1/people", &new.to_json()).map(drop)
}

fn change(client: &Client, person: ListedPerson) -> Result<(), Failure> {
    let alter = Alter {
        name: person.name.map(Into::into),
        groups: person.groups.map(texts),
        sign_in: person.sign_in.map(texts),
        badge: None,
    };
    client.ask("PATCH", &format!("/v1/people/{}", part(&person.id)), &alter.to_json()).map(drop)
}
