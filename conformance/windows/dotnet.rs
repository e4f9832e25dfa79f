//! Programs in C# against the provider, compiled by Mono and run by .NET Core.
//!
//! **Know:** most tests keep `early.exe hold` running. When the last object of an interface goes,
//! Wine's COM server can hang; `early.c` describes the fault.

use std::{env, fs};

use communicado_conformance::{ExpectOk, Program, Wine, within};

use crate::provider::{ACCOUNT, counts, memory, provider, tell, threads};

/// Starts a signed-in provider, and a program that keeps an object of every interface.
fn held_provider(wine: &Wine, options: &[&str]) -> (Program, Program) {
    let provider = provider(wine, options);
    let holder = wine.start_with("early.exe", &["hold"]);
    holder.says(&["holds"]);
    (provider, holder)
}

/// Starts the article's program, which finds the provider in this state.
#[track_caller]
fn article(wine: &Wine, signed_in: &str) -> Program {
    let article = wine.dotnet("Article", &[]);
    article.says(&[&format!("signed in: {signed_in}"), "Press Enter"]);
    article
}

#[test]
fn the_article_follows_a_provider_through_a_whole_session() {
    let wine = Wine::new();
    let words = [&["provide"], &ACCOUNT[..], &["--all-users", "--register"]].concat();
    let registered = wine.communicado().run(&words);
    assert_eq!(registered.code, Some(0), "{}", registered.err);
    // The flag is 0, so the program ends before it creates an object.
    let mut early = wine.dotnet("Article", &[]);
    early.ends();
    let provider = held_provider(&wine, &[]);
    let mut first = article(&wine, "False");
    let follow = wine.dotnet("Programs", &["follow"]);
    follow.says(&["MyStatus MISTATUS_OFFLINE"]);
    tell(&wine, &["sign-in"]);
    first.says(&["OnSignin 00000000, signed in: True"]);
    let second = article(&wine, "True");
    tell(&wine, &["set", "busy"]);
    follow.skips_to("OnMyStatusChange MISTATUS_BUSY");
    tell(&wine, &["sign-out"]);
    for program in [&first, &second] {
        program.says(&["OnSignout, signed in: False"]);
    }
    tell(&wine, &["sign-in"]);
    for program in [&first, &second] {
        program.says(&["OnSignin 00000000, signed in: True"]);
    }
    // The others go on after one has ended.
    first.enter();
    tell(&wine, &["quit"]);
    second.says(&["OnSignout, signed in: False", "OnAppShutdown"]);
    drop(provider);
    within("the flag is 0 again", || {
        wine.run("reg", &["query", r"HKCU\Software\IM Providers\Communicator"])
            .contains("UpAndRunning    REG_DWORD    0x0")
            .then_some(())
    });
    let mut late = wine.dotnet("Article", &[]);
    late.ends();
}

/// The variable with the number of sessions in the test below.
const SESSIONS: &str = "COMMUNICADO_ARTICLE_SESSIONS";
/// The line of the article's program for a failed sign-in.
const FAILED: &str = "OnSignin 81000303, signed in: False";

/// Two processes repeat the article's `Main`, because the start of .NET needs most of the time of a
/// session. A third process controls the provider.
#[test]
fn the_article_has_the_right_output_in_every_repeated_session() {
    let sessions = env::var(SESSIONS).map_or(3, |count| count.parse().expect_ok(SESSIONS));
    let wine = Wine::new();
    let words = [&["provide"], &ACCOUNT[..], &["--all-users", "--register"]].concat();
    let registered = wine.communicado().run(&words);
    assert_eq!(registered.code, Some(0), "{}", registered.err);
    let failures =
        (1..20_000).map(|half| format!("{}ms fail-sign-in invalid-password\n", 500 * half));
    let fails = wine.file("fails.txt", &failures.collect::<String>());
    let repeat = || wine.dotnet("Programs", &["repeat", "Article.dll"]);
    let mut repeated = Repeated {
        wine: &wine,
        first: repeat(),
        second: repeat(),
        control: wine.dotnet("Programs", &["control"]),
    };
    for session in 1..=sessions {
        println!("session {session}");
        repeated.ends_at_once();
        repeated.follows_failed_sign_ins_until_a_kill(&fails);
        repeated.follows_sign_ins_until_a_quit();
    }
    repeated.ends_at_once();
    for program in [repeated.first, repeated.second] {
        assert_eq!(program.kill_and_read(), [""; 0]);
    }
}

/// Two processes that repeat the article's program, and one that controls the provider.
struct Repeated<'w> {
    wine: &'w Wine,
    first: Program,
    second: Program,
    control: Program,
}

#[track_caller]
fn carry_out(program: &mut Program, command: &str) {
    program.enter_line(command);
    program.says(&[&format!("done {command}")]);
}

