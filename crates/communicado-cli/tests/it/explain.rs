//! `explain`.

use crate::program::communicado;

#[test]
fn a_code_is_explained_in_every_notation() {
    let check = |code: &str, read_as: &str| {
        let explained = communicado(&["explain", code]).expect_stdout(0, "");
        let (first, rest) = explained.split_once('\n').expect(code);
        assert_eq!(first, "0x80040111  CLASS_E_CLASSNOTAVAILABLE", "{code}");
        assert!(rest.starts_with(&format!("  family: COM, read as {read_as}\n")), "{rest}");
    };
    check("80040111", "hexadecimal");
    check("0x80040111", "hexadecimal");
    check("-2147221231", "decimal");
    check("2147746065", "decimal");
    check("CLASS_E_CLASSNOTAVAILABLE", "name");
}

#[test]
fn an_explanation_has_a_meaning_and_an_action() {
    communicado(&["explain", "0x8100031E"]).expect(
        0,
        "0x8100031E  MSGR_E_NOT_LOGGED_ON\n  family: MSGR_E, read as hexadecimal\n  \
         meaning: The client runs, but nobody is signed in, and this call needs a signed-in \
         user.\n  help: Let the user sign in and wait for OnSignin before you call again; MyStatus \
         answers while signed out too.\n  status: signed-out\n",
        "",
    );
}

#[test]
fn a_code_inside_a_message_is_found() {
    let message = "Retrieving the COM class factory failed due to the following error: 80040111.";
    let words: Vec<&str> = ["explain"].into_iter().chain(message.split(' ')).collect();
    let explained = communicado(&words).expect_stdout(0, "");
    assert!(explained.starts_with("0x80040111  CLASS_E_CLASSNOTAVAILABLE\n"), "{explained}");
}

#[test]
fn an_unknown_code_is_decoded() {
    let explained = communicado(&["explain", "0x81234567"]).expect_stdout(0, "");
    assert!(explained.starts_with("0x81234567  unknown name\n"), "{explained}");
    assert!(explained.contains("  certainty: "), "{explained}");
}

#[test]
fn invalid_codes_list_the_notations_and_typos_get_a_suggestion() {
    const FORMS: &str = "  help: give a number such as 80040111, 0x8100031E or -2147221231, or a \
                         name such as MSGR_E_NOT_LOGGED_ON\n";
    let check = |code: &str, err: &str| communicado(&["explain", code]).expect(2, "", err);
    check("hello", &format!("error: `hello` is not a known code\n{FORMS}"));
    check("", &format!("error: the text is empty\n{FORMS}"));
    check(
        "MSGR_E_NOT_LOGED_ON",
        "error: `MSGR_E_NOT_LOGED_ON` is not a known code\n  \
         help: did you mean `MSGR_E_NOT_LOGGED_ON`?\n",
    );
    check(
        "0x123456789",
        "error: `0x123456789` does not fit into 32 bits\n  help: a code has 32 bits: at most 8 \
         hexadecimal digits, or a decimal number from -2147483648 to 4294967295\n",
    );
}

#[test]
fn what_people_paste_is_explained() {
    let check = |text: &str, first: &str| {
        let explained = communicado(&["explain", text]).expect_stdout(0, "");
        assert_eq!(explained.lines().next(), Some(first), "{text}");
    };
    check("0x80C80006", "0x80C80006  NotSignedInException");
    check("0x80029C4A", "0x80029C4A  TYPE_E_CANTLOADLIBRARY");
    check("-2147221005", "0x800401F3  CO_E_CLASSSTRING");
    check(
        "Run-time error '429': ActiveX component can't create object",
        "0x800A01AD  Run-time error 429",
    );
    check("-0x7efffce2", "0x8100031E  MSGR_E_NOT_LOGGED_ON");
    check("&H8100031E&", "0x8100031E  MSGR_E_NOT_LOGGED_ON");
    check("-2,130,705,634", "0x8100031E  MSGR_E_NOT_LOGGED_ON");
    check("ContactAvailability 18500", "18500 (0x4844)  ContactAvailability.Offline");
    check("E_UNEXPECTED", "0x8000FFFF  E_UNEXPECTED");
    check("ClientNotFoundException", "ClientNotFoundException");
    check("Microsoft.Lync.Model.NotSignedInException", "0x80C80006  NotSignedInException");
    check(
        "Unhandled Exception: Microsoft.Lync.Model.ClientNotFoundException: The host process is",
        "ClientNotFoundException",
    );
    check("notsignedinexception", "0x80C80006  NotSignedInException");
    check(
        "System.UnauthorizedAccessException: Access is denied. (Exception from HRESULT: \
         0x80070005 (E_ACCESSDENIED))",
        "0x80070005  E_ACCESSDENIED",
    );
    check("Access is denied.", "0x80070005  E_ACCESSDENIED");
    check("error '800a01ad'", "0x800A01AD  Run-time error 429");
    check("Class not registered", "0x80040154  REGDB_E_CLASSNOTREG");
    check(
        "com_error: (-2147352567, 'Exception occurred.', (0, None, None, None, 0, -2130705634))",
        "0x80020009  DISP_E_EXCEPTION",
    );
}

#[test]
fn a_number_is_read_in_the_notations_in_which_people_paste_it() {
    let numbers = [
        "0x80040111.",
        "(0x80040111)",
        "\"0x80040111\"",
        "hr=0x80040111",
        "hr = 0x80040111, line 12",
        "HRESULT 0x80040111L",
        "Exception from HRESULT: 0x80040111 (CLASS_E_CLASSNOTAVAILABLE)",
        "-2147221231L",
        "2147746065u",
        "0X80040111",
        "0x8004_0111",
        "80040111h",
        "&H80040111",
        "$80040111",
        "16#80040111#",
        "0xffffffff80040111",
        "\u{2212}2147221231",
        "８００４０１１１",
        "０ｘ８００４０１１１",
        "－２１４７２２１２３１",
    ];
    for number in numbers {
        let explained = communicado(&["explain", number]).expect_stdout(0, "");
        let first = explained.lines().next();
        assert_eq!(first, Some("0x80040111  CLASS_E_CLASSNOTAVAILABLE"), "{number}");
    }
}

#[test]
fn the_documents_and_explain_have_the_same_statuses_for_a_missing_class() {
    let explained = communicado(&["explain", "80040111"]).expect_stdout(0, "");
    let status = explained.lines().find_map(|line| line.strip_prefix("  status: "));
    let status = status.expect("a status");
    let document = include_str!("../../../../docs/porting-from-communicator.md");
    let row = document.lines().find(|line| line.starts_with("| 80040111 |")).expect("a row");
    let cell = row.trim_end_matches([' ', '|']).rsplit('|').next().expect("a cell");
    assert_eq!(cell.replace('`', "").trim(), status);
}
