//! Where one request on a connection ends and the next one begins (RFC 9112): pure.
//!
//! hyper reads the same bytes again and does the work. It is more lenient: it takes a line without
//! CR, drops `Content-Length` beside `Transfer-Encoding`, and asks for no `Host`. So [`Framing`]
//! stands before it and lets nothing through that is not valid.

mod head;
mod host;
#[cfg(test)]
mod tests;

pub(crate) use head::{Body, Head, accepts_events};
pub(crate) use host::Hosts;

use crate::limits::{HEAD_BYTES, HEADERS};
use crate::refusal::Refusal;
use head::invalid;

/// Follows the requests of one connection.
#[derive(Debug)]
pub(crate) struct Framing {
    hosts: Hosts,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Head,
    /// So many bytes of a body are still to come.
    Body(u64),
    Chunked(Chunked),
}

/// Where in a chunked body.
#[derive(Debug, PartialEq, Eq)]
struct Chunked {
    at: At,
    /// Digits of the size of the current chunk.
    digits: usize,
    /// Bytes of extensions and trailers, which are no body.
    beside: usize,
    trailers: usize,
}

/// Digits of a size that every reader takes: those of 64 bits.
const SIZE_DIGITS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before the first digit of a size.
    Start,
    Size(u64),
    /// In the space before an extension.
    Space(u64),
    Extension(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    End,
}

impl Framing {
    pub(crate) const fn new(hosts: Hosts) -> Self {
        Self { hosts, state: State::Head }
    }

    /// Whether a request begins next.
    pub(crate) fn is_between(&self) -> bool {
        self.state == State::Head
    }

    /// How many of the next bytes of the connection may pass: a whole head, or what there is of a
    /// body. It is 0 if more bytes are needed to say so.
    ///
    /// # Errors
    ///
    /// If the next bytes are not valid. What passed before was.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        match &mut self.state {
            State::Head => {
                let Some(head) = Head::read(bytes, self.hosts)? else { return Ok(0) };
                self.state = match head.body {
                    Body::None => State::Head,
                    Body::Length(length) => State::Body(length),
                    Body::Chunked => {
                        State::Chunked(Chunked { at: At::Start, digits: 0, beside: 0, trailers: 0 })
                    }
                };
                Ok(head.length)
            }
            State::Body(left) => {
                let count = within(bytes, *left);
                *left -= count as u64;
                if *left == 0 {
                    self.state = State::Head;
                }
                Ok(count)
            }
            State::Chunked(chunked) => {
                let passed = chunked.pass(bytes)?;
                if chunked.at == At::End {
                    self.state = State::Head;
                }
                Ok(passed)
            }
        }
    }
}

/// The last answer on a connection: it says what is wrong with a request that was not served.
pub(crate) fn last_answer(refusal: &Refusal) -> String {
    let problem = refusal.problem();
    let text = problem.to_json();
    let (status, title, length) = (problem.status, &problem.title, text.len());
    let retry = refusal
        .retry_after
        .map_or_else(String::new, |seconds| format!("Retry-After: {seconds}\r\n"));
    format!(
        "HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n\
         Content-Length: {length}\r\n{retry}Connection: close\r\n\r\n{text}"
    )
}

fn within(bytes: &[u8], max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX).min(bytes.len())
}

impl Chunked {
    fn pass(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let mut passed = 0;
        while self.at != At::End {
            if let At::Data(left) = self.at {
                let count = within(bytes.get(passed..).unwrap_or_default(), left);
                passed += count;
                let left = left - count as u64;
                self.at = if left == 0 { At::DataCr } else { At::Data(left) };
                if left > 0 {
                    break;
                }
            }
            let Some(byte) = bytes.get(passed) else { break };
            match self.next(*byte) {
                Ok(at) => self.at = at,
                // What is before it may pass; it is refused when it comes first.
                Err(_) if passed > 0 => break,
                Err(refusal) => return Err(refusal),
            }
            passed += 1;
        }
        Ok(passed)
    }

    fn next(&mut self, byte: u8) -> Result<At, Refusal> {
        let size = |size: u64| {
            let digit = char::from(byte).to_digit(16)?;
            size.checked_mul(16)?.checked_add(digit.into())
        };
        let bad = |detail: &str| Err(invalid(detail));
        match (self.at, byte) {
            (At::Start, _) => match size(0) {
                Some(first) => {
                    self.digits = 1;
                    Ok(At::Size(first))
                }
                None => bad("a chunk has no size"),
            },
            (At::Size(size) | At::Space(size), b' ' | b'\t') => self.beside(At::Space(size)),
            (At::Size(size) | At::Space(size), b';') => self.beside(At::Extension(size)),
            (At::Size(size) | At::Extension(size), b'\r') => Ok(At::SizeLf(size)),
            (At::Size(before), _) => match size(before) {
                Some(after) if self.digits < SIZE_DIGITS => {
                    self.digits += 1;
                    Ok(At::Size(after))
                }
                _ => bad("the size of a chunk is not valid"),
            },
            (At::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => self.beside(At::Extension(size)),
            (At::SizeLf(0), b'\n') => Ok(At::TrailerStart),
            (At::SizeLf(size), b'\n') => Ok(At::Data(size)),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => Ok(At::Start),
            (At::TrailerStart, b'\r') => Ok(At::EndLf),
            (At::TrailerStart, b'!'..=b'~') => {
                self.trailers += 1;
                if HEADERS.allows(self.trailers) {
                    return self.beside(At::Trailer);
                }
                bad("the body has too many trailers")
            }
            (At::Trailer, b'\r') => self.beside(At::TrailerLf),
            (At::Trailer, b'\t' | b' '..=b'~' | 0x80..) => self.beside(At::Trailer),
            (At::TrailerLf, b'\n') => self.beside(At::TrailerStart),
            (At::EndLf, b'\n') => Ok(At::End),
            _ => bad("the framing of a chunk is not valid"),
        }
    }

    /// Counts what is no body.
    fn beside(&mut self, at: At) -> Result<At, Refusal> {
        self.beside += 1;
        if self.beside + 4 < HEAD_BYTES.max {
            return Ok(at);
        }
        Err(invalid("the extensions and trailers of the body are too large"))
    }
}
