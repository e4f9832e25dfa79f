//! The form for a template of the user, with the `{{ }}` and the helpers of playerctl.

use std::fmt;

use communicado_runtime::SinkError;
use communicado_wire::{Client, Status, Timestamp};
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, context};

use crate::{Form, Line, LineScope, printable};

const NAME: &str = "--format";

/// The text of a template is escaped but not truncated.
const NO_LIMIT: usize = usize::MAX;

/// The keys of a template, each with its meaning.
pub const KEYS: &[(&str, &str)] = &[
    ("client", "the client's name"),
    ("status", "the status, such as signed-in"),
    ("availability", "the user's availability, while signed in"),
    ("activity", "the user's activity, while signed in"),
    ("raw", "the client's own word for the presence"),
    ("reason", "the reason of a signed-out or unknown status"),
    ("since", "when this status, presence and reason began"),
    ("saved", "the status that the user selected, in the client's own word"),
    ("source", "the source that reported this"),
    ("accounts", "the accounts, each with account, protocol, and the keys from status to since"),
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
    ("duration(time)", "the time since then, such as 4:07 or 1:02:33"),
    ("emoji(word)", "a symbol for a status or an availability"),
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
        environment.add_function("lc", |text: Value| to_text(&text).to_lowercase());
        environment.add_function("uc", |text: Value| to_text(&text).to_uppercase());
        environment.add_function(
            "default",
            |text: Value, other: Value| {
                if to_text(&text).is_empty() { other } else { text }
            },
        );
        environment
            .add_function("trunc", |text: Value, length: usize| printable(&to_text(&text), length));
        environment.add_function("markup_escape", |text: Value| markup(&to_text(&text)));
        environment.add_function("duration", |state: &State<'_, '_>, time: Value| {
            let now = state.lookup("now").map(|now| to_text(&now)).unwrap_or_default();
            duration(&to_text(&time), &now)
        });
        environment.add_function("emoji", |word: Value| emoji(&to_text(&word)));
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

    fn render(&mut self, client: &Client, now: Timestamp) -> Result<String, minijinja::Error> {
        let keys = Value::from_serialize(client);
        let running = client.runs();
        let before = client.before.flatten().map(Status::word);
        let context = context! { running, before, now => now.to_string(), ..keys };
        self.environment.get_template(NAME)?.render(context)
    }
}

impl Form for Template {
    fn scope(&self) -> LineScope {
        LineScope::Client
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let Some(client) = line.client else { return Ok(()) };
        let rendered = self.render(client, line.now).map_err(|error| {
            let source = self.environment.get_template(NAME);
            let source = source.as_ref().map_or("", |template| template.source());
            let TemplateError { cause, help } = TemplateError::of(&error, source);
            SinkError { cause, help }
        })?;
        out.push_str(&rendered);
        out.push('\n');
        Ok(())
    }
}

/// The samples to try a template with: one with all keys, and one with only the required ones.
const SAMPLES: [&str; 2] = [
    r#"{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"pidgin","status":"signed-in","availability":"away","activity":"in-a-meeting","raw":"away","reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":"away","accounts":[{"account":"alice","protocol":"XMPP","status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,"since":"2026-11-22T21:00:00Z"}],"before":"signing-in"}"#,
    r#"{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"pidgin","status":"absent","availability":null,"activity":null,"raw":null,"reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[],"before":null}"#,
];

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
        } else if kind == ErrorKind::UnknownFunction {
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
            let call = helper.replace("time", "since").replace("length", "3");
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
        check("{{ status", "is not valid");
        check("{{ shout(status) }}", "an unknown helper");
        check("{{ trunc(status) }}", "is not valid");
        check("{{ duration(status) }}", "is not a time");
    }
}
