//! What each room promises: gates by their ids, figures printed.

mod acoustics;
#[cfg(feature = "std")]
mod convolution;
mod crossover;
mod deesser;
mod dynamic_eq;
mod dynamics;
mod limiter;
mod multiband;
mod reverb;
