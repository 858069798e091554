//! Saturation: curves that add harmonics, at a multiple of the rate and without aliases; the clip ahead of a limiter.

#[cfg(test)]
mod antiderivative;
mod auto_gain;
mod clipper;
mod curve;
mod dc_blocker;
mod droop;
mod knee;
mod saturator;
mod shaped;
mod stage;
mod tanh;
mod triple;

pub use clipper::{Clipper, ClipperCoeffs, ClipperParams};
pub use curve::SaturatorCurve;
pub use saturator::{Saturator, SaturatorCoeffs, SaturatorParams};
