//! The `UpAndRunning` value of a client in `HKCU\Software\IM Providers\<App>`.
//!
//! **Know:** it describes the process, not the sign-in, and nothing resets it after a crash.
//! A missing value has no documented meaning.
//!
//! Sources: Microsoft, "Integrating IM applications with Office"; readers of Chris Mayo's article
//! report that it stays 2 while signed out.

use crate::{Code, Family};

pub(crate) const CODES: &[Code] = &[
    Code {
        number: 0,
        name: "UpAndRunning 0",
        family: Family::UpAndRunning,
        meaning: "The client says that it does not run; its process decides, because some clients \
                  never set the value.",
        action: "Start the client, or turn on its integration with Office if it runs.",
        status: Some("absent or unknown (not-supported)"),
    },
    Code {
        number: 1,
        name: "UpAndRunning 1",
        family: Family::UpAndRunning,
        meaning: "The client is starting and does not answer yet; its process decides, because \
                  nothing resets the value after a crash.",
        action: "Wait until the value is 2.",
        status: Some("absent, starting or unknown (not-responding)"),
    },
    Code {
        number: 2,
        name: "UpAndRunning 2",
        family: Family::UpAndRunning,
        meaning: "The client runs and answers, whether or not a user is signed in; after a crash \
                  the value may be out of date.",
        action: "Ask the client itself for its status, such as MyStatus of Messenger.",
        status: None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_client_has_no_implied_sign_in() {
        let statuses: [Option<&str>; 3] = [
            Some("absent or unknown (not-supported)"),
            Some("absent, starting or unknown (not-responding)"),
            None,
        ];
        for (number, status) in (0..).zip(statuses) {
            let code = CODES.iter().find(|code| code.number == number).unwrap();
            assert_eq!(code.status, status);
        }
    }
}
