//! What `communicado` must say beside real Finch and Pidgin, signed in at real servers.
//!
//! Each case is a story told twice: by what is done to the peers, and by the lines that must come
//! out, all of them and in order. A line is written as [`Line`](communicado_conformance::Line)
//! shortens it.

mod asking;
mod bus;
mod hung;
mod loss;
mod order;
mod presence;
mod secrets;
mod session;
mod several;
mod shutdown;
mod sign_in;
mod sip;

use communicado_conformance::Watch;

// An account and the status box are two things that change one after the other, and libpurple
// tells of the account first: picking a status gives a line for each.

/// A client with one account, from its start to its sign-in.
const SIGN_IN: &[&str] =
    &["starting", "signing-in saved=available", "signed-in available/available saved=available"];

/// Expects [`SIGN_IN`] of a client that was just started.
///
/// A client answers its first question some 100 ms after it is on the bus. When two cores are
/// shared with a dozen others it may be signed in before that, and it never says that it was
/// signing in.
#[track_caller]
fn signs_in(watch: &mut Watch, client: &str) {
    let [starting, _, signed_in] = SIGN_IN else { unreachable!() };
    watch.expect_either(client, &[SIGN_IN, &[starting, signed_in]]);
}

/// A client whose one account has a wrong password, with and without word of its attempt.
const REFUSED: &[&[&str]] = &[
    &[
        "starting",
        "signing-in saved=available",
        "signed-out reason=authentication-failed saved=available",
    ],
    &["starting", "signed-out reason=authentication-failed saved=available"],
];

/// And then away.
const GOES_AWAY: &[&str] =
    &["signed-in away/away saved=available", "signed-in away/away saved=away"];

/// Or signed out.
const SIGN_OUT: &[&str] = &["signed-out saved=available", "signed-out saved=offline"];
