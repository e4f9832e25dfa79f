//! A thread pool for calls into other programs: one thread per running call, reused for a while.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::com::Apartment;

/// The idle time after which a thread exits.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// The stack size of a thread, enough to make COM calls.
const STACK_BYTES: usize = 256 * 1024;

/// A task for a thread in the multithreaded apartment.
pub(super) type PoolTask = Box<dyn FnOnce() + Send>;

static POOL: Pool = Pool {
    state: Mutex::new(PoolState { queue: VecDeque::new(), idle: 0 }),
    changed: Condvar::new(),
};

struct Pool {
    state: Mutex<PoolState>,
    changed: Condvar,
}

struct PoolState {
    queue: VecDeque<PoolTask>,
    /// The number of idle threads.
    idle: usize,
}

/// Runs a task on a pool thread; `false` if no thread can be started.
pub(super) fn run(task: PoolTask) -> bool {
    let mut state = POOL.lock();
    if state.idle > state.queue.len() {
        state.queue.push_back(task);
        drop(state);
        POOL.changed.notify_one();
        return true;
    }
    drop(state);
    let thread = thread::Builder::new().name("com-events".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(move || run_tasks(task)).is_ok()
}

/// Runs a task and then queued tasks, until the thread has been idle for [`IDLE_MAX`].
fn run_tasks(task: PoolTask) {
    let Ok(apartment) = Apartment::join() else { return };
    task();
    while let Some(task) = POOL.next() {
        task();
    }
    drop(apartment);
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<PoolTask> {
        let mut state = self.lock();
        state.idle += 1;
        let is_empty = |state: &mut PoolState| state.queue.is_empty();
        let waited = self.changed.wait_timeout_while(state, IDLE_MAX, is_empty);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        state.queue.pop_front()
    }
}
