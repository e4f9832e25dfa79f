//! What a program wants to be called with.

use std::sync::{Arc, Mutex, PoisonError};

use super::MiStatus;

/// Something that the client told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessengerEvent {
    SignIn(i32),
    SignOut,
    Status(MiStatus),
    Shutdown,
}

/// Tells what has happened; called by the messenger's own thread only.
pub(super) type EventHandler = Box<dyn FnMut(MessengerEvent) + Send>;

/// A function of the program.
type Callback = Box<dyn FnMut(&MessengerEvent) + Send>;

/// The functions of the program.
#[derive(Default)]
pub(super) struct Callbacks(Vec<Callback>);

pub(super) fn add(callbacks: &Mutex<Callbacks>, call: Callback) {
    callbacks.lock().unwrap_or_else(PoisonError::into_inner).0.push(call);
}

/// Calls every function. None is called under a lock: it may ask for more to be called.
pub(super) fn dispatcher(callbacks: &Arc<Mutex<Callbacks>>) -> EventHandler {
    let callbacks = Arc::clone(callbacks);
    Box::new(move |event| {
        let lock = || callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut lock().0);
        for call in &mut taken {
            call(&event);
        }
        let mut callbacks = lock();
        // Those that were added meanwhile come after.
        taken.append(&mut callbacks.0);
        callbacks.0 = taken;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_may_ask_for_more_to_be_called() {
        let callbacks = Arc::<Mutex<Callbacks>>::default();
        let counted = Arc::new(Mutex::new(0));
        let (more, count) = (Arc::clone(&callbacks), Arc::clone(&counted));
        let call = move |_: &MessengerEvent| {
            let count = Arc::clone(&count);
            add(&more, Box::new(move |_| *count.lock().unwrap() += 1));
        };
        add(&callbacks, Box::new(call));
        let mut on_event = dispatcher(&callbacks);
        for (event, expected) in [
            (MessengerEvent::SignOut, 0),
            (MessengerEvent::SignOut, 1),
            (MessengerEvent::Shutdown, 3),
        ] {
            on_event(event);
            assert_eq!(*counted.lock().unwrap(), expected);
        }
    }
}
