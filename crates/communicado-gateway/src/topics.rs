//! The topics that the man pages of the gateway have as sections.

use communicado_cli_support::{HelpTopic, Pages};

/// The exit statuses, at the end of the help.
pub(crate) const EXIT_STATUS: &str =
    "Exit status: 0 success, 1 `doctor` found a problem, 2 usage error, 5 failure.";

const ENVIRONMENT: [(&str, &str); 2] = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "The server for traces, as with `serve --otlp`."),
    ("XDG_DATA_HOME", "The folder of the default data folder."),
];

const FILES: [(&str, &str); 2] = [
    ("~/.local/share/communicado-gateway", "The default data folder, or in XDG_DATA_HOME."),
    ("/var/lib/communicado-gateway", "The data folder of the systemd unit."),
];

/// Every topic, in the order of the man pages.
pub(crate) fn topics() -> Vec<HelpTopic> {
    vec![
        HelpTopic::exit_status(EXIT_STATUS),
        HelpTopic::new("environment", "Environment variables", Pages::All, &ENVIRONMENT),
        HelpTopic::new("files", "Files", Pages::All, &FILES),
    ]
}
