//! Tests of the table and of explanations.

use super::*;
use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec,
};

/// The words of a status, and the reasons of an `unknown` one.
const STATUSES: [&str; 8] = [
    "absent",
    "starting",
    "signed-out",
    "signing-in",
    "signed-in",
    "signing-out",
    "shutting-down",
    "unknown",
];
const REASONS: [&str; 5] =
    ["not-responding", "access-denied", "source-lost", "lease-expired", "not-supported"];

#[test]
fn every_row_is_complete() {
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    for code in codes() {
        assert!(seen.insert((code.family.name(), code.number)), "twice: {code:?}");
        let exceptional = code.family == Family::Lync;
        assert!(exceptional || names.insert(code.name), "twice: {code:?}");
        for sentence in [code.meaning, code.action] {
            let first = sentence.chars().next().unwrap();
            assert!(first.is_uppercase() && sentence.ends_with('.'), "{code:?}");
            assert!(sentence.len() > 10 && !sentence.contains("  "), "{code:?}");
            assert_eq!(sentence.matches(". ").count(), 0, "two sentences: {code:?}");
        }
        for status in
            code.status.iter().flat_map(|it| it.split(", ")).flat_map(|it| it.split(" or "))
        {
            let unknown = status.strip_prefix("unknown (").and_then(|it| it.strip_suffix(')'));
            assert!(
                STATUSES.contains(&status) || unknown.is_some_and(|it| REASONS.contains(&it)),
                "{code:?}"
            );
        }
    }
    assert_eq!(seen.len(), codes().count());
}

