//! A line for every processor of the list, format and setting: `Gain f32 0: 00ff… 00ff…`, one hash of the output bits
//! for each level of the CPU that is asked for. `cargo xtask test --aarch64` compares the lines of two machines.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

extern crate alloc;

mod hashes;
#[cfg(not(feature = "std"))]
mod platform;
mod settings;
mod signal;

#[cfg(feature = "std")]
fn main() -> Result<(), mixdown::Error> {
    hashes::each_line(|line| println!("{line}"))
}
