//! Reading of registry keys, for all registrations.

use communicado_windows::{Hive, RegistryKey, RegistryValue, RegistryView};

use crate::control;

pub(crate) const CLASSES: &str = r"Software\Classes";

/// True if the classes are registered permanently, for this user or all users.
pub(crate) fn is_registered() -> bool {
    [Hive::CurrentUser, Hive::LocalMachine].into_iter().any(is_registered_in)
}

/// True if the classes are registered permanently in this hive.
pub(crate) fn is_registered_in(hive: Hive) -> bool {
    let path = format!(r"{CLASSES}\CLSID\{}", control::CLASS);
    matches!(RegistryKey::open(hive, &path, RegistryView::Default), Ok(Some(_)))
}

/// The text of a value, if it is one.
pub(crate) fn text(key: &RegistryKey, name: &str) -> Option<String> {
    match key.value(name).ok()??.decode() {
        RegistryValue::Text(text) => Some(text),
        RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

/// The file name of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}
