//! COM objects: identity, reference counting, and the trait that answers their method calls.
//!
//! Long because the types refer to each other: an object returns objects.

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use windows::Win32::Foundation::{E_NOINTERFACE, E_POINTER, S_OK};
use windows::Win32::System::Com::{IConnectionPointContainer, IDispatch, ISupportErrorInfo};
use windows::Win32::System::Ole::{IProvideClassInfo, IProvideClassInfo2};
use windows_core::{GUID, HRESULT, IUnknown, Interface as _};

use super::interface::{Interface, InvokeKind, VtableSlot};
use super::type_library::TypeLibrary;
use crate::{Guid, HResult, Variant};

/// The implementation of a COM object.
///
/// COM calls it on its own threads, several at once. Each call should return soon.
pub trait ObjectImpl: Any + Send + Sync {
    /// The interfaces of the object. The first one answers `IDispatch`.
    fn interfaces(&self) -> &'static [&'static Interface];

    /// Executes a method call.
    ///
    /// # Errors
    ///
    /// The error that the caller receives.
    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError>;

    /// The events of the object, if it fires any.
    fn events(&self) -> Option<&dyn EventSource> {
        None
    }

    /// The type library that describes the object, if there is one.
    fn type_library(&self) -> Option<&TypeLibrary> {
        None
    }

    /// The class of the object, if other programs can create it.
    fn class(&self) -> Option<Guid> {
        None
    }
}

/// An event interface that other programs can subscribe to.
pub trait EventSource {
    /// The id of the event interface.
    fn iid(&self) -> Guid;

    /// Adds a listener, and returns a cookie that identifies the subscription.
    ///
    /// # Errors
    ///
    /// If there are too many listeners, or the listener has no `IDispatch`.
    fn advise(&self, listener: Callback) -> Result<u32, HResult>;

    /// Removes a listener.
    ///
    /// # Errors
    ///
    /// If no subscription has this cookie.
    fn unadvise(&self, cookie: u32) -> Result<(), HResult>;

    /// The listeners, with their cookies.
    fn connections(&self) -> Vec<(u32, Callback)>;
}

/// One method call.
#[derive(Debug)]
pub struct MethodCall<'a> {
    /// The called interface, by its own id.
    pub interface: Guid,
    /// The `DISPID` of the member.
    pub id: i32,
    /// The kind of the member.
    pub invoke_kind: InvokeKind,
    /// One argument per parameter, in declared order.
    pub arguments: &'a [Argument],
}

/// An argument of a method call.
#[derive(Debug)]
pub enum Argument {
    /// A value; [`Variant::Error`] if the caller omitted it.
    Value(Variant),
    /// An array of integers.
    Numbers(Vec<i32>),
    /// An object of the caller, or `None` for a null pointer.
    Object(Option<Callback>),
    /// An output parameter.
    Out,
}

/// An object of a caller that the server calls back.
#[derive(Clone, Debug)]
pub struct Callback(pub(super) IUnknown);

/// The return value of a method call.
#[derive(Clone, Debug)]
pub enum ReturnValue {
    /// No value.
    Nothing,
    /// A value.
    Value(Variant),
    /// An object.
    Object(ObjectRef),
    /// A null object pointer.
    NullObject,
    /// An array of values.
    Array(Vec<Variant>),
    /// An array of integers.
    Numbers(Vec<i32>),
    /// An enumerator over objects (`IEnumVARIANT`).
    Enumerator(Vec<ObjectRef>),
    /// The value of the output parameter, and the return value.
    WithOut(Variant, Variant),
}

/// The error of a method call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodError {
    /// The error code.
    pub code: HResult,
    /// A description: for late-bound callers as an exception, for early-bound ones as an
    /// `IErrorInfo`.
    pub description: Option<String>,
}

/// A counted reference to a COM object of this process.
pub struct ObjectRef {
    pub(super) inner: *const ObjectInner,
}

/// The memory that an interface pointer points to: the vtable pointer and the object behind it.
#[repr(C)]
pub(super) struct InterfacePtr {
    pub(super) table: *const VtableSlot,
    pub(super) inner: *const ObjectInner,
    pub(super) kind: InterfaceKind,
}

/// The interface that an [`InterfacePtr`] exposes.
#[derive(Clone, Copy)]
pub(super) enum InterfaceKind {
    Interface(&'static Interface),
    ConnectionPointContainer,
    ProvideClassInfo,
    SupportErrorInfo,
}

/// The allocation that all interface pointers of one object share.
pub(super) struct ObjectInner {
    pub(super) references: AtomicU32,
    pub(super) interface_ptrs: Box<[InterfacePtr]>,
    pub(super) implementation: Arc<dyn ObjectImpl>,
}

// SAFETY: all objects live in the multithreaded apartment, where every thread may call them.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}
// SAFETY: the reference count is atomic, and the implementation is `Send` and `Sync`.
unsafe impl Send for ObjectRef {}
// SAFETY: as above.
unsafe impl Sync for ObjectRef {}

impl Argument {
    /// The text, if the argument is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Value(value) => value.text(),
            Self::Numbers(_) | Self::Object(_) | Self::Out => None,
        }
    }

    /// The integer, if the argument is one.
    #[must_use]
    pub const fn number(&self) -> Option<i32> {
        match self {
            Self::Value(value) => value.number(),
            Self::Numbers(_) | Self::Object(_) | Self::Out => None,
        }
    }
}

