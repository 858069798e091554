//! Gates of each processor by their ids, with the figures printed.

mod acoustics;
mod convolution;
mod crossover;
mod de_esser;
mod dynamic_equalizer;
mod dynamics;
mod equalizer;
mod limiter;
mod multiband;
mod phaser;
mod reverb;
mod transient_shaper;
mod tremolo;
