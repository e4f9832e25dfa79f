//! The schema of the configuration.

use serde_json::Value;

use crate::program::communicado;
use crate::snapshot;

#[test]
fn the_documented_schema_is_current() {
    snapshot::matches("../../docs/config.schema.json", &schema());
}

#[test]
fn the_schema_and_the_program_accept_the_same_configurations() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let check = |file: &str, good: bool| {
        let mut program =
            communicado(&["config", "--config", "my.toml"]).with_file("my.toml", file);
        let result = program.run();
        assert_eq!(result.code, Some(if good { 0 } else { 2 }), "{file}: {}", result.err);
        let table: toml::Table = file.parse().expect(file);
        let value = serde_json::to_value(table).expect(file);
        let refused = refusal(&schema, &value);
        assert_eq!(refused.is_none(), good, "{file}: {refused:?}");
    };
    check("", true);
    check(&communicado(&["config"]).expect_stdout(0, ""), true);
    check("clients = [\"finch\"]", true);
    check("clients = \"finch\"", false);
    check("clients = [1]", false);
    check("color = \"never\"", true);
    check("color = \"pink\"", false);
    check("color = true", false);
    check("colour = \"never\"", false);
    check("patience = \"2s\"", true);
    check("patience = 2", false);
    check("[agent]\nhours = \"Mon-Fri 08:00-18:00\"\nlease = \"30s\"", true);
    check("[agent]\nhours = 8", false);
    check("[agent]\nlease = 30", false);
    check("[agent]\nleas = \"30s\"", false);
    check("agent = \"on\"", false);
    check("sources = 1", false);
    check("[sources]\npurple = 1", false);
    check("[sources.purple]\nenabled = false", true);
    check("[sources.purple]\nenabled = \"false\"", false);
    check("[sources.purple]\ncheck = \"1s\"\ntrace = \"x\"", true);
    check("[sources.purple]\ncheck = 1", false);
    check("[sources.purple]\nchek = \"1s\"", false);
    check("[sources.pidgin]\ncheck = \"1s\"", false);
    check("[sources.lines]\nrun = [\"x\"]", true);
    check("[sources.lines]\nenabled = false", false);
    check("[sources.x]\nkind = \"lines\"\nrun = [\"x\", \"y\"]", true);
    check("[sources.x]\nrun = [\"x\"]", false);
    check("[sources.x]\nkind = \"lines\"\nrun = [1]", false);
    check("[sources.purple]\nkind = \"lines\"\nrun = [\"x\"]", false);
}

#[test]
fn the_documented_configurations_are_valid() {
    let documents = [
        include_str!("../../../../docs/configuration.md"),
        include_str!("../../../../docs/agent.md"),
        include_str!("../../../../docs/sources.md"),
    ];
    for document in documents {
        let block = document.split_once("```toml\n").expect("a configuration").1;
        let block = block.split_once("```").expect("its end").0;
        let program = communicado(&["config", "--config", "my.toml"]);
        program.with_file("my.toml", block).expect_stdout(0, "");
    }
}

fn schema() -> String {
    communicado(&["config", "--schema"]).expect_stdout(0, "")
}

/// Why `value` is not as `schema` has it, after the part of JSON Schema 2020-12 that is used.
pub(crate) fn refusal(schema: &Value, value: &Value) -> Option<String> {
    for (keyword, wants) in schema.as_object().expect("a schema is an object") {
        let refused = match &**keyword {
            "$schema" | "title" | "description" | "default" | "examples" | "format" => None,
            "required" => {
                let mut required = wants.as_array().expect("required is a list").iter();
                let missing =
                    required.find(|key| key.as_str().is_none_or(|key| value.get(key).is_none()));
                missing.map(|key| format!("{value} has no {key}"))
            }
            "type" => {
                let is = match value {
                    Value::Object(_) => "object",
                    Value::Array(_) => "array",
                    Value::String(_) => "string",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "number",
                    Value::Null => "null",
                };
                let is_wanted =
                    |wants: &Value| wants == is || (wants == "integer" && value.is_u64());
                let allowed = wants
                    .as_array()
                    .map_or_else(|| is_wanted(wants), |wants| wants.iter().any(is_wanted));
                (!allowed).then(|| format!("{value} is no {wants}"))
            }
            "enum" => {
                let allowed = wants.as_array().expect("enum is a list");
                (!allowed.contains(value)).then(|| format!("{value} is none of {wants}"))
            }
            "items" => value.as_array().into_iter().flatten().find_map(|item| refusal(wants, item)),
            "properties" => value
                .as_object()
                .into_iter()
                .flatten()
                .find_map(|(name, value)| refusal(wants.get(name)?, value)),
            "additionalProperties" => {
                let known = schema.get("properties").expect("the properties that there are");
                let mut others = value.as_object().into_iter().flatten();
                others.find_map(|(name, value)| match known.get(name) {
                    Some(_) => None,
                    None if wants == false => Some(name.clone()),
                    None => refusal(wants, value),
                })
            }
            "const" => (wants != value).then(|| format!("{value} is not {wants}")),
            "anyOf" => {
                let wants = wants.as_array().expect("anyOf is a list");
                let refused: Option<Vec<_>> =
                    wants.iter().map(|wants| refusal(wants, value)).collect();
                refused.map(|refused| refused.join("; "))
            }
            other => panic!("`{other}` is not known to this test"),
        };
        if refused.is_some() {
            return refused;
        }
    }
    None
}
