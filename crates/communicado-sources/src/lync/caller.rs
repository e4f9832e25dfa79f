//! Calls of one client's members, by name or by their vtable.

use std::cell::Cell;

use communicado_windows::HResult;
use communicado_windows::com::{
    Binding, CallArgument, CallError, DualMember, InvokeResult, Object,
};

use crate::windows::com_worker::{EventSender, RecordedCall};
use crate::windows::reading::MemberValue;

/// Caller of one client, which remembers how that client is called.
#[derive(Clone)]
pub(super) struct Caller {
    binding: Cell<Binding>,
    events: EventSender,
}

impl Caller {
    pub(super) fn new(events: &EventSender) -> Self {
        Self { binding: Cell::default(), events: events.clone() }
    }

    /// Records the result of a step that is no member.
    pub(super) fn record<T>(&self, name: &'static str, result: &Result<T, CallError>) {
        let error = result.as_ref().err().map(CallError::code);
        self.events.record(RecordedCall { name, is_early: false, error });
    }

    /// The value of a member, or an error if the connection has failed.
    pub(super) fn value<'a>(
        &self,
        object: &Object<'a>,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<MemberValue, CallError> {
        self.call(object, member, arguments).map(|called| called.map(|called| called.value))
    }

    /// The object that a member returns, or none.
    pub(super) fn object<'a>(
        &self,
        object: &Object<'a>,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<Option<Object<'a>>, CallError> {
        Ok(self.call(object, member, arguments)?.ok().and_then(|called| called.object))
    }

    /// The result of a member without which nothing else works.
    pub(super) fn required<'a>(
        &self,
        object: &Object<'a>,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<InvokeResult<'a>, CallError> {
        let called = object.call(&self.binding, member, arguments);
        let is_early = self.binding.get() == Binding::Early;
        let error = called.as_ref().err().map(CallError::code);
        self.events.record(RecordedCall { name: member.name(), is_early, error });
        called
    }

    /// The result of a member or its error code, or an error if the connection has failed.
    pub(super) fn call<'a>(
        &self,
        object: &Object<'a>,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<Result<InvokeResult<'a>, HResult>, CallError> {
        match self.required(object, member, arguments) {
            Ok(called) => Ok(Ok(called)),
            Err(error) if error.is_final() => Err(error),
            Err(error) => Ok(Err(error.code())),
        }
    }
}
