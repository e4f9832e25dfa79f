//! The end of a stream: revoked token, stopping gateway, closed connection, or a stalled reader.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use communicado_core::Moment;
use communicado_wire::gateway::EndReason;

use super::{Reader, Readers};
use crate::fanout::transport::{ReaderTransport, WriteOutcome, write};
use crate::limits::READER_TIME;
use crate::metrics::Metrics;
use crate::stream::{Frame, LAST_CHUNK, ReaderId, slot_index};

impl Readers {
    /// Runs once a second: sends a heartbeat to some of the readers and closes stalled ones.
    pub(in crate::fanout) fn tick(&mut self, metrics: &Metrics, now: Moment, heartbeat: Duration) {
        let slots = usize::try_from(heartbeat.as_secs()).unwrap_or(1).max(1);
        self.slot = (self.slot + 1) % slots;
        let end = self.readers.capacity();
        for key in (self.slot..end).step_by(slots) {
            let Some(reader) = self.readers.get(key) else { continue };
            let key = u32::try_from(key).unwrap_or(u32::MAX);
            match (&reader.backlog, &reader.transport) {
                (Some(backlog), _) if now.since(backlog.since) > READER_TIME => {
                    metrics.slow_reader();
                    self.over.push(key);
                }
                (Some(_), _) => {}
                (None, ReaderTransport::Mailbox(mailbox)) if mailbox.is_closed() => {
                    self.over.push(key)
                }
                (None, _) => self.send(key, Frame::heartbeat(), metrics, now),
            }
        }
        self.close_over(metrics);
    }

    /// Ends the streams of these tokens.
    pub(in crate::fanout) fn end_tokens(
        &mut self,
        tokens: &BTreeMap<Arc<str>, EndReason>,
        metrics: &Metrics,
    ) {
        self.end_where(|reader| tokens.get(&reader.principal.token.id).copied(), metrics);
    }

    pub(in crate::fanout) fn end_all(&mut self, reason: EndReason, metrics: &Metrics) {
        self.end_where(|_| Some(reason), metrics);
    }

    fn end_where(&mut self, why: impl Fn(&Reader) -> Option<EndReason>, metrics: &Metrics) {
        for (key, reader) in &self.readers {
            let Some(reason) = why(reader) else { continue };
            // A stalled reader gets no `end` event, only the end of the stream.
            if reader.backlog.is_none() {
                let written = write(&reader.transport, &reader.budget, Frame::end(reason));
                if matches!(written, WriteOutcome::Complete)
                    && let Some(last) = last_chunk(&reader.transport)
                {
                    let _ = write(&reader.transport, &reader.budget, last);
                }
            }
            self.over.push(u32::try_from(key).unwrap_or(u32::MAX));
        }
        self.close_over(metrics);
    }

    pub(in crate::fanout) fn close(&mut self, id: ReaderId, metrics: &Metrics) {
        if self.reader(id).is_some() {
            self.over.push(id.key);
            self.close_over(metrics);
        }
    }

    /// Closes a reader whose peer closed its side, after the frame that was begun.
    pub(in crate::fanout) fn finish(&mut self, id: ReaderId, metrics: &Metrics) {
        if self.reader(id).is_none() {
            return;
        }
        let Some(reader) = self.readers.get_mut(slot_index(id.key)) else { return };
        let last = last_chunk(&reader.transport);
        match &mut reader.backlog {
            Some(backlog) if !backlog.rest.is_empty() => {
                if !backlog.ends {
                    backlog.rest.extend(last.map(|last| (last, None)));
                }
                backlog.ends = true;
            }
            _ => {
                if let Some(last) = last {
                    let _ = write(&reader.transport, &reader.budget, last);
                }
                self.close(id, metrics);
            }
        }
    }

    /// Removes the readers whose connection turned out to be closed.
    pub(in crate::fanout) fn settle(&mut self, metrics: &Metrics) {
        self.close_over(metrics);
    }

    pub(super) fn close_over(&mut self, metrics: &Metrics) {
        while let Some(key) = self.over.pop() {
            let Some(reader) = self.readers.try_remove(slot_index(key)) else { continue };
            self.topics.leave_all(&mut self.readers, reader.memberships);
            self.stream_budgets.close(reader.principal.token.family());
            metrics.reader_closed(reader.label);
            if let ReaderTransport::Mailbox(mailbox) = reader.transport {
                mailbox.end();
            }
        }
    }
}

/// The frame that ends the body of a response, if the body consists of chunks.
fn last_chunk(transport: &ReaderTransport) -> Option<Frame> {
    transport.is_chunked().then(|| Frame::bare(Bytes::from_static(LAST_CHUNK)))
}
