//! The file of the program, and its child processes.

use communicado_conformance::{ExpectOk, Wine, within};

use crate::communicator;

#[test]
fn it_is_one_small_file_that_runs_as_its_user() {
    let wine = Wine::new();
    let bytes = std::fs::read(wine.communicado().program()).expect_ok("read the program");
    assert!(bytes.len() < 10_000_000, "{} bytes", bytes.len());
    let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(has(b"level=\"asInvoker\""), "it has no manifest");
    let wide: Vec<u8> = "FileVersion".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(has(&wide), "it has no version");
    let printed = wine.communicado().run(&["--version"]);
    assert_eq!((printed.code, printed.out.lines().next()), (Some(0), Some("communicado 0.1.0")));
}

#[test]
fn a_command_runs_while_the_condition_holds_and_ends_with_communicado() {
    let wine = Wine::new();
    let mut peer = communicator(&wine);
    peer.tell("status 2");
    peer.come_up();
    let run = ["run", "--client", "communicator", "--while", "signed-in", "--grace", "200ms", "--"];
    // The inner program runs only after the outer one was added to the job.
    let command = [&run[..], &["cmd.exe", "/c", "winver.exe"]].concat();
    let mut communicado = wine.communicado().start(&command, |_| {});
    let runs = |expected: bool| {
        within(if expected { "the command runs" } else { "the command has ended" }, || {
            (wine.processes("winver.exe").is_empty() != expected).then_some(())
        });
    };
    runs(true);
    peer.tell("status 1");
    peer.tell("fire signout");
    runs(false);
    peer.tell("status 2");
    peer.tell("fire signin 0");
    runs(true);
    communicado.kill();
    runs(false);
}
