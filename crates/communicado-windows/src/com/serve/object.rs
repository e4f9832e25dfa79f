//! An object of ours: its identity, its references, and what it is asked for.

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use windows::Win32::Foundation::{E_NOINTERFACE, E_POINTER, S_OK};
use windows::Win32::System::Com::{IConnectionPointContainer, IDispatch};
use windows::Win32::System::Ole::{IProvideClassInfo, IProvideClassInfo2};
use windows_core::{GUID, HRESULT, IUnknown, Interface as _};

use super::interface::{Interface, Usage};
use super::library::{self, Library};
use super::listeners::{self, Listeners};
use super::values::{Argument, Refusal, ReturnValue};
use crate::Guid;

/// What an object answers. It is called on threads of COM's own, several at once, and should
/// answer soon.
pub trait ObjectImpl: Any + Send + Sync {
    /// What it is called by, the one for callers bound late first.
    fn interfaces(&self) -> &'static [&'static Interface];

    /// Answers one call.
    ///
    /// # Errors
    ///
    /// What the caller gets instead of an answer.
    fn invoke(&self, call: &Call<'_>) -> Result<ReturnValue, Refusal>;

    /// Who listens to it, if it tells anything.
    fn listeners(&self) -> Option<&Listeners> {
        None
    }

    /// The type library that describes it, if there is one.
    fn library(&self) -> Option<&Library> {
        None
    }

    /// The class that it is of, if others can create it.
    fn class(&self) -> Option<Guid> {
        None
    }
}

/// One call.
#[derive(Debug)]
pub struct Call<'a> {
    /// The interface that it came by, by its first name.
    pub interface: Guid,
    /// The number of the member.
    pub id: i32,
    /// How the member is used.
    pub usage: Usage,
    /// As many arguments as the member takes, in declared order.
    pub arguments: &'a [Argument],
}

/// An object that other programs can be given.
pub struct ObjectRef {
    whole: *const Whole,
}

/// A function in a table, of a signature that only the table's readers know.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct Slot(pub(super) *const ());

// SAFETY: it is the address of a function, or null.
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}

/// What a caller holds a pointer to: one of the ways to call one object.
#[repr(C)]
pub(super) struct Face {
    table: *const Slot,
    whole: *const Whole,
    pub(super) part: Part,
}

/// Which way.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Interface(&'static Interface),
    Container,
    ClassInfo,
}

/// The object behind its faces.
struct Whole {
    references: AtomicU32,
    faces: Box<[Face]>,
    implementation: Arc<dyn ObjectImpl>,
}

// SAFETY: references are counted atomically, and what it answers with is `Send` and `Sync`.
unsafe impl Send for ObjectRef {}
// SAFETY: as above.
unsafe impl Sync for ObjectRef {}

impl ObjectRef {
    /// An object that answers what `implementation` does; nothing if that is called by nothing.
    #[must_use]
    pub fn new(implementation: Arc<dyn ObjectImpl>) -> Option<Self> {
        let interfaces = implementation.interfaces();
        interfaces.first()?;
        let parts = interfaces.iter().copied().map(Part::Interface);
        let container = implementation.listeners().map(|_| Part::Container);
        let class_info =
            implementation.library().and(implementation.class()).map(|_| Part::ClassInfo);
        let faces = parts.chain(container).chain(class_info).map(|part| {
            let table = match part {
                Part::Interface(interface) => interface.table(),
                Part::Container => listeners::TABLE.as_ptr(),
                Part::ClassInfo => library::TABLE.as_ptr(),
            };
            Face { table, whole: std::ptr::null(), part }
        });
        let faces = faces.collect();
        let whole = Whole { references: AtomicU32::new(1), faces, implementation };
        let whole = Box::into_raw(Box::new(whole));
        // SAFETY: it was just made, and nobody else knows of it.
        for face in unsafe { &mut (*whole).faces } {
            face.whole = whole;
        }
        Some(Self { whole })
    }

    fn whole(&self) -> &Whole {
        // SAFETY: this holds a reference, so it is alive.
        unsafe { &*self.whole }
    }

    pub(super) fn implementation(&self) -> &dyn ObjectImpl {
        &*self.whole().implementation
    }

