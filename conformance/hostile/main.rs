//! Services, buses and readers that do what they should not, and commands that do not want to end.
//!
//! The service is written in Python with another D-Bus library (`service.py`), so that our reading
//! of the protocol is not tested against itself.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failure here fails the test")]

mod answers;
mod disconnects;
mod floods;
mod names;
mod pipes;
mod run;
mod service;
