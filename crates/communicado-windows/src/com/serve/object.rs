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

use super::interface::{Interface, InvokeKind};
use super::listeners::{self, Listeners};
use super::type_library::{self, TypeLibrary};
use super::values::{Argument, MethodError, ReturnValue};
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
    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError>;

    /// Who listens to it, if it tells anything.
    fn listeners(&self) -> Option<&Listeners> {
        None
    }

    /// The type library that describes it, if there is one.
    fn library(&self) -> Option<&TypeLibrary> {
        None
    }

    /// The class that it is of, if others can create it.
    fn class(&self) -> Option<Guid> {
        None
    }
}

/// One call.
#[derive(Debug)]
pub struct MethodCall<'a> {
    /// The interface that it came by, by its first name.
    pub interface: Guid,
    /// The number of the member.
    pub id: i32,
    /// How the member is used.
    pub invoke_kind: InvokeKind,
    /// As many arguments as the member takes, in declared order.
    pub arguments: &'a [Argument],
}

/// An object that other programs can be given.
pub struct ObjectRef {
    inner: *const ObjectInner,
}

/// A function in a table, of a signature that only the table's readers know.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct VtableSlot(pub(super) *const ());

// SAFETY: it is the address of a function, or null.
unsafe impl Send for VtableSlot {}
// SAFETY: as above.
unsafe impl Sync for VtableSlot {}

/// What a caller holds a pointer to: one of the ways to call one object.
#[repr(C)]
pub(super) struct InterfacePtr {
    table: *const VtableSlot,
    inner: *const ObjectInner,
    pub(super) kind: InterfaceKind,
}

/// Which way.
#[derive(Clone, Copy)]
pub(super) enum InterfaceKind {
    Interface(&'static Interface),
    Container,
    ClassInfo,
}

/// The object behind its faces.
struct ObjectInner {
    references: AtomicU32,
    interface_ptrs: Box<[InterfacePtr]>,
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
        let kinds = interfaces.iter().copied().map(InterfaceKind::Interface);
        let container = implementation.listeners().map(|_| InterfaceKind::Container);
        let class_info =
            implementation.library().and(implementation.class()).map(|_| InterfaceKind::ClassInfo);
        let interface_ptrs = kinds.chain(container).chain(class_info).map(|kind| {
            let table = match kind {
                InterfaceKind::Interface(interface) => interface.table(),
                InterfaceKind::Container => listeners::TABLE.as_ptr(),
                InterfaceKind::ClassInfo => type_library::TABLE.as_ptr(),
            };
            InterfacePtr { table, inner: std::ptr::null(), kind }
        });
        let interface_ptrs = interface_ptrs.collect();
        let inner = ObjectInner { references: AtomicU32::new(1), interface_ptrs, implementation };
        let inner = Box::into_raw(Box::new(inner));
        // SAFETY: it was just made, and nobody else knows of it.
        for interface_ptr in unsafe { &mut (*inner).interface_ptrs } {
            interface_ptr.inner = inner;
        }
        Some(Self { inner })
    }

    fn inner(&self) -> &ObjectInner {
        // SAFETY: this holds a reference, so it is alive.
        unsafe { &*self.inner }
    }

    pub(super) fn implementation(&self) -> &dyn ObjectImpl {
        &*self.inner().implementation
    }

    /// The object as `wanted` sees it, with a reference to hand over.
    pub(super) fn query(&self, wanted: &GUID) -> Option<*mut c_void> {
        let inner = self.inner();
        let interface_ptr = inner.interface_ptr(wanted)?;
        inner.references.fetch_add(1, Ordering::Relaxed);
        Some(std::ptr::from_ref(interface_ptr).cast_mut().cast())
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
        self.inner().references.fetch_add(1, Ordering::Relaxed);
        Self { inner: self.inner }
    }
}

impl Drop for ObjectRef {
    fn drop(&mut self) {
        // SAFETY: this held a reference.
        unsafe { release_ref(self.inner) };
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRef")
            .field("interfaces", &self.inner().implementation.interfaces())
            .finish()
    }
}

impl ObjectInner {
    fn interface_ptr(&self, wanted: &GUID) -> Option<&InterfacePtr> {
        let is_identity = [IUnknown::IID, IDispatch::IID].contains(wanted);
        let class_info = [IProvideClassInfo::IID, IProvideClassInfo2::IID];
        self.interface_ptrs.iter().find(|interface_ptr| match interface_ptr.kind {
            InterfaceKind::Interface(interface) => is_identity || interface.is(wanted),
            InterfaceKind::Container => *wanted == IConnectionPointContainer::IID,
            InterfaceKind::ClassInfo => class_info.contains(wanted),
        })
    }
}

impl InterfacePtr {
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
        let inner = unsafe { &*self.inner };
        &*inner.implementation
    }

    /// The object that it belongs to, with a reference more.
    pub(super) fn object_ref(&self) -> ObjectRef {
        // SAFETY: a face is a part of its whole.
        let inner = unsafe { &*self.inner };
        inner.references.fetch_add(1, Ordering::Relaxed);
        ObjectRef { inner: self.inner }
    }
}

/// # Safety
///
/// A reference is handed over.
unsafe fn release_ref(inner: *const ObjectInner) -> u32 {
    // SAFETY: there is a reference, so it is alive.
    let left = unsafe { &*inner }.references.fetch_sub(1, Ordering::Release) - 1;
    if left == 0 {
        // What other threads did with it comes before its end.
        fence(Ordering::Acquire);
        // SAFETY: it was made by a box, and this was the last reference.
        drop(unsafe { Box::from_raw(inner.cast_mut()) });
    }
    left
}

pub(super) const QUERY_INTERFACE: VtableSlot = VtableSlot(query_interface as *const ());
pub(super) const ADD_REF: VtableSlot = VtableSlot(add_ref as *const ());
pub(super) const RELEASE: VtableSlot = VtableSlot(release as *const ());

unsafe extern "system" fn query_interface(
    this: *mut c_void,
    wanted: *const GUID,
    place: *mut *mut c_void,
) -> HRESULT {
    if place.is_null() || wanted.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM hands over a GUID, which need not be aligned.
    let wanted = unsafe { wanted.read_unaligned() };
    let found = interface_ptr.object_ref().query(&wanted);
    // SAFETY: it is the place for the answer, and not null.
    unsafe { place.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { E_NOINTERFACE }
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM calls it with a live object of ours, whose whole lives as long.
    let inner = unsafe { &*InterfacePtr::of(this).inner };
    inner.references.fetch_add(1, Ordering::Relaxed) + 1
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM calls it with a live object of ours, and hands a reference over.
    unsafe { release_ref(InterfacePtr::of(this).inner) }
}
