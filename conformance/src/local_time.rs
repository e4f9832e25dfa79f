//! The local time of a program under test: its time zone, and a range of the day around now.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::expect_ok::ExpectOk;

/// Replaces the file of a time zone (RFC 9636), so many hours ahead of UTC.
pub fn write_zone(path: &Path, hours: i32) {
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    // The numbers of UTC indicators, standard indicators, leap seconds, transitions, types and
    // characters.
    block.extend([0_u32, 0, 0, 0, 1, 4].into_iter().flat_map(u32::to_be_bytes));
    block.extend((hours * 3600).to_be_bytes());
    block.extend(b"\0\0AAA\0");
    let footer = format!("\nAAA-{hours}\n");
    let new = path.with_extension("new");
    fs::write(&new, [&block[..], &block, footer.as_bytes()].concat()).expect_ok("write a zone");
    fs::rename(&new, path).expect_ok("replace the time zone");
}

/// A range of the day in UTC, in hours from now.
pub fn hours_from_now(from: u64, to: u64) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test of the real world")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect_ok("read the clock");
    let hour = now.as_secs() / 3600;
    let minute = now.as_secs() / 60 % 60;
    format!("{:02}:{minute:02}-{:02}:{minute:02}", (hour + from) % 24, (hour + to) % 24)
}