/// Checks names and statuses of all that `text` is explained as.
fn check(text: &str, expected: &[(&str, Option<&str>)]) {
    let found = explain(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let found: Vec<_> = found.iter().map(|it| (it.name.unwrap_or("-"), it.status)).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn the_codes_of_the_article_are_found_in_every_form() {
    let forms = |name, status, forms: &[&str]| {
        for form in forms {
            check(form, &[(name, Some(status))]);
        }
    };
    forms(
        "CLASS_E_CLASSNOTAVAILABLE",
        "absent, signed-out or unknown (access-denied)",
        &[
            "80040111",
            "0x80040111",
            "0X80040111",
            "-2147221231",
            "2147746065",
            "&H80040111",
            "(80040111).",
            "Creating an instance of the COM component with CLSID \
             {8885370D-B33E-44B7-875D-28E403CF9270} from the IClassFactory failed due to the \
             following error: 80040111.",
            "CLASS_E_CLASSNOTAVAILABLE",
        ],
    );
    forms(
        "MSGR_E_NOT_LOGGED_ON",
        "signed-out",
        &[
            "8100031E",
            "8100031e",
            "0x8100031E",
            "-2130705634",
            "0x8100_031E",
            "0xFFFFFFFF8100031E",
            "0x8100031EUL",
            "\u{201c}Exception from HRESULT: 0x8100031E\u{201d}",
            "COMException (0x8100031E): Exception from HRESULT: 0x8100031E at Main()",
            "hr=0x8100031e",
            "hr:-2130705634;",
            "Messenger.MyStatus failed with 0x8100031E",
            "msgr_e_not_logged_on",
            "NOT_LOGGED_ON",
            "not logged on",
            "error MSGR_E_NOT_LOGGED_ON, twice: MSGR_E_NOT_LOGGED_ON",
        ],
    );
    forms(
        "CO_E_SERVER_EXEC_FAILURE",
        "unknown (access-denied)",
        &[
            "80080005",
            "0x80080005",
            "-2146959355",
            "retriving the com Clas factory componet with \
             CLSID{8885370D-B33E-44B7-875D-28E403CF9270} failed due to the following \
             error:80080005",
        ],
    );
}

#[test]
fn the_statuses_and_flags_of_the_article_are_found() {
    let online = ("MISTATUS_ONLINE", Some("signed-in"));
    check(
        "0",
        &[
            ("MISTATUS_UNKNOWN", Some("unknown")),
            ("UpAndRunning 0", Some("absent or unknown (not-supported)")),
            ("S_OK", None),
        ],
    );
    check("2", &[online, ("UpAndRunning 2", None)]);
    check("MISTATUS 2", &[online]);
    check("MISTATUS.MISTATUS_ONLINE", &[online]);
    check("UpAndRunning 2", &[("UpAndRunning 2", None)]);
    check(
        "UpAndRunning = 0x1",
        &[("UpAndRunning 1", Some("absent, starting or unknown (not-responding)"))],
    );
    check(
        r"HKCU\Software\IM Providers\Communicator\UpAndRunning is 0",
        &[("UpAndRunning 0", Some("absent or unknown (not-supported)"))],
    );
    check("0x200", &[("MISTATUS_LOCAL_CONNECTING_TO_SERVER", Some("signing-in"))]);
    check("MyStatus: 1024", &[("MISTATUS_LOCAL_DISCONNECTING_FROM_SERVER", Some("signing-out"))]);
}

#[test]
fn a_short_number_is_read_in_every_plausible_way() {
    let read = |text: &str| -> Vec<_> {
        let found = explain(text).unwrap();
        found.iter().map(|it| (it.number.unwrap(), it.read_as, it.certainty)).collect()
    };
    use Certainty::{Inferred, Known, Unknown};
    use ReadAs::{Decimal, Hexadecimal};
    assert_eq!(read("18"), [(0x12, Decimal, Known)]);
    assert_eq!(read("0x12"), [(0x12, Hexadecimal, Known)]);
    assert_eq!(read("12"), [(0x12, Hexadecimal, Known)]);
    assert_eq!(read("MISTATUS 52"), [(0x52, Hexadecimal, Known)]);
    // 50 is ON_THE_PHONE in decimal; 10 is BUSY in decimal.
    assert_eq!(read("50"), [(0x32, Decimal, Known)]);
    assert_eq!(read("10"), [(0x0A, Decimal, Known)]);
    assert_eq!(read("0a"), [(0x0A, Hexadecimal, Known)]);
    assert_eq!(read("26"), [(26, Decimal, Unknown), (0x26, Hexadecimal, Unknown)]);
    assert_eq!(read("MISTATUS 0xC2"), [(0xC2, Hexadecimal, Inferred)]);
    assert_eq!(read("UpAndRunning 7"), [(7, Decimal, Unknown)]);
    assert_eq!(read("80070002"), [(0x8007_0002, Hexadecimal, Unknown)]);
    assert_eq!(read("-1"), [(u32::MAX, Decimal, Unknown)]);
}

#[test]
fn a_small_number_is_a_mistatus_only_beside_that_name() {
    check("0xC2", &[("-", None)]);
    check("MISTATUS 0xC2", &[("-", Some("signed-in"))]);
    check("MyStatus 0x104", &[("-", None)]);
}

#[test]
fn a_name_without_its_prefix_finds_every_name_with_that_ending() {
    check(
        "BUSY",
        &[
            ("MISTATUS_BUSY", Some("signed-in")),
            ("MSGR_E_BUSY", None),
            ("ContactAvailability.Busy", Some("signed-in")),
        ],
    );
    check(
        "group-already-exists",
        &[("MSGR_E_GROUP_ALREADY_EXISTS", None), ("MSGR_S_GROUP_ALREADY_EXISTS", None)],
    );
    check("accessdenied", &[("E_ACCESSDENIED", Some("unknown (access-denied)"))]);
    assert_eq!(by_name("Not_Logged_On").map(|it| it.number), Some(0x8100_031E));
    assert_eq!(by_name("MSGR_E_NOT_LOGGED_ON").map(|it| it.number), Some(0x8100_031E));
    assert_eq!(by_name("LOGGED"), None);
    assert_eq!(by_name(""), None);
}

#[test]
fn several_codes_in_one_text_are_all_explained() {
    check(
        "DISP_E_EXCEPTION (80020009), scode 8100031E",
        &[("DISP_E_EXCEPTION", None), ("MSGR_E_NOT_LOGGED_ON", Some("signed-out"))],
    );
    check("0x80020009 then 0x8100037B", &[("DISP_E_EXCEPTION", None), ("-", None)]);
    // The time and the thread are no codes beside one that is known.
    check(
        "20240101 12:00:07 [0x1a4] 0x80070005",
        &[("E_ACCESSDENIED", Some("unknown (access-denied)"))],
    );
}

#[test]
fn lookup_finds_every_family() {
    let families = |number| lookup(number).map(|it| it.family).collect::<Vec<_>>();
    assert_eq!(families(2), [Family::MiStatus, Family::UpAndRunning, Family::ClientState]);
    let one = [Family::MiStatus, Family::UpAndRunning, Family::Com, Family::ClientState];
    assert_eq!(families(1), one);
    assert_eq!(families(0x0100_0306), [Family::MessengerSuccess]);
    assert_eq!(families(0x8100_031E), [Family::MessengerError]);
    assert_eq!(families(0x8100_037B), []);
}

#[test]
fn parse_and_explain_agree() {
    for text in ["80040111", "0x8100031E", "2", "MISTATUS 18", "NOT_LOGGED_ON", "-5"] {
        assert_eq!(parse(text).ok(), explain(text).unwrap()[0].number, "{text}");
    }
}

fn found_number(text: &str) -> Option<u32> {
    parse::read(text).unwrap().iter().find_map(|it| it.number)
}

/// Checks that `text` has exactly one explanation, with this number, name and status.
fn check_one(text: &str, number: u32, name: &str, status: Option<&str>) {
    let found = explain(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let [found] = &*found else { panic!("{text}: {found:?}") };
    assert_eq!((found.number, found.name), (Some(number), Some(name)), "{text}");
    assert_eq!(found.status, status, "{text}");
}

#[test]
fn a_number_is_found_in_the_notation_of_every_language() {
    let check = |text: &str| {
        check_one(text, 0x8100_031E, "MSGR_E_NOT_LOGGED_ON", Some("signed-out"));
    };
    check("-0x7efffce2");
    check("hr=-0x7EFFFCE2");
    check("pywintypes.com_error: (-0x7efffce2, 'error')");
    check("\u{2212}2130705634");
    check("\u{2013}0x7efffce2");
    check("error \u{2013}8100031E");
    check("-0x8100031E");
    check("&H8100031E&");
    check("&h8100031e");
    check("If Err.Number = &H8100031E& Then");
    check("8100031Eh");
    check("08100031Eh");
    check("mov eax, 8100031Eh");
    check("$8100031E");
    check("16#8100031E#");
    check("x8100031E");
    check("-2,130,705,634");
    check("2,164,261,662");
    check("-2.130.705.634");
    check("-2 130 705 634");
    check("-2\u{202f}130\u{202f}705\u{202f}634");
    check("-2'130'705'634");
    check("-2130705634L");
    check("2164261662UL");
    check("0xffffffff8100031e");
    check("ffffffff`8100031e");
    check("18446744071578845982");
    check("0x0100031E");
    check("unchecked((int)0x8100031E)");
    check_one("0x00C80006", 0x80C8_0006, "NotSignedInException", Some("signed-out"));
    check_one("00ee000c", 0x80EE_000C, "System.TimeoutException", None);
}

#[test]
fn a_code_without_its_severity_bit_is_inferred() {
    let found = explain("0x0100031E").unwrap();
    assert_eq!(found[0].certainty, Certainty::Inferred);
    assert!(found[0].meaning.contains("severity bit"), "{}", found[0].meaning);
    // A success with this number exists.
    check("0x01000306", &[("MSGR_S_GROUP_ALREADY_EXISTS", None)]);
}

#[test]
fn the_codes_and_exceptions_of_lync_are_found() {
    let signed_out = Some("signed-out");
    check_one("0x80C80006", 0x80C8_0006, "NotSignedInException", signed_out);
    check_one("NotSignedIn", 0x80C8_0006, "NotSignedInException", signed_out);
    check_one(
        "Microsoft.Lync.Model.NotSignedInException: the user is not signed in",
        0x80C8_0006,
        "NotSignedInException",
        signed_out,
    );
    check_one("80F10014", 0x80F1_0014, "OperationException", None);
    check(
        "Microsoft.Lync.Model.LyncClientException: Generic COM Exception. ---> COMException \
         (0x80040154)",
        &[
            ("LyncClientException", None),
            (
                "REGDB_E_CLASSNOTREG",
                Some("absent, unknown (access-denied) or unknown (not-supported)"),
            ),
        ],
    );
    let found = explain("ClientNotFoundException").unwrap();
    assert_eq!((found[0].number, found[0].status), (None, Some("absent")));
    assert_eq!(
        parse("ClientNotFoundException").unwrap_err().to_string(),
        "`ClientNotFoundException` has no number"
    );
}

#[test]
fn the_values_of_lync_are_found_beside_their_name() {
    check_one("ContactAvailability 18500", 18500, "ContactAvailability.Offline", None);
    check_one("ContactAvailability: 18,500", 18500, "ContactAvailability.Offline", None);
    check_one("3500", 3500, "ContactAvailability.Free", Some("signed-in"));
    check_one("ContactAvailability -1", u32::MAX, "ContactAvailability.Invalid", None);
    check_one("ContactAvailability 0", 0, "ContactAvailability.None", None);
    check_one("ClientState 1", 1, "ClientState.SignedOut", Some("signed-out"));
    check_one("ClientState = 6", 6, "ClientState.Initializing", Some("starting"));
    check_one("ClientState.SigningOut", 4, "ClientState.SigningOut", Some("signing-out"));
    check_one("got ClientState: SignedOut", 1, "ClientState.SignedOut", Some("signed-out"));
    let found = explain("ContactAvailability 3700").unwrap();
    assert_eq!((found[0].certainty, found[0].status), (Certainty::Inferred, None));
    assert_eq!(explain("ClientState 9").unwrap()[0].certainty, Certainty::Unknown);
}

#[test]
fn the_errors_of_visual_basic_and_its_sentences_are_found() {
    let check = |text: &str, error: u32| {
        let name = format!("Run-time error {error}");
        check_one(text, 0x800A_0000 + error, &name, None);
    };
    check("Run-time error '429': ActiveX component can't create object", 429);
    check("Run-time error '429':\n\nActiveX component can\u{2019}t create object", 429);
    check("429", 429);
    check("VB 462", 462);
    check("error 462", 462);
    check("Err.Number = 438", 438);
    check("800A01AD", 429);
    check("Microsoft VBScript runtime error '800a01ad'", 429);
    check(
        "a.vbs(5, 1) Microsoft VBScript runtime error: ActiveX component can't create object: 'Communicator.UIAutomation'",
        429,
    );
    check("The remote server machine does not exist or is unavailable", 462);
    check("Run-time error '5'", 5);
    check_one("Invalid class string", 0x8004_01F3, "CO_E_CLASSSTRING", None);
    check_one(
        "Run-time error '-2147221005 (800401f3)': Invalid class string",
        0x8004_01F3,
        "CO_E_CLASSSTRING",
        None,
    );
    for of_http in ["HTTP error 429", "HTTP/1.1 429 Too Many Requests", "http status: error 424"] {
        assert!(matches!(explain(of_http), Err(ParseCodeError::NoCode { .. })), "{of_http}");
    }
    // Five can be anything.
    assert_eq!(explain("5").unwrap()[0].certainty, Certainty::Unknown);
}

#[test]
fn the_codes_of_com_itself_are_found() {
    let not_supported = Some("unknown (not-supported)");
    check_one("-2147221005", 0x8004_01F3, "CO_E_CLASSSTRING", None);
    check_one("0x80029C4A", 0x8002_9C4A, "TYPE_E_CANTLOADLIBRARY", not_supported);
    check_one("8002802B", 0x8002_802B, "TYPE_E_ELEMENTNOTFOUND", not_supported);
    check_one("80020006", 0x8002_0006, "DISP_E_UNKNOWNNAME", not_supported);
    check_one("800401FD", 0x8004_01FD, "CO_E_OBJNOTCONNECTED", Some("unknown (source-lost)"));
    check_one("800401FC", 0x8004_01FC, "CO_E_OBJISREG", None);
    check_one("E_UNEXPECTED", 0x8000_FFFF, "E_UNEXPECTED", None);
    check_one("81000605", 0x8100_0605, "SR_SESSION_NOT_READY", None);
    let elevation = explain("80040154").unwrap();
    assert!(elevation[0].meaning.contains("administrator"), "{}", elevation[0].meaning);
}

#[test]
fn no_text_makes_it_panic() {
    // Every explanation ends its sentences, too.
    let feed = |text: &str| match explain(text) {
        Ok(found) => {
            assert!(!found.is_empty(), "{text:?}");
            assert_eq!(parse(text).ok(), found_number(text), "{text:?}");
            for it in found {
                assert!(it.meaning.ends_with('.') && it.action.ends_with('.'), "{it:?}");
            }
        }
        Err(error) => {
            assert!(!format!("{error}").is_empty() && error.help().is_some(), "{text:?}");
            assert!(parse(text).is_err(), "{text:?}");
        }
    };
    for first in 0..=u8::MAX {
        for second in *b"08fFx-&_ M\0\xFF" {
            feed(&String::from_utf8_lossy(&[first, second]));
        }
    }
    // Pieces that a code is made of, in an order that a small generator picks.
    let pieces = [
        "0x",
        "-",
        "8",
        "1E",
        "031",
        "80040111",
        "&H",
        "_",
        " ",
        "{",
        "}",
        "MSGR_E_",
        "BUSY",
        "MISTATUS",
        "UpAndRunning",
        "\u{e9}",
        "\u{2212}",
        "\0",
        "g",
        "F",
        ".",
        "(",
        "\n",
        "99999999999999999999",
        "ffffffff",
        "L",
    ];
    let mut state = 169_u64;
    for _ in 0..300 {
        let mut text = String::new();
        for _ in 0..state % 9 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(7);
        feed(&text);
    }
    for long in ["8", "F", "-", "_", "MSGR_E_", "80040111 ", "0x8100031E,", "\u{e9}"] {
        feed(&long.repeat(1_000));
    }
    let every_failure: Vec<_> = (0..99).map(|it| format!("{:#x}", u32::MAX - it)).collect();
    assert!(explain(&every_failure.join(" ")).unwrap().len() <= 16);
    assert_eq!(explain(&vec!["0x80040111"; 99].join(" ")).unwrap().len(), 1);
}
