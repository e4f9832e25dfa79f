//! The commands of a test to the client.

use std::io::{Write as _, stdin, stdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use communicado_windows::com::Apartment;
use communicado_windows::com::serve::{ClassObject, EventCall, Listeners, ReturnValue};
use communicado_windows::{Guid, HResult, Hive, RegistryKey, RegistryView};

use crate::client::Client;
use crate::objects::{Object, Part};

const PROVIDERS: &str = r"Software\IM Providers";
const MESSENGER: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);
const OFFICE: Guid = Guid(0xA065_1028_BA7A_4D71_877F_12E0_175A_5806);
/// The longest wait for listeners before the answer.
const PATIENCE: Duration = Duration::from_secs(5);

struct Peer<'a> {
    apartment: &'a Apartment,
    client: Arc<Client>,
    app: String,
    class: Guid,
    root: Part,
    refuses: Arc<Mutex<Option<HResult>>>,
    registered: Option<ClassObject<'a>>,
}

/// Runs the commands from stdin until it closes or a command ends the client.
pub(crate) fn run() {
    let mut app = "Communicator".to_owned();
    let (mut class, mut root) = (None, Part::Messenger);
    let words: Vec<String> = std::env::args().skip(1).collect();
    for pair in words.chunks(2) {
        match pair {
            [name, value] if name == "--app" => app.clone_from(value),
            [name, value] if name == "--class" => class = value.parse().ok(),
            [name, value] if name == "--kind" && value == "lync" => root = Part::Root,
            _ => {}
        }
    }
    let default = if root == Part::Root { OFFICE } else { MESSENGER };
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => return say(&Err(error.to_string())),
    };
    let client = Arc::new(Client::new());
    let class = class.unwrap_or(default);
    let refuses = Arc::default();
    let mut peer =
        Peer { apartment: &apartment, client, app, class, root, refuses, registered: None };
    say(&Ok("ready".to_owned()));
    for line in stdin().lines().map_while(Result::ok) {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let ends = word.starts_with("quit");
        say(&peer.obey(word, rest.trim()));
        if ends {
            break;
        }
    }
}

fn say(answer: &Result<String, String>) {
    match answer {
        Ok(answer) => println!("ok {answer}"),
        Err(why) => println!("error {why}"),
    }
    let _ = stdout().flush();
}