impl Repeated<'_> {
    #[track_caller]
    fn provider(&mut self, options: &[&str]) -> (Program, Program) {
        let words = [&["provide"], &ACCOUNT[..], options].concat();
        let provider = self.wine.start_with("communicado.exe", &words);
        // Before that, COM would start a second provider for the first call.
        provider.skips_to_word("signed-out");
        let holder = self.wine.start_with("early.exe", &["hold"]);
        holder.says(&["holds"]);
        for program in [&mut self.first, &mut self.second, &mut self.control] {
            carry_out(program, "connect");
        }
        (provider, holder)
    }

    #[track_caller]
    fn tell(&mut self, command: &str) {
        carry_out(&mut self.control, command);
    }

    /// The flag is 0, so `Main` returns before it creates an object.
    #[track_caller]
    fn ends_at_once(&mut self) {
        for program in [&mut self.first, &mut self.second] {
            program.press_enter();
            program.says(&["returned"]);
        }
    }

    #[track_caller]
    fn follows_failed_sign_ins_until_a_kill(&mut self, fails: &str) {
        let (mut provider, _holder) = self.provider(&["--script", fails]);
        self.first.press_enter();
        self.first.says_among(FAILED, &["signed in: False", "Press Enter"]);
        self.first.says(&[FAILED]);
        self.tell("sign-in");
        self.first.says_among(FAILED, &["OnSignin 00000000, signed in: True"]);
        provider.kill();
        provider.code();
        // The first `-=` throws.
        self.first.press_enter();
        self.first.says(&["threw 800706BA"]);
        self.wine.restart_com();
    }

    #[track_caller]
    fn follows_sign_ins_until_a_quit(&mut self) {
        let (mut provider, _holder) = self.provider(&[]);
        self.first.press_enter();
        self.first.says(&["signed in: False", "Press Enter"]);
        self.tell("sign-in");
        self.first.says(&["OnSignin 00000000, signed in: True"]);
        self.tell("busy");
        self.second.press_enter();
        self.second.says(&["signed in: True", "Press Enter"]);
        self.tell("sign-out");
        for program in [&self.first, &self.second] {
            program.says(&["OnSignout, signed in: False"]);
        }
        self.tell("sign-in");
        for program in [&self.first, &self.second] {
            program.says(&["OnSignin 00000000, signed in: True"]);
        }
        // The other goes on after one has ended.
        self.first.press_enter();
        self.first.says(&["returned"]);
        tell(self.wine, &["quit"]);
        self.second.says(&["OnSignout, signed in: False", "OnAppShutdown"]);
        provider.ends();
        self.second.press_enter();
        self.second.says(&["threw 800706BA"]);
    }
}

#[test]
fn every_state_of_the_provider_has_the_result_that_the_article_names() {
    let wine = Wine::new();
    let create = |expected: &[&str]| {
        let mut create = wine.dotnet("Programs", &["create"]);
        create.says(expected);
        create.ends();
    };
    create(&["Retrieving the COM class factory for component with CLSID \
         {8885370D-B33E-44B7-875D-28E403CF9270} failed due to the following error: 80040154"]);
    let script = wine.file("starts.txt", "1h running\n");
    let mut starting = wine.start_with("communicado.exe", &["provide", "--script", &script]);
    let query = || wine.run("reg", &["query", r"HKCU\Software\IM Providers\Communicator"]);
    within("the flag is 1", || query().contains("0x1").then_some(()));
    create(&["Creating an instance of the COM component with CLSID \
         {8885370D-B33E-44B7-875D-28E403CF9270} from the IClassFactory failed due to the \
         following error: 80040111"]);
    starting.kill();
    starting.code();
    wine.restart_com();
    let cycle = (1..200).map(|second| {
        let second = 3 * second;
        let [sign_in, end] = [1, 2].map(|more| second + more);
        format!(
            "{second}s fail-sign-in invalid-password\n{sign_in}s sign-in\n\
             {end}s end-sign-in remote-login\n"
        )
    });
    let script = wine.file("fails.txt", &cycle.collect::<String>());
    let (mut provider, _holder) = held_provider(&wine, &["--script", &script]);
    let mut follow = wine.dotnet("Programs", &["follow"]);
    for _ in 0..2 {
        follow.skips_to("OnSignin 81000303");
        follow.skips_to("OnSignin 00000000");
        follow.skips_to("OnSignout");
    }
    provider.kill();
    provider.code();
    follow.press_enter();
    follow.skips_to("MyStatus 800706BA");
}

