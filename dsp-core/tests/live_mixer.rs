//! The example of a mixer in a callback, run under the counting allocator.

use crate::allocator::calls;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[path = "../examples/live_mixer.rs"]
#[allow(dead_code, reason = "its main is for `cargo run`")]
mod example;

#[test]
fn law_7_the_callback_of_the_example_takes_no_memory() {
    let counts = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let counted = Arc::clone(&counts);
    let peaks = example::play(move |callback| {
        let [allocations, blocks] = &*counted;
        allocations.fetch_add(calls(callback), Ordering::Relaxed);
        blocks.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    let [allocations, blocks] = &*counts;
    assert!(blocks.load(Ordering::Relaxed) > peaks.len() as u64);
    assert_eq!(allocations.load(Ordering::Relaxed), 0);
    assert!(peaks[peaks.len() - 1] < example::GUITAR, "the changes have arrived");
}
