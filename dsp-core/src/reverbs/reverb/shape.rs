//! The shape of the wet signal: low cut, high cut, ducking.

use super::params::ReverbParams;
use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade, matched},
    foundation::{
        block::BlockMut,
        grid::GRID_FRAMES,
        math::Pow2,
        sample::Sample,
        silence::{BAND_POWER, REDUCTION_OCTAVES},
        stream::StreamSpec,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
};
use core::f64::consts::FRAC_1_SQRT_2;

/// Corner of a low cut that is off, and of a high cut.
const OFF_HZ: [f64; 2] = [20.0, 20_000.0];
/// Corner of a high cut, in parts of the sample rate, from which on it has nothing to cut.
const HIGHEST_CORNER: f64 = 0.45;
/// Level of the input from which the wet signal is ducked, and from which it is ducked in full: mean squares in dBFS.
pub(super) const DUCK_FROM_DB: [f64; 2] = [-40.0, -20.0];
/// Time constants of the mean square, of the attack and of the release.
const DETECTOR_MS: f64 = 10.0;
const ATTACK_MS: f64 = 10.0;
const RELEASE_MS: f64 = 250.0;

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
    /// Largest reduction, in octaves.
    duck: Ramp<1>,
    /// Feeds of the mean square, of the attack and of the release.
    feeds: [f64; 3],
    power: f64,
    /// Share of the largest reduction.
    share: f64,
}

impl Shape {
    pub(super) fn new(spec: &StreamSpec, coeffs: &ShapeCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        Self {
            cuts: Cascade::new(Backend::new(spec.cpu()), 2, rate_hz, &coeffs.cuts),
            duck: Ramp::new([coeffs.duck_octaves], ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            feeds: [DETECTOR_MS, ATTACK_MS, RELEASE_MS].map(|ms| -libm::expm1(-1e3 / (ms * rate_hz))),
            power: 0.0,
            share: 0.0,
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &ShapeCoeffs) {
        self.cuts.set_coeffs(&coeffs.cuts);
        self.duck.set_target([coeffs.duck_octaves]);
    }

    pub(super) fn reset(&mut self) {
        let Self { cuts, duck, feeds: _, power, share } = self;
        cuts.reset();
        duck.jump_to(duck.target());
        (*power, *share) = (0.0, 0.0);
    }

    /// Frames after which the response of the cuts is exactly 0.
    pub(super) fn tail_frames(&self) -> u64 {
        self.cuts.tail_frames()
    }

    /// The longest next chunk.
    pub(super) fn frames_at_once(&self) -> usize {
        self.duck.uniform_frames()
    }

    fn ducks(&self) -> bool {
        self.duck.target() != [0.0] || self.duck.uniform_frames() != usize::MAX
    }

    /// Whether it does nothing until other coefficients are set.
    pub(super) fn is_off(&self) -> bool {
        self.cuts.is_identity() && !self.ducks()
    }

    /// Lets a chunk pass while it [is off](Self::is_off).
    pub(super) fn skip(&mut self, frames: usize) {
        self.cuts.skip(frames);
        (self.power, self.share) = (0.0, 0.0);
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
        if !self.ducks() {
            (self.power, self.share) = (0.0, 0.0);
            return;
        }
        let mut shares = [0.0; GRID_FRAMES];
        let shares = &mut shares[..frames];
        for ((share, left), right) in shares.iter_mut().zip(inputs[0]).zip(inputs[1]) {
            let (left, right) = (left.to_f64(), right.to_f64());
            let square = 0.5 * (left * left + right * right);
            let power = self.power + self.feeds[0] * (square - self.power);
            self.power = if power < BAND_POWER { 0.0 } else { power };
            *share = self.power;
        }
        let [from, full] = DUCK_FROM_DB.map(|db| 2.0 * db / DB_PER_OCTAVE);
        for share in &mut *shares {
            *share = (((*share + BAND_POWER).log2_fast() - from) / (full - from)).clamp(0.0, 1.0);
        }
        for share in &mut *shares {
            let feed = if *share > self.share { self.feeds[1] } else { self.feeds[2] };
            let next = self.share + feed * (*share - self.share);
            self.share = if next < REDUCTION_OCTAVES { 0.0 } else { next };
            *share = self.share;
        }
        let (span, _) = self.duck.span::<f64>(frames);
        for (index, share) in (0_i32..).zip(&mut *shares) {
            let octaves = match &span {
                Span::Still([octaves]) => *octaves,
                Span::Moving([curve]) => curve.at(index),
            };
            *share = (-octaves * *share).exp2_fast();
        }
        for side in [left, right] {
            for (sample, gain) in side.iter_mut().zip(&*shares) {
                *sample *= S::from_f64(*gain);
            }
        }
    }
}
