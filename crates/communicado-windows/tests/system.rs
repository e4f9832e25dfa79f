//! Tests with the registry, processes, tokens and timers of the real system.
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]
#![expect(clippy::disallowed_methods, reason = "no event reports that a wait has begun")]

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use communicado_windows::{
    ChangeFilter, ChangeNotification, DirWatcher, Hive, Process, RegistryKey, RegistryValue,
    RegistryView, TokenInfo, WakeTimer, own_session, processes, session_of, uptime, was_deleted,
};

const TIMEOUT: Duration = Duration::from_secs(10);

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// True if `poll` is ready before the timeout. Only the waker repeats the poll.
fn becomes_ready<T>(mut poll: impl FnMut(&Context<'_>) -> Poll<T>) -> bool {
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    let cx = Context::from_waker(&waker);
    let end = uptime() + TIMEOUT;
    loop {
        match end.checked_sub(uptime()) {
            Some(_) if poll(&cx).is_ready() => return true,
            Some(left) => thread::park_timeout(left),
            None => return false,
        }
    }
}

/// A registry key of one test, deleted at the end.
struct TestKey(&'static str);

impl TestKey {
    fn new(path: &'static str) -> (Self, RegistryKey) {
        RegistryKey::delete_all(Hive::CurrentUser, path, RegistryView::Default).unwrap();
        (
            Self(path),
            RegistryKey::create(Hive::CurrentUser, path, RegistryView::Default, true).unwrap(),
        )
    }
}

impl Drop for TestKey {
    fn drop(&mut self) {
        RegistryKey::delete_all(Hive::CurrentUser, self.0, RegistryView::Default).unwrap();
    }
}

fn open(path: &str) -> Option<RegistryKey> {
    RegistryKey::open(Hive::CurrentUser, path, RegistryView::Default).unwrap()
}

fn has_changed(notification: &mut ChangeNotification) -> bool {
    becomes_ready(|cx| notification.poll_changed(cx))
}

#[test]
fn values_are_read_as_written() {
    let (own, key) = TestKey::new(r"Software\Communicado test\values");
    assert_eq!(key.value("UpAndRunning").unwrap(), None);
    key.set_number("UpAndRunning", 2).unwrap();
    let read = |name| key.value(name).unwrap().map(|value| value.decode());
    assert_eq!(read("UpAndRunning"), Some(RegistryValue::Number(2)));
    let long = "ü".repeat(1000);
    key.set_text("Long", &long).unwrap();
    assert_eq!(read("Long"), Some(RegistryValue::Text(long)));
    key.set_text("Longer", &"x".repeat(40_000)).unwrap();
    let error = key.value("Longer").unwrap_err().to_string();
    assert!(error.contains("cannot read the value `Longer`"), "{error}");
    key.delete_value("UpAndRunning").unwrap();
    key.delete_value("UpAndRunning").unwrap();
    assert_eq!(read("UpAndRunning"), None);
    assert!(open(r"Software\Communicado test\no such key").is_none());
    drop(own);
}

#[test]
fn a_rearmed_notification_reports_values_written_in_a_subkey() {
    let (_own, key) = TestKey::new(r"Software\Communicado test\written");
    let below = r"Software\Communicado test\written\Communicator";
    let below = RegistryKey::create(Hive::CurrentUser, below, RegistryView::Default, true).unwrap();
    let mut notification = key.watch(ChangeFilter::NamesAndValues, true).unwrap();
    assert!(!notification.has_changed());
    below.set_number("UpAndRunning", 1).unwrap();
    assert!(has_changed(&mut notification));
    notification.rearm(&key).unwrap();
    assert!(!notification.has_changed());
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        below.set_number("UpAndRunning", 2).unwrap();
    });
    assert!(has_changed(&mut notification));
    writer.join().unwrap();
}

#[test]
fn a_notification_reports_created_and_deleted_subkeys() {
    let (_own, key) = TestKey::new(r"Software\Communicado test\names");
    let mut notification = key.watch(ChangeFilter::Names, false).unwrap();
    let below = r"Software\Communicado test\names\IM Providers";
    drop(RegistryKey::create(Hive::CurrentUser, below, RegistryView::Default, true).unwrap());
    assert!(has_changed(&mut notification));
    assert_eq!(key.subkeys().unwrap(), ["IM Providers"]);
    notification.rearm(&key).unwrap();
    RegistryKey::delete_all(Hive::CurrentUser, below, RegistryView::Default).unwrap();
    assert!(has_changed(&mut notification));
}

#[test]
fn a_notification_of_a_deleted_key_cannot_be_rearmed() {
    let (_own, _) = TestKey::new(r"Software\Communicado test\deleted");
    let path = r"Software\Communicado test\deleted\watched";
    let key = RegistryKey::create(Hive::CurrentUser, path, RegistryView::Default, true).unwrap();
    let notification = key.watch(ChangeFilter::NamesAndValues, true).unwrap();
    RegistryKey::delete_all(Hive::CurrentUser, path, RegistryView::Default).unwrap();
    let error = notification.rearm(&key).unwrap_err();
    assert!(was_deleted(&error), "{error}");
}

#[test]
fn a_watcher_reports_created_and_deleted_files() {
    let folder = std::env::temp_dir().join(format!("communicado-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut watcher = DirWatcher::new(&folder).unwrap();
    let cx = Context::from_waker(Waker::noop());
    assert!(watcher.poll_changed(&cx).is_pending());
    std::fs::write(folder.join("file"), "x").unwrap();
    assert!(becomes_ready(|cx| watcher.poll_changed(cx)));
    watcher.rearm().unwrap();
    // One change may cause several watchers.
    while watcher.poll_changed(&cx).is_ready() {
        watcher.rearm().unwrap();
    }
    std::fs::remove_file(folder.join("file")).unwrap();
    assert!(becomes_ready(|cx| watcher.poll_changed(cx)));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_exit_of_a_process_wakes_its_waiter() {
    let mut command = Command::new("cmd");
    command.args(["/c", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut process = Process::open(child.id()).unwrap();
    assert!(!process.has_ended());
    let listed = processes().unwrap().into_iter().find(|each| each.id == child.id()).unwrap();
    assert!(listed.image.eq_ignore_ascii_case("cmd.exe"), "{}", listed.image);
    assert_eq!(session_of(child.id()), own_session());
    assert_eq!(process.token_info().unwrap().integrity, TokenInfo::own().unwrap().integrity);
    let killer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        child.kill().unwrap();
        child.wait().unwrap();
    });
    assert!(becomes_ready(|cx| process.poll_ended(cx)));
    killer.join().unwrap();
    assert!(process.has_ended());
}

#[test]
fn a_timer_fires_if_set_and_not_if_cancelled() {
    let mut timer = WakeTimer::new().unwrap();
    let began = uptime();
    timer.set(Some(Duration::from_millis(60))).unwrap();
    assert!(becomes_ready(|cx| timer.poll_fired(cx)));
    assert!(uptime() - began >= Duration::from_millis(50));
    timer.set(Some(Duration::from_secs(3600))).unwrap();
    timer.set(None).unwrap();
    let cx = Context::from_waker(Waker::noop());
    assert!(timer.poll_fired(&cx).is_pending());
}
