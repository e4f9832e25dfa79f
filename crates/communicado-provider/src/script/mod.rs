//! Scripts: the actions of a provider on a timeline, in a file with lines `TIME ACTION`.
//!
//! `TIME` is a duration since the start, such as `500ms` or `1m30s`, and never decreases. A `#`
//! starts a comment. A text with spaces is enclosed in double quotes.
//!
//! ```text
//! 0s    running                            # starting until here
//! 1s    fail-sign-in invalid-password      # --takes 300ms: signing-in for this long
//! 2s    sign-in
//! 3s    set busy --activity in-a-meeting --note "back at four" --for 10s
//! 5s    hang 3s
//! 9s    crash
//! ```
//!
//! Without a line `running`, the provider runs at once.
//!
//! Read next: [`ScriptAction`], then `parse.rs` for the syntax of each action.

mod error;
mod parse;
mod steps;

pub use error::{ScriptError, ScriptErrorKind};
pub use parse::ACTIONS;
pub use steps::{Script, ScriptAction, ScriptStep};
