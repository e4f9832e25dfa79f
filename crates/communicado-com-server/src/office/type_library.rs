//! The type library of the Office objects.

/// Implements `ObjectImpl::type_library` for an object with the field `server`.
macro_rules! office_type_library {
    () => {
        fn type_library(&self) -> Option<&communicado_windows::com::serve::TypeLibrary> {
            self.server.libraries.office.as_ref()
        }
    };
}
pub(super) use office_type_library;
