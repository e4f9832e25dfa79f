//! The head of a request and all that is read of it at the gateway's front door: its query, its
//! `Last-Event-ID`, its token. A reader who names somebody is never taken for one who wants all.
#![no_main]

use communicado_gateway::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    parse::head(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let names = parse::query(text);
        assert!(names != Some(0) || !text.contains("person=a"), "a name was lost: {text}");
        parse::event_id(text);
        parse::token(text);
    }
});
