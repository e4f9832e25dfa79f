//! Tests of the parser.

use super::*;

#[test]
fn the_first_number_is_the_most_plausible() {
    let check = |text: &str, expected: Option<u32>| {
        let first = read(text).ok().and_then(|it| it.first().copied());
        assert_eq!(first.and_then(|it| it.number), expected, "{text:?}");
    };
    check(" 80040111 ", Some(0x8004_0111));
    check("-2147221231", Some(0x8004_0111));
    check("8100031e", Some(0x8100_031E));
    check("18", Some(18));
    check("0x12", Some(18));
    check("MISTATUS 0x12", Some(18));
    check("mistatus=18", Some(18));
    check("MyStatus (18)", Some(18));
    check("error-80040111", Some(0x8004_0111));
    check("hr=-2147221231", Some(0x8004_0111));
    check("0x80040111!", Some(0x8004_0111));
    check("0x0000000080040111", Some(0x8004_0111));
    check("ffffffff80040111", Some(0x8004_0111));
    check("4294967295", Some(u32::MAX));
    check("-2147483648", Some(0x8000_0000));
    check("31E", Some(0x31E));
    // Not alone, too short; and words that happen to be hexadecimal.
    check("error 5", None);
    check("OC 2007 R2", None);
    check("added", None);
    check("0x", None);
    check("0xZZ", None);
    check("80040111x", None);
    check("{8885370D-B33E-44B7-875D-28E403CF9270}", None);
    check("on 20240101", None);
    check("after 123456789 s", None);
    // Too large.
    check("4294967296", None);
    check("-2147483649", None);
    check("0x180040111", None);
    check("0xFFFFFFFF00040111", None);
    check("", None);
    check("- - -", None);
}

#[test]
fn the_name_of_a_family_alone_means_all_of_its_codes() {
    assert_eq!(read("UpAndRunning").map(|it| it.len()), Ok(3));
    assert_eq!(read("mistatus").map(|it| it.len()), Ok(21));
}

#[test]
fn an_error_has_a_cause_and_an_advice() {
    let check = |text: &str, says: &str, helps: &str| {
        let error = read(text).unwrap_err();
        assert_eq!(format!("{error}"), says);
        let help = error.help().unwrap();
        assert!(help.contains(helps), "{text}: {help}");
    };
    check("  ", "the text is empty", "80040111");
    check("BUZY", "`BUZY` is not a known code", "did you mean `MISTATUS_BUSY`, `MS");
    check("what\0?", "`what ?` is not a known code", "0x8100031E");
    check("0x123456789", "`0x123456789` does not fit into 32 bits", "8 hexadecimal digits");
    let long = "x".repeat(61);
    let cut = "x".repeat(60);
    check(&long, &format!("`{cut}...` is not a known code"), "give a number");
}
