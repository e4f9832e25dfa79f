//! An object of another program.

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

/// An object of another program, by `IDispatch`.
///
/// It belongs to the thread that has it. A call blocks until the other program answers, and for
/// ever if it hangs.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    dispatch: IDispatch,
    apartment: PhantomData<&'a Apartment>,
}

/// What a member answered.
#[derive(Debug)]
pub struct InvokeResult<'a> {
    /// The value.
    pub value: Variant,
    /// The object that it is, if it is one.
    pub object: Option<Object<'a>>,
}

/// A subscription to the events of an object, which ends with it.
#[derive(Debug)]
pub struct AdvisoryConnection<'a> {
    point: IConnectionPoint,
    cookie: u32,
    apartment: PhantomData<&'a Apartment>,
}

impl<'a> Object<'a> {
    /// Creates an object of a class that a running program serves.
    ///
    /// If none does, and one is registered for the class, it is started: ask only while the
    /// client is known to run.
    ///
    /// # Errors
    ///
    /// Whatever the client or the system refuses it with.
    pub fn create(_: &'a Apartment, class: Guid) -> Result<Self, CallError> {
        // SAFETY: this thread has joined an apartment, which outlives the object.
        let created =
            unsafe { CoCreateInstance(&GUID::from_u128(class.0), None, CLSCTX_LOCAL_SERVER) };
        let dispatch = created.map_err(|error| CallError::of("create the object", &error))?;
        Ok(Self { dispatch, apartment: PhantomData })
    }

    /// The number of a member, which holds for every object of its class.
    ///
    /// # Errors
    ///
    /// If there is no such member (`DISP_E_UNKNOWNNAME`), or the other program cannot be asked.
    pub fn id_of(&self, name: &str) -> Result<i32, CallError> {
        let wide = HSTRING::from(name);
        let mut id = 0;
        // SAFETY: one name, which ends in NUL, and one place for its number.
        let asked = unsafe {
            self.dispatch.GetIDsOfNames(&GUID::zeroed(), &PCWSTR(wide.as_ptr()), 1, 0, &raw mut id)
        };
        asked.map_err(|error| CallError::of(format!("find `{name}`"), &error))?;
        Ok(id)
    }

    /// Reads a property, or calls a method that only answers; `arguments` in declared order.
    ///
    /// # Errors
    ///
    /// If the member fails, or the other program cannot be asked.
    pub fn get(&self, id: i32, arguments: &[Variant]) -> Result<InvokeResult<'a>, CallError> {
        let value = self.invoke(id, arguments)?;
        let object = variant::object(&value);
        let object = object.map(|dispatch| Self { dispatch, apartment: PhantomData });
        Ok(InvokeResult { value: variant::read(&value), object })
    }

    fn invoke(&self, id: i32, arguments: &[Variant]) -> Result<VARIANT, CallError> {
        // The last argument comes first.
        let mut reversed: Vec<VARIANT> = arguments.iter().rev().map(variant::write).collect();
        let parameters = DISPPARAMS {
            rgvarg: reversed.as_mut_ptr(),
            rgdispidNamedArgs: std::ptr::null_mut(),
            cArgs: u32::try_from(reversed.len()).unwrap_or(0),
            cNamedArgs: 0,
        };
        let mut answer = VARIANT::default();
        let mut exception = EXCEPINFO::default();
        // SAFETY: the parameters and the places for the answers outlive the call, and the counts
        // are those of what the pointers lead to.
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

    /// Listens to the events of `source`, an interface that the object calls; `on_event` is called on
    /// a thread of COM's own, also before this returns, and should return soon.
    ///
    /// # Errors
    ///
    /// If the object has no such events, or the other program cannot be asked.
    pub fn advise(
        &self,
        source: Guid,
        on_event: impl Fn(DispatchEvent) + Send + Sync + 'static,
    ) -> Result<AdvisoryConnection<'a>, CallError> {
        let failed = |error: windows_core::Error| CallError::of("listen to its events", &error);
        let container: IConnectionPointContainer = self.dispatch.cast().map_err(failed)?;
        let source = GUID::from_u128(source.0);
        // SAFETY: the interface outlives the call.
        let point = unsafe { container.FindConnectionPoint(&raw const source) }.map_err(failed)?;
        let sink: IUnknown = event_sink::new(source, Box::new(on_event));
        // SAFETY: the sink is an object of its own, which the other side holds on to.
        let cookie = unsafe { point.Advise(&sink) }.map_err(failed)?;
        Ok(AdvisoryConnection { point, cookie, apartment: PhantomData })
    }
}

impl AdvisoryConnection<'_> {
    /// Lets go of it without a word, as is right where the other side is gone.
    pub fn abandon(mut self) {
        self.cookie = 0;
    }
}

impl Drop for AdvisoryConnection<'_> {
    fn drop(&mut self) {
        if self.cookie != 0 {
            // SAFETY: the connection point is alive, and the cookie is its own.
            let _ = unsafe { self.point.Unadvise(self.cookie) };
        }
    }
}
