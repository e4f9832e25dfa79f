//! `people export`: writes the people to a file that `people import` reads.

use std::path::Path;

use communicado_cli_support::{Failure, Outcome, note, print};
use communicado_wire::gateway::{NewPerson, stored};

use super::backup::of_bucket;
use super::location::locate;
use crate::bucket_file;
use crate::cluster;
use crate::options::DataFolder;
use crate::private;
use crate::store::{read_checked, store_file};

/// Writes the id, name, groups and sign-in names of all people. The status and the tokens stay out.
///
/// # Errors
///
/// If the store or the bucket cannot be read, or the file exists or cannot be written.
pub(super) fn export(data: &DataFolder, file: &Path) -> Result<Outcome, Failure> {
    let folder = locate(data)?.folder()?;
    let state = match bucket_file::read(&folder)? {
        Some(bucket) => {
            note(&format!("using {bucket}"));
            cluster::export(&bucket).map_err(of_bucket)?
        }
        None => {
            note(&format!("using the store {}", store_file(&folder).display()));
            read_checked(&folder)?
        }
    };
    let people: Vec<String> = state.people.iter().map(entry).collect();
    let text = format!("[\n{}\n]\n", people.join(",\n"));
    if file == Path::new("-") {
        return print(&text).map(|()| Outcome::Yes);
    }
    private::write_new(file, text.as_bytes()).map_err(|error| {
        let what = format!("cannot write {}", file.display());
        Failure::new(Outcome::Failed, what).cause(error).help("name a new file, or `-`")
    })?;
    print(&format!("exported {}\n", people.len())).map(|()| Outcome::Yes)
}

/// The object of a person, on one line.
fn entry(person: &stored::Person) -> String {
    let person = NewPerson {
        id: person.id.clone(),
        name: Some(person.name.clone()),
        groups: person.groups.clone(),
        sign_in: person.sign_in.clone(),
    };
    person.to_json()
}
