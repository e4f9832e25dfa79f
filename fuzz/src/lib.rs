//! Fuzz targets, one for each decoder of foreign bytes.
//!
//! A target takes any bytes and panics if the decoder breaks a promise. `tests/corpus.rs` replays
//! the corpora with an ordinary test build; the programs in `libfuzzer` search for new inputs.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a target reports a finding"
)]

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, also that of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Runs the decoder on one input, and panics if it breaks a promise.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident,)*) => {
        $(pub mod $name;)*

        /// Every target.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: $name::run }),*];
    };
}

targets! {
    broker,
    client_json,
    codes,
    com_session,
    dbus_address,
    gateway_answer,
    gateway_body,
    gateway_entry,
    gateway_framing,
    gateway_request,
    gateway_sign_in,
    gateway_socket,
    journal,
    lines,
    mqtt,
    registry,
    script,
    template,
    trace,
    xmpp,
}

/// The longest prefix that is text.
fn text(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
