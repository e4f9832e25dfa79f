//! What an object is called by: the members of an interface, and the table of functions that
//! callers bound early go through.

use std::ffi::c_void;

use windows_core::{GUID, HRESULT};

use super::object::{ADD_REF, QUERY_INTERFACE, RELEASE};
use super::vtable_call::invoke_slot;
use super::{dispatch, object::VtableSlot};
use crate::Guid;

/// The members of `IUnknown` and `IDispatch`, which come first in every table.
pub(super) const INHERITED: usize = 7;
/// Room for the members of the longest interface of any client.
const SLOTS_MAX: usize = 64;

/// How an argument or an answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A whole number of 32 bits, an enumeration included (`VT_I4`).
    Number,
    /// A truth (`VT_BOOL`).
    Bool,
    /// A text (`VT_BSTR`).
    Text,
    /// Any value (`VT_VARIANT`); as the last arguments, these may be left out.
    Variant,
    /// An object (`VT_DISPATCH`, `VT_UNKNOWN`).
    Object,
    /// Whole numbers in an array (`VT_ARRAY | VT_I4`).
    NumberArray,
    /// Any values in an array (`VT_ARRAY | VT_VARIANT`).
    VariantArray,
    /// Something that no member of ours reads or gives.
    Unsupported,
    /// A place for a further answer, of any kind (`VT_BYREF | VT_VARIANT`).
    OutVariant,
}

/// How a member is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvokeKind {
    /// A property is read.
    PropertyGet,
    /// A property is written; the value is the last argument.
    PropertyPut,
    /// A method is called.
    Method,
}

/// One member of an interface.
#[derive(Debug)]
pub struct Member {
    /// Its number for callers bound late (`DISPID`).
    pub id: i32,
    /// Its name.
    pub name: &'static str,
    /// How it is used.
    pub invoke_kind: InvokeKind,
    /// What it takes.
    pub params: &'static [ValueKind],
    /// What it gives.
    pub returns: Option<ValueKind>,
    /// Its place in the table.
    pub slot: usize,
    thunk: VtableSlot,
}

impl Member {
    /// A property that is read, at place `SLOT` of the table.
    #[must_use]
    pub const fn get<const SLOT: usize>(
        name: &'static str,
        id: i32,
        params: &'static [ValueKind],
        returns: ValueKind,
    ) -> Self {
        Self::new::<SLOT>(name, id, InvokeKind::PropertyGet, params, Some(returns))
    }

    /// A property that is written.
    #[must_use]
    pub const fn put<const SLOT: usize>(
        name: &'static str,
        id: i32,
        params: &'static [ValueKind],
    ) -> Self {
        Self::new::<SLOT>(name, id, InvokeKind::PropertyPut, params, None)
    }

    /// A method.
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

/// An interface that objects are called by, derived from `IDispatch`.
#[derive(Debug)]
pub struct Interface {
    /// Its name and those of the interfaces that it continues, whose tables are the beginning of
    /// its own.
    pub iids: &'static [Guid],
    /// Its members, in the order of the table.
    pub members: &'static [Member],
    table: [VtableSlot; SLOTS_MAX],
}

impl Interface {
    /// An interface of these members, the first at place 7 and no place left out.
    ///
    /// # Panics
    ///
    /// If a member is not at its place: at compile time, as these are constants.
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
        let mut place = INHERITED;
        while let ([member, members @ ..], [slot, slots @ ..]) = (left, rest) {
            assert!(member.slot == place, "a member is not at its place");
            *slot = member.thunk;
            (left, rest) = (members, slots);
            place += 1;
        }
        assert!(left.is_empty(), "the interface has more members than there is room for");
        Self { iids, members, table }
    }

    pub(super) const fn table(&self) -> *const VtableSlot {
        self.table.as_ptr()
    }

    /// Whether an object that is called by it is asked for by this name.
    pub(super) fn is(&self, iid: &GUID) -> bool {
        self.iids.contains(&Guid(iid.to_u128()))
    }
}

/// The function for a place, which takes so many words behind the object.
///
/// One that would take more than there are functions for leaves the last of them unread: the
/// caller removes what it passed.
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
            // SAFETY: COM calls it with a live object of ours, and the words are those that the
            // member at this place of the object's table takes.
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
