//! Ducking: the wet signal of an effect gives way to its own input.
//!
//! The mean square of all channels of the input over 10 ms: below -40 dBFS nothing happens, from -20 dBFS on the wet
//! signal is reduced in full, in between by a share linear in dB, smoothed with 10 ms upwards and 250 ms downwards. The
//! largest reduction glides over 20 ms.

use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::Pow2,
        sample::Sample,
        silence::{BAND_POWER, REDUCTION_OCTAVES},
        stream::StreamSpec,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::ramp::{GAIN_RAMP_MS, Ramp, Span},
};

/// Level of the input from which the wet signal is ducked, and from which it is ducked in full: mean squares in dBFS.
const DUCK_FROM_DB: [f64; 2] = [-40.0, -20.0];
/// Time constants of the mean square, of the attack and of the release.
const DETECTOR_MS: f64 = 10.0;
const ATTACK_MS: f64 = 10.0;
const RELEASE_MS: f64 = 250.0;

/// The ducking of one effect: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Ducking {
    /// Largest reduction, in octaves.
    largest: Ramp<1>,
    /// Feeds of the mean square, of the attack and of the release.
    feeds: [f64; 3],
    power: f64,
    /// Share of the largest reduction.
    share: f64,
}

impl Ducking {
    /// Reduces by up to `octaves`.
    pub(crate) fn new(spec: &StreamSpec, octaves: f64) -> Self {
        let rate_hz = spec.sample_rate_hz();
        Self {
            largest: Ramp::new([octaves], ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            feeds: [DETECTOR_MS, ATTACK_MS, RELEASE_MS].map(|ms| -libm::expm1(-1e3 / (ms * rate_hz))),
            power: 0.0,
            share: 0.0,
        }
    }

    /// Glides to another largest reduction.
    pub(crate) fn set_octaves(&mut self, octaves: f64) {
        self.largest.set_target([octaves]);
    }

    pub(crate) fn reset(&mut self) {
        let Self { largest, feeds: _, power, share } = self;
        largest.jump_to(largest.target());
        (*power, *share) = (0.0, 0.0);
    }

    /// The longest next chunk.
    pub(crate) fn frames_at_once(&self) -> usize {
        self.largest.uniform_frames()
    }

    /// Whether it does nothing until another reduction is set.
    pub(crate) fn is_off(&self) -> bool {
        self.largest.is_at([0.0])
    }

    /// Lets a chunk pass while it [is off](Self::is_off).
    pub(crate) fn skip(&mut self) {
        (self.power, self.share) = (0.0, 0.0);
    }

    /// Turns the squares of each frame, summed over this many channels of the input, into the gain of the wet signal.
    pub(crate) fn gains(&mut self, channels: usize, squares: &mut [f64]) {
        debug_assert!(squares.len() <= GRID_FRAMES, "a chunk");
        let per_channel = 1.0 / channels as f64;
        for square in &mut *squares {
            let power = self.power + self.feeds[0] * (per_channel * *square - self.power);
            self.power = if power < BAND_POWER { 0.0 } else { power };
            *square = self.power;
        }
        let shares = squares;
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
        let (span, _) = self.largest.span::<f64>(shares.len());
        for (index, share) in (0_i32..).zip(&mut *shares) {
            let octaves = match &span {
                Span::Still([octaves]) => *octaves,
                Span::Moving([curve]) => curve.at(index),
            };
            *share = (-octaves * *share).exp2_fast();
        }
    }
}

/// Adds the squares of a channel.
#[inline(always)]
pub(crate) fn add_squares<S: Sample>(squares: &mut [f64], samples: &[S]) {
    for (square, sample) in squares.iter_mut().zip(samples) {
        let sample = sample.to_f64();
        *square += sample * sample;
    }
}

/// Multiplies a channel by its gains.
#[inline(always)]
pub(crate) fn duck<S: Sample>(samples: &mut [S], gains: &[f64]) {
    for (sample, gain) in samples.iter_mut().zip(gains) {
        *sample *= S::from_f64(*gain);
    }
}
