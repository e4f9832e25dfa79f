//! An animated terminal in SVG.

use std::fmt::Write as _;
use std::time::Duration;

const ROW_HEIGHT: usize = 21;
const MARGIN: usize = 22;
const WIDTH: usize = 800;
/// The longest wait in the picture.
const WAIT_MAX: Duration = Duration::from_millis(1000);
/// The reading time of an action before its line.
const READ: Duration = Duration::from_millis(1300);
/// The pause before the animation repeats.
const HOLD: Duration = Duration::from_secs(6);

/// A row of the terminal, with the time after the row before.
#[derive(Debug)]
pub(crate) struct Row {
    after: Duration,
    kind: Kind,
    text: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Command,
    Happening,
    Printed,
}

impl Row {
    /// A typed command.
    pub(crate) fn command(text: &str) -> Self {
        Self { after: Duration::ZERO, kind: Kind::Command, text: text.to_owned() }
    }

    /// An action on the client.
    pub(crate) fn happening(text: &str) -> Self {
        Self { after: READ, kind: Kind::Happening, text: text.to_owned() }
    }

    /// A line of communicado.
    pub(crate) fn printed(text: &str, after: Duration) -> Self {
        Self { after: after.min(WAIT_MAX), kind: Kind::Printed, text: text.to_owned() }
    }
}

/// The picture.
pub(crate) fn draw(title: &str, rows: &[Row]) -> String {
    let mut at = Duration::ZERO;
    let mut begins = Vec::new();
    let mut previous = None;
    for row in rows {
        at += row.after;
        // The line follows when the viewer has read the action.
        if row.kind == Kind::Printed && previous == Some(&Kind::Happening) {
            at += READ / 2;
        }
        begins.push(at);
        previous = Some(&row.kind);
    }
    let whole = (at + HOLD).as_secs_f64();
    let height = rows.len() * ROW_HEIGHT + 2 * MARGIN;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\">"
    );
    let _ = writeln!(svg, "<title>{title}, recorded</title>");
    svg.push_str("<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"#15181e\"/>\n");
    for (index, (row, begin)) in rows.iter().zip(&begins).enumerate() {
        let y = MARGIN + index * ROW_HEIGHT + 14;
        let part = (begin.as_secs_f64() / whole).clamp(0.0, 0.999);
        let _ =
            write!(svg, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\" fill=\"#d5dae3\">");
        if part > 0.0 {
            let _ = write!(
                svg,
                "<animate attributeName=\"opacity\" calcMode=\"discrete\" values=\"0;1\" \
                 keyTimes=\"0;{part:.4}\" dur=\"{whole:.2}s\" repeatCount=\"indefinite\"/>"
            );
        }
        match row.kind {
            Kind::Command => {
                let _ = write!(svg, "<tspan fill=\"#7aa2f7\">$ </tspan>{}", escaped(&row.text));
            }
            Kind::Happening => {
                let _ =
                    write!(svg, "<tspan fill=\"#8b93a5\">      ▸ {}</tspan>", escaped(&row.text));
            }
            Kind::Printed => svg.push_str(&coloured(&row.text)),
        }
        svg.push_str("</text>\n");
    }
    svg.push_str("</svg>");
    svg
}

/// Text with colours (ECMA-48 §8.3.117) as spans.
fn coloured(text: &str) -> String {
    let mut spans = String::new();
    for (index, part) in text.split("\u{1b}[").enumerate() {
        let (colour, rest) = match (index, part.split_once('m')) {
            (1.., Some((code, rest))) => (fill(code), rest),
            _ => (None, part),
        };
        match colour {
            Some(colour) => {
                let _ = write!(spans, "<tspan fill=\"{colour}\">{}</tspan>", escaped(rest));
            }
            None => spans.push_str(&escaped(rest)),
        }
    }
    spans
}

fn fill(code: &str) -> Option<&'static str> {
    match code {
        "2" => Some("#737b8c"),
        "31" => Some("#f7768e"),
        "32" => Some("#9ece6a"),
        "33" => Some("#e0af68"),
        "35" => Some("#bb9af7"),
        "36" => Some("#7dcfff"),
        _ => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
