//! Files of people for `people import`: CSV or a JSON array; a pure module.
//!
//! A column or key that the file lacks is absent in every person.

use std::collections::BTreeMap;

use communicado_wire::gateway::is_id;
use serde::Deserialize;

/// The columns of a CSV file.
const COLUMNS: [&str; 4] = ["id", "name", "groups", "sign_in"];

/// A person of a file. A part that the file does not state is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListedPerson {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) groups: Option<Vec<String>>,
    #[serde(default)]
    pub(super) sign_in: Option<Vec<String>>,
}

/// Why a file cannot be imported, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PeopleFileError {
    pub(super) cause: String,
    pub(super) help: String,
}

impl PeopleFileError {
    fn new(cause: impl Into<String>, help: impl Into<String>) -> Self {
        Self { cause: cause.into(), help: help.into() }
    }
}

/// Reads the people of a file. A file that begins with `[` is JSON.
///
/// # Errors
///
/// If a part of the file is malformed, an id is not valid, or two people have one id.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<ListedPerson>, PeopleFileError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        PeopleFileError::new(format!("the text is not UTF-8: {error}"), "save the file as UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let people: Vec<(String, ListedPerson)> = if text.trim_start().starts_with('[') {
        let people: Vec<ListedPerson> = serde_json::from_str(text).map_err(|error| {
            let help =
                r#"write an array of objects such as {"id":"ada","sign_in":["ada@example.org"]}"#;
            PeopleFileError::new(error.to_string(), help)
        })?;
        let place = |index: usize| format!("person {} of the array", index + 1);
        people.into_iter().enumerate().map(|(index, it)| (place(index), it)).collect()
    } else {
        from_csv(text)?
    };
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for (place, person) in &people {
        if !is_id(&person.id) {
            let cause = format!("{place}: `{}` is not a valid id", person.id);
            let help = "an id has 1 to 64 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter \
                        or digit";
            return Err(PeopleFileError::new(cause, help));
        }
        if let Some(first) = places.insert(&person.id, place) {
            let cause = format!("{first} and {place} have the id `{}`", person.id);
            return Err(PeopleFileError::new(cause, "remove one of them"));
        }
    }
    Ok(people.into_iter().map(|(_, person)| person).collect())
}

/// The people of a CSV file, each with its line.
fn from_csv(text: &str) -> Result<Vec<(String, ListedPerson)>, PeopleFileError> {
    let heading = text.lines().next().unwrap_or_default();
    // Spreadsheets write semicolons where the comma is the decimal separator.
    let delimiter = if heading.contains(';') && !heading.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let malformed = |error: csv::Error| {
        PeopleFileError::new(error.to_string(), "give every line the columns of the first line")
    };
    let columns = reader.headers().map_err(malformed)?.clone();
    let names = COLUMNS.map(|name| format!("`{name}`")).join(", ");
    let help = format!("write the names of the columns in the first line: {names}");
    for (index, column) in columns.iter().enumerate() {
        let cause = if !COLUMNS.contains(&column) {
            format!("the first line has the unknown column `{column}`")
        } else if columns.iter().take(index).any(|before| before == column) {
            format!("the first line has the column `{column}` twice")
        } else {
            continue;
        };
        return Err(PeopleFileError::new(cause, help));
    }
    if !columns.iter().any(|column| column == "id") {
        return Err(PeopleFileError::new("the first line has no column `id`", help));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(malformed)?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell =
                |name| columns.iter().position(|it| it == name).and_then(|at| record.get(at));
            let list = |name| cell(name).map(|cell| split(cell).map(ToOwned::to_owned).collect());
            let person = ListedPerson {
                id: cell("id").unwrap_or_default().to_owned(),
                name: cell("name").filter(|name| !name.is_empty()).map(ToOwned::to_owned),
                groups: list("groups"),
                sign_in: list("sign_in"),
            };
            Ok((format!("line {line}"), person))
        })
        .collect()
}

/// The values of a cell that has several.
fn split(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, name: Option<&str>, groups: Option<&[&str]>) -> ListedPerson {
        let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect();
        ListedPerson {
            id: id.to_owned(),
            name: name.map(ToOwned::to_owned),
            groups: groups.map(owned),
            sign_in: None,
        }
    }

    fn cause(text: &str) -> String {
        parse(text.as_bytes()).expect_err(text).cause
    }

    #[test]
    fn a_spreadsheet_and_json_give_the_same_people() {
        let expected = vec![
            person("ada", Some("Lovelace, \"Ada\""), Some(&["london", "math"])),
            person("bob", None, Some(&[])),
        ];
        for text in [
            "id,name,groups\r\nada,\"Lovelace, \"\"Ada\"\"\",london; math\r\n bob ,,\r\n",
            "\u{feff}id;name;groups\nada;\"Lovelace, \"\"Ada\"\"\";\"london;math\"\nbob;;\n",
            r#" [{"id":"ada","name":"Lovelace, \"Ada\"","groups":["london","math"]},
                {"id":"bob","groups":[]}]"#,
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(expected.clone()), "{text}");
        }
        assert_eq!(parse(b"id\nada\n"), Ok(vec![person("ada", None, None)]));
    }

    #[test]
    fn an_error_names_the_place_in_the_file() {
        for (text, expected) in [
            ("", "no column `id`"),
            ("name\nAda\n", "no column `id`"),
            ("id,mail\nada,x\n", "unknown column `mail`"),
            ("id,id\nada,x\n", "column `id` twice"),
            ("id,name\nada\n", "line: 2"),
            ("id\nada\nAda Lovelace\n", "line 3: `Ada Lovelace`"),
            ("id\nada\nbob\nada\n", "line 2 and line 4 have the id `ada`"),
            (r#"[{"id":"ada"},{"id":""}]"#, "person 2 of the array"),
            (r#"[{"id":"ada","mail":"x"}]"#, "unknown field `mail`"),
            (r#"[{"id":"ada"}"#, "line 1 column"),
        ] {
            assert!(cause(text).contains(expected), "{text}: {}", cause(text));
        }
        assert!(parse(b"id\n\xe4da\n").expect_err("bytes").cause.contains("not UTF-8"));
    }
}
