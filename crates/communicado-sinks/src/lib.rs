//! The sinks, which deliver updates to listeners: lines of text and JSON, and publishing.
//!
//! [`Lines`] is the sink of all lines, and a [`Form`] is the format of a line. A form about all
//! clients (a status bar) writes one line for each update. The others write one line for each
//! client of a snapshot, and one for each change. [`publish`] has the sink for remote servers, and
//! [`gateway`] the HTTP client of a gateway. [`agent`] has the sinks of the configuration.
//!
//! **Invariant:** no sink knows a source.
//!
//! To add one, see CONTRIBUTING.md.

pub mod agent;
mod bar;
mod dbus;
mod form;
pub mod gateway;
mod hook;
mod json;
mod kinds;
mod lines;
mod mqtt;
mod net;
mod notification;
mod output;
pub mod publish;
mod template;
mod text;
mod webhook;

pub use bar::{i3blocks, polybar, waybar};
pub use form::{Form, Line, LineScope};
pub use json::Json;
pub use kinds::{SINKS, sink_descriptor};
pub use lines::{Lines, Writer};
pub use output::Output;
pub use template::{HELPERS, KEYS, Template, TemplateError};
pub use text::Text;

/// A constructor of a form.
pub type MakeForm = fn() -> Box<dyn Form>;

/// The forms for status bars, by the name of the bar.
pub const BARS: &[(&str, MakeForm)] = &[
    ("waybar", || Box::new(waybar())),
    ("i3blocks", || Box::new(i3blocks())),
    ("polybar", || Box::new(polybar())),
];
