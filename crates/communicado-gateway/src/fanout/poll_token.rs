//! The data of an event of `epoll(7)`.

use rustix::event::epoll::EventData;

use crate::stream::ReaderId;

/// The socket of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollToken {
    Listener,
    Waker,
    Pending(u32),
    Reader(ReaderId),
}

impl PollToken {
    pub(super) fn data(self) -> EventData {
        EventData::new_u64(match self {
            Self::Listener => 0,
            Self::Waker => 1,
            Self::Pending(key) => 2 | (u64::from(key) << 32),
            // Two bits identify the kind, and 30 are left for the number.
            Self::Reader(id) => 3 | (u64::from(id.number) << 2) | (u64::from(id.key) << 32),
        })
    }

    pub(super) fn of(data: EventData) -> Self {
        let data = data.u64();
        let (low, high) = (data & 0xffff_ffff, data >> 32);
        let [key, rest] = [high, low >> 2].map(|it| u32::try_from(it).unwrap_or(u32::MAX));
        match low & 3 {
            0 => Self::Listener,
            1 => Self::Waker,
            2 => Self::Pending(key),
            _ => Self::Reader(ReaderId { key, number: rest }),
        }
    }
}
