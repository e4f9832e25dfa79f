//! Services, buses, readers and commands that misbehave.
//!
//! The service is in Python with another D-Bus library (`service.py`), because our D-Bus code must
//! not test itself.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failure here fails the test")]

mod answers;
mod disconnects;
mod floods;
mod names;
mod pipes;
mod run;
mod service;
