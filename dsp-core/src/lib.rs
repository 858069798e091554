//! DSP for mixing and mastering music: real-time safe, allocation-free while it runs, the same bits for any block size.
//!
//! Settings ([`Params`]: dB, Hz, ms) are designed into coefficients (pure, in f64), which act on the processor's state.
//!
//! ```
//! use mixdown::{filters::{BellParams, EqualizerParams}, prelude::*};
//!
//! let spec = StreamSpec::new(48_000.0, 2)?;
//! let bell = BellParams { frequency_hz: 3_000.0, gain_db: -4.0, q: 1.4 };
//! let mut equalizer = EqualizerParams { bands: vec![bell.into()], ..Default::default() }.build::<f32>(&spec)?;
//!
//! // In the callback: any block length, no allocation, nothing that can fail.
//! let (mut left, mut right) = ([0.25_f32; 64], [0.25_f32; 64]);
//! equalizer.process(&mut BlockMut::from_slices(&mut [&mut left, &mut right])?);
//! assert!(left[0] < 0.25 && left == right);
//! # Ok::<(), Error>(())
//! ```
//!
//! # Modules
//!
//! | module | processors | and |
//! |---|---|---|
//! | [`levels`] | gain, pan, width | pan laws |
//! | [`filters`] | equalizer, nine single filters | crossover |
//! | [`dynamics`] | compressor, expander, gate, de-esser, multiband compressor, dynamic equalizer, limiter, transient shaper | |
//! | [`modulation`] | delay, chorus, flanger, phaser, tremolo, vibrato | note values |
//! | [`saturation`] | saturator, clipper | curves |
//! | [`reverbs`] | reverb, plate | |
//! | [`convolution`] | convolution, linear-phase equalizer | impulse responses |
//! | [`meters`] | | loudness (BS.1770, EBU R 128), true peak, levels, correlation, mono compatibility |
//! | [`console`] | chain, parallel, mid/side, bypass | [`Effect`] as a value, [`Mixer`], offline rendering |
//! | `analysis` | | masking, lead, mix check, translation, tonal balance, match (feature `analysis`) |
//! | [`delivery`] | | targets of platforms, normalisation, mastering to a target, word length |
//!
//! # In a callback
//!
//! Memory is taken by `build` alone. `process`, `reset` and [`apply`](Tunable::apply) never allocate, lock, block or
//! panic. [`design`](Params::design) is the costly part of a change: run it on another thread, send the coefficients to
//! the callback, apply them there and send them back to be dropped (see `examples/callback.rs`).
//!
//! The code of every processor is compiled in this crate, once for `f32` and once for `f64`. A debug build of an app
//! runs it optimised with
//!
//! ```toml
//! [profile.dev.package.mixdown]
//! opt-level = 3
//! ```
//!
//! whose first build takes a minute or two: a chain of gain, four bells, compressor and reverb, stereo at 48 kHz in blocks
//! of 128 frames, then runs 270 times faster than real time, and without it 1.9 times.
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `std` | yes | run-time CPU detection |
//! | `reproducible` | yes | `Cpu::Reproducible` and `Cpu::Software`: without it a program is a quarter smaller |
//! | `serde` | no | settings and effects serialise; `validate` and `build` check the ranges, not the reader |
//! | `analysis` | no | `analysis`: what a mix does to its tracks, measured and explained; needs `std` |
//! | `avx512` | no | kernels for AVX-512 beside those for SSE2 and AVX2, with the same bits |
//!
//! Without `std` the crate is `no_std` and needs `alloc`. Features are additive and change no result.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_debug_implementations, unreachable_pub)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "analysis")]
#[cfg_attr(docsrs, doc(cfg(feature = "analysis")))]
pub mod analysis;
pub mod console;
pub mod convolution;
pub mod delivery;
pub mod dynamics;
pub mod filters;
mod foundation;
pub mod levels;
pub mod meters;
pub mod modulation;
mod primitives;
pub mod reverbs;
pub mod saturation;
mod true_peak;

#[doc(inline)]
pub use console::{
    Bypass, Chain, Effect, EffectCoeffs, EffectProcessor, MidSide, Mixer, MixerError, MixerParams, NamedStrip,
    Parallel, StripId, StripInput, StripParams,
};
pub use foundation::{
    block::{Block, BlockMut},
    error::Error,
    field::Field,
    math::Pow2,
    meter::Meter,
    params::{CoeffsOf, Params, Tunable},
    processor::{Dynamics, GainReduction, Processor},
    sample::Sample,
    stream::{Cpu, MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, StreamSpec},
    table::Fields,
    tail::Tail,
    unit::{db_to_gain, db_to_power, gain_to_db, ms_to_frames, power_to_db},
};
#[doc(inline)]
pub use num_complex::Complex64;

/// Parameter tables: name, unit, range, default and scale of every parameter, for editors and automation. Coefficients
/// with their stream.
pub mod params {
    pub use crate::foundation::{
        field::{Field, Kind, Number, Scale, Steps, Value},
        params::Designed,
        table::{Fields, Limit},
    };
}

/// The items that most programs use: `use mixdown::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Block, BlockMut, Bypass, Chain, CoeffsOf, Dynamics, Effect, EffectCoeffs, EffectProcessor, Error, Fields,
        GainReduction, Meter, MidSide, Parallel, Params, Processor, Sample, StreamSpec, Tail, Tunable, db_to_gain,
        gain_to_db,
        params::{Kind, Value},
    };
}
