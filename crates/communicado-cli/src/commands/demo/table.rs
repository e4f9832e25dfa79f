//! The demo on a terminal of 80 columns: what happened, what communicado said, and how soon.

use std::time::Duration;

/// How wide what happened is.
pub(super) const EVENT_WIDTH: usize = 32;
/// How wide what communicado said is.
pub(super) const STATUS_WIDTH: usize = 35;
/// How wide the time between them is.
const LATENCY_WIDTH: usize = 9;

/// What it looks like.
pub(super) struct Table {
    pub(super) use_color: bool,
}

impl Table {
    /// What stands over the rows; `who` says it.
    pub(super) fn head(&self, who: &str) -> String {
        let line = "-".repeat(EVENT_WIDTH + STATUS_WIDTH + LATENCY_WIDTH + 2);
        let head = format!(
            "{:<EVENT_WIDTH$} {:<STATUS_WIDTH$} {:>LATENCY_WIDTH$}",
            "what happens",
            format!("{who} says"),
            "after"
        );
        format!("{}\n{}\n", self.dim(&head), self.dim(&line))
    }

    pub(super) fn row(&self, happens: &str, status: &str, more: &str, after: Duration) -> String {
        let comma = if more.is_empty() { "" } else { ", " };
        let width = status.len() + comma.len() + more.len();
        let space = " ".repeat(STATUS_WIDTH.saturating_sub(width));
        let status = self.paint(colour(status, more), status);
        let after = self.dim(&format!("{:>LATENCY_WIDTH$}", format_duration(after)));
        format!("{happens:<EVENT_WIDTH$} {status}{comma}{more}{space} {after}\n")
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.use_color { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The colours that `watch` uses.
fn colour(status: &str, more: &str) -> &'static str {
    match status {
        "signed-in" => "32",
        "signed-out" if !more.is_empty() => "31",
        "signing-in" | "signing-out" | "starting" | "shutting-down" => "36",
        "signed-out" => "33",
        _ => "2",
    }
}

/// A short time, in as many digits as mean something.
pub(super) fn format_duration(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    if millis < 10.0 { format!("{millis:.2} ms") } else { format!("{millis:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_eighty_columns_at_most_and_colours_take_up_none() {
        let after = Duration::from_micros(1_234);
        let row = |use_color| Table { use_color }.row("she is in", "signed-in", "busy", after);
        let plain = row(false);
        assert!(plain.trim_end().chars().count() <= 80, "{plain}");
        assert!(plain.ends_with("1.23 ms\n"), "{plain}");
        let bare = row(true).replace("\u{1b}[32m", "").replace("\u{1b}[2m", "");
        assert_eq!(bare.replace("\u{1b}[0m", ""), plain);
    }
}
