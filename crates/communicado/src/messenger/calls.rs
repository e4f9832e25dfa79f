//! What a program wants to be called with.

use std::sync::{Arc, Mutex, PoisonError};

use super::MiStatus;

/// Something that the client told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    SignIn(i32),
    SignOut,
    Status(MiStatus),
    Shutdown,
}

/// Tells what has happened; called by the messenger's own thread only.
pub(super) type Tell = Box<dyn FnMut(Told) + Send>;

/// A function of the program.
type Call = Box<dyn FnMut(&Told) + Send>;

/// The functions of the program.
#[derive(Default)]
pub(super) struct Calls(Vec<Call>);

pub(super) fn add(calls: &Mutex<Calls>, call: Call) {
    calls.lock().unwrap_or_else(PoisonError::into_inner).0.push(call);
}

/// Calls every function. None is called under a lock: it may ask for more to be called.
pub(super) fn teller(calls: &Arc<Mutex<Calls>>) -> Tell {
    let calls = Arc::clone(calls);
    Box::new(move |told| {
        let lock = || calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut lock().0);
        for call in &mut taken {
            call(&told);
        }
        let mut calls = lock();
        // Those that were added meanwhile come after.
        taken.append(&mut calls.0);
        calls.0 = taken;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_may_ask_for_more_to_be_called() {
        let calls = Arc::<Mutex<Calls>>::default();
        let counted = Arc::new(Mutex::new(0));
        let (more, count) = (Arc::clone(&calls), Arc::clone(&counted));
        let call = move |_: &Told| {
            let count = Arc::clone(&count);
            add(&more, Box::new(move |_| *count.lock().unwrap() += 1));
        };
        add(&calls, Box::new(call));
        let mut tell = teller(&calls);
        for (told, expected) in [(Told::SignOut, 0), (Told::SignOut, 1), (Told::Shutdown, 3)] {
            tell(told);
            assert_eq!(*counted.lock().unwrap(), expected);
        }
    }
}
