//! The COM errors that a program gets when it queries a client.
//!
//! **Not here:** the general meaning of a code. `CLASS_E_CLASSNOTAVAILABLE` has one, but from
//! Communicator it means that Communicator does not run.
//! **Know:** "does not run" has three codes (80040111, 80040154, 800706BA), depending on the
//! client, its registration and the platform.
//! "Signed out" is 8100031E, directly or in the scode of 80020009.
//!
//! Sources: names and numbers from `winerror.h` and `olectl.h`; 80040111 and 8100031E from Chris
//! Mayo, "Getting sign in/sign out status via Office Communicator 2007 SDK"; elevation from
//! Microsoft, "The COM Elevation Moniker"; 80040154, 80004002, 800706BA and 80020009 from
//! experiments with our own servers under Wine 8.
//! A meaning for a client that is not documented has the word "usually".
//!
//! Read next: [`CODES`], then [`HresultBits`] for a code that is in no table.

use alloc::{borrow::Cow, format};

use crate::{Code, Family};

const ABSENT: Option<&str> = Some("absent");
const ACCESS_DENIED: Option<&str> = Some("unknown (access-denied)");
const NOT_RESPONDING: Option<&str> = Some("unknown (not-responding)");
const NOT_SUPPORTED: Option<&str> = Some("unknown (not-supported)");
const SOURCE_LOST: Option<&str> = Some("unknown (source-lost)");

const CONNECT_ANEW: &str =
    "Drop all objects of the client without calling them, and connect again when it runs again.";
const RETRY: &str = "Try again after a moment; if the error persists, look for an open dialog or a client that hangs.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const CODES: &[Code] = &[
    com(0x0000_0000, "S_OK", None,
        "The call succeeded; as the argument of OnSignin it means that the user has signed in.",
        "Continue; read MyStatus if you need the status."),
    com(0x0000_0001, "S_FALSE", None,
        "The call succeeded without doing anything new; from AutoSignin it means that a sign-in is already in progress.",
        "Wait for OnSignin, which has the result."),
    com(0x8000_4001, "E_NOTIMPL", None,
        "The client runs, but does not implement this call; Jitsi returns this for MyStatus.",
        "Use another call, such as MyStatus of the primary service or Status of the user's own contact."),
    com(0x8000_4002, "E_NOINTERFACE", NOT_SUPPORTED,
        "The client answered, but this interface is not available, usually because its type library is not registered.",
        "Call through IDispatch, which needs no type library, or repair the client's installation."),
    com(0x8000_4005, "E_FAIL", None,
        "The call failed without a reason; MySigninName may return this while nobody is signed in.",
        "Read MyStatus, which also works while signed out."),
    com(0x8001_0001, "RPC_E_CALL_REJECTED", NOT_RESPONDING,
        "The client runs but rejected the call, usually because a dialog keeps it busy.",
        RETRY),
    com(0x8001_0007, "RPC_E_SERVER_DIED", ABSENT,
        "The client exited while it was answering the call.",
        CONNECT_ANEW),
    com(0x8001_0012, "RPC_E_SERVER_DIED_DNE", ABSENT,
        "The client exited before it accepted the call.",
        CONNECT_ANEW),
    com(0x8001_0108, "RPC_E_DISCONNECTED", SOURCE_LOST,
        "The object is disconnected from the client, usually because the client is exiting.",
        CONNECT_ANEW),
    com(0x8001_010A, "RPC_E_SERVERCALL_RETRYLATER", NOT_RESPONDING,
        "The client runs but is too busy to answer, usually because a dialog is open.",
        RETRY),
    com(0x8001_010E, "RPC_E_WRONG_THREAD", None,
        "The program used an object of the client on the wrong thread; the code says nothing about the client.",
        "Call on the thread that created the object, or marshal it to the other thread."),
    com(0x8002_0003, "DISP_E_MEMBERNOTFOUND", None,
        "The client answered, but does not know this member, or not as this method or property.",
        "Check the DISPID, and ask for a property with DISPATCH_PROPERTYGET."),
    com(0x8002_0009, "DISP_E_EXCEPTION", None,
        "The call failed inside the client, and the real code is in the scode of EXCEPINFO.",
        "Explain that scode: 8100031E there means that nobody is signed in."),
    com(0x8004_0111, "CLASS_E_CLASSNOTAVAILABLE", ABSENT,
        "The client is not running, or not for this program: Messenger cannot be created, and the call does not launch the client.",
        "Start the client and wait for UpAndRunning 2; if it runs already, run your program as the same user, not as administrator, and not under IIS or as a service."),
    com(0x8004_0154, "REGDB_E_CLASSNOTREG", ABSENT,
        "No such class is registered: the client is not installed for this program, or does not run.",
        "Start the client; if that does not help, repair its installation and check that 32 and 64 bit agree."),
    com(0x8004_0155, "REGDB_E_IIDNOTREG", NOT_SUPPORTED,
        "The client's interfaces are not registered (any more), for example after an Office update.",
        "Repair the client's or Office's installation, which registers the type library again."),
    com(0x8004_01E3, "MK_E_UNAVAILABLE", None,
        "No running object is listed: the client does not run, does not list itself, or runs as administrator where this program cannot see it.",
        "Run your program and the client as the same user, neither as administrator, and create the object rather than look for a running one."),
    com(0x8004_0200, "CONNECT_E_NOCONNECTION", None,
        "The client does not know this subscription (any more); the code says nothing about the sign-in.",
        "Continue; the subscription does not exist any more."),
    com(0x8004_0202, "CONNECT_E_CANNOTCONNECT", None,
        "The client cannot subscribe this listener, because the listener lacks the event interface; the code says nothing about the sign-in.",
        "Implement DMessengerEvents and IDispatch in the listener."),
    com(0x8007_0005, "E_ACCESSDENIED", ACCESS_DENIED,
        "The client denies access to this program, usually because only one of them runs as administrator.",
        "Run your program and the client as the same user at the same level, usually neither as administrator."),
    com(0x8007_06BA, "RPC_S_SERVER_UNAVAILABLE", ABSENT,
        "The client has exited, and its objects cannot answer.",
        CONNECT_ANEW),
    com(0x8007_06BE, "RPC_S_CALL_FAILED", SOURCE_LOST,
        "The call was interrupted, usually because the client exited while it was answering.",
        CONNECT_ANEW),
    com(0x8007_06F4, "RPC_X_NULL_REF_POINTER", None,
        "The program passed a null pointer for the result; the code says nothing about the client.",
        "Pass a pointer for the result."),
    com(0x8008_0005, "CO_E_SERVER_EXEC_FAILURE", ACCESS_DENIED,
        "The client could not be reached, usually because only one of it and your program runs as administrator.",
        "Run both as the same user at the same level, usually neither as administrator; if they are, end a client that hangs while starting."),
];

