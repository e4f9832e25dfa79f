//! Objects of other programs.

use std::marker::PhantomData;

use windows::Win32::System::Com::{
    CLSCTX_LOCAL_SERVER, CoCreateInstance, DISPATCH_FLAGS, DISPATCH_METHOD, DISPATCH_PROPERTYGET,
    DISPPARAMS, EXCEPINFO, IConnectionPoint, IConnectionPointContainer, IDispatch,
};
use windows::Win32::System::Variant::VARIANT;
use windows_core::{GUID, HSTRING, IUnknown, Interface as _, PCWSTR};

use super::apartment::Apartment;
use super::call_error::CallError;
use super::event_sink::{self, DispatchEvent};
use super::variant;
use crate::{Guid, Variant};

/// An object of another program, called through `IDispatch`.
///
/// The object belongs to one thread. A call blocks until the other program returns, so it never
/// returns if that program hangs.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    dispatch: IDispatch,
    apartment: PhantomData<&'a Apartment>,
}

/// The result of a property get or a method call.
#[derive(Debug)]
pub struct InvokeResult<'a> {
    /// The value.
    pub value: Variant,
    /// The object, if the value is one.
    pub object: Option<Object<'a>>,
}

/// An advisory connection to the events of an object. Dropping it unsubscribes.
#[derive(Debug)]
pub struct AdvisoryConnection<'a> {
    point: IConnectionPoint,
    cookie: u32,
    apartment: PhantomData<&'a Apartment>,
}

impl<'a> Object<'a> {
    /// Creates an object of a class that another program serves.
    ///
    /// COM starts the registered program if none serves the class. Call this only while the client
    /// is known to run.
    ///
    /// # Errors
    ///
    /// The error of the client or of the system.
    pub fn create(_: &'a Apartment, class: Guid) -> Result<Self, CallError> {
        // SAFETY: this thread has joined an apartment that outlives the object.
        let created =
            unsafe { CoCreateInstance(&GUID::from_u128(class.0), None, CLSCTX_LOCAL_SERVER) };
        let dispatch =
            created.map_err(|error| CallError::from_core("create the object", &error))?;
        Ok(Self { dispatch, apartment: PhantomData })
    }

    /// Looks up the `DISPID` of a member, which is the same for all objects of the class.
    ///
    /// # Errors
    ///
    /// If there is no such member (`DISP_E_UNKNOWNNAME`), or the call fails.
    pub fn id_of(&self, name: &str) -> Result<i32, CallError> {
        let wide = HSTRING::from(name);
        let mut id = 0;
        // SAFETY: the arrays have one null-terminated name and one result.
        let asked = unsafe {
            self.dispatch.GetIDsOfNames(&GUID::zeroed(), &PCWSTR(wide.as_ptr()), 1, 0, &raw mut id)
        };
        asked.map_err(|error| CallError::from_core(format!("find `{name}`"), &error))?;
        Ok(id)
    }

    /// Reads a property or calls a method, with the arguments in declared order.
    ///
    /// # Errors
    ///
    /// If the member or the call fails.
    pub fn get(&self, id: i32, arguments: &[Variant]) -> Result<InvokeResult<'a>, CallError> {
        self.get_with(id, arguments.iter().map(variant::write).collect())
    }

    pub(super) fn get_with(
        &self,
        id: i32,
        arguments: Vec<VARIANT>,
    ) -> Result<InvokeResult<'a>, CallError> {
        Ok(Self::result(&self.invoke(id, arguments)?))
    }

    pub(super) fn result(value: &VARIANT) -> InvokeResult<'a> {
        let object = variant::object(value);
        let object = object.map(|dispatch| Self { dispatch, apartment: PhantomData });
        InvokeResult { value: variant::read(value), object }
    }

    pub(super) const fn dispatch(&self) -> &IDispatch {
        &self.dispatch
    }

    fn invoke(&self, id: i32, arguments: Vec<VARIANT>) -> Result<VARIANT, CallError> {
        // `IDispatch` expects the arguments in reverse order.
        let mut reversed: Vec<VARIANT> = arguments.into_iter().rev().collect();
        let parameters = DISPPARAMS {
            rgvarg: reversed.as_mut_ptr(),
            rgdispidNamedArgs: std::ptr::null_mut(),
            cArgs: u32::try_from(reversed.len()).unwrap_or(0),
            cNamedArgs: 0,
        };
        let mut answer = VARIANT::default();
        let mut exception = EXCEPINFO::default();
        // SAFETY: the parameters and the result pointers outlive the call, and the count is the
        // length of the array.
        let done = unsafe {
            self.dispatch.Invoke(
                id,
                &GUID::zeroed(),
                0,
                DISPATCH_FLAGS(DISPATCH_PROPERTYGET.0 | DISPATCH_METHOD.0),
                &raw const parameters,
                Some(&raw mut answer),
                Some(&raw mut exception),
                None,
            )
        };
        let tried = || format!("call member {id}");
        done.map_err(|error| CallError::of_invoke(tried(), &error, &mut exception))?;
        Ok(answer)
    }

    /// Subscribes to the event interface `source` of the object.
    ///
    /// COM calls `on_event` on its own threads, perhaps before this returns. It should return soon.
    ///
    /// # Errors
    ///
    /// If the object does not fire these events, or the call fails.
    pub fn advise(
        &self,
        source: Guid,
        on_event: impl Fn(DispatchEvent) + Send + Sync + 'static,
    ) -> Result<AdvisoryConnection<'a>, CallError> {
        let failed =
            |error: windows_core::Error| CallError::from_core("subscribe to the events", &error);
        let container: IConnectionPointContainer = self.dispatch.cast().map_err(failed)?;
        let source = GUID::from_u128(source.0);
        // SAFETY: the GUID outlives the call.
        let point = unsafe { container.FindConnectionPoint(&raw const source) }.map_err(failed)?;
        let sink: IUnknown = event_sink::new(source, Box::new(on_event));
        // SAFETY: the other program holds its own reference to the sink.
        let cookie = unsafe { point.Advise(&sink) }.map_err(failed)?;
        Ok(AdvisoryConnection { point, cookie, apartment: PhantomData })
    }
}

impl AdvisoryConnection<'_> {
    /// Drops the connection without unsubscribing, for a program that has exited.
    pub fn abandon(mut self) {
        self.cookie = 0;
    }
}

impl Drop for AdvisoryConnection<'_> {
    fn drop(&mut self) {
        if self.cookie != 0 {
            // SAFETY: the connection point is alive, and the cookie belongs to it.
            let _ = unsafe { self.point.Unadvise(self.cookie) };
        }
    }
}
