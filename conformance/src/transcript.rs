//! The output of a `watch`, and the invariants of every run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::line::Line;

/// The lines of a run with their arrival times.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    lines: Vec<(Duration, String)>,
    /// The last line of each client.
    status: BTreeMap<String, String>,
    /// The latest revision.
    revision: Option<u64>,
    /// True after the first change.
    changed: bool,
}

impl Transcript {
    /// Adds a line and checks it against the lines before.
    ///
    /// # Errors
    ///
    /// If the line breaks an invariant: which one.
    pub(crate) fn add(&mut self, after: Duration, text: &str) -> Result<Line, String> {
        let line = Line::of_watch(text);
        self.lines.push((after, text.to_owned()));
        let line = line?;
        let last = self.status.insert(line.client.clone(), line.status.clone());
        // A line after missed ones does not have the status before.
        if line.before != last && (line.missed == 0 || line.before.is_some()) {
            return Err(format!("before is {:?}, but the last status was {last:?}", line.before));
        }
        // The first lines are a snapshot at any revision, like those after missed lines. All others
        // are changes.
        let snapshot = line.missed > 0 || line.before.is_none() && !self.changed;
        let fits = match self.revision {
            Some(revision) if line.missed > 0 => line.revision <= revision + line.missed,
            Some(revision) if !snapshot && self.changed => line.revision == revision + 1,
            Some(revision) if !snapshot => line.revision > revision,
            _ => true,
        };
        if !fits {
            return Err(format!("revision {} leaves a gap or goes back", line.revision));
        }
        self.changed |= !snapshot;
        self.revision = self.revision.max(Some(line.revision));
        Ok(line)
    }
}

impl Transcript {
    /// The lines, unchanged.
    pub(crate) fn output(&self) -> String {
        self.lines.iter().map(|(_, text)| format!("{text}\n")).collect()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (after, text) in &self.lines {
            let after = after.as_millis();
            match Line::of_watch(text) {
                Ok(line) => {
                    let before = line.before.as_deref().unwrap_or("-");
                    writeln!(
                        f,
                        "{after:>7} ms #{:<3} {}: {before} -> {line}",
                        line.revision, line.client
                    )?;
                }
                Err(_) => writeln!(f, "{after:>7} ms {text}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_snapshot_and_then_a_chain_of_changes() {
        check(&[(2, "finch", None), (0, "pidgin", None), (3, "finch", Some("absent"))], true);
        check(&[(1, "finch", None), (2, "pidgin", None), (3, "finch-2", None)], true);
        let newcomer = (4, "finch-2", None);
        check(&[(2, "finch", None), (3, "finch", Some("absent")), newcomer], true);
    }

    #[test]
    fn accepts_a_reported_gap() {
        let line = |revision: u64, rest: &str| {
            let time = "2026-11-22T21:00:00.123456Z";
            format!(
                r#"{{"v":1,"revision":{revision},"at":"{time}","client":"finch","status":"absent","availability":null,"activity":null,"raw":null,"note":null,"reason":null,"since":"{time}","source":"purple","saved":null,"accounts":[],{rest}}}"#
            )
        };
        let mut transcript = Transcript::default();
        let mut add = |revision, rest: &str| {
            transcript.add(Duration::ZERO, &line(revision, rest)).map(|line| line.missed)
        };
        assert_eq!(add(1, r#""before":null"#), Ok(0));
        assert_eq!(add(2, r#""before":"absent""#), Ok(0));
        assert_eq!(add(9, r#""missed":7,"before":null"#), Ok(7));
        assert_eq!(add(10, r#""before":"absent""#), Ok(0));
        assert!(add(20, r#""missed":7,"before":null"#).is_err());
    }

    #[test]
    fn refuses_a_gap_a_step_back_and_a_break() {
        check(&[(2, "finch", None), (2, "finch", Some("absent"))], false);
        check(
            &[(2, "finch", None), (3, "finch", Some("absent")), (5, "finch", Some("absent"))],
            false,
        );
        check(
            &[(2, "finch", None), (3, "finch", Some("absent")), (3, "finch", Some("absent"))],
            false,
        );
        check(&[(2, "finch", None), (3, "finch", Some("starting"))], false);
        check(&[(2, "finch", None), (3, "pidgin", Some("absent"))], false);
        check(&[(2, "finch", None), (3, "finch", None)], false);
    }

    fn check(lines: &[(u64, &str, Option<&str>)], expected: bool) {
        let mut transcript = Transcript::default();
        let fits = lines.iter().all(|(revision, client, before)| {
            let before = before.map_or("null".to_owned(), |word| format!("{word:?}"));
            let time = "2026-11-22T21:00:00.123456Z";
            let line = format!(
                r#"{{"v":1,"revision":{revision},"at":"{time}","client":"{client}","status":"absent",
                "availability":null,"activity":null,"raw":null,"note":null,"reason":null,"since":"{time}",
                "source":"purple","saved":null,"accounts":[],"before":{before}}}"#
            );
            transcript.add(Duration::ZERO, &line).is_ok()
        });
        assert_eq!(fits, expected, "{lines:?}");
    }
}
