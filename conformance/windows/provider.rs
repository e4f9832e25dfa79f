//! The provider, used by programs that were written for Communicator and for Lync.

use std::fs;

use communicado_conformance::{ExpectOk, Program, Wine, within};

/// The class that Office creates.
const OFFICE: &str = "{B1A4F1A6-5C0B-4E0B-9F0E-6C7C0D1B2A55}";
pub(crate) const ACCOUNT: [&str; 4] = ["--account", "alice@uc.test", "--name", "Alice Liddell"];

/// Starts a provider with further `options`, and waits until it answers.
pub(crate) fn provider(wine: &Wine, options: &[&str]) -> Program {
    let words = [&["provide"], &ACCOUNT[..], options].concat();
    let provider = wine.start_with("communicado.exe", &words);
    let status = || wine.communicado().run(&["provide", "status"]).code;
    within("the provider can be asked", || (status() == Some(0)).then_some(()));
    provider
}

/// Controls the provider as its user does.
#[track_caller]
pub(crate) fn tell(wine: &Wine, words: &[&str]) {
    let done = wine.communicado().run(&[&["provide"], words].concat());
    assert_eq!(done.code, Some(0), "{words:?}: {}", done.err);
}

#[track_caller]
fn says(wine: &Wine, program: &str, words: &[&str], expected: &[&str]) {
    let mut program = wine.start_with(program, words);
    program.says(expected);
    program.ends();
}

/// Follows a program that prints every hundredth number up to `count`. A program that hangs fails
/// the test after a hundred steps, so a busy machine has as long as it needs.
#[track_caller]
pub(crate) fn counts(program: &Program, word: &str, count: u32) {
    for number in (100..=count).step_by(100) {
        program.says(&[&format!("{word} {number}")]);
    }
}

#[test]
fn the_program_of_the_article_sees_a_whole_session() {
    let wine = Wine::new();
    says_not_running(&wine);
    let _provider = provider(&wine, &[]);
    let mut seed = wine.start("seed.exe");
    seed.says(&["signed in: False", "Press Enter"]);
    tell(&wine, &["sign-in"]);
    seed.says(&["OnSignin 0x00000000", "signed in: True"]);
    tell(&wine, &["set", "busy"]);
    tell(&wine, &["sign-out"]);
    seed.says(&["OnSignout, signed in: False"]);
    tell(&wine, &["sign-in"]);
    seed.says(&["OnSignin 0x00000000", "signed in: True"]);
    tell(&wine, &["quit"]);
    seed.says(&["OnSignout, signed in: False", "OnAppShutdown"]);
    seed.enter();
    says_not_running(&wine);
}

#[track_caller]
fn says_not_running(wine: &Wine) {
    let mut seed = wine.start("seed.exe");
    seed.says(&["not running"]);
    assert_eq!(seed.code(), Some(1));
}

#[test]
fn a_failed_sign_in_has_its_code_and_a_provider_that_is_starting_is_not_available() {
    let wine = Wine::new();
    let script = wine.file("day.txt", "4s running\n9s fail-sign-in invalid-password\n60s quit\n");
    let _provider = wine.start_with("communicado.exe", &["provide", "--script", &script]);
    within("the flag says that it is starting", || {
        wine.run("reg", &["query", r"HKCU\Software\IM Providers\Communicator"])
            .contains("0x1")
            .then_some(())
    });
    // COM lists the classes before the provider accepts calls; it answers with the right error.
    let early = wine.start_with("early.exe", &["walk"]);
    early.says(&["create 0x80040111"]);
    within("it runs", || {
        (wine.communicado().run(&["provide", "status"]).out.contains("signed-out")).then_some(())
    });
    let mut seed = wine.start("seed.exe");
    seed.says(&["signed in: False", "Press Enter"]);
    seed.says(&["OnSignin 0x81000303", "signed in: False"]);
    seed.enter();
}

