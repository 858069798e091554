//! Level detector: envelope, mean square or magnitude of the key in each frame, in octaves of amplitude.
//!
//! The [quadrature envelope](super::quadrature) is constant for a sine. Mean squares are one-pole averages, so that a
//! sine at full scale reads -3.01 dB. Magnitudes have no state: what follows them holds their crests. Changes between
//! them glide over 20 ms. Levels are clamped to -140..+120 dBFS.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012, section on level
//! detection.

use super::{
    limiter::passes::rectify,
    passes::{add_levels, max_assign, mean_levels, mean_squares, mean_squares_of_two, peak_levels, squares_of},
    quadrature::QuadratureEnvelope,
    release::pole,
};
use crate::{
    foundation::{block::Block, declare::choice, sample::Sample},
    primitives::{
        backend::Backend,
        ramp::{Ramp, Span},
    },
};
use alloc::{vec, vec::Vec};

choice! {
    /// Level detection of a compressor or an expander.
    Detector, default Peak {
        /// The quadrature envelope: constant for a sine of any frequency; the attack decides how much a short transient
        /// counts.
        Peak = "peak",
        /// The mean square, over `rms_ms`.
        Rms = "rms",
        /// The magnitude of every sample, each crest held: the shortest transient counts in full.
        PeakHold = "peak_hold",
    }
}

/// Detector coefficients that glide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DetectorCoeffs {
    kind: Detector,
    pole: f64,
}

impl DetectorCoeffs {
    /// For RMS, with mean squares over `rms_ms`.
    pub(crate) fn new(kind: Detector, rms_ms: f64, sample_rate_hz: f64) -> Self {
        Self { kind, pole: pole(rms_ms, sample_rate_hz) }
    }

    /// Shares of mean squares and magnitudes in the level; the envelope has the rest.
    fn shares(&self) -> [f64; 2] {
        match self.kind {
            Detector::Peak => ENVELOPE,
            Detector::Rms => MEANS,
            Detector::PeakHold => MAGNITUDES,
        }
    }
}

/// Shares of one measure alone, as [`DetectorCoeffs::shares`].
const ENVELOPE: [f64; 2] = [0.0, 0.0];
const MEANS: [f64; 2] = [1.0, 0.0];
const MAGNITUDES: [f64; 2] = [0.0, 1.0];

/// Weights of a measure by both shares: a constant and a factor of each.
pub(crate) type Weights = [f64; 3];

/// The detector of the channels of a key.
#[derive(Clone, Debug)]
pub(crate) struct LevelDetector {
    backend: Backend,
    shares: Ramp<2>,
    pole: f64,
    envelope: QuadratureEnvelope,
    /// One per channel.
    means: Vec<f64>,
    chunk: usize,
}

/// The channels of a key that are read: `sources`, each into its own lane, or the loudest of them into one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources {
    pub(crate) count: usize,
    pub(crate) together: bool,
}

impl Sources {
    fn lanes(self) -> usize {
        if self.together { 1 } else { self.count }
    }
}

/// Buffers of one chunk per channel. Reductions are computed after the levels: until then theirs holds squares.
#[derive(Debug)]
pub(crate) struct Readings<'r, S> {
    pub(crate) peaks: &'r mut [S],
    pub(crate) squares: &'r mut [f64],
    pub(crate) levels: &'r mut [S],
}

/// The buffer that holds what a chunk was read as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// Magnitudes, in `peaks`.
    Peaks,
    /// Squares of the envelope, in `squares`.
    Squares,
    /// Octaves, in `levels`.
    Levels,
}

impl LevelDetector {
    /// For up to `channels` channels and `chunk` frames at a time; glides take `frames`.
    pub(crate) fn new(
        backend: Backend,
        channels: usize,
        sample_rate_hz: f64,
        coeffs: &DetectorCoeffs,
        frames: usize,
        chunk: usize,
    ) -> Self {
        Self {
            backend,
            shares: Ramp::new(coeffs.shares(), frames),
            pole: coeffs.pole,
            envelope: QuadratureEnvelope::new(backend, channels, sample_rate_hz),
            means: vec![0.0; channels],
            chunk,
        }
    }

    /// Glides to another detector; another `rms_ms` applies at once, from the current mean.
    pub(crate) fn set_coeffs(&mut self, coeffs: &DetectorCoeffs) {
        self.shares.set_target(coeffs.shares());
        self.pole = coeffs.pole;
    }

    /// The longest next chunk.
    pub(crate) fn uniform_frames(&self) -> usize {
        self.shares.uniform_frames()
    }

    /// Magnitudes of the next frames, for what needs them whatever the detector.
    pub(crate) fn peaks<S: Sample>(&self, key: &Block<'_, '_, S>, sources: Sources, peaks: &mut [S]) {
        let (chunk, count) = (self.chunk, key.frames());
        for source in 0..sources.count {
            let lane = if sources.together { 0 } else { source };
            let peaks = &mut peaks[lane * chunk..][..count];
            if source == 0 || !sources.together {
                peaks.fill(S::ZERO);
            }
            rectify(self.backend, key.channel(source), peaks);
        }
    }