const fn com(
    number: u32,
    name: &'static str,
    status: Option<&'static str>,
    meaning: &'static str,
    action: &'static str,
) -> Code {
    Code { number, name, family: Family::Com, meaning, action, status }
}

/// The parts of an HRESULT, for a code that is not in the table.
///
/// Source: Microsoft, \[MS-ERREF\] 2.1, "HRESULT".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HresultBits(pub(crate) u32);

impl HresultBits {
    pub(crate) const fn is_failure(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// The facility: the 11 bits of the component that defines the code.
    pub(crate) const fn facility(self) -> u32 {
        (self.0 >> 16) & 0x7FF
    }

    pub(crate) const fn code(self) -> u32 {
        self.0 & 0xFFFF
    }

    /// Returns whether bit 30 is set, as in an NTSTATUS error but not in an HRESULT.
    const fn looks_like_ntstatus(self) -> bool {
        self.0 & 0xC000_0000 == 0xC000_0000
    }

    pub(crate) fn meaning(self) -> Cow<'static, str> {
        let code = self.code();
        if self.looks_like_ntstatus() {
            return Cow::Borrowed(
                "This code is not in the table, and looks like an NTSTATUS rather than an HRESULT.",
            );
        }
        let severity = if self.is_failure() { "failure" } else { "success" };
        match self.facility() {
            WIN32 if self.is_failure() => {
                Cow::Owned(format!("This code is not in the table; it wraps Win32 error {code}."))
            }
            facility => {
                let name = facility_name(facility).unwrap_or("unknown");
                Cow::Owned(format!(
                    "This code is not in the table; its bits are a {severity}, facility \
                     {facility:#x} ({name}), code {code:#x}."
                ))
            }
        }
    }

