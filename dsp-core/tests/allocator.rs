//! The allocator of the test binary: it counts calls and bytes per thread, so that parallel tests do not disturb each
//! other.
#![allow(unsafe_code, reason = "an allocator is an unsafe trait; this one passes everything on to the system's")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    /// Allocator calls on this thread. No lazy initialisation and no destructor, since the allocator itself reads it.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Bytes allocated minus bytes freed on this thread.
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

struct Counting;

fn count(taken: usize, given_back: usize) {
    // A thread that is ending has neither a counter nor a test any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    let _ = BYTES.try_with(|bytes| bytes.set(bytes.get() + taken as i64 - given_back as i64));
}

// SAFETY: every method passes its arguments on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Number of allocations and frees in `work`.
pub fn calls<T>(work: impl FnOnce() -> T) -> u64 {
    let before = CALLS.get();
    let result = work();
    let after = CALLS.get();
    drop(result);
    after - before
}

/// The result of `work`, and its bytes on the heap.
pub fn held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = BYTES.get();
    let result = work();
    let bytes = BYTES.get() - before;
    (result, usize::try_from(bytes).expect("work gave back memory that it had not taken"))
}

#[test]
fn calls_are_counted() {
    assert_eq!(calls(|| Vec::<u8>::with_capacity(100)), 1);
    assert_eq!(calls(|| drop(vec![0_u8; 100])), 2);
    let mut list = vec![0_u8; 1];
    assert_eq!(calls(|| list.reserve_exact(10_000)), 1);
}

#[test]
fn bytes_held_are_those_not_freed() {
    assert_eq!(held(|| vec![0_u32; 100]).1, 400);
    assert_eq!(held(|| drop(vec![0_u8; 100])).1, 0);
    let grown = || {
        let mut list = vec![0_u8; 1];
        list.reserve_exact(10_000);
        list
    };
    let (list, bytes) = held(grown);
    assert_eq!(bytes, list.capacity());
}