impl Peer<'_> {
    fn obey(&mut self, word: &str, rest: &str) -> Result<String, String> {
        let text = || rest.to_owned();
        let done = Ok(String::new());
        match word {
            "flag" => self.key()?.set_number("UpAndRunning", number(rest)).map_err(error_text)?,
            "flag-text" => self.key()?.set_text("UpAndRunning", rest).map_err(error_text)?,
            "flag-missing" => {
                let key = self.key()?;
                key.set_number("UpAndRunning", 0).map_err(error_text)?;
                key.delete_value("UpAndRunning").map_err(error_text)?;
            }
            "key-delete" => delete(&format!(r"{PROVIDERS}\{}", self.app))?,
            "key-delete-all" => delete(PROVIDERS)?,
            "install" => self.install(rest)?,
            "register" => self.register(rest)?,
            "revoke" => self.registered = None,
            "status" => self.client.state().status = signed(rest),
            "state" => self.client.state().state = signed(rest),
            "availability" => self.client.state().availability = signed(rest),
            "activity" => self.client.state().activity = text(),
            "uri" => self.client.state().uri = text(),
            "name" => self.client.state().signin_name = text(),
            "friendly" => self.client.state().friendly_name = text(),
            "note" => self.client.state().note = text(),
            "versions" => self.client.state().versions = text(),
            "pause" => self.client.state().pause = Duration::from_millis(number(rest).into()),
            "answer" => self.answer(rest)?,
            "fire" => return self.fire(rest),
            "calls" => {
                let state = self.client.state();
                return Ok(format!("{} {}", state.calls, state.signin_calls));
            }
            "hang" => self.client.hang(true),
            "go-on" => self.client.hang(false),
            "crash" => {
                say(&done);
                std::process::abort();
            }
            "quit" => {
                self.key()?.set_number("UpAndRunning", 0).map_err(error_text)?;
                self.registered = None;
            }
            "quit-silently" => self.registered = None,
            other => return Err(format!("no command {other}")),
        }
        done
    }

    fn key(&self) -> Result<RegistryKey, String> {
        let path = format!(r"{PROVIDERS}\{}", self.app);
        RegistryKey::create(Hive::CurrentUser, &path, RegistryView::Default, false)
            .map_err(error_text)
    }

    fn install(&self, rest: &str) -> Result<(), String> {
        let [program, class, view] = words(rest);
        for (name, one) in [("narrow", RegistryView::Bits32), ("wide", RegistryView::Bits64)] {
            let is_wanted = view == name || !["narrow", "wide"].contains(&view);
            if is_wanted {
                let path = format!(r"{PROVIDERS}\{}", self.app);
                let key = RegistryKey::create(Hive::LocalMachine, &path, one, false)
                    .map_err(error_text)?;
                key.set_text("ProcessName", program).map_err(error_text)?;
                key.set_text("GUID", class).map_err(error_text)?;
            }
        }
        Ok(())
    }

    fn register(&mut self, rest: &str) -> Result<(), String> {
        let refusal = (!rest.is_empty()).then(|| code(rest));
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        if self.registered.is_some() {
            return Ok(());
        }
        let (client, root) = (Arc::clone(&self.client), self.root);
        let refuses = Arc::clone(&self.refuses);
        let make = move || {
            drop(client.called());
            let refusal = *refuses.lock().unwrap_or_else(PoisonError::into_inner);
            refusal.map_or_else(|| Object::serve(&client, root), Err)
        };
        let class = ClassObject::register(self.apartment, self.class, make).map_err(error_text)?;
        ClassObject::resume(self.apartment).map_err(error_text)?;
        self.registered = Some(class);
        Ok(())
    }

    fn answer(&self, rest: &str) -> Result<(), String> {
        let [member, refusal, shape] = words(rest);
        let refusal = (refusal != "ok").then(|| code(refusal));
        let fails = &mut self.client.state().fails;
        fails.by_exception = shape == "exception";
        match member {
            "MyStatus" | "State" => fails.status = refusal,
            "MySigninName" => fails.name = refusal,
            "MyFriendlyName" => fails.friendly = refusal,
            "ServiceMyStatus" => fails.service_status = refusal,
            other => return Err(format!("no member {other}")),
        }
        Ok(())
    }

    fn fire(&self, rest: &str) -> Result<String, String> {
        let mut numbers = rest.split_whitespace().skip(1).map(signed);
        let what = rest.split_whitespace().next().unwrap_or_default();
        let mut next = || ReturnValue::number(numbers.next().unwrap_or(0));
        let client = &*self.client;
        let object = |part| Object::serve(&self.client, part).map(ReturnValue::Object);
        let failed = |code: HResult| code.to_string();
        let (listeners, id, arguments): (&Listeners, i32, Vec<ReturnValue>) = match what {
            "signin" => (&client.messenger, 1024, vec![next()]),
            "signout" => (&client.messenger, 1025, vec![]),
            "status" => (&client.messenger, 1031, vec![next(), next()]),
            "shutdown" => (&client.messenger, 1032, vec![]),
            "unknown" => {
                let of = if self.root == Part::Root { &client.client } else { &client.messenger };
                (of, numbers.next().unwrap_or(0), vec![ReturnValue::number(1)])
            }
            "state" => {
                let [old, _, status_code] = words(rest.trim_start_matches("state").trim());
                client.state().old_state = signed(old);
                client.state().status_code = signed(status_code);
                let both = [Part::Client, Part::StateChange].map(object);
                let both = both.into_iter().collect::<Result<_, _>>().map_err(failed)?;
                (&client.client, 100, both)
            }
            "shutting-down" => (&client.root, 50, vec![]),
            "contact" => {
                let both = [Part::Contact, Part::StateChange].map(object);
                let both = both.into_iter().collect::<Result<_, _>>().map_err(failed)?;
                (&client.contact, 400, both)
            }
            other => return Err(format!("no event {other}")),
        };
        listeners.fire(&EventCall { id, arguments, coalesces: false });
        Listeners::flush(PATIENCE);
        Ok(listeners.count().to_string())
    }
}

fn delete(path: &str) -> Result<(), String> {
    RegistryKey::delete_all(Hive::CurrentUser, path, RegistryView::Default).map_err(error_text)
}

fn error_text(error: communicado_windows::WindowsError) -> String {
    error.to_string()
}

/// The first three words; empty if missing.
fn words(text: &str) -> [&str; 3] {
    let mut words = text.split_whitespace();
    [(); 3].map(|()| words.next().unwrap_or_default())
}

/// A number in C notation: decimal, or hexadecimal after `0x`; else 0.
fn number(text: &str) -> u32 {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).unwrap_or(0),
        None => text.parse().unwrap_or(0),
    }
}

fn signed(text: &str) -> i32 {
    match text.strip_prefix('-') {
        Some(digits) => number(digits).cast_signed().wrapping_neg(),
        None => number(text).cast_signed(),
    }
}

fn code(text: &str) -> HResult {
    HResult::of(u32::from_str_radix(text, 16).unwrap_or(0))
}
