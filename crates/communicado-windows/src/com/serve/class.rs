//! COM class objects (class factories).

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

/// A registered class object. Dropping it revokes the class.
#[derive(Debug)]
pub struct ClassObject<'a> {
    cookie: u32,
    apartment: PhantomData<&'a Apartment>,
}

impl<'a> ClassObject<'a> {
    /// Registers a class whose objects `make` creates, suspended until [`ClassObject::resume`].
    ///
    /// # Errors
    ///
    /// If COM rejects the registration.
    pub fn register(
        _: &'a Apartment,
        class: Guid,
        make: impl Fn() -> Result<ObjectRef, HResult> + Send + Sync + 'static,
    ) -> Result<Self, WindowsError> {
        let factory: IClassFactory = Factory { make: Box::new(make) }.into();
        let class = GUID::from_u128(class.0);
        let flags = REGCLS_MULTIPLEUSE | REGCLS_SUSPENDED;
        // SAFETY: COM holds its own reference to the factory, and this thread has joined an
        // apartment that outlives the registration.
        let registered = unsafe {
            CoRegisterClassObject(&raw const class, &factory, CLSCTX_LOCAL_SERVER, flags)
        };
        let cookie =
            registered.map_err(|error| WindowsError::from_core("register a class", &error))?;
        Ok(Self { cookie, apartment: PhantomData })
    }

    /// Activates all registered classes of this process.
    ///
    /// # Errors
    ///
    /// If COM refuses.
    pub fn resume(_: &Apartment) -> Result<(), WindowsError> {
        // SAFETY: this thread has joined an apartment.
        let done = unsafe { CoResumeClassObjects() };
        done.map_err(|error| WindowsError::from_core("activate the registered classes", &error))
    }
}

impl Drop for ClassObject<'_> {
    fn drop(&mut self) {
        // SAFETY: the cookie belongs to this registration, which is revoked once.
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
        iid: *const GUID,
        result: *mut *mut c_void,
    ) -> windows_core::Result<()> {
        let error = |code: HRESULT| Err(windows_core::Error::from_hresult(code));
        if result.is_null() || iid.is_null() {
            return error(E_POINTER);
        }
        // SAFETY: COM passes a valid result pointer, which is not null.
        unsafe { result.write_unaligned(std::ptr::null_mut()) };
        if outer.as_ref().is_some() {
            return error(CLASS_E_NOAGGREGATION);
        }
        // SAFETY: COM passes a GUID, which need not be aligned.
        let iid = unsafe { iid.read_unaligned() };
        // A panic must not unwind into COM.
        let made = catch_unwind(AssertUnwindSafe(|| (self.make)()));
        let object = match made {
            Ok(Ok(object_ref)) => object_ref,
            Ok(Err(code)) => return error(HRESULT(code.0)),
            Err(_) => return error(E_UNEXPECTED),
        };
        let Some(found) = object.query(&iid) else { return error(E_NOINTERFACE) };
        // SAFETY: as above.
        unsafe { result.write_unaligned(found) };
        Ok(())
    }

    fn LockServer(&self, _: BOOL) -> windows_core::Result<()> {
        // Clients do not keep the process alive; its user ends it.
        Ok(())
    }
}