#[test]
fn every_vtable_slot_is_where_early_bound_programs_expect_it() {
    let wine = Wine::new();
    let _provider = provider(&wine, &["--sign-in"]);
    says(
        &wine,
        "early.exe",
        &["walk"],
        &[
            "MyStatus 2",
            "MySigninName alice@uc.test",
            "MyFriendlyName Alice Liddell",
            "MyServiceName Communications Service",
            "put MyStatus 0x00000000",
            "MyStatus 10",
            "put OFFLINE 0x80070057",
            "Window 0x80004001",
            "Property 0.1.0",
            "CreateGroup 0x8100034A",
            "Contact.Status 10",
            "Contact.IsSelf -1",
            "Contact.PresenceProperties(1) 6000",
            "GetContact of a stranger 0x8100030A",
            "Service.MyStatus 10",
            "GetAuthenticationInfo <authenticationinfo>",
            "ResolveContact alice@uc.test",
            "Signin 0x81000304",
            "Signout 0x00000000",
            "MyStatus 1",
            "MySigninName 0x8100031E",
        ],
    );
}

#[test]
fn the_interfaces_for_events_classes_and_errors_check_their_arguments() {
    let wine = Wine::new();
    let _provider = provider(&wine, &["--sign-in"]);
    says(
        &wine,
        "early.exe",
        &["beside"],
        &[
            "EnumConnectionPoints 1",
            "EnumConnectionPoints after the last 0x00000001",
            "EnumConnections 1",
            "GetGUID 1",
            "GetGUID of another kind 0x80070057",
            "GetTypeInfo 0x00000000",
            "GetTypeInfo of another index 0x8002000B",
            "InterfaceSupportsErrorInfo 0x00000000",
            "InterfaceSupportsErrorInfo of a stranger 0x00000001",
        ],
    );
}

#[test]
fn the_calls_of_office_work_in_their_order() {
    let wine = Wine::new();
    let _provider = provider(&wine, &["--sign-in"]);
    let asks = wine.start_with("asks.exe", &[OFFICE]);
    asks.says(&[
        "GetAuthenticationInfo 99 (none)",
        "GetAuthenticationInfo 15 <authenticationinfo>",
        "IAutomation 0x00000000",
        "State 3",
        "GetSupportedFeatures 4",
        "SummarizerStates 0",
        "Conversations.Count 0",
        "AddConversation 0x80004001",
        "Uri sip:alice@uc.test",
        "CanStart 0",
        "Availability 3500",
        "ActivityId Free",
        "Subscribe 0x00000000",
        "Batch.Count 3",
        "Batch.DisplayName Alice Liddell",
        "Batch of what is not known 0",
        "Settings.Count 0",
        "CustomGroups.Count 0",
        "Availability of a stranger 0",
    ]);
    // The event of a search may come before its return.
    asks.expect_lines_in_any_order(&["Lookup.IsSucceeded 0", "waits", "OnLookup 404"]);
    tell(&wine, &["set", "away"]);
    asks.says(&["OnContactInformationChanged"]);
    tell(&wine, &["sign-out"]);
    asks.says(&["OnStateChanged 4", "OnContactInformationChanged", "OnStateChanged 1"]);
    tell(&wine, &["quit"]);
    asks.says(&["OnStateChanged 5", "OnShuttingDown"]);
}

#[test]
fn late_bound_scripts_use_and_start_the_provider() {
    let wine = Wine::new();
    // Wine's COM has no classes per user, so registration is for all users.
    let words = [&["provide"], &ACCOUNT[..], &["--sign-in", "--all-users", "--register"]].concat();
    let registered = wine.communicado().run(&words);
    assert_eq!(registered.code, Some(0), "{}", registered.err);
    let vbs = wine.file(
        "day.vbs",
        "Set m = CreateObject(\"Communicator.UIAutomation\")\n\
         Do While m.MyStatus <> 2: WScript.Sleep 50: Loop\n\
         WScript.Echo m.MySigninName & \" \" & m.MyFriendlyName\n\
         m.MyStatus = 34\n\
         WScript.Echo m.MyStatus & \" \" & m.Services.PrimaryService.MyStatus\n\
         For Each s In m.Services\n  WScript.Echo s.ServiceName\nNext\n\
         p = m.GetContact(\"ALICE@uc.test\", \"\").PresenceProperties\n\
         WScript.Echo UBound(p) & \" \" & p(0) & \" \" & p(1)\n\
         m.Signout\n\
         On Error Resume Next\n\
         x = m.MySigninName\n\
         WScript.Echo Hex(Err.Number) & \" \" & Err.Description\n",
    );
    let printed = wine.run("cscript", &["//nologo", &vbs]);
    let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
    assert_eq!(
        printed,
        [
            "alice@uc.test Alice Liddell",
            "34 34",
            "Communications Service",
            "10 34 15000",
            "8100031E The client runs, but nobody is signed in, and this call needs a signed-in user.",
        ]
    );
    let js = wine.file(
        "day.js",
        "var m = new ActiveXObject(\"Communicator.UIAutomation\");\n\
         m.AutoSignin();\n\
         WScript.Echo(m.MyStatus + \" \" + m.Services.Count);\n",
    );
    assert_eq!(wine.run("cscript", &["//nologo", &js]).trim_end(), "34 1");
    tell(&wine, &["quit"]);
    let unregistered = wine.communicado().run(&["provide", "--unregister", "--all-users"]);
    assert_eq!(unregistered.code, Some(0), "{}", unregistered.err);
    assert_no_trace(&wine);
}

