//! The tables of the settings: the configuration, its schema and the completions read them.

/// The top-level settings: name, type, default and description.
pub(crate) const TOP: [(&str, &str, &str, &str); 4] = [
    ("clients", "list", "[]", "Report only these clients. An empty list means all."),
    ("color", "color", "auto", "When to use colours: auto, always or never."),
    ("patience", "span", "1s", "How long the first answer waits for a slow source."),
    (
        "ranks",
        "list",
        "[]",
        "Sources to believe first, in this order, if two report the same client.",
    ),
];

/// The settings that every source has in addition to its own options.
pub(crate) const EACH_SOURCE: [(&str, &str, &str, &str); 3] = [
    ("kind", "kind", "", "The kind of the source. Default: the name of the section."),
    ("enabled", "bool", "true", "Whether to use this source."),
    ("clients", "list", "", "Clients to report as absent while the source does not see them."),
];

/// The settings of the agent.
pub(crate) const AGENT: [(&str, &str, &str, &str); 2] = [
    (
        "hours",
        "hours",
        "",
        "Publish only within these hours, in local time. An empty text means always.",
    ),
    (
        "lease",
        "span",
        "60s",
        "How long the gateway keeps a status without a renewal, from 5 s to 10 min.",
    ),
];