impl ReturnValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Value(Variant::Text(text.into()))
    }

    /// An integer.
    #[must_use]
    pub const fn number(number: i32) -> Self {
        Self::Value(Variant::Number(number))
    }

    /// A Boolean.
    #[must_use]
    pub const fn bool(value: bool) -> Self {
        Self::Value(Variant::Bool(value))
    }
}

impl From<HResult> for MethodError {
    fn from(code: HResult) -> Self {
        Self { code, description: None }
    }
}

impl From<IDispatch> for Callback {
    fn from(object: IDispatch) -> Self {
        Self(object.into())
    }
}

impl ObjectRef {
    fn inner(&self) -> &ObjectInner {
        // SAFETY: `self` owns a reference, so the object is alive.
        unsafe { &*self.inner }
    }

    pub(super) fn implementation(&self) -> &dyn ObjectImpl {
        &*self.inner().implementation
    }

    /// `QueryInterface`: an interface pointer that owns a new reference.
    pub(super) fn query(&self, iid: &GUID) -> Option<*mut c_void> {
        let inner = self.inner();
        let interface_ptr = inner.interface_ptr(iid)?;
        inner.references.fetch_add(1, Ordering::Relaxed);
        Some(std::ptr::from_ref(interface_ptr).cast_mut().cast())
    }

    /// The `IDispatch` of the object.
    pub(super) fn dispatch(&self) -> Option<IDispatch> {
        let pointer = self.query(&IDispatch::IID)?;
        // SAFETY: the vtable begins with that of IDispatch, and the new reference moves into the
        // result.
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
        // SAFETY: `self` owned a reference.
        unsafe { release_ref(self.inner) };
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRef")
            .field("interfaces", &self.implementation().interfaces())
            .finish()
    }
}

impl ObjectInner {
    fn interface_ptr(&self, iid: &GUID) -> Option<&InterfacePtr> {
        let is_identity = [IUnknown::IID, IDispatch::IID].contains(iid);
        let class_info = [IProvideClassInfo::IID, IProvideClassInfo2::IID];
        self.interface_ptrs.iter().find(|interface_ptr| match interface_ptr.kind {
            InterfaceKind::Interface(interface) => is_identity || interface.matches(iid),
            InterfaceKind::ConnectionPointContainer => *iid == IConnectionPointContainer::IID,
            InterfaceKind::ProvideClassInfo => class_info.contains(iid),
            InterfaceKind::SupportErrorInfo => *iid == ISupportErrorInfo::IID,
        })
    }
}

impl InterfacePtr {
    /// Converts the `this` pointer of a COM call.
    ///
    /// # Safety
    ///
    /// `this` must point to a live object of ours that outlives the result.
    pub(super) unsafe fn of<'a>(this: *mut c_void) -> &'a Self {
        // SAFETY: the caller guarantees it.
        unsafe { &*this.cast::<Self>() }
    }

    pub(super) fn implementation(&self) -> &dyn ObjectImpl {
        // SAFETY: an interface pointer is part of the allocation that it points back to.
        let inner = unsafe { &*self.inner };
        &*inner.implementation
    }

    /// A new reference to the object.
    pub(super) fn object_ref(&self) -> ObjectRef {
        // SAFETY: an interface pointer is part of the allocation that it points back to.
        let inner = unsafe { &*self.inner };
        inner.references.fetch_add(1, Ordering::Relaxed);
        ObjectRef { inner: self.inner }
    }
}

/// Releases a reference, and frees the object after the last one.
///
/// # Safety
///
/// The caller must own a reference, which moves into this function.
unsafe fn release_ref(inner: *const ObjectInner) -> u32 {
    // SAFETY: the caller owns a reference, so the object is alive.
    let left = unsafe { &*inner }.references.fetch_sub(1, Ordering::Release) - 1;
    if left == 0 {
        // Orders the accesses of other threads before the deallocation.
        fence(Ordering::Acquire);
        // SAFETY: the object was allocated by a box, and this was the last reference.
        drop(unsafe { Box::from_raw(inner.cast_mut()) });
    }
    left
}

pub(super) const QUERY_INTERFACE: VtableSlot = VtableSlot(query_interface as *const ());
pub(super) const ADD_REF: VtableSlot = VtableSlot(add_ref as *const ());
pub(super) const RELEASE: VtableSlot = VtableSlot(release as *const ());

unsafe extern "system" fn query_interface(
    this: *mut c_void,
    iid: *const GUID,
    result: *mut *mut c_void,
) -> HRESULT {
    if result.is_null() || iid.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM passes a GUID, which need not be aligned.
    let iid = unsafe { iid.read_unaligned() };
    let found = interface_ptr.object_ref().query(&iid);
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { E_NOINTERFACE }
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM passes a live object of ours, whose allocation lives as long.
    let inner = unsafe { &*InterfacePtr::of(this).inner };
    inner.references.fetch_add(1, Ordering::Relaxed) + 1
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM passes a live object of ours, and gives up one reference.
    unsafe { release_ref(InterfacePtr::of(this).inner) }
}
