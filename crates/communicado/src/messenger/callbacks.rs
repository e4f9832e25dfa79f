//! The callbacks of a program.

use std::sync::{Arc, Mutex, PoisonError};

use super::MiStatus;

/// An event of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessengerEvent {
    SignIn(i32),
    SignOut,
    Status(MiStatus),
    Shutdown,
}

/// A function that emits an event to the callbacks, on the messenger's thread only.
pub(super) type EmitEvent = Box<dyn FnMut(MessengerEvent) + Send>;

/// A callback of the program.
type MessengerCallback = Box<dyn FnMut(&MessengerEvent) + Send>;

/// The callbacks of the program.
#[derive(Default)]
pub(super) struct Callbacks(Vec<MessengerCallback>);

pub(super) fn add(callbacks: &Mutex<Callbacks>, call: MessengerCallback) {
    callbacks.lock().unwrap_or_else(PoisonError::into_inner).0.push(call);
}

/// A handler that calls every callback, without holding the lock: a callback may add another one.
pub(super) fn dispatcher(callbacks: &Arc<Mutex<Callbacks>>) -> EmitEvent {
    let callbacks = Arc::clone(callbacks);
    Box::new(move |event| {
        let lock = || callbacks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut lock().0);
        for call in &mut taken {
            call(&event);
        }
        let mut callbacks = lock();
        // Callbacks that were added meanwhile come last.
        taken.append(&mut callbacks.0);
        callbacks.0 = taken;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_may_add_a_callback() {
        let callbacks = Arc::<Mutex<Callbacks>>::default();
        let counted = Arc::new(Mutex::new(0));
        let (more, count) = (Arc::clone(&callbacks), Arc::clone(&counted));
        let call = move |_: &MessengerEvent| {
            let count = Arc::clone(&count);
            add(&more, Box::new(move |_| *count.lock().unwrap() += 1));
        };
        add(&callbacks, Box::new(call));
        let mut emit = dispatcher(&callbacks);
        for (event, expected) in [
            (MessengerEvent::SignOut, 0),
            (MessengerEvent::SignOut, 1),
            (MessengerEvent::Shutdown, 3),
        ] {
            emit(event);
            assert_eq!(*counted.lock().unwrap(), expected);
        }
    }
}
