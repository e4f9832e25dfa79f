//! The form for a template of the user, with the `{{ }}` and the helpers of playerctl.

use std::fmt;
use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Account, Client, Status, Timestamp, printable};
use minijinja::functions::Function;
use minijinja::value::{
    Enumerator, FunctionArgs, FunctionResult, Object, ObjectRepr, Value, ValueKind,
};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, context};

use crate::{Form, Line, LineScope};

const NAME: &str = "template";

/// The text of a template is escaped but not truncated.
const NO_LIMIT: usize = usize::MAX;

/// The keys of a template, each with its meaning.
pub const KEYS: &[(&str, &str)] = &[
    ("client", "the client's name"),
    ("status", "the status, such as signed-in"),
    ("availability", "the user's availability, while signed in"),
    ("activity", "the user's activity, while signed in"),
    ("raw", "the client's own word for the presence"),
    ("note", "the user's note for others, while signed in"),
    ("reason", "the reason of a signed-out or unknown status"),
    ("since", "when this status, presence and reason began; empty if unknown"),
    ("saved", "the status that the user selected, in the client's own word"),
    ("source", "the source that reported this"),
    (
        "accounts",
        "the accounts, each with account, protocol, name, and the keys from status to since",
    ),
    ("at", "when the last change happened"),
    ("revision", "the number of that change"),
    ("before", "the status before the change; empty at first and in `status`"),
    ("running", "true, false, or empty if unknown"),
    ("now", "the current time"),
];

/// The helpers of a template, each with its result.
pub const HELPERS: &[(&str, &str)] = &[
    ("lc(text)", "the text in lower case"),
    ("uc(text)", "the text in upper case"),
    ("default(text, other)", "the text, or `other` if the text is empty"),
    ("trunc(text, length)", "the text, cut to this many characters, with an ellipsis"),
    ("markup_escape(text)", "the text, escaped for Pango markup"),
    ("duration(time)", "the time since then, such as 4:07 or 1:02:33; empty if unknown"),
    ("emoji(word)", "a symbol for a status or an availability"),
    ("json(value)", "the value as JSON: text in quotes, a list of accounts, or null"),
];

/// A form with a template for each line.
pub struct Template {
    environment: Environment<'static>,
}

/// The error for an invalid template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The cause, and the position.
    pub cause: String,
    /// The valid keys and helpers.
    pub help: String,
}

impl Template {
    /// Parses a template and renders samples, so that a wrong key is an error before the start.
    ///
    /// # Errors
    ///
    /// If the template is invalid, or uses an unknown key or helper.
    pub fn new(source: &str) -> Result<Self, TemplateError> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(write_value);
        add_helpers(&mut environment);
        let added = environment.add_template_owned(NAME, source.to_owned());
        added.map_err(|error| TemplateError::of(&error, source))?;
        let mut template = Self { environment };
        for sample in SAMPLES {
            let client = Client::from_json(sample)
                .map_err(|error| TemplateError { cause: error.to_string(), help: String::new() })?;
            let rendered = template.render(&client, Timestamp::EPOCH);
            rendered.map_err(|error| TemplateError::of(&error, source))?;
        }
        Ok(template)
    }

    /// The text for a client.
    pub(crate) fn text(
        &mut self,
        client: &Client,
        now: Timestamp,
    ) -> Result<String, TemplateError> {
        let rendered = self.render(client, now);
        rendered.map_err(|error| {
            let source = self.environment.get_template(NAME);
            TemplateError::of(&error, source.as_ref().map_or("", |template| template.source()))
        })
    }

    fn render(&mut self, client: &Client, now: Timestamp) -> Result<String, minijinja::Error> {
        let keys = Value::from_serialize(client);
        let running = client.runs();
        let before = client.before.flatten().map(Status::word);
        let accounts = Value::from_object(Accounts(client.accounts.iter().map(account).collect()));
        let context = context! { running, before, accounts, now => now.to_string(), ..keys };
        self.environment.get_template(NAME)?.render(context)
    }
}

impl Form for Template {
    fn scope(&self) -> LineScope {
        LineScope::Client
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let Some(client) = line.client else { return Ok(()) };
        let text = self.text(client, line.now);
        let text = text.map_err(|TemplateError { cause, help }| SinkError { cause, help })?;
        out.push_str(&text);
        out.push('\n');
        Ok(())
    }
}

/// The samples to try a template with: one with all keys, and one with only the required ones.
const SAMPLES: [&str; 2] = [
    r#"{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"pidgin","status":"signed-in","availability":"away","activity":"in-a-meeting","raw":"away","note":"at lunch","reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":"away","accounts":[{"account":"alice","protocol":"XMPP","status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,"since":"2026-11-22T21:00:00Z"}],"before":"signing-in"}"#,
    r#"{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"pidgin","status":"absent","availability":null,"activity":null,"raw":null,"reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[],"before":null}"#,
];

