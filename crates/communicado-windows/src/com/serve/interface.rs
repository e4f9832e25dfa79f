//! Interface descriptions: the members and the vtable of each interface.

use windows_core::GUID;

use crate::Guid;

/// The number of members of `IUnknown` and `IDispatch`, which begin every vtable.
pub(super) const INHERITED: usize = 7;
/// Vtable capacity, enough for the longest interface of any client.
pub(super) const SLOTS_MAX: usize = 64;

/// A function in a vtable. Only the caller of the vtable knows its signature.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct VtableSlot(pub(super) *const ());

// SAFETY: the pointer is null or the address of a function, which every thread may call.
unsafe impl Send for VtableSlot {}
// SAFETY: as above.
unsafe impl Sync for VtableSlot {}

/// The type of a parameter or a return value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A 32-bit integer, or an enumeration (`VT_I4`).
    Number,
    /// A Boolean (`VT_BOOL`).
    Bool,
    /// A string (`VT_BSTR`).
    Text,
    /// Any value (`VT_VARIANT`). Late-bound callers may omit trailing parameters of this kind.
    Variant,
    /// An object (`VT_DISPATCH`, `VT_UNKNOWN`).
    Object,
    /// An array of integers (`VT_ARRAY | VT_I4`).
    NumberArray,
    /// An array of values (`VT_ARRAY | VT_VARIANT`).
    VariantArray,
    /// A type that no member of this server reads or returns.
    Unsupported,
    /// A pointer to a value that the method fills in (`VT_BYREF | VT_VARIANT`).
    OutVariant,
}

/// The kind of a member, as in `INVOKEKIND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvokeKind {
    /// Reads a property.
    PropertyGet,
    /// Writes a property; the value is the last argument.
    PropertyPut,
    /// Calls a method.
    Method,
}

/// One member of an interface.
#[derive(Debug)]
pub struct Member {
    /// The `DISPID`.
    pub id: i32,
    /// The name.
    pub name: &'static str,
    /// The kind of the member.
    pub invoke_kind: InvokeKind,
    /// The parameter types, in declared order.
    pub params: &'static [ValueKind],
    /// The type of the return value, if there is one.
    pub returns: Option<ValueKind>,
    /// The vtable index.
    pub slot: usize,
    pub(super) thunk: VtableSlot,
}

/// An interface derived from `IDispatch`.
#[derive(Debug)]
pub struct Interface {
    /// The interface id, then those of the base interfaces, whose vtables are prefixes of this
    /// one.
    pub iids: &'static [Guid],
    /// The members, in vtable order.
    pub members: &'static [Member],
    pub(super) table: [VtableSlot; SLOTS_MAX],
}

impl Interface {
    pub(super) const fn table(&self) -> *const VtableSlot {
        self.table.as_ptr()
    }

    /// True if `QueryInterface` for this interface id yields this interface.
    pub(super) fn matches(&self, iid: &GUID) -> bool {
        self.iids.contains(&Guid(iid.to_u128()))
    }
}