#[test]
fn the_members_work_early_and_late_bound_without_a_registration() {
    let wine = Wine::new();
    let (_provider, _holder) = held_provider(&wine, &["--sign-in"]);
    let mut by_name = wine.dotnet("Programs", &["prog-id"]);
    by_name.says(&["MyStatus MISTATUS_ONLINE", "MySigninName alice@uc.test"]);
    by_name.ends();
    let mut late = wine.dotnet("Programs", &["late"]);
    late.says(&[
        "MySigninName alice@uc.test",
        "MyStatus 2",
        "OnMyStatusChange 10",
        "OnMyStatusChange 1024",
        "OnSignout",
        "OnMyStatusChange 1",
    ]);
    late.press_enter();
    late.says(&["MySigninName 8100031E The client runs, but nobody is signed in"]);
    late.ends();
    let mut created = wine.dotnet("Programs", &["create"]);
    created.says(&["MyStatus MISTATUS_OFFLINE", "MySigninName 8100031E"]);
    created.ends();
    tell(&wine, &["sign-in"]);
    let mut walk = wine.dotnet("Programs", &["walk"]);
    walk.says(&[
        "MyStatus MISTATUS_BUSY",
        "MySigninName alice@uc.test",
        "MyFriendlyName Alice Liddell",
        "put MyStatus MISTATUS_AWAY",
        "MyStatus MISTATUS_AWAY",
        "Window 80004001",
        "Services.Count 1",
        "Service Communications Service, MISTATUS_AWAY, alice@uc.test",
        "Contact Alice Liddell, MISTATUS_AWAY, True",
        "GetContact of a stranger 8100030A",
        "ResolveContact alice@uc.test",
        "AutoSignin 81000304",
        "Signout done",
        "MyStatus MISTATUS_OFFLINE",
        "MySigninName 8100031E",
    ]);
    walk.ends();
}

#[test]
fn a_thousand_sign_outs_and_sign_ins_reach_three_handlers_in_order() {
    let wine = Wine::new();
    let (provider, _holder) = held_provider(&wine, &["--sign-in"]);
    // The load: other programs with many connections, one of which ends without `-=`.
    let load = [(); 2].map(|()| wine.dotnet("Programs", &["listen", "1"]));
    let mut leaves = wine.dotnet("Programs", &["leave"]);
    load.iter().for_each(|program| program.says(&["subscribed"]));
    leaves.says(&["subscribed"]);
    leaves.enter();
    let mut order = wine.dotnet("Programs", &["order", "1000"]);
    counts(&order, "in order", 1000);
    order.ends();
    let threads = threads(&provider);
    assert!(threads < 48, "{threads} threads serve 5 programs");
}

#[test]
fn a_thread_with_a_message_pump_gets_its_events_itself() {
    let wine = Wine::new();
    let (mut provider, _holder) = held_provider(&wine, &["--sign-in"]);
    let mut pump = wine.dotnet("Programs", &["pump"]);
    pump.says(&["pumps"]);
    tell(&wine, &["sign-out"]);
    pump.says(&["OnSignout on its thread"]);
    tell(&wine, &["sign-in"]);
    pump.says(&["OnSignin on its thread"]);
    let mut follow = wine.dotnet("Programs", &["follow"]);
    follow.says(&["MyStatus MISTATUS_ONLINE"]);
    tell(&wine, &["quit"]);
    pump.says(&["OnSignout on its thread", "OnAppShutdown on its thread"]);
    pump.ends();
    follow.skips_to("OnSignout");
    follow.skips_to("OnAppShutdown");
    provider.code();
    follow.press_enter();
    follow.says(&["MyStatus 800706BA"]);
}

#[test]
fn released_objects_leave_nothing_behind() {
    let wine = Wine::new();
    let (provider, _holder) = held_provider(&wine, &["--sign-in"]);
    let release = || {
        let mut release = wine.dotnet("Programs", &["release", "200"]);
        counts(&release, "released", 200);
        release.ends();
    };
    // Wine and the allocator have their permanent memory after the first run.
    release();
    let growth = || {
        let before = memory(&provider);
        release();
        memory(&provider).saturating_sub(before)
    };
    let mut grown = Vec::new();
    while grown.last().is_none_or(|grown| *grown >= 1024) {
        assert!(grown.len() < 5, "200 released objects cost {grown:?} KiB each time");
        grown.push(growth());
    }
}

#[test]
fn a_registered_provider_starts_for_the_first_program() {
    let wine = Wine::new();
    let words = [&["provide"], &ACCOUNT[..], &["--sign-in", "--all-users", "--register"]].concat();
    let registered = wine.communicado().run(&words);
    assert_eq!(registered.code, Some(0), "{}", registered.err);
    let mut created = wine.dotnet("Programs", &["prog-id"]);
    created.says(&["MyStatus MISTATUS_", "MySigninName "]);
    created.ends();
    tell(&wine, &["quit"]);
}

#[test]
fn the_documentation_shows_the_program_that_was_tested() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let read = |path: &str| fs::read_to_string(format!("{root}/{path}")).expect_ok("read a file");
    let program = format!("```csharp\n{}```\n", read("conformance/dotnet/Article.cs"));
    assert!(read("docs/porting-from-communicator.md").contains(&program));
}
