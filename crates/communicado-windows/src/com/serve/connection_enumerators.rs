//! `IEnumConnectionPoints` and `IEnumConnections`.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering};

use windows::Win32::Foundation::{E_POINTER, S_FALSE, S_OK};
use windows::Win32::System::Com::{
    CONNECTDATA, IConnectionPoint, IEnumConnectionPoints, IEnumConnectionPoints_Impl,
    IEnumConnections, IEnumConnections_Impl,
};
use windows_core::{Error, HRESULT, Result, implement};

use super::object::Callback;

/// A list and the position of its reader.
#[derive(Debug)]
struct Cursor<T> {
    items: Vec<T>,
    position: AtomicUsize,
}

impl<T: Clone> Cursor<T> {
    const fn new(items: Vec<T>) -> Self {
        Self { items, position: AtomicUsize::new(0) }
    }

    /// Writes the next items, and returns `S_FALSE` if there are fewer than wanted.
    ///
    /// # Safety
    ///
    /// `target` must be null or have room for `wanted` elements. `count` must be null or valid for
    /// writes.
    unsafe fn next<E>(
        &self,
        wanted: u32,
        target: *mut E,
        count: *mut u32,
        convert: impl Fn(&T) -> E,
    ) -> HRESULT {
        if target.is_null() || count.is_null() && wanted != 1 {
            return E_POINTER;
        }
        let mut fetched = 0;
        while fetched < wanted {
            let position = self.position.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(position) else {
                self.position.store(self.items.len(), Ordering::Relaxed);
                break;
            };
            let Ok(offset) = usize::try_from(fetched) else { break };
            // SAFETY: the caller guarantees room for `wanted` elements.
            unsafe { target.add(offset).write(convert(item)) };
            fetched += 1;
        }
        if !count.is_null() {
            // SAFETY: the caller guarantees it.
            unsafe { count.write(fetched) };
        }
        if fetched == wanted { S_OK } else { S_FALSE }
    }

    fn skip(&self, count: u32) -> Result<()> {
        let left = self.items.len().saturating_sub(self.position.load(Ordering::Relaxed));
        let skipped = usize::try_from(count).unwrap_or(usize::MAX);
        self.position.fetch_add(skipped.min(left), Ordering::Relaxed);
        if skipped <= left { Ok(()) } else { Err(Error::from_hresult(S_FALSE)) }
    }

    fn reset(&self) {
        self.position.store(0, Ordering::Relaxed);
    }
}

impl<T: Clone> Clone for Cursor<T> {
    fn clone(&self) -> Self {
        let position = AtomicUsize::new(self.position.load(Ordering::Relaxed));
        Self { items: self.items.clone(), position }
    }
}

/// A new enumerator over connection points.
pub(super) fn enumerate_points(points: Vec<IConnectionPoint>) -> IEnumConnectionPoints {
    PointEnumerator { points: Cursor::new(points) }.into()
}

#[implement(IEnumConnectionPoints)]
struct PointEnumerator {
    points: Cursor<IConnectionPoint>,
}

impl IEnumConnectionPoints_Impl for PointEnumerator_Impl {
    fn Next(&self, wanted: u32, points: *mut Option<IConnectionPoint>, count: *mut u32) -> HRESULT {
        // SAFETY: COM passes room for `wanted` elements, and null or a valid pointer.
        unsafe { self.points.next(wanted, points, count, |point| Some(point.clone())) }
    }

    fn Skip(&self, count: u32) -> Result<()> {
        self.points.skip(count)
    }

    fn Reset(&self) -> Result<()> {
        self.points.reset();
        Ok(())
    }

    fn Clone(&self) -> Result<IEnumConnectionPoints> {
        Ok(PointEnumerator { points: self.points.clone() }.into())
    }
}

/// A new enumerator over listeners and their cookies.
pub(super) fn enumerate_connections(connections: Vec<(u32, Callback)>) -> IEnumConnections {
    ConnectionEnumerator { connections: Cursor::new(connections) }.into()
}

#[implement(IEnumConnections)]
struct ConnectionEnumerator {
    connections: Cursor<(u32, Callback)>,
}

impl IEnumConnections_Impl for ConnectionEnumerator_Impl {
    fn Next(&self, wanted: u32, connections: *mut CONNECTDATA, count: *mut u32) -> HRESULT {
        let convert = |(cookie, listener): &(u32, Callback)| CONNECTDATA {
            pUnk: ManuallyDrop::new(Some(listener.0.clone())),
            dwCookie: *cookie,
        };
        // SAFETY: COM passes room for `wanted` elements, and null or a valid pointer.
        unsafe { self.connections.next(wanted, connections, count, convert) }
    }

    fn Skip(&self, count: u32) -> Result<()> {
        self.connections.skip(count)
    }

    fn Reset(&self) -> Result<()> {
        self.connections.reset();
        Ok(())
    }

    fn Clone(&self) -> Result<IEnumConnections> {
        Ok(ConnectionEnumerator { connections: self.connections.clone() }.into())
    }
}
