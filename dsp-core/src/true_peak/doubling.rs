//! True-peak search of the reference meter: half-band doubling by a long filter, then a short interpolator.
//!
//! The error of a finite interpolator is in its transition band around half the sample rate: for 96 taps, everything
//! above 0.47 of the rate. Only the first doubling needs the steep filter. At twice the rate there is no signal above a
//! quarter of it, where 16 taps per point are as exact, and second differences are small, so that most points are
//! skipped. The midpoints are symmetrical sums, one chain of fused multiply-adds each (see
//! [`crate::primitives::backend`]); lanes are successive points in time.

use super::{CHUNK_POINTS, Line, Taps, observe};
use crate::{
    foundation::{
        math::{larger, magnitude},
        sample::Sample,
    },
    primitives::{
        backend::{Backend, run},
        kaiser::interpolator,
        lanes::{Form, Lanes},
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};

/// Samples per pass: at twice the rate they are one chunk of the line.
const CHUNK_FRAMES: usize = CHUNK_POINTS / 2;
/// Vectors computed together, so that their dependency chains overlap.
const VECTORS: usize = 8;
/// Samples after the newest one, for vectors that reach beyond it: the widest group, of 16 lanes.
const PADDING: usize = VECTORS * 16;

/// The inter-sample search of a meter.
#[derive(Clone, Debug)]
pub(crate) struct Search<S> {
    /// One side of the taps for the midpoint, the farthest first; empty if the rate is not doubled.
    half_band: Vec<S>,
    taps: Taps<S>,
}

impl<S: Sample> Search<S> {
    /// Directly from the samples, with `2 * half` taps for each of `phases` points.
    pub(crate) fn direct(phases: usize, half: usize, beta: f64) -> Self {
        Self { half_band: Vec::new(), taps: Taps::new(phases, half, beta) }
    }

    /// At twice the rate: midpoints with `2 * half` taps, then `phases` points of `2 * fine` taps between two of these.
    pub(crate) fn doubled(half: usize, beta: f64, phases: usize, fine: usize, fine_beta: f64) -> Self {
        let half_band = interpolator(0.5, half, beta)[..half].iter().map(|&tap| S::from_f64(tap)).collect();
        Self { half_band, taps: Taps::new(phases, fine, fine_beta) }
    }

    /// Samples before the newest that a midpoint depends on.
    fn history(&self) -> usize {
        (2 * self.half_band.len()).saturating_sub(1)
    }

    /// Samples of silence after which all points have been computed.
    pub(crate) fn tail(&self) -> usize {
        self.history() + self.taps.history()
    }
}

/// One channel: its recent samples and the peaks since the last reading.
#[derive(Clone, Debug)]
pub(crate) struct Track<S> {
    /// The history, the current chunk, and padding to whole vectors; empty if the rate is not doubled.
    samples: Vec<S>,
    /// The samples, at twice the rate if doubled.
    line: Line<S>,
    /// Largest sample magnitude, if the rate is doubled: they reach the line later.
    sample_peak: S,
}

impl<S: Sample> Track<S> {
    /// Silence.
    pub(crate) fn new(search: &Search<S>) -> Self {
        let room = if search.half_band.is_empty() { 0 } else { search.history() + CHUNK_FRAMES + PADDING };
        Self { samples: vec![S::ZERO; room], line: Line::new(&search.taps), sample_peak: S::ZERO }
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { samples, line, sample_peak } = self;
        samples.fill(S::ZERO);
        line.reset();
        *sample_peak = S::ZERO;
    }

    /// The true and the sample peak so far.
    pub(crate) fn peaks(&self) -> [S; 2] {
        self.line.peaks().map(|peak| larger(peak, self.sample_peak))
    }

    /// The same, and restarts from 0; the history stays.
    pub(crate) fn take_peaks(&mut self) -> [S; 2] {
        let fresh = core::mem::take(&mut self.sample_peak);
        self.line.take_peaks().map(|peak| larger(peak, fresh))
    }

    /// The true peak after the last sample has been followed by silence, the peak so far included.
    ///
    /// O(taps²), and allocates a copy of the history.
    pub(crate) fn flushed(&self, backend: Backend, search: &Search<S>) -> S {
        let mut copy = self.clone();
        copy.observe(backend, search, &vec![S::ZERO; search.tail()]);
        copy.peaks()[0]
    }

    /// Processes samples. Returns the count of non-finite ones, which count as 0.
    pub(crate) fn observe(&mut self, backend: Backend, search: &Search<S>, samples: &[S]) -> u64 {
        let Self { samples: window, line, sample_peak } = self;
        if search.half_band.is_empty() {
            return observe(backend, &search.taps, line, samples);
        }
        let (half, history) = (search.half_band.len(), search.history());
        let mut between = [S::ZERO; CHUNK_FRAMES + PADDING];
        let mut doubled = [S::ZERO; CHUNK_POINTS];
        let mut non_finite = 0;
        for chunk in samples.chunks(CHUNK_FRAMES) {
            let fresh = &mut window[history..history + chunk.len()];
            fresh.copy_from_slice(chunk);
            non_finite += sanitize(fresh);
            *sample_peak = fresh.iter().fold(*sample_peak, |peak, sample| larger(peak, magnitude(*sample)));
            midpoints(backend, &search.half_band, window, chunk.len(), &mut between);
            let points = window[half - 1..].iter().zip(&between);
            for (pair, (sample, midpoint)) in doubled.chunks_exact_mut(2).zip(points).take(chunk.len()) {
                pair[0] = *sample;
                pair[1] = *midpoint;
            }
            observe(backend, &search.taps, line, &doubled[..2 * chunk.len()]);
            window.copy_within(chunk.len()..chunk.len() + history, 0);
        }
        non_finite
    }
}

/// The first `count` midpoints; the first is at the centre of `samples[..2 * half_band.len()]`. Further contents of
/// `between` are undefined.
fn midpoints<S: Sample>(backend: Backend, half_band: &[S], samples: &[S], count: usize, between: &mut [S]) {
    run!(backend, form => midpoints_all(form, half_band, samples, count, between));
}

#[inline(always)]
fn midpoints_all<F: Form, S: Sample>(form: F, half_band: &[S], samples: &[S], count: usize, between: &mut [S]) {
    let (lanes, half) = (F::Native::<S>::LEN, half_band.len());
    let width = VECTORS * lanes;
    for start in (0..count).step_by(width) {
        let seen = &samples[start..start + 2 * half - 1 + width];
        let front = seen[..half - 1 + width].windows(width);
        let back = seen[half..].windows(width).rev();
        let mut sums = [form.splat(S::ZERO); VECTORS];
        for ((tap, front), back) in half_band.iter().zip(front).zip(back) {
            let tap = form.splat(*tap);
            for vector in 0..VECTORS {
                let early = form.load(&front[vector * lanes..]);
                let late = form.load(&back[vector * lanes..]);
                sums[vector] = (early + late).mul_add(tap, sums[vector]);
            }
        }
        for (sum, between) in sums.iter().zip(between[start..start + width].chunks_exact_mut(lanes)) {
            sum.store(between);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::{backend::fuses, random::Random},
    };

    const SHAPE: (usize, f64, usize, usize, f64) = (64, 8.0, 8, 8, 10.0);

    fn search<S: Sample>() -> Search<S> {
        let (half, beta, phases, fine, fine_beta) = SHAPE;
        Search::doubled(half, beta, phases, fine, fine_beta)
    }

    fn noise<S: Sample>(frames: usize) -> Vec<S> {
        let mut random = Random::new(5, 0);
        (0..frames).map(|n| S::from_f64(random.triangular() * libm::sin(n as f64 * 0.004))).collect()
    }

    fn peaks<S: Sample>(cpu: Cpu, samples: &[S], cut: usize) -> [u64; 3] {
        let (backend, search) = (Backend::new(cpu), search());
        let mut track = Track::new(&search);
        for part in samples.chunks(cut) {
            assert_eq!(track.observe(backend, &search, part), 0);
        }
        let [true_peak, sample_peak] = track.peaks();
        [true_peak.bits(), sample_peak.bits(), track.flushed(backend, &search).bits()]
    }

    fn same_bits<S: Sample>() {
        let samples = noise::<S>(2_500);
        let whole = peaks(Cpu::Detected, &samples, samples.len());
        for cut in [1, 7, 64, 255, 601] {
            assert_eq!(peaks(Cpu::Detected, &samples, cut), whole, "{cut}");
        }
        assert_eq!(peaks(Cpu::Software, &samples, 100), peaks(Cpu::Scalar, &samples, 63));
        if fuses() {
            assert_eq!(peaks(Cpu::Scalar, &samples, 100), whole);
            assert_eq!(peaks(Cpu::Avx2, &samples, 333), whole);
        }
    }

    #[test]
    fn any_cut_and_any_form_give_the_same_bits() {
        same_bits::<f32>();
        same_bits::<f64>();
    }

    #[test]
    fn agrees_with_two_plain_interpolators_in_series() {
        let (half, beta, phases, fine, fine_beta) = SHAPE;
        let samples = noise::<f64>(900);
        let padded = |signal: &[f64], edge: usize| [vec![0.0; edge], signal.to_vec(), vec![0.0; edge]].concat();
        let at = |signal: &[f64], taps: &[f64]| -> Vec<f64> {
            signal.windows(taps.len()).map(|window| window.iter().zip(taps).map(|(x, h)| x * h).sum()).collect()
        };
        let silent = padded(&samples, 2 * half);
        let midpoints = at(&silent, &interpolator(0.5, half, beta));
        let doubled: Vec<f64> =
            silent[half - 1..].iter().zip(&midpoints).flat_map(|(&sample, &midpoint)| [sample, midpoint]).collect();
        let silent = padded(&doubled, 2 * fine);
        let expected = (0..phases)
            .flat_map(|phase| at(&silent, &interpolator(phase as f64 / phases as f64, fine, fine_beta)))
            .fold(0.0, |peak: f64, point| peak.max(point.abs()));
        let (backend, search) = (Backend::new(Cpu::Detected), search());
        let mut track = Track::new(&search);
        track.observe(backend, &search, &samples);
        assert!((track.flushed(backend, &search) / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn peaks_are_taken_and_silence_remains() {
        let (backend, search) = (Backend::new(Cpu::Detected), search::<f64>());
        let mut track = Track::new(&search);
        let silent = track.clone();
        assert_eq!(track.observe(backend, &search, &[0.25, f64::NAN, -0.5]), 1);
        assert_eq!(track.peaks(), [0.5, 0.5]);
        assert!(track.flushed(backend, &search) >= 0.5);
        assert_eq!(track.take_peaks(), [0.5, 0.5]);
        assert_eq!(track.peaks(), [0.0, 0.0]);
        track.reset();
        assert_eq!(track.flushed(backend, &search), silent.flushed(backend, &search));
    }
}
