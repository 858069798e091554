//! Gates of each processor by their ids, with the figures printed.

mod acoustics;
mod chorus;
mod convolution;
mod crossover;
mod de_esser;
mod delay;
mod dynamic_equalizer;
mod dynamics;
mod equalizer;
mod flanger;
mod limiter;
mod multiband;
mod phaser;
mod reverb;
mod saturation;
mod swept_delay;
mod transient_shaper;
mod tremolo;
mod vibrato;