/// Adds each helper as a function and as a filter.
fn add_helpers(environment: &mut Environment<'static>) {
    add_helper(environment, "lc", |text: Value| to_text(&text).to_lowercase());
    add_helper(environment, "uc", |text: Value| to_text(&text).to_uppercase());
    add_helper(
        environment,
        "default",
        |text: Value, other: Value| {
            if to_text(&text).is_empty() { other } else { text }
        },
    );
    add_helper(environment, "trunc", |text: Value, length: usize| {
        printable(&to_text(&text), length)
    });
    add_helper(environment, "markup_escape", |text: Value| markup(&to_text(&text)));
    add_helper(environment, "duration", |state: &State<'_, '_>, time: Value| {
        let now = state.lookup("now").map(|now| to_text(&now)).unwrap_or_default();
        duration(&to_text(&time), &now)
    });
    add_helper(environment, "emoji", |word: Value| emoji(&to_text(&word)));
    add_helper(environment, "json", |value: Value| json(&value));
}

fn add_helper<F, R, A>(environment: &mut Environment<'static>, name: &'static str, helper: F)
where
    F: Function<R, A> + Copy,
    R: FunctionResult,
    A: for<'a> FunctionArgs<'a>,
{
    environment.add_function::<_, _, R, A>(name, helper);
    environment.add_filter::<_, _, R, A>(name, helper);
}

/// The accounts of a client. An index beyond them gives an account without values.
#[derive(Debug)]
struct Accounts(Vec<Value>);

impl Object for Accounts {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let index = key.as_i64()?;
        let found = usize::try_from(index).ok().and_then(|index| self.0.get(index));
        Some(found.cloned().unwrap_or_else(|| Value::from_object(MissingAccount)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
}

/// An account that the client does not have. Each key of an account is a missing value.
#[derive(Debug)]
struct MissingAccount;

impl Object for MissingAccount {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let keys = account(&Account::new("".into(), "".into()));
        let value = keys.get_item(key).ok()?;
        (!value.is_undefined()).then(|| Value::from(()))
    }

    fn render(self: &Arc<Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The keys of an account. The name is a missing value if the client does not report one.
fn account(account: &Account) -> Value {
    let keys = Value::from_serialize(account);
    context! { name => account.name.as_deref(), ..keys }
}

fn json(value: &Value) -> Result<String, minijinja::Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    if value.downcast_object_ref::<MissingAccount>().is_some() {
        return Ok("null".to_owned());
    }
    serde_json::to_string(value)
        .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))
}

fn to_text(value: &Value) -> String {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => String::new(),
        // As in JSON: minijinja writes `True`.
        ValueKind::Bool => value.is_true().to_string(),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// Writes missing values as nothing, and escapes foreign text.
fn write_value(
    out: &mut Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return minijinja::escape_formatter(out, state, value);
    }
    out.write_str(&printable(&to_text(value), NO_LIMIT)).map_err(minijinja::Error::from)
}

/// The `text`, escaped for Pango markup, which reserves the five characters of XML.
pub(crate) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn duration(time: &str, now: &str) -> Result<String, minijinja::Error> {
    if time.is_empty() {
        return Ok(String::new());
    }
    let parse = |text: &str| {
        text.parse::<Timestamp>()
            .map_err(|error| minijinja::Error::new(ErrorKind::InvalidOperation, error.to_string()))
    };
    let seconds = parse(now)?.since(parse(time)?).as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Ok(if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    })
}

fn emoji(word: &str) -> &'static str {
    match word {
        "available" | "signed-in" => "🟢",
        "busy" => "🔴",
        "do-not-disturb" => "⛔",
        "away" | "be-right-back" | "idle" => "🟡",
        "invisible" => "🫥",
        "starting" | "signing-in" | "signing-out" | "shutting-down" => "⏳",
        "signed-out" => "⚪",
        "absent" => "✖️",
        _ => "❔",
    }
}

