//! Framing of requests on a connection (RFC 9112); a pure module.
//!
//! hyper parses the same bytes again. It is more lenient: it accepts lines without CR, drops
//! `Content-Length` beside `Transfer-Encoding`, and requires no `Host`. [`Framing`] runs first and
//! passes only valid requests.

mod head;
mod host;
#[cfg(test)]
mod tests;

pub(crate) use head::{BodyLength, RequestHead, accepts_events};
pub(crate) use host::AllowedHosts;

use crate::api_error::ApiError;
use crate::limits::{HEAD_BYTES, HEADERS};
use head::invalid;

/// The framing state of one connection.
#[derive(Debug)]
pub(crate) struct Framing {
    hosts: AllowedHosts,
    state: FramingState,
}

#[derive(Debug, PartialEq, Eq)]
enum FramingState {
    RequestHead,
    /// The remaining bytes of a body.
    BodyLength(u64),
    Chunked(Chunked),
}

/// The position in a chunked body.
#[derive(Debug, PartialEq, Eq)]
struct Chunked {
    at: ChunkPosition,
    /// Digits of the current chunk's size.
    digits: usize,
    /// Bytes of extensions and trailers, which are not part of the body.
    beside: usize,
    trailers: usize,
}

/// Maximum digits of a chunk size: those of 64 bits, which every parser accepts.
const SIZE_DIGITS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChunkPosition {
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
    pub(crate) const fn new(hosts: AllowedHosts) -> Self {
        Self { hosts, state: FramingState::RequestHead }
    }

    /// True if a request begins next.
    pub(crate) fn is_between(&self) -> bool {
        self.state == FramingState::RequestHead
    }

    /// The number of next bytes that may pass: a complete head, or the available part of a body. It
    /// is 0 if more bytes are needed.
    ///
    /// # Errors
    ///
    /// If the next bytes are invalid. Earlier bytes have already passed.
    pub(crate) fn pass(&mut self, bytes: &[u8]) -> Result<usize, ApiError> {
        match &mut self.state {
            FramingState::RequestHead => {
                let Some(head) = RequestHead::read(bytes, self.hosts)? else { return Ok(0) };
                self.state = match head.body {
                    BodyLength::None => FramingState::RequestHead,
                    BodyLength::Length(length) => FramingState::BodyLength(length),
                    BodyLength::Chunked => FramingState::Chunked(Chunked {
                        at: ChunkPosition::Start,
                        digits: 0,
                        beside: 0,
                        trailers: 0,
                    }),
                };
                Ok(head.length)
            }
            FramingState::BodyLength(left) => {
                let count = within(bytes, *left);
                *left -= count as u64;
                if *left == 0 {
                    self.state = FramingState::RequestHead;
                }
                Ok(count)
            }
            FramingState::Chunked(chunked) => {
                let passed = chunked.pass(bytes)?;
                if chunked.at == ChunkPosition::End {
                    self.state = FramingState::RequestHead;
                }
                Ok(passed)
            }
        }
    }
}

/// The last response on a connection: the error of a refused request.
pub(crate) fn last_answer(error: &ApiError) -> String {
    let problem = error.problem();
    let text = problem.to_json();
    let (status, title, length) = (problem.status, &problem.title, text.len());
    let retry =
        error.retry_after.map_or_else(String::new, |seconds| format!("Retry-After: {seconds}\r\n"));
    format!(
        "HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n\
         Content-Length: {length}\r\n{retry}Connection: close\r\n\r\n{text}"
    )
}

fn within(bytes: &[u8], max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX).min(bytes.len())
}

impl Chunked {
    fn pass(&mut self, bytes: &[u8]) -> Result<usize, ApiError> {
        let mut passed = 0;
        while self.at != ChunkPosition::End {
            if let ChunkPosition::Data(left) = self.at {
                let count = within(bytes.get(passed..).unwrap_or_default(), left);
                passed += count;
                let left = left - count as u64;
                self.at = if left == 0 { ChunkPosition::DataCr } else { ChunkPosition::Data(left) };
                if left > 0 {
                    break;
                }
            }
            let Some(byte) = bytes.get(passed) else { break };
            match self.next(*byte) {
                Ok(at) => self.at = at,
                // Valid bytes before it pass first; the next call refuses it.
                Err(_) if passed > 0 => break,
                Err(error) => return Err(error),
            }
            passed += 1;
        }
        Ok(passed)
    }

    fn next(&mut self, byte: u8) -> Result<ChunkPosition, ApiError> {
        let size = |size: u64| {
            let digit = char::from(byte).to_digit(16)?;
            size.checked_mul(16)?.checked_add(digit.into())
        };
        let bad = |detail: &str| Err(invalid(detail));
        match (self.at, byte) {
            (ChunkPosition::Start, _) => match size(0) {
                Some(first) => {
                    self.digits = 1;
                    Ok(ChunkPosition::Size(first))
                }
                None => bad("a chunk has no size"),
            },
            (ChunkPosition::Size(size) | ChunkPosition::Space(size), b' ' | b'\t') => {
                self.beside(ChunkPosition::Space(size))
            }
            (ChunkPosition::Size(size) | ChunkPosition::Space(size), b';') => {
                self.beside(ChunkPosition::Extension(size))
            }
            (ChunkPosition::Size(size) | ChunkPosition::Extension(size), b'\r') => {
                Ok(ChunkPosition::SizeLf(size))
            }
            (ChunkPosition::Size(before), _) => match size(before) {
                Some(after) if self.digits < SIZE_DIGITS => {
                    self.digits += 1;
                    Ok(ChunkPosition::Size(after))
                }
                _ => bad("a chunk size is invalid"),
            },
            (ChunkPosition::Extension(size), b'\t' | b' '..=b'~' | 0x80..) => {
                self.beside(ChunkPosition::Extension(size))
            }
            (ChunkPosition::SizeLf(0), b'\n') => Ok(ChunkPosition::TrailerStart),
            (ChunkPosition::SizeLf(size), b'\n') => Ok(ChunkPosition::Data(size)),
            (ChunkPosition::DataCr, b'\r') => Ok(ChunkPosition::DataLf),
            (ChunkPosition::DataLf, b'\n') => Ok(ChunkPosition::Start),
            (ChunkPosition::TrailerStart, b'\r') => Ok(ChunkPosition::EndLf),
            (ChunkPosition::TrailerStart, b'!'..=b'~') => {
                self.trailers += 1;
                if HEADERS.allows(self.trailers) {
                    return self.beside(ChunkPosition::Trailer);
                }
                bad("the body has too many trailers")
            }
            (ChunkPosition::Trailer, b'\r') => self.beside(ChunkPosition::TrailerLf),
            (ChunkPosition::Trailer, b'\t' | b' '..=b'~' | 0x80..) => {
                self.beside(ChunkPosition::Trailer)
            }
            (ChunkPosition::TrailerLf, b'\n') => self.beside(ChunkPosition::TrailerStart),
            (ChunkPosition::EndLf, b'\n') => Ok(ChunkPosition::End),
            _ => bad("a chunk is malformed"),
        }
    }

    /// Counts bytes outside the body.
    fn beside(&mut self, at: ChunkPosition) -> Result<ChunkPosition, ApiError> {
        self.beside += 1;
        if self.beside + 4 < HEAD_BYTES.max {
            return Ok(at);
        }
        Err(invalid("the extensions and trailers of the body are too large"))
    }
}
