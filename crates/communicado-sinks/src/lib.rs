//! What tells listeners: one file a form, and one table of them.
//!
//! [`Lines`] is the sink of all lines, and a form says what a line looks like. A form that shows
//! the whole (a status bar) writes one line for each update; the others write one for each client
//! of a snapshot and one for each change. [`gateway`] is the sink that publishes over HTTP.
//!
//! **Invariant:** no sink knows a source.
//!
//! To add one, see CONTRIBUTING.md.

mod bar;
mod form;
pub mod gateway;
mod json;
mod lines;
mod output;
mod printable;
pub mod publish;
mod template;
mod text;

pub use bar::{i3blocks, polybar, waybar};
pub use form::{Form, Line, Scope};
pub use json::Json;
pub use lines::{Lines, Writer};
pub use output::Output;
pub use printable::printable;
pub use template::{HELPERS, KEYS, Template, TemplateError};
pub use text::Text;

/// Makes a form.
pub type MakeForm = fn() -> Box<dyn Form>;

/// The status bars that a line can be written for, by the name of the bar.
pub const BARS: &[(&str, MakeForm)] = &[
    ("waybar", || Box::new(waybar())),
    ("i3blocks", || Box::new(i3blocks())),
    ("polybar", || Box::new(polybar())),
];