#[test]
fn the_keys_of_a_provider_exist_while_it_runs_for_32_bit_programs_too() {
    let wine = Wine::new();
    let mut running = provider(&wine, &[]);
    let library = wine.run(
        "reg",
        &["query", r"HKLM\Software\Classes\TypeLib\{2B317E1D-50E5-4F5E-A3A4-FB85206EDA48}", "/s"],
    );
    for word_size in ["win32", "win64"] {
        assert!(library.contains(&format!(r"1.0\0\{word_size}")), "{library}");
    }
    for view in ["/reg:32", "/reg:64"] {
        let interface = r"HKLM\Software\Classes\Interface\{D50C3386-0F89-48F8-B204-3604629DEE10}";
        let interface = wine.run("reg", &["query", interface, "/s", view]);
        assert!(interface.contains("{00020424-0000-0000-C000-000000000046}"), "{interface}");
        assert!(interface.contains("{2B317E1D-50E5-4F5E-A3A4-FB85206EDA48}"), "{interface}");
    }
    let prog_id = r"HKLM\Software\Classes\Communicator.UIAutomation";
    let has_prog_id = || wine.run("reg", &["query", prog_id, "/s"]).contains("{8885370D");
    assert!(has_prog_id());
    running.kill();
    running.code();
    assert!(has_prog_id(), "a killed provider cannot remove its keys");
    let unregistered = wine.communicado().run(&["provide", "--unregister"]);
    assert_eq!(unregistered.code, Some(0), "{}", unregistered.err);
    assert_no_trace(&wine);
    wine.restart_com();
    // A provider removes the keys of a killed one when it exits.
    for is_killed in [true, false] {
        let mut running = provider(&wine, &[]);
        if is_killed {
            running.kill();
        } else {
            tell(&wine, &["quit"]);
        }
        running.code();
        wine.restart_com();
    }
    assert_no_trace(&wine);
}

/// Asserts that the registry has nothing of the provider.
#[track_caller]
fn assert_no_trace(wine: &Wine) {
    for key in [
        r"HKLM\Software\Classes",
        r"HKCU\Software\Classes",
        r"HKCU\Software\IM Providers",
        r"HKLM\Software\IM Providers",
    ] {
        let left = wine.run("reg", &["query", key, "/s"]).to_lowercase();
        for trace in ["communicad", "communicator", "8885370d", "b1a4f1a6", "2b317e1d"] {
            assert!(!left.contains(trace), "{key} still has {trace}:\n{left}");
        }
    }
}

#[test]
fn the_sources_see_the_provider_as_one_client() {
    let wine = Wine::new();
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut provider = provider(&wine, &[]);
    let client = "communicado";
    watch.expect_eventually(client, "signed-out by communicator | no accounts");
    tell(&wine, &["sign-in"]);
    watch.expect_eventually(client, "signed-in available/ONLINE by communicator");
    tell(&wine, &["set", "busy", "--activity", "on-the-phone"]);
    let phone = "signed-in busy/ON_THE_PHONE activity=on-the-phone by communicator";
    watch.expect(client, &[phone]);
    assert_eq!(watch.accounts(), [("alice@uc.test", "SIP")]);
    let doctor = wine.communicado().run(&["doctor"]);
    let advice = "help: run `communicado provide --register`";
    assert!(doctor.out.contains(advice), "{}", doctor.out);
    assert!(!doctor.out.contains("repair its installation"), "{}", doctor.out);
    provider.kill();
    watch.expect(client, &["signed-out by communicator", "absent by communicator"]);
    watch.end();
}