    /// The object as `wanted` sees it, with a reference to hand over.
    pub(super) fn query(&self, wanted: &GUID) -> Option<*mut c_void> {
        let whole = self.whole();
        let face = whole.face(wanted)?;
        whole.references.fetch_add(1, Ordering::Relaxed);
        Some(std::ptr::from_ref(face).cast_mut().cast())
    }

    /// The object as callers bound late see it.
    pub(super) fn dispatch(&self) -> Option<IDispatch> {
        let pointer = self.query(&IDispatch::IID)?;
        // SAFETY: it is a face whose table begins as that of an IDispatch does, and its reference
        // is handed over.
        Some(unsafe { IDispatch::from_raw(pointer) })
    }
}

impl Clone for ObjectRef {
    fn clone(&self) -> Self {
        self.whole().references.fetch_add(1, Ordering::Relaxed);
        Self { whole: self.whole }
    }
}

impl Drop for ObjectRef {
    fn drop(&mut self) {
        // SAFETY: this held a reference.
        unsafe { let_go(self.whole) };
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRef")
            .field("interfaces", &self.whole().implementation.interfaces())
            .finish()
    }
}

impl Whole {
    fn face(&self, wanted: &GUID) -> Option<&Face> {
        let is_identity = [IUnknown::IID, IDispatch::IID].contains(wanted);
        let class_info = [IProvideClassInfo::IID, IProvideClassInfo2::IID];
        self.faces.iter().find(|face| match face.part {
            Part::Interface(interface) => is_identity || interface.is(wanted),
            Part::Container => *wanted == IConnectionPointContainer::IID,
            Part::ClassInfo => class_info.contains(wanted),
        })
    }
}

impl Face {
    /// The face that COM calls.
    ///
    /// # Safety
    ///
    /// `this` is a live object of ours, and stays so for as long as the answer is used.
    pub(super) unsafe fn of<'a>(this: *mut c_void) -> &'a Self {
        // SAFETY: as promised.
        unsafe { &*this.cast::<Self>() }
    }

    /// What answers for it.
    pub(super) fn implementation(&self) -> &dyn ObjectImpl {
        // SAFETY: a face is a part of its whole.
        let whole = unsafe { &*self.whole };
        &*whole.implementation
    }

    /// The object that it belongs to, with a reference more.
    pub(super) fn object_ref(&self) -> ObjectRef {
        // SAFETY: a face is a part of its whole.
        let whole = unsafe { &*self.whole };
        whole.references.fetch_add(1, Ordering::Relaxed);
        ObjectRef { whole: self.whole }
    }
}

/// # Safety
///
/// A reference is handed over.
unsafe fn let_go(whole: *const Whole) -> u32 {
    // SAFETY: there is a reference, so it is alive.
    let left = unsafe { &*whole }.references.fetch_sub(1, Ordering::Release) - 1;
    if left == 0 {
        // What other threads did with it comes before its end.
        fence(Ordering::Acquire);
        // SAFETY: it was made by a box, and this was the last reference.
        drop(unsafe { Box::from_raw(whole.cast_mut()) });
    }
    left
}

pub(super) const QUERY_INTERFACE: Slot = Slot(query_interface as *const ());
pub(super) const ADD_REF: Slot = Slot(add_ref as *const ());
pub(super) const RELEASE: Slot = Slot(release as *const ());

unsafe extern "system" fn query_interface(
    this: *mut c_void,
    wanted: *const GUID,
    place: *mut *mut c_void,
) -> HRESULT {
    if place.is_null() || wanted.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let face = unsafe { Face::of(this) };
    // SAFETY: COM hands over a GUID, which need not be aligned.
    let wanted = unsafe { wanted.read_unaligned() };
    let found = face.object_ref().query(&wanted);
    // SAFETY: it is the place for the answer, and not null.
    unsafe { place.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { E_NOINTERFACE }
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM calls it with a live object of ours, whose whole lives as long.
    let whole = unsafe { &*Face::of(this).whole };
    whole.references.fetch_add(1, Ordering::Relaxed) + 1
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM calls it with a live object of ours, and hands a reference over.
    unsafe { let_go(Face::of(this).whole) }
}
