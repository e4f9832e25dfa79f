//! A class that other programs can create objects of.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use windows::Win32::Foundation::{CLASS_E_NOAGGREGATION, E_NOINTERFACE, E_POINTER, E_UNEXPECTED};
use windows::Win32::System::Com::{
    CLSCTX_LOCAL_SERVER, CoRegisterClassObject, CoResumeClassObjects, CoRevokeClassObject,
    IClassFactory, IClassFactory_Impl, REGCLS_MULTIPLEUSE, REGCLS_SUSPENDED,
};
use windows_core::{BOOL, GUID, HRESULT, IUnknown, Ref, implement};

use super::object::ObjectRef;
use crate::com::Apartment;
use crate::{Guid, HResult, WindowsError};

/// A class of this process, which ends with it.
#[derive(Debug)]
pub struct ClassObject<'a> {
    cookie: u32,
    apartment: PhantomData<&'a Apartment>,
}

impl<'a> ClassObject<'a> {
    /// Registers a class whose objects are what `make` makes; nobody can create any before
    /// [`ClassObject::resume`].
    ///
    /// # Errors
    ///
    /// If the system does not take it.
    pub fn register(
        _: &'a Apartment,
        class: Guid,
        make: impl Fn() -> Result<ObjectRef, HResult> + Send + Sync + 'static,
    ) -> Result<Self, WindowsError> {
        let factory: IClassFactory = Factory { make: Box::new(make) }.into();
        let class = GUID::from_u128(class.0);
        let how = REGCLS_MULTIPLEUSE | REGCLS_SUSPENDED;
        // SAFETY: the factory is an object of its own, which the system holds on to, and this
        // thread has joined an apartment that outlives the registration.
        let registered =
            unsafe { CoRegisterClassObject(&raw const class, &factory, CLSCTX_LOCAL_SERVER, how) };
        let cookie =
            registered.map_err(|error| WindowsError::from_core("register a class", &error))?;
        Ok(Self { cookie, apartment: PhantomData })
    }

    /// Lets others create objects of every class that this process has registered.
    ///
    /// # Errors
    ///
    /// If the system does not.
    pub fn resume(_: &Apartment) -> Result<(), WindowsError> {
        // SAFETY: it takes nothing, and this thread has joined an apartment.
        let done = unsafe { CoResumeClassObjects() };
        done.map_err(|error| WindowsError::from_core("offer the registered classes", &error))
    }
}

impl Drop for ClassObject<'_> {
    fn drop(&mut self) {
        // SAFETY: it was registered, and is revoked once.
        let _ = unsafe { CoRevokeClassObject(self.cookie) };
    }
}

type Constructor = Box<dyn Fn() -> Result<ObjectRef, HResult> + Send + Sync>;

#[implement(IClassFactory)]
struct Factory {
    make: Constructor,
}

impl IClassFactory_Impl for Factory_Impl {
    fn CreateInstance(
        &self,
        outer: Ref<'_, IUnknown>,
        wanted: *const GUID,
        place: *mut *mut c_void,
    ) -> windows_core::Result<()> {
        let refused = |code: HRESULT| Err(windows_core::Error::from_hresult(code));
        if place.is_null() || wanted.is_null() {
            return refused(E_POINTER);
        }
        // SAFETY: it is a place for the answer, and not null.
        unsafe { place.write_unaligned(std::ptr::null_mut()) };
        if outer.as_ref().is_some() {
            return refused(CLASS_E_NOAGGREGATION);
        }
        // SAFETY: COM hands over a GUID, which need not be aligned.
        let wanted = unsafe { wanted.read_unaligned() };
        // A panic must not leave this function.
        let made = catch_unwind(AssertUnwindSafe(|| (self.make)()));
        let object = match made {
            Ok(Ok(object_ref)) => object_ref,
            Ok(Err(code)) => return refused(HRESULT(code.0)),
            Err(_) => return refused(E_UNEXPECTED),
        };
        let Some(found) = object.query(&wanted) else { return refused(E_NOINTERFACE) };
        // SAFETY: as above.
        unsafe { place.write_unaligned(found) };
        Ok(())
    }

    fn LockServer(&self, _: BOOL) -> windows_core::Result<()> {
        // The process lives for as long as its user likes, whoever holds on to it.
        Ok(())
    }
}
