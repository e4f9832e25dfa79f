//! The requests on one connection to the gateway, in chunks of any size: the bytes alone decide what
//! passes, and a lenient parser finds the same requests.

use communicado_gateway::parse;
use httparse::{EMPTY_HEADER, Request, Status, parse_chunk_size};

/// Runs the target on one input.
pub fn run(input: &[u8]) {
    let Some((seed, bytes)) = input.split_first() else { return };
    let whole = parse::requests([bytes]);
    assert_eq!(parse::requests(parts(*seed, bytes)), whole, "the chunks change the result");
    let mut start = 0;
    for end in whole.0 {
        assert_eq!(length(&bytes[start..]), Some(end - start), "a request from {start}");
        start = end;
    }
}

/// Parts of an input; `seed` determines their sizes.
fn parts(seed: u8, mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut size = seed;
    std::iter::from_fn(move || {
        size = size.wrapping_mul(5).wrapping_add(seed | 1);
        let (part, rest) = bytes.split_at(bytes.len().min(usize::from(size % 37) + 1));
        bytes = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// The length of the first request for a reader that accepts everything that httparse accepts.
fn length(bytes: &[u8]) -> Option<usize> {
    let mut headers = [EMPTY_HEADER; 200];
    let mut request = Request::new(&mut headers);
    let Ok(Status::Complete(head)) = request.parse(bytes) else { return None };
    let field = |name| request.headers.iter().find(move |it| it.name.eq_ignore_ascii_case(name));
    if field("transfer-encoding").is_some() {
        return Some(head + chunked(&bytes[head..])?);
    }
    let body = field("content-length")
        .map_or(Some(0), |length| std::str::from_utf8(length.value).ok()?.parse::<usize>().ok());
    Some(head + body?)
}

fn chunked(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let Ok(Status::Complete((line, size))) = parse_chunk_size(&bytes[at..]) else {
            return None;
        };
        at += line;
        if size == 0 {
            break;
        }
        at += usize::try_from(size).ok()? + 2;
    }
    loop {
        let line = bytes[at..].iter().position(|byte| *byte == b'\n')?;
        at += line + 1;
        if line <= 1 {
            return Some(at);
        }
    }
}
