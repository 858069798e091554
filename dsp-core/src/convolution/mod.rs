//! Convolution: impulse responses of rooms, and linear-phase equalization, by a partitioned convolver without latency.

#[allow(clippy::module_inception, reason = "the processor that gave the family its name")]
pub(crate) mod convolution;
pub(crate) mod convolver;
pub(crate) mod fft;
pub(crate) mod fir;
pub(crate) mod linear_phase;
mod linear_phase_taps;
pub(crate) mod partition;
mod ring;
pub(crate) mod route;
mod swap;

pub use {
    convolution::{Convolution, ConvolutionCoeffs, ConvolutionLayout, ConvolutionParams, ImpulseResponse},
    linear_phase::{LinearPhaseEqualizer, LinearPhaseEqualizerCoeffs, LinearPhaseEqualizerParams},
};