#[test]
fn a_second_provider_reports_the_first_which_continues() {
    let wine = Wine::new();
    let _provider = provider(&wine, &["--sign-in"]);
    let second = wine.communicado().run(&["provide"]);
    assert_eq!(second.code, Some(5), "{}", second.out);
    assert!(second.err.contains("another provider is running in this session"), "{}", second.err);
    assert!(wine.communicado().run(&["provide", "status"]).out.contains("signed-in"));
}

#[test]
fn the_former_default_application_is_restored() {
    let wine = Wine::new();
    let key = r"HKCU\Software\IM Providers";
    let default = || wine.run("reg", &["query", key, "/v", "DefaultIMApp"]);
    wine.run("reg", &["add", key, "/v", "DefaultIMApp", "/d", "MsTeams", "/f"]);
    let _provider = provider(&wine, &["--office"]);
    assert!(default().contains("Communicado"), "{}", default());
    tell(&wine, &["quit"]);
    within("the former name is back", || default().contains("MsTeams").then_some(()));
}

#[test]
fn clients_that_crash_or_hang_block_no_other() {
    let wine = Wine::new();
    let provider = provider(&wine, &["--sign-in"]);
    let dead = wine.start_with("early.exe", &["leave"]);
    dead.says(&["subscribed"]);
    let hung = wine.start_with("early.exe", &["hang"]);
    hung.says(&["subscribed"]);
    let mut seed = wine.start("seed.exe");
    seed.says(&["signed in: True", "Press Enter"]);
    let before = memory(&provider);
    let flood = wine.start_with("early.exe", &["flood", "10000"]);
    counts(&flood, "flood", 10_000);
    hung.says(&["hangs in 1031"]);
    tell(&wine, &["sign-out"]);
    seed.says(&["OnSignout, signed in: False"]);
    let grown = memory(&provider).saturating_sub(before);
    assert!(grown < 8 * 1024, "10,000 changes beside a listener that hangs cost {grown} KiB");
    seed.enter();
}

#[test]
fn an_event_waits_until_every_connection_of_its_program_has_received_the_one_before() {
    let wine = Wine::new();
    let _provider = provider(&wine, &["--sign-in"]);
    // A listener in another process hangs, and delays nobody.
    let hung = wine.start_with("early.exe", &["hang"]);
    hung.says(&["subscribed"]);
    let mut order = wine.start_with("order.exe", &["300"]);
    counts(&order, "in order", 300);
    order.ends();
    hung.says(&["hangs in"]);
}

#[test]
fn a_thousand_connections_leave_nothing_behind() {
    let wine = Wine::new();
    let provider = provider(&wine, &["--sign-in"]);
    let cycles = |count: u32| {
        let mut early = wine.start_with("early.exe", &["cycles", &count.to_string()]);
        counts(&early, "cycles", count);
        early.ends();
    };
    // Wine and the allocator have their permanent memory after the first run.
    cycles(1000);
    // Wine's heap grows by a megabyte now and then. A leak grows each time.
    let growth = || {
        let before = memory(&provider);
        cycles(1000);
        memory(&provider).saturating_sub(before)
    };
    let mut grown = Vec::new();
    while grown.last().is_none_or(|grown| *grown >= 1024) {
        assert!(grown.len() < 5, "1,000 connections cost {grown:?} KiB each time");
        grown.push(growth());
    }
    let threads = threads(&provider);
    assert!(threads < 32, "{threads} threads are left");
}

/// The anonymous memory of a process, in KiB.
pub(crate) fn memory(program: &Program) -> u64 {
    let status =
        fs::read_to_string(format!("/proc/{}/status", program.id())).expect_ok("read /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect_ok("find the memory of a process")
}

pub(crate) fn threads(program: &Program) -> usize {
    fs::read_dir(format!("/proc/{}/task", program.id())).expect_ok("read /proc").count()
}
