//! The parts of a stream that all threads share: frames, mailboxes, budgets, reader ids, and the
//! handle of the event loop.

mod budget;
mod frame;
mod handle;
mod mailbox;
mod reader_id;

pub(crate) use budget::{Charge, StreamBudget, StreamBudgets};
pub(crate) use frame::{Frame, LAST_CHUNK, RETRY, RETRY_CHUNK, RenderedChange, coalesced, merged};
pub(crate) use handle::{EventLoopHandle, LoopCommand};
pub(crate) use mailbox::{Mailbox, Recv};
pub(crate) use reader_id::{NUMBER_MASK, ReaderId, slot_index};