    pub(crate) fn action(self) -> Cow<'static, str> {
        let code = self.code();
        match self.facility() {
            _ if self.looks_like_ntstatus() => {
                Cow::Borrowed("Look it up in Microsoft's list of NTSTATUS values.")
            }
            WIN32 if self.is_failure() => {
                Cow::Owned(format!("Run `net helpmsg {code}` on Windows to get the error's text."))
            }
            ITF => Cow::Borrowed(
                "Look it up in the documentation of the interface that returned it, since in \
                 facility ITF each interface defines its own codes.",
            ),
            MESSENGER => Cow::Borrowed(
                "Check that the number is the one that the client returned, and look it up in the \
                 documentation of that client.",
            ),
            _ => Cow::Borrowed("Look it up in the documentation of the call that returned it."),
        }
    }
}

const ITF: u32 = 4;
const WIN32: u32 = 7;
/// The facility of `MSGR_E` and `MSGR_S`: 0x81000300 is a failure of facility 0x100.
const MESSENGER: u32 = 0x100;

/// The name of a well-known facility (`winerror.h`, `FACILITY_*`).
const fn facility_name(facility: u32) -> Option<&'static str> {
    match facility {
        0 => Some("NULL"),
        1 => Some("RPC"),
        2 => Some("DISPATCH"),
        3 => Some("STORAGE"),
        ITF => Some("ITF"),
        WIN32 => Some("WIN32"),
        8 => Some("WINDOWS"),
        MESSENGER => Some("Messenger"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_code_under_its_number() {
        // Written a second time, independent of the table.
        let expected = [
            (0x80040111, "CLASS_E_CLASSNOTAVAILABLE", Some("absent")),
            (0x80080005, "CO_E_SERVER_EXEC_FAILURE", Some("unknown (access-denied)")),
            (0x80040154, "REGDB_E_CLASSNOTREG", Some("absent")),
            (0x80040155, "REGDB_E_IIDNOTREG", Some("unknown (not-supported)")),
            (0x80004002, "E_NOINTERFACE", Some("unknown (not-supported)")),
            (0x800401E3, "MK_E_UNAVAILABLE", None),
            (0x80010108, "RPC_E_DISCONNECTED", Some("unknown (source-lost)")),
            (0x800706BA, "RPC_S_SERVER_UNAVAILABLE", Some("absent")),
            (0x80010007, "RPC_E_SERVER_DIED", Some("absent")),
            (0x80010012, "RPC_E_SERVER_DIED_DNE", Some("absent")),
            (0x800706BE, "RPC_S_CALL_FAILED", Some("unknown (source-lost)")),
            (0x80010001, "RPC_E_CALL_REJECTED", Some("unknown (not-responding)")),
            (0x8001010A, "RPC_E_SERVERCALL_RETRYLATER", Some("unknown (not-responding)")),
            (0x8001010E, "RPC_E_WRONG_THREAD", None),
            (0x80070005, "E_ACCESSDENIED", Some("unknown (access-denied)")),
            (0x80040200, "CONNECT_E_NOCONNECTION", None),
            (0x80040202, "CONNECT_E_CANNOTCONNECT", None),
            (0x800706F4, "RPC_X_NULL_REF_POINTER", None),
            (0x80020009, "DISP_E_EXCEPTION", None),
        ];
        for (number, name, status) in expected {
            let code = CODES.iter().find(|code| code.number == number).expect(name);
            assert_eq!((code.name, code.status), (name, status));
        }
    }

    #[test]
    fn an_unknown_code_is_explained_by_its_parts() {
        let check = |number, meaning: &str, action: &str| {
            let hresult = HresultBits(number);
            assert!(hresult.meaning().contains(meaning), "{number:#x}: {}", hresult.meaning());
            assert!(hresult.action().contains(action), "{number:#x}: {}", hresult.action());
        };
        check(0x8007_0002, "wraps Win32 error 2.", "net helpmsg 2`");
        check(0x8007_06D9, "wraps Win32 error 1753.", "net helpmsg 1753`");
        check(0x8004_0F00, "failure, facility 0x4 (ITF), code 0xf00", "interface");
        check(0x8100_037B, "failure, facility 0x100 (Messenger), code 0x37b", "client");
        check(0x8003_0002, "facility 0x3 (STORAGE)", "call");
        check(0x0100_0309, "success, facility 0x100 (Messenger), code 0x309", "client");
        check(0x80AB_0001, "facility 0xab (unknown)", "call");
        check(0xC000_0005, "NTSTATUS", "NTSTATUS");
    }

    #[test]
    fn generated_sentences_end_with_a_full_stop() {
        for high in 0..=0xFFFF_u32 {
            let hresult = HresultBits(high << 16 | 0x1234);
            assert!(hresult.meaning().ends_with('.'), "{hresult:?}");
            assert!(hresult.action().ends_with('.'), "{hresult:?}");
        }
    }
}
