//! Entry, output, memory and end of the program by the C library.

use crate::hashes;
use core::{
    alloc::{GlobalAlloc, Layout},
    ffi::{c_int, c_void},
};

unsafe extern "C" {
    fn aligned_alloc(align: usize, bytes: usize) -> *mut c_void;
    fn free(piece: *mut c_void);
    fn write(file: c_int, bytes: *const c_void, count: usize) -> isize;
    fn _exit(code: c_int) -> !;
}

const STANDARD_OUTPUT: c_int = 1;
const PANICKED: c_int = 101;

struct CMemory;

#[global_allocator]
static HEAP: CMemory = CMemory;

// SAFETY: the C library's memory is not handed out twice; the alignment is a power of two, the size its multiple.
unsafe impl GlobalAlloc for CMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let layout = layout.pad_to_align();
        // SAFETY: see above.
        unsafe { aligned_alloc(layout.align(), layout.size()).cast() }
    }

    unsafe fn dealloc(&self, piece: *mut u8, _layout: Layout) {
        // SAFETY: `piece` came from `alloc`.
        unsafe { free(piece.cast()) }
    }
}

fn print(line: &str) {
    for part in [line, "\n"] {
        // SAFETY: the pointer and the count are of one slice. What is not written is missed by the comparison.
        unsafe { write(STANDARD_OUTPUT, part.as_ptr().cast(), part.len()) };
    }
}

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    c_int::from(hashes::each_line(print).is_err())
}

/// The symbol by which the precompiled `alloc` refers to an unwinder that never runs (`panic = "abort"`).
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    print(&alloc::format!("{info}"));
    // SAFETY: it never returns.
    unsafe { _exit(PANICKED) }
}
