//! The run-time errors of Visual Basic, VBA, VBScript and JScript, and the sentences of errors.
//!
//! **Know:** a script shows the error 429 as `429` or as the HRESULT 800A01AD (facility 0xA).
//! **Know:** many programs show the system's sentence for a code and no number.
//!
//! Sources: Microsoft, "VBScript Run-time Errors" (xe43cc8d), and the VBA reference, "Error
//! messages", for 440 and 463; `winerror.h` for the sentences of COM.
//!
//! Read next: [`CODES`], then [`of_sentence`].

use crate::{Code, Family, codes};

/// The base of the codes: a failure of facility 0xA.
const BASE: u32 = 0x800A_0000;

const CREATE: &str = "Explain 80040154 and 80040111, the usual causes: show Err.Number in hexadecimal, or run `communicado doctor`.";
const MEMBER: &str = "Correct the script; the error says nothing about the sign-in.";
const AGAIN: &str = "Drop all objects of the client, and create them again when it runs.";

#[rustfmt::skip] // The table is read by its columns.
pub(crate) const CODES: &[Code] = &[
    e(5, "Run-time error 5", MEMBER,
      "An argument or a call is not valid."),
    e(13, "Run-time error 13", MEMBER,
      "A value has the wrong type."),
    e(70, "Run-time error 70",
      "Run the script and the client as the same user at the same level, usually neither as administrator.",
      "Windows denies the access."),
    e(91, "Run-time error 91", MEMBER,
      "An object variable has no object, usually because an earlier call failed."),
    e(424, "Run-time error 424", MEMBER,
      "The script uses a value that is no object, usually because an earlier call failed."),
    e(429, "Run-time error 429", CREATE,
      "The object could not be created: the client is not installed, does not run, has other bits (32 or 64), or runs at another privilege level."),
    e(430, "Run-time error 430", MEMBER,
      "The class does not support Automation or the interface that the script expects."),
    e(432, "Run-time error 432", CREATE,
      "The file or class name was not found."),
    e(438, "Run-time error 438", MEMBER,
      "The client answered, but does not have this property or method."),
    e(440, "Run-time error 440",
      "Show Err.Number in hexadecimal, and explain that code.",
      "A call to an object failed, and the real code is the HRESULT beside it."),
    e(445, "Run-time error 445", MEMBER,
      "The object does not support this action."),
    e(449, "Run-time error 449", MEMBER,
      "A required argument is missing."),
    e(450, "Run-time error 450", MEMBER,
      "The number of arguments is wrong, or the property cannot be assigned."),
    e(462, "Run-time error 462", AGAIN,
      "The process of the object cannot be reached, usually because the client has exited."),
    e(463, "Run-time error 463", CREATE,
      "The class is not registered on this computer."),
];

const fn e(error: u32, name: &'static str, action: &'static str, meaning: &'static str) -> Code {
    Code { number: BASE + error, name, family: Family::Script, meaning, action, status: None }
}

/// The row of an error number as Visual Basic shows it, such as 429.
pub(crate) fn by_error(error: u32) -> Option<&'static Code> {
    CODES.iter().find(|code| error <= 0xFFFF && code.number == BASE + error)
}

/// Returns whether a number without context can be an error of a script: a small number can be
/// anything.
pub(crate) const fn counts_alone(error: u32) -> bool {
    error >= 100
}

/// The sentences in lower case. A sentence comes before those that it contains.
const SENTENCES: &[(&str, u32)] = &[
    ("activex component can't create object", BASE + 429),
    ("automation server can't create object", BASE + 429),
    ("remote server machine does not exist or is unavailable", BASE + 462),
    ("class not registered on local machine", BASE + 463),
    ("object doesn't support this property or method", BASE + 438),
    ("object doesn't support this action", BASE + 445),
    ("class doesn't support automation", BASE + 430),
    ("class does not support automation", BASE + 430),
    ("file name or class name not found during automation operation", BASE + 432),
    ("wrong number of arguments or invalid property assignment", BASE + 450),
    ("object variable or with block variable not set", BASE + 91),
    ("object variable not set", BASE + 91),
    ("object required", BASE + 424),
    ("classfactory cannot supply requested class", 0x8004_0111),
    ("class not registered", 0x8004_0154),
    ("interface not registered", 0x8004_0155),
    ("invalid class string", 0x8004_01F3),
    ("library not registered", 0x8002_801D),
    ("error loading type library/dll", 0x8002_9C4A),
    ("server execution failed", 0x8008_0005),
    ("rpc server is unavailable", 0x8007_06BA),
    ("remote procedure call failed and did not execute", 0x8007_06BF),
    ("remote procedure call failed", 0x8007_06BE),
    ("object invoked has disconnected from its clients", 0x8001_0108),
    ("object is not connected to server", 0x8004_01FD),
    ("message filter indicated that the application is busy", 0x8001_010A),
    ("call was rejected by callee", 0x8001_0001),
    ("marshalled for a different thread", 0x8001_010E),
    ("no such interface supported", 0x8000_4002),
    ("coinitialize has not been called", 0x8004_01F0),
    ("catastrophic failure", 0x8000_FFFF),
    ("access is denied", 0x8007_0005),
    ("automation error", BASE + 440),
];

/// The row of the first known sentence in a text.
pub(crate) fn of_sentence(text: &str) -> Option<&'static Code> {
    let text = text.to_lowercase();
    let (_, number) = SENTENCES.iter().find(|(sentence, _)| text.contains(sentence))?;
    codes().find(|code| code.number == *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_has_a_row_and_is_found_before_its_parts() {
        for (sentence, number) in SENTENCES {
            let found = of_sentence(&alloc::format!("Error: {sentence}."));
            assert_eq!(found.map(|code| code.number), Some(*number), "{sentence}");
        }
    }

    #[test]
    fn an_error_is_found_by_the_number_that_basic_shows() {
        assert_eq!(by_error(429).map(|code| code.number), Some(0x800A_01AD));
        assert_eq!(by_error(462).map(|code| code.number), Some(0x800A_01CE));
        assert_eq!(by_error(430 + 0x1_0000), None);
    }
}
