//! The shape of the wet signal: low cut, high cut, ducking.

use super::params::ReverbParams;
use crate::{
    dynamics::ducking::{Ducking, add_squares, duck},
    filters::{biquad::BiquadCoeffs, cascade::Cascade, matched},
    foundation::{block::BlockMut, grid::GRID_FRAMES, sample::Sample, stream::StreamSpec, unit::DB_PER_OCTAVE},
    primitives::backend::Backend,
};
use core::f64::consts::FRAC_1_SQRT_2;

/// Corner of a low cut that is off, and of a high cut.
const OFF_HZ: [f64; 2] = [20.0, 20_000.0];
/// Corner of a high cut, in parts of the sample rate, from which on it has nothing to cut.
const HIGHEST_CORNER: f64 = 0.45;

/// Coefficients of both cuts and of the ducking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ShapeCoeffs {
    cuts: [BiquadCoeffs; 2],
    /// Largest reduction by the ducking.
    duck_octaves: f64,
}

impl ShapeCoeffs {
    pub(super) fn new(params: &ReverbParams, spec: &StreamSpec) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let low = if params.low_cut_hz == OFF_HZ[0] {
            BiquadCoeffs::IDENTITY
        } else {
            matched::high_pass(params.low_cut_hz, FRAC_1_SQRT_2, rate_hz)
        };
        let high = if params.high_cut_hz == OFF_HZ[1] || params.high_cut_hz >= HIGHEST_CORNER * rate_hz {
            BiquadCoeffs::IDENTITY
        } else {
            matched::low_pass(params.high_cut_hz, FRAC_1_SQRT_2, rate_hz)
        };
        Self { cuts: [low, high], duck_octaves: params.duck_db / DB_PER_OCTAVE }
    }
}

/// The shape of the wet signal: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    cuts: Cascade,
    ducking: Ducking,
}

impl Shape {
    pub(super) fn new(spec: &StreamSpec, coeffs: &ShapeCoeffs) -> Self {
        Self {
            cuts: Cascade::new(Backend::new(spec.cpu()), 2, spec.sample_rate_hz(), &coeffs.cuts),
            ducking: Ducking::new(spec, coeffs.duck_octaves),
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &ShapeCoeffs) {
        self.cuts.set_coeffs(&coeffs.cuts);
        self.ducking.set_octaves(coeffs.duck_octaves);
    }

    pub(super) fn reset(&mut self) {
        let Self { cuts, ducking } = self;
        cuts.reset();
        ducking.reset();
    }

    /// Frames after which the response of the cuts is exactly 0.
    pub(super) fn tail_frames(&self) -> u64 {
        self.cuts.tail_frames()
    }

    /// The longest next chunk.
    pub(super) fn frames_at_once(&self) -> usize {
        self.ducking.frames_at_once()
    }

    /// Whether it does nothing until other coefficients are set.
    pub(super) fn is_off(&self) -> bool {
        self.cuts.is_identity() && self.ducking.is_off()
    }

    /// Lets a chunk pass while it [is off](Self::is_off).
    pub(super) fn skip(&mut self, frames: usize) {
        self.cuts.skip(frames);
        self.ducking.skip();
    }

    /// Shapes a chunk of the wet signal, by the input of the reverb.
    pub(super) fn process<S: Sample>(&mut self, inputs: [&[S]; 2], wet: &mut [[S; GRID_FRAMES]; 2]) {
        let frames = inputs[0].len();
        let [left, right] = wet.each_mut().map(|wet| &mut wet[..frames]);
        if self.cuts.is_identity() {
            self.cuts.skip(frames);
        } else if let Ok(mut block) = BlockMut::from_slices(&mut [&mut *left, &mut *right]) {
            self.cuts.process(&mut block);
        }
        if self.ducking.is_off() {
            self.ducking.skip();
            return;
        }
        let mut gains = [0.0; GRID_FRAMES];
        let gains = &mut gains[..frames];
        for input in inputs {
            add_squares(gains, input);
        }
        self.ducking.gains(2, gains);
        for side in [left, right] {
            duck(side, gains);
        }
    }
}