impl TemplateError {
    /// The error for the template `source`, in plain words if it is a common mistake.
    fn of(error: &minijinja::Error, source: &str) -> Self {
        let key = error.range().and_then(|range| source.get(range));
        let kind = error.kind();
        let cause = if kind == ErrorKind::UndefinedError {
            let key = key.map_or_else(String::new, |key| format!(": {}", key.trim()));
            format!("the template has an unknown key{key}")
        } else if matches!(kind, ErrorKind::UnknownFunction | ErrorKind::UnknownFilter) {
            let detail = error.detail().unwrap_or_default();
            format!("the template has an unknown helper: {detail}")
        } else {
            format!("the template is not valid: {error}")
        };
        let names = |table: &[(&'static str, &str)]| {
            let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
            names.join(", ")
        };
        let help = format!("keys: {}; helpers: {}", names(KEYS), names(HELPERS));
        Self { cause, help }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for TemplateError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, sample: usize) -> Result<String, TemplateError> {
        let mut template = Template::new(template)?;
        let client = Client::from_json(SAMPLES[sample]).unwrap();
        let now = "2026-11-22T22:02:03Z".parse().unwrap();
        template.render(&client, now).map_err(|error| TemplateError::of(&error, ""))
    }

    #[test]
    fn keys_and_helpers_give_the_documented_results() {
        let check = |template: &str, expected: &str| {
            assert_eq!(render(template, 0).as_deref(), Ok(expected), "{template}");
        };
        check("{{client}}: {{ status }}", "pidgin: signed-in");
        check("{{ uc(client) }} {{ lc('ÄB') }}", "PIDGIN äb");
        check("{{ default(reason, 'fine') }}", "fine");
        check("{{ trunc(client, 3) }}", "pid…");
        check("{{ markup_escape('<a & b>') }}", "&lt;a &amp; b&gt;");
        check("{{ duration(since) }}", "1:02:03");
        check("{{ emoji(availability) }}", "🟡");
        check("{% for a in accounts %}{{ a.account }}{% endfor %}", "alice");
        check("{{ before }} {{ running }}", "signing-in true");
        check("no keys at all", "no keys at all");
        check("{{ client | uc }} {{ reason | default('fine') }}", "PIDGIN fine");
        check(
            "{{ client | json }} {{ reason | json }} {{ running | json }}",
            "\"pidgin\" null true",
        );
    }

    #[test]
    fn an_account_is_found_by_its_index() {
        let check = |template: &str, expected: [&str; 2]| {
            for (sample, expected) in expected.into_iter().enumerate() {
                assert_eq!(render(template, sample).as_deref(), Ok(expected), "{template}");
            }
        };
        check("{{accounts[0].account}}", ["alice", ""]);
        check("{{ accounts[-1].status }}", ["signed-in", ""]);
        check("[{{ accounts[1].account }}{{ accounts[1] }}]", ["[]", "[]"]);
        check("{{ accounts[0].name | default('-') }}", ["-", "-"]);
        check("{% if accounts[0] %}some{% else %}none{% endif %}", ["some", "none"]);
        check("{% for a in accounts %}{{ loop.index }}{% endfor %}", ["1", ""]);
        check("{{ json(accounts[0]['account']) }}", ["\"alice\"", "null"]);
        check("{{ accounts[7] | json }}", ["null", "null"]);
    }

    #[test]
    fn accounts_are_valid_json() {
        let expected: serde_json::Value = serde_json::from_str(SAMPLES[0]).unwrap();
        let written: serde_json::Value =
            serde_json::from_str(&render("{{ accounts | json }}", 0).unwrap()).unwrap();
        let mut account = expected["accounts"][0].clone();
        account["name"] = serde_json::Value::Null;
        account["note"] = serde_json::Value::Null;
        account["since"] = "2026-11-22T21:00:00.000000Z".into();
        assert_eq!(written, serde_json::json!([account]));
    }

    #[test]
    fn every_listed_key_can_be_used() {
        for (key, _) in KEYS {
            for sample in 0..SAMPLES.len() {
                assert!(render(&format!("{{{{ {key} }}}}"), sample).is_ok(), "{key}");
            }
        }
    }

    #[test]
    fn every_listed_helper_can_be_called() {
        for (helper, _) in HELPERS {
            let call =
                helper.replace("value", "accounts").replace("time", "since").replace("length", "3");
            let call =
                call.replace("text", "client").replace("other", "raw").replace("word", "status");
            assert!(render(&format!("{{{{ {call} }}}}"), 0).is_ok(), "{call}");
        }
    }

    #[test]
    fn a_missing_value_is_written_as_nothing() {
        assert_eq!(render("[{{ availability }}{{ before }}]", 1).as_deref(), Ok("[]"));
        assert_eq!(render("{{ default(availability, status) }}", 1).as_deref(), Ok("absent"));
    }

    #[test]
    fn an_invalid_template_is_an_error_before_the_start() {
        let check = |template: &str, expected: &str| {
            let error = Template::new(template).err().expect(template);
            assert!(error.cause.contains(expected), "{error}");
            assert!(error.help.contains("availability") && error.help.contains("lc(text)"));
        };
        check("{{ title }}", "an unknown key: title");
        check("Ä{{ client.foo }}", "an unknown key: client.foo");
        check("{{ accounts[0].acount }}", "an unknown key: [0].acount");
        check("{{ accounts.first }}", "an unknown key: accounts.first");
        check("{{ status | shout }}", "an unknown helper");
        check("{{ titel | json }}", "an unknown key");
        check("{{ status", "is not valid");
        check("{{ shout(status) }}", "an unknown helper");
        check("{{ trunc(status) }}", "is not valid");
        check("{{ duration(status) }}", "is not a time");
    }
}
