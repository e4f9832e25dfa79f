//! `communicado` beside real Finch and Pidgin, signed in at real servers.
//!
//! A test acts on the peers, and expects every line of the output in order. It writes a line as
//! [`Line`](communicado_conformance::Line) shortens it.

mod addresses;
mod asking;
mod bus;
mod hung;
mod loss;
mod note;
mod off_bus;
mod order;
mod presence;
mod secrets;
mod session;
mod several;
mod shutdown;
mod sign_in;
mod sip;
mod tmux;
mod usual_bus;

use communicado_conformance::Watch;

// libpurple reports the account first and then the status box, so a new status gives two lines.

/// The lines of a client with one account, from its start to its sign-in.
const SIGN_IN: &[&str] =
    &["starting", "signing-in saved=available", "signed-in available/available saved=available"];

/// Expects [`SIGN_IN`] from a client that has just started.
///
/// A client answers its first query some 100 ms after it joins the bus. On a busy machine it may be
/// signed in before that, and never reports `signing-in`.
#[track_caller]
fn signs_in(watch: &mut Watch, client: &str) {
    let [starting, _, signed_in] = SIGN_IN else { unreachable!() };
    watch.expect_either(client, &[SIGN_IN, &[starting, signed_in]]);
}

/// The lines of a client whose one account has a wrong password, with and without its attempt.
const REFUSED: &[&[&str]] = &[
    &[
        "starting",
        "signing-in saved=available",
        "signed-out reason=authentication-failed saved=available",
    ],
    &["starting", "signed-out reason=authentication-failed saved=available"],
];

/// The lines after the user picks "away".
const GOES_AWAY: &[&str] =
    &["signed-in away/away saved=available", "signed-in away/away saved=away"];

/// The lines after the user signs out.
const SIGN_OUT: &[&str] = &["signed-out saved=available", "signed-out saved=offline"];
