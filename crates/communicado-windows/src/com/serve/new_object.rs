//! Construction of COM objects.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::object::{InterfaceKind, InterfacePtr, ObjectImpl, ObjectInner, ObjectRef};
use super::{class_info, connection_point, error_info};

impl ObjectRef {
    /// Creates a COM object; `None` if the implementation has no interface.
    #[must_use]
    pub fn new(implementation: Arc<dyn ObjectImpl>) -> Option<Self> {
        let interfaces = implementation.interfaces();
        interfaces.first()?;
        let kinds = interfaces.iter().copied().map(InterfaceKind::Interface);
        let container = implementation.events().map(|_| InterfaceKind::ConnectionPointContainer);
        let class_info = implementation.type_library().and(implementation.class());
        let class_info = class_info.map(|_| InterfaceKind::ProvideClassInfo);
        let error_info = std::iter::once(InterfaceKind::SupportErrorInfo);
        let kinds = kinds.chain(container).chain(class_info).chain(error_info);
        let interface_ptrs = kinds.map(|kind| {
            let table = match kind {
                InterfaceKind::Interface(interface) => interface.table(),
                InterfaceKind::ConnectionPointContainer => connection_point::TABLE.as_ptr(),
                InterfaceKind::ProvideClassInfo => class_info::TABLE.as_ptr(),
                InterfaceKind::SupportErrorInfo => error_info::TABLE.as_ptr(),
            };
            InterfacePtr { table, inner: std::ptr::null(), kind }
        });
        let interface_ptrs = interface_ptrs.collect();
        let inner = ObjectInner { references: AtomicU32::new(1), interface_ptrs, implementation };
        let inner = Box::into_raw(Box::new(inner));
        // SAFETY: the object is new, and nothing else refers to it.
        for interface_ptr in unsafe { &mut (*inner).interface_ptrs } {
            interface_ptr.inner = inner;
        }
        Some(Self { inner })
    }
}
