//! Registry of real machines, as installers, scripts and crashes leave it, beside processes of all
//! ages.

use std::fs;

use communicado_conformance::{ExpectOk, Line, Peer, Wine, within};

/// On a busy machine the first reading may last longer than the usual second.
const PATIENCE: &str = "patience=1h";

/// Applies a file of `cases` to the registry.
#[track_caller]
fn import(wine: &Wine, case: &str) {
    let source = format!("{}/windows/cases/{case}.reg", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(source).expect_ok("read a case").replace('\n', "\r\n");
    // As the registry editor writes it; else Wine reads the values as text of one byte each.
    let bytes: Vec<u8> =
        std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let file = wine.folder().join("drive_c/case.reg");
    fs::write(file, bytes).expect_ok("write a case");
    wine.run("reg", &["import", r"C:\case.reg"]);
}

/// A process with the name of a client, which does nothing.
fn idle(wine: &Wine, program: &str) -> Peer {
    wine.peer(program, &[])
}

/// The status of a client with its reason.
#[track_caller]
fn status(wine: &Wine, client: &str) -> String {
    let printed =
        wine.communicado().run(&["status", "--client", client, "--json", "--set", PATIENCE]);
    let line = Line::of_status(printed.out.trim()).expect_ok("read a status");
    let text = line.to_string();
    text.split(" by ").next().unwrap_or_default().to_owned()
}

/// The lines of `doctor` on a subject.
fn doctor(wine: &Wine, subject: &str) -> String {
    let printed = wine.communicado().run(&["doctor"]);
    let lines: Vec<&str> = printed.out.lines().collect();
    let is_about = |line: &str| line.get(4..).is_some_and(|text| text.starts_with(subject));
    let about = lines.iter().enumerate().filter(|(_, line)| is_about(line));
    let with_action = about.flat_map(|(at, line)| {
        let action = lines.get(at + 1).filter(|next| next.trim_start().starts_with("help: "));
        [Some(line), action]
    });
    with_action.flatten().map(|line| format!("{line}\n")).collect()
}

#[track_caller]
fn is_running(wine: &Wine, client: &str) {
    let asked = wine.communicado().run(&["is", "running", "--client", client, "--set", PATIENCE]);
    assert_eq!(asked.code, Some(0), "{client}: {}{}", asked.out, asked.err);
}

/// Waits until `status` and `watch` report a status, which they reach together.
#[track_caller]
fn becomes(wine: &Wine, client: &str, expected: &str) {
    within(&format!("{client} is {expected}"), || (status(wine, client) == expected).then_some(()));
    let mut watch = wine.watch();
    watch.expect_status(client, expected.split(' ').next().unwrap_or_default());
}

const NOT_SUPPORTED: &str = "unknown reason=not-supported";

#[test]
fn a_process_that_stays_without_its_flag_starts_and_then_is_unknown() {
    let wine = Wine::new();
    for case in ["flag-zero", "no-user-key", "no-value", "hung-start"] {
        import(&wine, case);
    }
    let programs =
        ["CiscoJabber.exe", "linphone.exe", "Teams.exe", "communicator.exe", "UcMapi.exe"];
    let _processes = programs.map(|program| idle(&wine, program));
    let clients = [
        ("jabber", NOT_SUPPORTED),
        ("Linphone", NOT_SUPPORTED),
        ("teams-classic", NOT_SUPPORTED),
        ("communicator", "unknown reason=not-responding"),
    ];
    for (client, later) in clients {
        let first = status(&wine, client);
        assert!(["starting", later].contains(&&*first), "{client}: {first}");
        is_running(&wine, client);
    }
    for (client, later) in clients {
        becomes(&wine, client, later);
        is_running(&wine, client);
    }
    let line = doctor(&wine, "client jabber");
    assert!(line.contains("`CiscoJabber.exe` runs (process"), "{line}");
    assert!(line.contains("its flag does not say so (UpAndRunning 0)"), "{line}");
    let line = doctor(&wine, "client Linphone");
    assert!(line.contains("no key of this user"), "{line}");
    assert!(!line.contains("help: start"), "{line}");
    let line = doctor(&wine, "client teams-classic");
    assert!(line.contains("(no UpAndRunning)"), "{line}");
    let line = doctor(&wine, "client communicator");
    assert!(line.contains("its start has not ended within 30 s"), "{line}");
    assert!(line.contains("help: end `communicator.exe` (process"), "{line}");
    assert!(line.contains("and `UcMapi.exe` (process"), "{line}");
    let line = doctor(&wine, "DefaultIMApp");
    assert!(line.contains("Office uses `Communicator`, which runs"), "{line}");
}

#[test]
fn a_client_whose_class_is_not_registered_ages_alike_in_status_and_watch() {
    for (case, program, client) in
        [("two-generations", "Teams.exe", "teams-classic"), ("narrow-only", "lync.exe", "lync")]
    {
        let wine = Wine::new();
        let _process = idle(&wine, program);
        import(&wine, case);
        becomes(&wine, client, NOT_SUPPORTED);
        is_running(&wine, client);
        let line = doctor(&wine, &format!("object of {client}"));
        assert!(line.contains("80040154"), "{line}");
        if case == "two-generations" {
            assert_eq!(status(&wine, "teams"), "absent");
            let line = doctor(&wine, "DefaultIMApp");
            assert!(line.contains("which does not run, although teams-classic does"), "{line}");
        }
    }
}

#[test]
fn a_helper_that_is_left_over_is_not_the_client() {
    let wine = Wine::new();
    let _helper = idle(&wine, "UcMapi.exe");
    import(&wine, "helper-left");
    assert_eq!(status(&wine, "lync"), "absent");
    let line = doctor(&wine, "client lync");
    assert!(line.contains("`lync.exe` does not run; only its helper `UcMapi.exe`"), "{line}");
    let line = doctor(&wine, "DefaultIMApp");
    assert!(line.contains("Office uses `Lync`, which does not run"), "{line}");
}

#[test]
fn every_spelling_is_read_and_explained() {
    for (case, program, client, expected, finding) in [
        ("foreign-process-id", "lync.exe", "lync", NOT_SUPPORTED, "it has registered no class"),
        ("flag-text", "CiscoJabber.exe", "jabber", NOT_SUPPORTED, "help: make it a DWORD"),
        (
            "flag-quad",
            "CiscoJabber.exe",
            "jabber",
            NOT_SUPPORTED,
            "its UpAndRunning is a REG_QWORD",
        ),
        (
            "program-path",
            "acme.exe",
            "Acme",
            NOT_SUPPORTED,
            "nothing shows that it serves its class",
        ),
        (
            "program-stem",
            "acme.exe",
            "Acme",
            NOT_SUPPORTED,
            "its `GUID` under `IM Providers` is invalid",
        ),
        ("program-variable", "acme.exe", "Acme", NOT_SUPPORTED, "it has registered no class"),
    ] {
        let wine = Wine::new();
        let _process = idle(&wine, program);
        import(&wine, case);
        assert_eq!(status(&wine, client), expected, "{case}");
        is_running(&wine, client);
        let line = doctor(&wine, &format!("client {client}"));
        assert!(line.contains(finding), "{case}: {line}");
        assert!(!line.starts_with("ok"), "{case}: {line}");
    }
}

#[test]
fn a_client_without_a_program_may_or_may_not_run() {
    let wine = Wine::new();
    import(&wine, "no-program");
    assert_eq!(status(&wine, "Acme"), "unknown reason=source-lost");
    let asked = wine.communicado().run(&["is", "running", "--client", "Acme"]);
    assert_ne!(asked.code, Some(0), "{}", asked.out);
    let line = doctor(&wine, "client Acme");
    assert!(line.contains("nothing shows whether it runs"), "{line}");
    let line = doctor(&wine, "DefaultIMApp");
    assert!(line.contains("Office uses `Nowhere`, which is not registered"), "{line}");
}

#[test]
fn asking_launches_no_server_of_a_class() {
    let wine = Wine::new();
    let _processes = ["javaw.exe", "beta.exe", "lync.exe"].map(|program| idle(&wine, program));
    import(&wine, "shared-host");
    let mut watch = wine.watch();
    for client in ["Acme", "Beta", "lync"] {
        watch.expect(client, &["unknown reason=not-supported by im-providers"]);
        for _ in 0..2 {
            assert_eq!(status(&wine, client), NOT_SUPPORTED);
        }
        is_running(&wine, client);
        let line = doctor(&wine, &format!("client {client}"));
        assert!(line.contains("communicado does not create its object"), "{line}");
    }
    let launches = wine.folder().join("drive_c/launches.txt");
    assert!(!launches.exists(), "communicado launched a server");
    // The counter works: a program that creates the object launches it.
    let script = wine.file("create.js", "new ActiveXObject(\"Counter.Client\");\n");
    wine.run("cscript", &["//nologo", &script]);
    within("a script launches the server", || launches.exists().then_some(()));
}

fn a_legacy_key_belongs_to_the_client_whose_program_serves_it(wine: &Wine) {
    let mut acme = wine.peer("acme.exe", &[]);
    acme.tell("name alice@uc.test");
    acme.tell("status 2");
    let server =
        r"HKLM\Software\Classes\CLSID\{8885370D-B33E-44B7-875D-28E403CF9270}\LocalServer32";
    wine.run("reg", &["add", server, "/ve", "/d", r#""C:\acme\acme.exe" -Embedding"#, "/f"]);
    let key = r"HKLM\Software\IM Providers\Acme";
    wine.run("reg", &["add", key, "/v", "ProcessName", "/d", "acme.exe", "/f"]);
    acme.come_up();
    assert_eq!(status(wine, "Acme"), "signed-in available/ONLINE");
    assert_eq!(status(wine, "communicator"), "absent");
    let line = doctor(wine, "client communicator");
    assert!(line.contains("belongs to Acme, which runs"), "{line}");
}

fn a_client_that_loses_its_registration_is_not_absent(wine: &Wine) {
    let mut lync = wine.peer("lync.exe", &["--app", "Lync", "--kind", "lync"]);
    lync.install_office();
    lync.tell("activity Free");
    lync.tell("state 3");
    lync.come_up();
    let mut watch = wine.watch();
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    for view in ["/reg:64", "/reg:32"] {
        wine.run("reg", &["delete", r"HKLM\Software\IM Providers\Lync", "/f", view]);
    }
    watch.expect_status("lync", "unknown");
    assert_eq!(status(wine, "lync"), NOT_SUPPORTED);
    lync.kill();
    watch.expect_eventually("lync", "absent by lync");
}

crate::beside_both! {
    a_client_that_loses_its_registration_is_not_absent,
    a_legacy_key_belongs_to_the_client_whose_program_serves_it,
}
