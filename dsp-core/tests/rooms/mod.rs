//! What each room promises: gates by their ids, figures printed.

mod acoustics;
mod convolution;
mod crossover;
mod deesser;
mod dynamic_eq;
mod dynamics;
mod limiter;
mod multiband;
mod reverb;
