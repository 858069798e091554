//! Primitives: code shared by two or more families. CPU dispatch, SIMD lanes, ramps, history buffers, delay lines, gain
//! and mix loops, buses, oversampling, random numbers, Kaiser windows.

pub(crate) mod backend;
pub(crate) mod bus;
pub(crate) mod crossfade;
pub(crate) mod crossfaded_delay;
pub(crate) mod delay_line;
pub(crate) mod history;
pub(crate) mod kaiser;
pub(crate) mod lanes;
pub(crate) mod mid_side;
pub(crate) mod mix;
pub(crate) mod modulated_delay;
pub(crate) mod oversampler;
pub(crate) mod pair;
pub(crate) mod ramp;
pub(crate) mod random;
pub(crate) mod sanitize;
pub(crate) mod scale;
pub(crate) mod threads;
