//! Replacements for the standard and the C library: an allocator, the memory functions that the compiler calls, and the
//! symbol by which the precompiled `alloc` refers to an unwinder that never runs (`panic = "abort"`).

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Bytes for all checks together.
const CAPACITY: usize = 64 << 20;

/// Hands out consecutive pieces of a static array and never frees.
#[repr(align(64))]
struct Bump {
    bytes: UnsafeCell<[u8; CAPACITY]>,
    used: AtomicUsize,
}

// SAFETY: `used` only ever grows, by compare and exchange, so no two pieces overlap.
unsafe impl Sync for Bump {}

#[global_allocator]
static HEAP: Bump = Bump { bytes: UnsafeCell::new([0; CAPACITY]), used: AtomicUsize::new(0) };

// SAFETY: a piece lies inside the array, is aligned as asked (by address) and is never handed out twice.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.bytes.get().cast::<u8>();
        let piece = |used: usize| {
            let start = (base.addr() + used).checked_next_multiple_of(layout.align())? - base.addr();
            let end = start.checked_add(layout.size())?;
            (end <= CAPACITY).then_some((start, end))
        };
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| piece(used).map(|(_, end)| end)) {
            // SAFETY: `piece` found `start` inside the array just before the exchange took the same `used`.
            Ok(used) => piece(used).map_or(ptr::null_mut(), |(start, _)| unsafe { base.add(start) }),
            Err(_) => ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _piece: *mut u8, _layout: Layout) {}
}

// Volatile, byte by byte: an optimiser that recognised these loops would replace them by calls to themselves.

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(target: *mut u8, source: *const u8, bytes: usize) -> *mut u8 {
    for index in 0..bytes {
        // SAFETY: the caller vouches for `bytes` bytes at both ends.
        unsafe { target.add(index).write_volatile(source.add(index).read_volatile()) };
    }
    target
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(target: *mut u8, source: *const u8, bytes: usize) -> *mut u8 {
    if target.cast_const() <= source {
        // SAFETY: forwards, every byte is read before it is overwritten.
        return unsafe { memcpy(target, source, bytes) };
    }
    for index in (0..bytes).rev() {
        // SAFETY: the caller vouches for `bytes` bytes at both ends.
        unsafe { target.add(index).write_volatile(source.add(index).read_volatile()) };
    }
    target
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(target: *mut u8, value: i32, bytes: usize) -> *mut u8 {
    for index in 0..bytes {
        // SAFETY: the caller vouches for `bytes` bytes; C takes the low byte of the value.
        unsafe { target.add(index).write_volatile(value as u8) };
    }
    target
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
    for index in 0..bytes {
        // SAFETY: the caller vouches for `bytes` bytes at both ends.
        let (l, r) = unsafe { (left.add(index).read_volatile(), right.add(index).read_volatile()) };
        if l != r {
            return i32::from(l) - i32::from(r);
        }
    }
    0
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, bytes: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, bytes) }
}

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
