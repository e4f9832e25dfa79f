//! Vtable construction: one function per vtable index and argument count.

use std::ffi::c_void;

use windows_core::HRESULT;

use super::dispatch;
use super::interface::{
    INHERITED, Interface, InvokeKind, Member, SLOTS_MAX, ValueKind, VtableSlot,
};
use super::object::{ADD_REF, QUERY_INTERFACE, RELEASE};
use super::vtable_call::invoke_slot;
use crate::Guid;

impl Member {
    /// A property getter at vtable index `SLOT`.
    #[must_use]
    pub const fn get<const SLOT: usize>(
        name: &'static str,
        id: i32,
        params: &'static [ValueKind],
        returns: ValueKind,
    ) -> Self {
        Self::new::<SLOT>(name, id, InvokeKind::PropertyGet, params, Some(returns))
    }

    /// A property setter at vtable index `SLOT`.
    #[must_use]
    pub const fn put<const SLOT: usize>(
        name: &'static str,
        id: i32,
        params: &'static [ValueKind],
    ) -> Self {
        Self::new::<SLOT>(name, id, InvokeKind::PropertyPut, params, None)
    }

    /// A method at vtable index `SLOT`.
    #[must_use]
    pub const fn call<const SLOT: usize>(
        name: &'static str,
        id: i32,
        params: &'static [ValueKind],
        returns: Option<ValueKind>,
    ) -> Self {
        Self::new::<SLOT>(name, id, InvokeKind::Method, params, returns)
    }

    const fn new<const SLOT: usize>(
        name: &'static str,
        id: i32,
        invoke_kind: InvokeKind,
        params: &'static [ValueKind],
        returns: Option<ValueKind>,
    ) -> Self {
        let words = params.len() + returns.is_some() as usize;
        Self { id, name, invoke_kind, params, returns, slot: SLOT, thunk: thunk::<SLOT>(words) }
    }
}

impl Interface {
    /// An interface with these members, at consecutive vtable indexes from 7.
    ///
    /// # Panics
    ///
    /// If a member's index differs from its position: at compile time, since interfaces are
    /// constants.
    #[must_use]
    pub const fn new(iids: &'static [Guid], members: &'static [Member]) -> Self {
        let mut table = [VtableSlot(std::ptr::null()); SLOTS_MAX];
        let inherited = [
            QUERY_INTERFACE,
            ADD_REF,
            RELEASE,
            dispatch::GET_TYPE_INFO_COUNT,
            dispatch::GET_TYPE_INFO,
            dispatch::GET_IDS_OF_NAMES,
            dispatch::INVOKE,
        ];
        table.split_at_mut(INHERITED).0.copy_from_slice(&inherited);
        let mut rest = table.split_at_mut(INHERITED).1;
        let mut left = members;
        let mut index = INHERITED;
        while let ([member, members @ ..], [slot, slots @ ..]) = (left, rest) {
            assert!(member.slot == index, "the vtable index of a member is wrong");
            *slot = member.thunk;
            (left, rest) = (members, slots);
            index += 1;
        }
        assert!(left.is_empty(), "the interface has too many members");
        Self { iids, members, table }
    }
}

/// The function for a vtable index, with this number of argument words after `this`.
///
/// Above eight words, the function ignores the rest: the caller removes its own arguments.
const fn thunk<const SLOT: usize>(words: usize) -> VtableSlot {
    VtableSlot(match words {
        0 => none::<SLOT> as *const (),
        1 => one::<SLOT> as *const (),
        2 => two::<SLOT> as *const (),
        3 => three::<SLOT> as *const (),
        4 => four::<SLOT> as *const (),
        5 => five::<SLOT> as *const (),
        6 => six::<SLOT> as *const (),
        7 => seven::<SLOT> as *const (),
        _ => eight::<SLOT> as *const (),
    })
}

macro_rules! thunks {
    ($($name:ident($($word:ident),*);)*) => {$(
        unsafe extern "system" fn $name<const SLOT: usize>(
            this: *mut c_void
            $(, $word: usize)*
        ) -> HRESULT {
            // SAFETY: COM passes a live object of ours and the argument words of the member at
            // this index of the object's vtable.
            unsafe { invoke_slot(this, SLOT, &[$($word),*]) }
        }
    )*};
}

thunks! {
    none();
    one(a);
    two(a, b);
    three(a, b, c);
    four(a, b, c, d);
    five(a, b, c, d, e);
    six(a, b, c, d, e, f);
    seven(a, b, c, d, e, f, g);
    eight(a, b, c, d, e, f, g, h);
}
