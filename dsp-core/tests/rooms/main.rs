//! What each room promises: gates by their ids, figures printed. One binary, so that the rooms are compiled once.

mod acoustics;
#[path = "../common/mod.rs"]
mod common;
#[path = "../standards/mod.rs"]
#[allow(dead_code, unused_imports, reason = "only its signals are needed")]
mod standards;

#[cfg(feature = "std")]
mod convolution;
mod crossover;
mod deesser;
mod dynamic_eq;
mod dynamics;
mod limiter;
mod multiband;
mod reverb;