    /// Reads the next frames, one chunk per lane.
    pub(crate) fn read<S: Sample>(
        &mut self,
        key: &Block<'_, '_, S>,
        sources: Sources,
        readings: &mut Readings<'_, S>,
    ) -> Reading {
        let (backend, count) = (self.backend, key.frames());
        let (shares, _) = self.shares.span::<f64>(count);
        let only = |alone: [f64; 2]| matches!(shares, Span::Still(shares) if shares == alone);
        if only(MEANS) || only(MAGNITUDES) {
            self.envelope.advance(count, 0);
        }
        if only(ENVELOPE) || only(MAGNITUDES) {
            self.means.fill(0.0);
        }
        if only(ENVELOPE) {
            self.envelopes(key, sources, readings.squares);
            return Reading::Squares;
        }
        if only(MAGNITUDES) {
            self.peaks(key, sources, readings.peaks);
            return Reading::Peaks;
        }
        if only(MEANS) {
            self.mean_squares(key, sources, readings.squares);
            self.levels(Reading::Squares, sources, count, readings);
            return Reading::Levels;
        }
        let (lanes, chunk) = (sources.lanes(), self.chunk);
        for lane in 0..lanes {
            readings.levels[lane * chunk..][..count].fill(S::ZERO);
        }
        let measures: [(Weights, _); 3] = [
            ([1.0, -1.0, -1.0], Detector::Peak),
            ([0.0, 1.0, 0.0], Detector::Rms),
            ([0.0, 0.0, 1.0], Detector::PeakHold),
        ];
        for (weights, measure) in measures {
            match measure {
                Detector::Peak => self.envelopes(key, sources, readings.squares),
                Detector::Rms => self.mean_squares(key, sources, readings.squares),
                Detector::PeakHold => {
                    self.peaks(key, sources, readings.peaks);
                    for lane in 0..lanes {
                        let (peaks, squares) = (&readings.peaks[lane * chunk..], &mut readings.squares[lane * chunk..]);
                        squares_of(backend, &peaks[..count], &mut squares[..count]);
                    }
                }
            }
            for lane in 0..lanes {
                let (squares, levels) = (&readings.squares[lane * chunk..], &mut readings.levels[lane * chunk..]);
                add_levels(backend, &squares[..count], weights, &shares, &mut levels[..count]);
            }
        }
        Reading::Levels
    }

    /// Turns what was read into levels.
    pub(crate) fn levels<S: Sample>(
        &self,
        reading: Reading,
        sources: Sources,
        count: usize,
        readings: &mut Readings<'_, S>,
    ) {
        for lane in 0..sources.lanes() {
            let lane = lane * self.chunk..lane * self.chunk + count;
            let levels = &mut readings.levels[lane.clone()];
            match reading {
                Reading::Peaks => peak_levels(self.backend, &readings.peaks[lane], levels),
                Reading::Squares => mean_levels(self.backend, &readings.squares[lane], &Span::Still([1.0]), levels),
                Reading::Levels => {}
            }
        }
    }

    fn envelopes<S: Sample>(&mut self, key: &Block<'_, '_, S>, sources: Sources, squares: &mut [f64]) {
        let (chunk, count) = (self.chunk, key.frames());
        for source in 0..sources.count {
            self.envelope.squares(source, key.channel(source), &mut squares[source * chunk..][..count]);
        }
        self.envelope.advance(count, sources.count);
        self.loudest(sources, count, squares);
    }

    fn mean_squares<S: Sample>(&mut self, key: &Block<'_, '_, S>, sources: Sources, squares: &mut [f64]) {
        let (chunk, count) = (self.chunk, key.frames());
        let (pairs, alone) = self.means[..sources.count].as_chunks_mut::<2>();
        for (pair, [first, second]) in pairs.iter_mut().enumerate() {
            let source = 2 * pair;
            let (lower, upper) = squares[source * chunk..].split_at_mut(chunk);
            let (samples, squares) =
                ([key.channel(source), key.channel(source + 1)], [&mut lower[..count], &mut upper[..count]]);
            mean_squares_of_two(self.backend, samples, self.pole, [first, second], squares);
        }
        if let [mean] = alone {
            let source = sources.count - 1;
            let squares = &mut squares[source * chunk..][..count];
            mean_squares(self.backend, key.channel(source), self.pole, mean, squares);
        }
        self.loudest(sources, count, squares);
    }

    fn loudest(&self, sources: Sources, count: usize, squares: &mut [f64]) {
        if sources.together {
            let (all, others) = squares.split_at_mut(self.chunk);
            for other in others.chunks_exact(self.chunk).take(sources.count - 1) {
                max_assign(self.backend, &other[..count], &mut all[..count]);
            }
        }
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, shares, pole: _, envelope, means, chunk: _ } = self;
        shares.jump_to(shares.target());
        envelope.reset();
        means.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::{stream::Cpu, unit::DB_PER_OCTAVE};

    const RATE_HZ: f64 = 48_000.0;
    const CHUNK: usize = 256;

