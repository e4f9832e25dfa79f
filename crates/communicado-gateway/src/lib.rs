//! The gateway: desktop agents publish their user's status, web pages and programs read it.
