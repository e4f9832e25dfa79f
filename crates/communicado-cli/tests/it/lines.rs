//! JSON lines, compared with their schema and documentation.

use serde_json::Value;

use crate::program::communicado;
use crate::schema::refusal;

const SCHEMA: &str = include_str!("../../../../docs/client.schema.json");
const REFERENCE: &str = include_str!("../../../../docs/cli.md");
const JOURNAL: &[u8] = include_bytes!("../../../../fuzz/corpus/journal/two-sources-disagree");

#[test]
fn lines_match_their_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let program = communicado(&["replay", "--json", "journal"]).with_file("journal", JOURNAL);
    let lines = program.expect_stdout(0, "");
    assert!(lines.lines().count() > 1, "{lines}");
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(refusal(&schema, &line), None, "{line}");
    }
}

#[test]
fn the_schema_has_every_word() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let words = |key: &str| {
        let words = schema.pointer(&format!("/properties/{key}/enum")).and_then(Value::as_array);
        let words = words.expect(key).iter().filter_map(Value::as_str).collect::<Vec<_>>();
        words.join(", ")
    };
    let help = communicado(&["is", "--help"]).expect_stdout(0, "");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let activities = words("activity").replace(", other", "");
    let (status, availability) = (words("status"), words("availability"));
    let conditions = format!("not, running, {status}, {availability}, {activities}");
    assert!(help.contains(&format!("[possible values: {conditions}]")), "{help}");
    let help = communicado(&["provide", "set", "--help"]).expect_stdout(0, "");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains(&format!("[possible values: {activities}]")), "{help}");
    assert_eq!(words("before"), words("status"));
}

#[test]
fn the_reference_has_a_row_for_every_key_and_condition() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let properties = schema.get("properties").and_then(Value::as_object).expect("properties");
    for (key, property) in properties {
        let description = property.get("description").and_then(Value::as_str).expect(key);
        let row = format!("| `{key}` | {description} |\n");
        assert!(REFERENCE.contains(&row), "docs/cli.md lacks the row {row}");
    }
    let table = REFERENCE.split_once("| condition |").expect("the table of conditions").1;
    let rows = table.split("\n\n").next().expect("the table of conditions").lines().skip(2);
    let documented = rows.filter_map(|row| row.split('`').nth(1)).collect::<Vec<_>>().join(", ");
    let help = communicado(&["is", "--help"]).expect_stdout(0, "");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains(&format!("[possible values: not, {documented}]")),
        "{documented}\n{help}"
    );
}
