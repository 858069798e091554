//! Level detector: peak or mean square of the key in each frame, in octaves of amplitude.
//!
//! Peak is the magnitude itself, without state: the ballistics hold it. Mean squares are one-pole averages, so that a
//! sine at full scale reads -3.01 dB. Changes between the two glide over 20 ms. Levels are clamped to -140..+120 dBFS.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012, section on level
//! detection.

use super::{
    limiter::passes::rectify,
    passes::{max_assign, mean_levels, mean_squares, peak_levels},
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
    /// Level detection of a compressor.
    Detector, default Peak {
        /// The magnitude of every sample.
        Peak = "peak",
        /// The mean square, over `rms_ms`.
        Rms = "rms",
    }
}

/// Detector coefficients that glide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct DetectorCoeffs {
    /// 0 for peak, 1 for mean squares.
    share: f64,
    pole: f64,
}

impl DetectorCoeffs {
    /// For RMS, with mean squares over `rms_ms`.
    pub(crate) fn new(detector: Detector, rms_ms: f64, sample_rate_hz: f64) -> Self {
        let share = if detector == Detector::Rms { 1.0 } else { 0.0 };
        Self { share, pole: pole(rms_ms, sample_rate_hz) }
    }
}

/// The detector of the channels of a key.
#[derive(Clone, Debug)]
pub(crate) struct LevelDetector {
    backend: Backend,
    share: Ramp<1>,
    pole: f64,
    /// One per channel.
    means: Vec<f64>,
    chunk: usize,
}

impl LevelDetector {
    /// For up to `channels` channels and `chunk` frames at a time; glides take `frames`.
    pub(crate) fn new(backend: Backend, channels: usize, coeffs: &DetectorCoeffs, frames: usize, chunk: usize) -> Self {
        Self { backend, share: Ramp::new([coeffs.share], frames), pole: coeffs.pole, means: vec![0.0; channels], chunk }
    }

    /// Glides to another detector; another `rms_ms` applies at once, from the current mean.
    pub(crate) fn set_coeffs(&mut self, coeffs: &DetectorCoeffs) {
        self.share.set_target([coeffs.share]);
        self.pole = coeffs.pole;
    }

    /// The longest next chunk.
    pub(crate) fn uniform_frames(&self) -> usize {
        self.share.uniform_frames()
    }

    /// Magnitudes of the next frames, one chunk per lane: one lane for each of the first `sources` channels of the key,
    /// or one for the loudest of them if `together`.
    pub(crate) fn peaks<S: Sample>(&self, key: &Block<'_, '_, S>, sources: usize, together: bool, peaks: &mut [S]) {
        let (chunk, count) = (self.chunk, key.frames());
        let lane = |source: usize| if together { 0 } else { source * chunk };
        for source in 0..sources {
            let peaks = &mut peaks[lane(source)..][..count];
            if source == 0 || !together {
                peaks.fill(S::ZERO);
            }
            rectify(self.backend, key.channel(source), peaks);
        }
    }

    /// Whether the level of the next frames depends on their magnitudes alone; if so, the frames are done.
    pub(crate) fn takes_peaks(&mut self, frames: usize) -> bool {
        let peaks = self.share.is_at([0.0]);
        if peaks {
            self.share.span::<f64>(frames);
            self.means.fill(0.0);
        }
        peaks
    }

    /// Levels of the next frames, lane by lane, from their magnitudes. `squares` is scratch for one chunk per source.
    pub(crate) fn levels<S: Sample>(
        &mut self,
        key: &Block<'_, '_, S>,
        sources: usize,
        together: bool,
        peaks: &[S],
        squares: &mut [f64],
        levels: &mut [S],
    ) {
        let (backend, chunk, count) = (self.backend, self.chunk, key.frames());
        let (share, _) = self.share.span::<f64>(count);
        let lanes = if together { 1 } else { sources };
        for lane in 0..lanes {
            peak_levels(backend, &peaks[lane * chunk..][..count], &mut levels[lane * chunk..][..count]);
        }
        if matches!(share, Span::Still([0.0])) {
            self.means.fill(0.0);
            return;
        }
        for (source, mean) in self.means.iter_mut().enumerate().take(sources) {
            mean_squares(backend, key.channel(source), self.pole, mean, &mut squares[source * chunk..][..count]);
        }
        if together {
            let (all, others) = squares.split_at_mut(chunk);
            for other in others.chunks_exact(chunk).take(sources - 1) {
                max_assign(backend, &other[..count], &mut all[..count]);
            }
        }
        for lane in 0..lanes {
            let squares = &squares[lane * chunk..][..count];
            mean_levels(backend, squares, &share, &mut levels[lane * chunk..][..count]);
        }
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, share, pole: _, means, chunk: _ } = self;
        share.jump_to(share.target());
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
            detector.peaks(&part, channels, together, &mut peaks);
            detector.levels(&part, channels, together, &peaks, &mut squares, &mut levels);
            for (lane, levels) in lanes.iter_mut().zip(levels.chunks(CHUNK)) {
                lane.extend(levels[..part.frames()].iter().map(|level| level * DB_PER_OCTAVE));
            }
        }
        lanes
    }

    fn sine(amplitude: f64) -> impl Iterator<Item = f64> {
        (0..24_000).map(move |n| amplitude * libm::sin(0.2 * f64::from(n)))
    }

    #[test]
    fn a_sine_at_full_scale_reads_0_db_peak_and_minus_3_db_rms() {
        let backend = Backend::new(Cpu::Detected);
        for (kind, expected) in [(Detector::Peak, 0.0), (Detector::Rms, -3.010_3)] {
            let mut detector = LevelDetector::new(backend, 1, &DetectorCoeffs::new(kind, 100.0, RATE_HZ), 100, CHUNK);
            let planar: Vec<f64> = sine(1.0).collect();
            let levels = levels_db(&mut detector, &planar, 1, true);
            let loudest = levels[0].iter().fold(-200.0, |a: f64, &b| a.max(b));
            // Ripple of the mean, and the 0.7 % still missing after 5 time constants.
            assert!((loudest - expected).abs() < 0.05, "{kind:?}: {loudest}");
        }
    }

    #[test]
    fn together_is_the_loudest_of_each_alone() {
        let backend = Backend::new(Cpu::Detected);
        let planar: Vec<f64> = sine(0.25).chain(sine(1.0).map(|x| -x * x)).collect();
        for kind in [Detector::Peak, Detector::Rms] {
            let coeffs = DetectorCoeffs::new(kind, 10.0, RATE_HZ);
            let alone = levels_db(&mut LevelDetector::new(backend, 2, &coeffs, 100, CHUNK), &planar, 2, false);
            let all = levels_db(&mut LevelDetector::new(backend, 2, &coeffs, 100, CHUNK), &planar, 2, true);
            for (frame, all) in all[0].iter().enumerate() {
                assert_eq!(*all, alone[0][frame].max(alone[1][frame]));
            }
        }
    }

    #[test]
    fn silence_leaves_no_subnormal_mean() {
        let backend = Backend::new(Cpu::Detected);
        let mut detector =
            LevelDetector::new(backend, 1, &DetectorCoeffs::new(Detector::Rms, 1.0, RATE_HZ), 100, CHUNK);
        levels_db(&mut detector, &[1.0; 100], 1, true);
        let levels = levels_db(&mut detector, &[0.0; 48_000], 1, true);
        assert!(detector.means[0].is_normal() && (levels[0][47_999] + 140.0).abs() < 0.01);
    }
}
