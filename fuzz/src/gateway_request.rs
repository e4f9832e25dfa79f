//! The head of a request to the gateway, with its query, its `Last-Event-ID` and its token: reading it
//! must not panic. A request that names a person is never read as one for all people.

use communicado_gateway::parse;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    parse::head(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let names = parse::query(text);
        assert!(names != Some(0) || !text.contains("person=a"), "a name was lost: {text}");
        parse::event_id(text);
        parse::token(text);
    }
}
