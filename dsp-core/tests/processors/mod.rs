//! What each processor promises: gates by their ids, figures printed.

mod acoustics;
mod convolution;
mod crossover;
mod de_esser;
mod dynamic_equalizer;
mod dynamics;
mod limiter;
mod multiband;
mod reverb;
