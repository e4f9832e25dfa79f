//! The report of a provider: a line of text or a JSON object.

use communicado::Timestamp;
use communicado_provider::Account;
use communicado_wire::printable;
use serde_json::{Value, json};

use super::state::ProviderState;
use crate::local_time::local_time_of_day;

/// The maximum length of a text in a line.
const TEXT_MAX: usize = 200;

/// The report of a provider. Its words may come from another version of the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProviderReport {
    pub(super) account: String,
    pub(super) friendly_name: String,
    pub(super) status: String,
    pub(super) availability: String,
    pub(super) activity: String,
    pub(super) note: String,
    pub(super) reason: String,
    /// The end of a temporary presence.
    pub(super) until: Option<Timestamp>,
}

impl ProviderReport {
    /// The report of the provider in this process.
    pub(super) fn of(account: &Account, state: &ProviderState) -> Self {
        let presence = state.status.presence();
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            account: account.name().to_owned(),
            friendly_name: account.friendly_name().to_owned(),
            status: state.status.word().to_owned(),
            availability: owned(presence.map(|it| it.availability.word())),
            activity: owned(presence.and_then(|it| it.activity).map(|it| it.word())),
            note: owned(presence.and_then(|it| it.note())),
            reason: state.status.reason().map(|it| it.word()).unwrap_or_default(),
            until: state.until,
        }
    }

    /// One line of JSON. All keys are always present, except `missed`: the number of lines before
    /// this one that a slow reader missed.
    pub(super) fn to_json(&self, at: Timestamp, missed: u64) -> String {
        let some = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
        let mut object = json!({
            "v": 1,
            "at": at.to_string(),
            "account": self.account,
            "friendly_name": self.friendly_name,
            "status": self.status,
            "availability": some(&self.availability),
            "activity": some(&self.activity),
            "note": some(&self.note),
            "reason": some(&self.reason),
            "until": self.until.map(|it| it.to_string()),
        });
        if let Value::Object(object) = &mut object
            && missed > 0
        {
            object.insert("missed".to_owned(), missed.into());
        }
        format!("{object}\n")
    }

    /// One line of text with its local time and the number of missed lines.
    pub(super) fn to_dated_text(&self, at: Timestamp, missed: u64) -> String {
        let text = self.to_text();
        let text = text.trim_end();
        let missed = if missed > 0 { format!("  missed {missed} lines") } else { String::new() };
        format!("{}  {text}{missed}\n", local_time_of_day(at))
    }

    /// One line of text.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{:<13}", printable(&self.status, TEXT_MAX));
        let mut more = Vec::new();
        for word in [&self.availability, &self.activity, &self.reason] {
            if !word.is_empty() {
                more.push(printable(word, TEXT_MAX));
            }
        }
        if !self.note.is_empty() {
            more.push(format!("\"{}\"", printable(&self.note, TEXT_MAX)));
        }
        if let Some(until) = self.until {
            more.push(format!("until {}", local_time_of_day(until)));
        }
        if !more.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
        text.push_str(&more.join(", "));
        format!("{}\n", text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use communicado_provider::{Presence, ProviderStatus};

    use super::*;

    #[test]
    fn only_a_presence_has_an_end() {
        let until = Some(Timestamp::EPOCH);
        let text = |status: ProviderStatus| {
            let state = ProviderState::new(status, until);
            ProviderReport {
                until: state.until,
                status: state.status.word().into(),
                ..Default::default()
            }
            .to_text()
        };
        let end = format!("signed-in    until {}\n", local_time_of_day(Timestamp::EPOCH));
        assert_eq!(text(ProviderStatus::SignedIn(Presence::AVAILABLE)), end);
        assert_eq!(text(ProviderStatus::SigningOut), "signing-out\n");
        assert_eq!(text(ProviderStatus::ShuttingDown), "shutting-down\n");
    }

    #[test]
    fn a_space_follows_the_longest_status() {
        let text = |status: &str| {
            let (status, reason) = (status.to_owned(), "crash".to_owned());
            ProviderReport { status, reason, ..ProviderReport::default() }.to_text()
        };
        assert_eq!(text("signed-out"), "signed-out   crash\n");
        assert_eq!(text("shutting-down"), "shutting-down crash\n");
    }
}
