//! The libpurple clients that tests start.

/// The program of a libpurple client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// libpurple's client for the terminal.
    Finch,
    /// libpurple's client for the desktop.
    Pidgin,
}

impl ClientKind {
    /// The id of the user interface, for which libpurple stores the enabled accounts.
    pub(crate) fn ui(self) -> &'static str {
        match self {
            Self::Finch => "gnt-purple",
            Self::Pidgin => "gtk-gaim",
        }
    }
}
