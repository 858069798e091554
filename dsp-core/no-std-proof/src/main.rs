//! Proves that `mixdown` needs no `std`: a program without the standard library, the C library or an unwinder, that
//! links and runs one of everything and exits with 0, or with the number of the first check that is wrong.
#![no_std]
#![no_main]

extern crate alloc;

mod checks;
mod memory;
mod platform;

use core::sync::atomic::{AtomicI32, Ordering};

/// Added to the number of the check that panicked, for the exit code of a panic.
const PANICKED: i32 = 100;

/// The check that is running, counted from 1.
static RUNNING: AtomicI32 = AtomicI32::new(0);

extern "C" fn start() -> ! {
    for (number, check) in (1..).zip(checks::CHECKS) {
        RUNNING.store(number, Ordering::Relaxed);
        if check() != Ok(true) {
            platform::exit(number);
        }
    }
    platform::exit(0)
}

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    platform::exit(PANICKED + RUNNING.load(Ordering::Relaxed))
}
