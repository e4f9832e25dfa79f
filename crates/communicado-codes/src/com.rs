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

/// The client is absent or signed out, or its privilege level differs.
const NO_OBJECT: Option<&str> = Some("absent, signed-out or unknown (access-denied)");
/// The client is absent, or its class is invisible to this program.
const NO_CLASS: Option<&str> = Some("absent, unknown (access-denied) or unknown (not-supported)");
const ABSENT: Option<&str> = Some("absent");
const ACCESS_DENIED: Option<&str> = Some("unknown (access-denied)");
const NOT_RESPONDING: Option<&str> = Some("unknown (not-responding)");
const NOT_SUPPORTED: Option<&str> = Some("unknown (not-supported)");
const SOURCE_LOST: Option<&str> = Some("unknown (source-lost)");

const CONNECT_ANEW: &str =
    "Drop all objects of the client without calling them, and connect again when it runs again.";
const REPAIR: &str =
    "Repair the client's or Office's installation, which registers the type library again.";
const SAME_LEVEL: &str = "Run your program and the client as the same user at the same level, usually neither as administrator.";
const RETRY: &str = "Try again after a moment; if the error persists, look for an open dialog or a client that hangs.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const CODES: &[Code] = &[
    com(0x0000_0000, "S_OK", None,
        "The call succeeded; as the argument of OnSignin it means that the user has signed in.",
        "Continue; read MyStatus if you need the status."),
    com(0x0000_0001, "S_FALSE", None,
        "The call succeeded without doing anything new; from AutoSignin it means that a sign-in is already in progress.",
        "Wait for OnSignin, which has the result."),
    com(0x8000_000A, "E_PENDING", None,
        "An operation is pending; Lync reports it as NotReadyException.",
        RETRY),
    com(0x8000_4001, "E_NOTIMPL", None,
        "The client runs, but does not implement this call; Jitsi returns this for MyStatus.",
        "Use another call, such as MyStatus of the primary service or Status of the user's own contact."),
    com(0x8000_4002, "E_NOINTERFACE", NOT_SUPPORTED,
        "The client answered, but this interface is not available, usually because its type library is not registered.",
        "Call through IDispatch, which needs no type library, or repair the client's installation."),
    com(0x8000_4003, "E_POINTER", None,
        "The program passed a null pointer; the code says nothing about the client.",
        "Pass a pointer for the result."),
    com(0x8000_4005, "E_FAIL", None,
        "The call failed without a reason; MySigninName may return this while nobody is signed in.",
        "Read MyStatus, which also works while signed out."),
    com(0x8000_401A, "CO_E_RUNAS_LOGON_FAILURE", None,
        "The class is configured to run as another user, and the sign-in of that Windows user failed.",
        "Correct the identity of the class in dcomcnfg."),
    com(0x8000_401E, "CO_E_SERVER_START_TIMEOUT", NOT_RESPONDING,
        "The client was started, but did not become ready in time.",
        RETRY),
    com(0x8000_4027, "CO_E_CLASS_DISABLED", NOT_SUPPORTED,
        "The class is disabled by policy.",
        "Ask the administrator."),
    com(0x8000_402A, "CO_E_SERVER_INIT_TIMEOUT", NOT_RESPONDING,
        "The client did not finish its initialization in time.",
        RETRY),
    com(0x8000_FFFF, "E_UNEXPECTED", None,
        "The call failed in a way that its author did not expect; the code says nothing about the sign-in.",
        RETRY),
    com(0x8001_0001, "RPC_E_CALL_REJECTED", NOT_RESPONDING,
        "The client runs but rejected the call, usually because a dialog keeps it busy.",
        RETRY),
    com(0x8001_0002, "RPC_E_CALL_CANCELED", None,
        "The call was canceled before the client answered, usually by a timeout.",
        RETRY),
    com(0x8001_0007, "RPC_E_SERVER_DIED", ABSENT,
        "The client exited while it was answering the call.",
        CONNECT_ANEW),
    com(0x8001_0012, "RPC_E_SERVER_DIED_DNE", ABSENT,
        "The client exited before it accepted the call.",
        CONNECT_ANEW),
    com(0x8001_0105, "RPC_E_SERVERFAULT", None,
        "The client caught an internal fault during the call.",
        RETRY),
    com(0x8001_0106, "RPC_E_CHANGED_MODE", None,
        "The thread already has another COM apartment type; the code says nothing about the client.",
        "Call CoInitializeEx with the type that the thread has."),
    com(0x8001_0108, "RPC_E_DISCONNECTED", SOURCE_LOST,
        "The object is disconnected from the client, usually because the client is exiting.",
        CONNECT_ANEW),
    com(0x8001_010A, "RPC_E_SERVERCALL_RETRYLATER", NOT_RESPONDING,
        "The client runs but is too busy to answer, usually because a dialog is open.",
        RETRY),
    com(0x8001_010B, "RPC_E_SERVERCALL_REJECTED", NOT_RESPONDING,
        "The client runs but rejected the call, usually because a dialog is open.",
        RETRY),
    com(0x8001_010D, "RPC_E_CANTCALLOUT_ININPUTSYNCCALL", None,
        "The program called the client from inside a synchronous input message, which COM does not allow.",
        "Post a message to yourself, and call the client from there."),
    com(0x8001_010E, "RPC_E_WRONG_THREAD", None,
        "The program used an object of the client on the wrong thread; the code says nothing about the client.",
        "Call on the thread that created the object, or marshal it to the other thread."),
    com(0x8001_011B, "RPC_E_ACCESS_DENIED", ACCESS_DENIED,
        "The client denies access to this program, usually because only one of them runs as administrator.",
        SAME_LEVEL),
    com(0x8001_011F, "RPC_E_TIMEOUT", NOT_RESPONDING,
        "The client did not answer within the time limit.",
        RETRY),
    com(0x8002_0001, "DISP_E_UNKNOWNINTERFACE", NOT_SUPPORTED,
        "The client does not support late-bound calls to this interface.",
        "Call through the default interface, with the IID null."),
    com(0x8002_0003, "DISP_E_MEMBERNOTFOUND", None,
        "The client answered, but does not know this member, or not as this method or property.",
        "Check the DISPID, and ask for a property with DISPATCH_PROPERTYGET."),
    com(0x8002_0004, "DISP_E_PARAMNOTFOUND", None,
        "The client answered, but has no parameter of this name or number.",
        "Correct the arguments of the call."),
    com(0x8002_0005, "DISP_E_TYPEMISMATCH", None,
        "The client answered, but an argument has the wrong type.",
        "Correct the arguments of the call."),
    com(0x8002_0006, "DISP_E_UNKNOWNNAME", NOT_SUPPORTED,
        "The client answered, but has no member of this name.",
        "Check the spelling, and whether the object is the one that has this member."),
    com(0x8002_0009, "DISP_E_EXCEPTION", None,
        "The call failed inside the client, and the real code is in the scode of EXCEPINFO.",
        "Explain that scode: 8100031E there means that nobody is signed in."),
    com(0x8002_000E, "DISP_E_BADPARAMCOUNT", None,
        "The client answered, but the number of arguments is wrong.",
        "Correct the arguments of the call."),
    com(0x8002_000F, "DISP_E_PARAMNOTOPTIONAL", None,
        "The client answered, but a required argument is missing.",
        "Correct the arguments of the call."),
    com(0x8002_801C, "TYPE_E_REGISTRYACCESS", None,
        "The type library cannot be read from or written to the registry.",
        "Check the permissions of the registry keys, or repair the client's installation."),
    com(0x8002_801D, "TYPE_E_LIBNOTREGISTERED", NOT_SUPPORTED,
        "The client's type library is not registered.",
        REPAIR),
    com(0x8002_802B, "TYPE_E_ELEMENTNOTFOUND", NOT_SUPPORTED,
        "The client's type library does not have this element, usually because it is from another version.",
        REPAIR),
    com(0x8002_9C4A, "TYPE_E_CANTLOADLIBRARY", NOT_SUPPORTED,
        "The client's type library is registered but cannot be loaded: its file is missing, has other bits (32 or 64), or an old version's key is left over.",
        "Repair the client's or Office's installation, and delete the key of the version whose file is missing."),
    com(0x8004_0110, "CLASS_E_NOAGGREGATION", None,
        "The program tried to aggregate a class that does not support it; the code says nothing about the client.",
        "Create the object without an outer object."),
    com(0x8004_0111, "CLASS_E_CLASSNOTAVAILABLE", NO_OBJECT,
        "The client gives no object: it is not running, nobody is signed in, or it runs at another privilege level than this program.",
        "Start the client and wait for UpAndRunning 2; if it runs already, run your program as the same user, not as administrator, and not under IIS or as a service."),
    com(0x8004_0154, "REGDB_E_CLASSNOTREG", NO_CLASS,
        "No such class is registered for this program: the client is not installed or does not run, or this program runs as administrator and cannot see a class registered for one user.",
        "Start the client and run your program without elevation; if that does not help, repair the client's installation and check that 32 and 64 bit agree."),
    com(0x8004_0155, "REGDB_E_IIDNOTREG", NOT_SUPPORTED,
        "The client's interfaces are not registered (any more), for example after an Office update.",
        REPAIR),
    com(0x8004_01E3, "MK_E_UNAVAILABLE", None,
        "No running object is listed: the client does not run, does not list itself, or runs as administrator where this program cannot see it.",
        "Run your program and the client as the same user, neither as administrator, and create the object rather than look for a running one."),
    com(0x8004_01E4, "MK_E_SYNTAX", None,
        "The moniker has a syntax error; the code says nothing about the client.",
        "Correct the text that you pass to GetObject."),
    com(0x8004_01F0, "CO_E_NOTINITIALIZED", None,
        "The thread has not initialized COM; the code says nothing about the client.",
        "Call CoInitializeEx on the thread first."),
    com(0x8004_01F2, "CO_E_CANTDETERMINECLASS", None,
        "COM cannot tell which class the object has; the code says nothing about the sign-in.",
        "Create the object by its CLSID."),
    com(0x8004_01F3, "CO_E_CLASSSTRING", None,
        "The ProgID or CLSID is not known, such as Communicator.UIAutomation: the client is not installed for this program, or the text has a typo.",
        "Check the spelling and install the client; a program that runs as administrator does not see classes registered for one user."),
    com(0x8004_01F5, "CO_E_APPNOTFOUND", None,
        "The program of the class was not found: the client is not installed, or its registration is out of date.",
        "Repair the client's installation."),
    com(0x8004_01F8, "CO_E_DLLNOTFOUND", None,
        "The DLL of the class was not found: the client is not installed, or its registration is out of date.",
        "Repair the client's installation."),
    com(0x8004_01F9, "CO_E_ERRORINDLL", None,
        "The DLL of the class failed to load, usually because 32 and 64 bit do not agree.",
        "Check that your program and the client have the same bits, or repair the client's installation."),
    com(0x8004_01FD, "CO_E_OBJNOTCONNECTED", SOURCE_LOST,
        "The object is not connected to the client any more, usually because the client has exited.",
        CONNECT_ANEW),
    com(0x8004_01FE, "CO_E_APPDIDNTREG", None,
        "The client was started, but did not register its class.",
        "Start the client by hand, and look for an open dialog."),
    com(0x8004_01FF, "CO_E_RELEASED", None,
        "The object was released already; the code says nothing about the client.",
        "Create the object again."),
    com(0x8004_0200, "CONNECT_E_NOCONNECTION", None,
        "The client does not know this subscription (any more); the code says nothing about the sign-in.",
        "Continue; the subscription does not exist any more."),
    com(0x8004_0201, "CONNECT_E_ADVISELIMIT", None,
        "The client accepts no more listeners; the code says nothing about the sign-in.",
        "Remove subscriptions that you do not need."),
    com(0x8004_0202, "CONNECT_E_CANNOTCONNECT", None,
        "The client cannot subscribe this listener, because the listener lacks the event interface; the code says nothing about the sign-in.",
        "Implement DMessengerEvents and IDispatch in the listener."),
    com(0x8007_0005, "E_ACCESSDENIED", ACCESS_DENIED,
        "The client denies access to this program, usually because only one of them runs as administrator.",
        SAME_LEVEL),
    com(0x8007_000E, "E_OUTOFMEMORY", None,
        "The memory is exhausted, in the client or in the program.",
        "Close programs, and call again."),
    com(0x8007_0057, "E_INVALIDARG", None,
        "An argument of the call is not valid; the code says nothing about the sign-in.",
        "Correct the arguments of the call."),
    com(0x8007_06BA, "RPC_S_SERVER_UNAVAILABLE", ABSENT,
        "The client has exited, and its objects cannot answer.",
        CONNECT_ANEW),
    com(0x8007_06BB, "RPC_S_SERVER_TOO_BUSY", NOT_RESPONDING,
        "The client's process is too busy to take the call.",
        RETRY),
    com(0x8007_06BE, "RPC_S_CALL_FAILED", SOURCE_LOST,
        "The call was interrupted, usually because the client exited while it was answering.",
        CONNECT_ANEW),
    com(0x8007_06BF, "RPC_S_CALL_FAILED_DNE", SOURCE_LOST,
        "The call was not executed, because the connection to the client's process has ended.",
        CONNECT_ANEW),
    com(0x8007_06F4, "RPC_X_NULL_REF_POINTER", None,
        "The program passed a null pointer for the result; the code says nothing about the client.",
        "Pass a pointer for the result."),
    com(0x8008_0005, "CO_E_SERVER_EXEC_FAILURE", ACCESS_DENIED,
        "The client could not be reached, usually because only one of it and your program runs as administrator.",
        "Run both as the same user at the same level, usually neither as administrator; if they are, end a client that hangs while starting."),
    com(0x8008_0008, "CO_E_SERVER_STOPPING", SOURCE_LOST,
        "The client is exiting and creates no more objects.",
        CONNECT_ANEW),
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

    /// The failure with the same facility and code, if this number is a success with a facility.
    pub(crate) const fn with_severity(self) -> Option<u32> {
        match self.0 {
            0x1_0000..=0x7FFF_FFFF => Some(self.0 | 0x8000_0000),
            _ => None,
        }
    }

    /// Returns whether the number is too small to have a facility.
    const fn is_small(self) -> bool {
        self.0.cast_signed().unsigned_abs() <= 0xFFFF
    }

    pub(crate) fn meaning(self) -> Cow<'static, str> {
        let code = self.code();
        if self.is_small() {
            return Cow::Borrowed("This number is in no table, and too small for an HRESULT.");
        }
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
            _ if self.is_small() => Cow::Borrowed(
                "Add the name that stands beside it, such as `MISTATUS 18`, `ClientState 3`, \
                 `ContactAvailability 3500` or `Run-time error 429`.",
            ),
            _ if self.looks_like_ntstatus() => {
                Cow::Borrowed("Look it up in Microsoft's list of NTSTATUS values.")
            }
            WIN32 if self.is_failure() => {
                Cow::Owned(format!("Run `net helpmsg {code}` on Windows to get the error's text."))
            }
            ITF if code < ITF_FREE => Cow::Borrowed(
                "Look it up in `winerror.h`: in facility ITF, COM itself defines the codes below \
                 0x200.",
            ),
            ITF => Cow::Borrowed(
                "Look it up in `winerror.h` and in the documentation of the interface that \
                 returned it, since in facility ITF one number can have several meanings.",
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
/// The first code of facility ITF that interfaces can define (`winerror.h`).
const ITF_FREE: u32 = 0x200;
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
        0xA => Some("CONTROL"),
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
            (0x80040111, "CLASS_E_CLASSNOTAVAILABLE", NO_OBJECT),
            (0x80080005, "CO_E_SERVER_EXEC_FAILURE", Some("unknown (access-denied)")),
            (0x80040154, "REGDB_E_CLASSNOTREG", NO_CLASS),
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
        check(0x8004_0190, "failure, facility 0x4 (ITF), code 0x190", "COM itself defines");
        check(26, "too small for an HRESULT", "MISTATUS 18");
        check(u32::MAX, "too small for an HRESULT", "name");
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
