//! The table of the demo, 80 columns wide: the event, the report and the latency.

use std::time::Duration;

/// The width of the event column.
pub(super) const EVENT_WIDTH: usize = 32;
/// The width of the status column.
pub(super) const STATUS_WIDTH: usize = 35;
/// The width of the latency column.
const LATENCY_WIDTH: usize = 9;

/// The table, with or without colours.
pub(super) struct Table {
    pub(super) use_color: bool,
}

impl Table {
    /// The header. `reporter` names the second column.
    pub(super) fn head(&self, reporter: &str) -> String {
        let line = "-".repeat(EVENT_WIDTH + STATUS_WIDTH + LATENCY_WIDTH + 2);
        let head = format!(
            "{:<EVENT_WIDTH$} {:<STATUS_WIDTH$} {:>LATENCY_WIDTH$}",
            "event",
            format!("{reporter} reports"),
            "after"
        );
        format!("{}\n{}\n", self.dim(&head), self.dim(&line))
    }

    pub(super) fn row(&self, event: &str, status: &str, details: &str, after: Duration) -> String {
        let comma = if details.is_empty() { "" } else { ", " };
        let width = status.len() + comma.len() + details.len();
        let space = " ".repeat(STATUS_WIDTH.saturating_sub(width));
        let status = self.paint(colour(status, details), status);
        let after = self.dim(&format!("{:>LATENCY_WIDTH$}", format_duration(after)));
        format!("{event:<EVENT_WIDTH$} {status}{comma}{details}{space} {after}\n")
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

/// The colour code of a status, as in `watch`.
fn colour(status: &str, details: &str) -> &'static str {
    match status {
        "signed-in" => "32",
        "signed-out" if !details.is_empty() => "31",
        "signing-in" | "signing-out" | "starting" | "shutting-down" => "36",
        "signed-out" => "33",
        _ => "2",
    }
}

/// Formats a duration in milliseconds with three significant digits at most.
pub(super) fn format_duration(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    if millis < 10.0 { format!("{millis:.2} ms") } else { format!("{millis:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_at_most_80_columns_and_colours_take_no_space() {
        let after = Duration::from_micros(1_234);
        let row = |use_color| Table { use_color }.row("she is in", "signed-in", "busy", after);
        let plain = row(false);
        assert!(plain.trim_end().chars().count() <= 80, "{plain}");
        assert!(plain.ends_with("1.23 ms\n"), "{plain}");
        let bare = row(true).replace("\u{1b}[32m", "").replace("\u{1b}[2m", "");
        assert_eq!(bare.replace("\u{1b}[0m", ""), plain);
    }
}
