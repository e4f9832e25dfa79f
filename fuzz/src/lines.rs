//! The lines of a program: reading them must not panic. The lines do not depend on how the bytes
//! arrive, and no line is longer than the limit.

use communicado_sources::lines::{LINE_MAX, LineBuffer, TooLong, parse};

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let whole = lines(bytes.chunks(bytes.len().max(1)));
    assert_eq!(whole, lines(bytes.chunks(7)), "the lines depend on the reads");
    for line in whole.into_iter().flatten() {
        assert!(line.len() <= LINE_MAX, "a line is too long");
        if let Ok(client) = parse(&line) {
            assert!(!client.client.is_empty(), "a client has no name");
        }
    }
}

fn lines<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Result<Vec<u8>, TooLong>> {
    let mut buffer = LineBuffer::new(LINE_MAX);
    let mut found = Vec::new();
    for piece in pieces {
        buffer.push(piece, |line| found.push(line.map(<[u8]>::to_vec)));
    }
    found
}