    fn levels_db(detector: &mut LevelDetector, planar: &[f64], channels: usize, together: bool) -> Vec<Vec<f64>> {
        let block = Block::from_planar(planar, channels).unwrap();
        let (mut peaks, mut levels) = (vec![0.0; channels * CHUNK], vec![0.0; channels * CHUNK]);
        let mut squares = vec![0.0; channels * CHUNK];
        let mut lanes = vec![Vec::new(); if together { 1 } else { channels }];
        for start in (0..block.frames()).step_by(CHUNK) {
            let part = block.frames_at(start, CHUNK.min(block.frames() - start));
            let sources = Sources { count: channels, together };
            let mut readings = Readings { peaks: &mut peaks, squares: &mut squares, levels: &mut levels };
            let reading = detector.read(&part, sources, &mut readings);
            detector.levels(reading, sources, part.frames(), &mut readings);
            for (lane, levels) in lanes.iter_mut().zip(levels.chunks(CHUNK)) {
                lane.extend(levels[..part.frames()].iter().map(|level| level * DB_PER_OCTAVE));
            }
        }
        lanes
    }

    fn detector(backend: Backend, channels: usize, coeffs: &DetectorCoeffs) -> LevelDetector {
        LevelDetector::new(backend, channels, RATE_HZ, coeffs, 100, CHUNK)
    }

    fn sine(amplitude: f64) -> impl Iterator<Item = f64> {
        (0..24_000).map(move |n| amplitude * libm::sin(0.2 * f64::from(n)))
    }

    #[test]
    fn a_sine_at_full_scale_reads_0_db_peak_and_minus_3_db_rms() {
        let backend = Backend::new(Cpu::Detected);
        for (kind, expected) in [(Detector::Peak, 0.0), (Detector::PeakHold, 0.0), (Detector::Rms, -3.010_3)] {
            let mut detector = detector(backend, 1, &DetectorCoeffs::new(kind, 100.0, RATE_HZ));
            let planar: Vec<f64> = sine(1.0).collect();
            let levels = levels_db(&mut detector, &planar, 1, true);
            let loudest = levels[0][12_000..].iter().fold(-200.0, |a: f64, &b| a.max(b));
            // Ripple of the mean, and the 0.7 % still missing after 5 time constants.
            assert!((loudest - expected).abs() < 0.05, "{kind:?}: {loudest}");
        }
    }

    #[test]
    fn together_is_the_loudest_of_each_alone() {
        let backend = Backend::new(Cpu::Detected);
        let planar: Vec<f64> = sine(0.25).chain(sine(1.0).map(|x| -x * x)).collect();
        for kind in [Detector::Peak, Detector::PeakHold, Detector::Rms] {
            let coeffs = DetectorCoeffs::new(kind, 10.0, RATE_HZ);
            let alone = levels_db(&mut detector(backend, 2, &coeffs), &planar, 2, false);
            let all = levels_db(&mut detector(backend, 2, &coeffs), &planar, 2, true);
            for (frame, all) in all[0].iter().enumerate() {
                assert_eq!(*all, alone[0][frame].max(alone[1][frame]));
            }
        }
    }

    #[test]
    fn silence_leaves_no_subnormal_mean() {
        let backend = Backend::new(Cpu::Detected);
        let mut detector = detector(backend, 1, &DetectorCoeffs::new(Detector::Rms, 1.0, RATE_HZ));
        levels_db(&mut detector, &[1.0; 100], 1, true);
        let levels = levels_db(&mut detector, &[0.0; 48_000], 1, true);
        assert!(detector.means[0].is_normal() && (levels[0][47_999] + 140.0).abs() < 0.01);
    }

    #[test]
    fn changes_of_the_detector_glide() {
        let backend = Backend::new(Cpu::Detected);
        let kinds = [Detector::Peak, Detector::Rms, Detector::PeakHold];
        let of = |kind| DetectorCoeffs::new(kind, 10.0, RATE_HZ);
        for from in kinds {
            for to in kinds {
                // Constant, so that magnitudes have no crests: the levels differ by 3 dB at most.
                let mut detector = LevelDetector::new(backend, 1, RATE_HZ, &of(from), 960, CHUNK);
                levels_db(&mut detector, &[0.5; 48_000], 1, true);
                detector.set_coeffs(&of(to));
                let levels = levels_db(&mut detector, &[0.5; 4_800], 1, true);
                let mut alone = LevelDetector::new(backend, 1, RATE_HZ, &of(to), 960, CHUNK);
                let expected = levels_db(&mut alone, &[0.5; 48_000], 1, true);
                assert!((levels[0][4_799] - expected[0][47_999]).abs() < 0.5, "{from:?} {to:?}");
                if from != Detector::PeakHold && to != Detector::PeakHold {
                    continue;
                }
                let step = levels[0].windows(2).map(|y| (y[1] - y[0]).abs()).fold(0.0, f64::max);
                assert!(from == to || step < 0.4, "{from:?} {to:?}: {step}");
            }
        }
    }
}
