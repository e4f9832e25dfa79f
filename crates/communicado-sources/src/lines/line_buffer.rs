//! The lines of a byte stream, with a limit on their length. Pure.

/// The longest line, in bytes.
pub const LINE_MAX: usize = 64 * 1024;

/// The bytes of a line that is not complete.
#[derive(Debug)]
pub struct LineBuffer {
    start: Vec<u8>,
    max: usize,
    is_too_long: bool,
}

/// The error of a line that is too long. The line is ignored up to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl LineBuffer {
    /// An empty buffer for lines of up to `max` bytes.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { start: Vec::new(), max, is_too_long: false }
    }

    /// Adds bytes, and calls `each` with every line that they complete, without its line break.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Result<&[u8], TooLong>)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) =
                piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            if self.start.len() + text.len() > self.max {
                self.is_too_long = true;
                self.start.clear();
            }
            if !self.is_too_long {
                self.start.extend_from_slice(text);
            }
            if !is_end {
                continue;
            }
            if std::mem::take(&mut self.is_too_long) {
                each(Err(TooLong));
            } else {
                each(Ok(self.start.strip_suffix(b"\r").unwrap_or(&self.start)));
            }
            self.start.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Result<String, TooLong>> {
        let mut buffer = LineBuffer::new(4);
        let mut found = Vec::new();
        for piece in pieces {
            buffer.push(piece, |line| {
                found.push(line.map(|line| String::from_utf8(line.to_vec()).unwrap()));
            });
            assert!(buffer.start.len() <= 4);
        }
        found
    }

    #[test]
    fn a_line_is_complete_at_its_line_break_however_it_arrives() {
        let expected = ["ab", "", "cd", "efgh"].map(|line| Ok(line.to_owned()));
        assert_eq!(lines(&[b"ab\n\ncd\r\nefgh\nrest"]), expected);
        let bytes: Vec<&[u8]> = b"ab\n\ncd\r\nefgh\nrest".chunks(1).collect();
        assert_eq!(lines(&bytes), expected);
    }

    #[test]
    fn a_line_over_the_limit_is_one_error_and_the_next_line_counts() {
        let expected = [Err(TooLong), Ok("ab".to_owned())];
        assert_eq!(lines(&[b"abcde\nab\n"]), expected);
        assert_eq!(lines(&[b"abc", b"defg", b"hijk", b"\nab\n"]), expected);
    }
}
