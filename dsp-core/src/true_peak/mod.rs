//! True-peak interpolator: a polyphase filter and the largest magnitude of its output.
//!
//! There are `phases - 1` points between two samples. The taps of a point and of its mirror image are each other's
//! reverse, so with sums s and differences d of mirrored samples both come from one even and one odd part, E = Σ e s
//! and O = Σ o d, and max(|E+O|, |E-O|) = |E| + |O|: half the multiplications. Lanes are successive points in time;
//! every point has one chain of fused multiply-adds (see [`super`]), whatever the vector's width.
//!
//! Points that cannot matter are skipped: the filter does not run where an upper bound is no more than the peak so far.
//! The result is exact. There are two bounds, with M the largest sample in reach:
//! - Λ M, with Λ = max Σ|h|, the filter's Lebesgue constant (2.4 and 3.0), for anything;
//! - the larger of both neighbours plus Λ₂ C, C the largest second difference in reach, for music, whose second
//!   differences are small: the deviation of a point from the straight line between its neighbours is given by the taps
//!   minus those of the line; summed twice by parts, these weight second differences, and Λ₂ = max Σ|their second sums|
//!   (0.44 and 0.60).
//!
//! # Source
//! ITU-R BS.1770-5, Annex 2 (any interpolator similar or superior to its 48 taps); Kaiser windows, see
//! `primitives::kaiser`.

mod doubling;
mod intervals;
mod taps;

pub(crate) use doubling::{Search, Track};
pub(crate) use intervals::{GROUP, intervals};
pub(crate) use taps::Taps;

use crate::{
    foundation::{
        math::{larger, magnitude},
        sample::Sample,
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes, largest_magnitude},
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};

/// Points per check of the skip bounds; a multiple of every group of vectors.
const SKIP_POINTS: usize = 64;
/// Points per pass over the samples of a line, which stay in the L1 cache.
const CHUNK_POINTS: usize = 512;
/// Vectors computed together, so that one load of a tap serves both.
const VECTORS: usize = 2;
/// Samples after the newest one, for vectors that reach beyond it; no less than the widest group, 2 x 16 lanes.
const PAD: usize = 32;
/// One channel: its recent samples and the peaks since the last reading.
#[derive(Clone, Debug)]
pub(crate) struct Line<S> {
    /// The history, the current chunk, and padding to whole vectors.
    samples: Vec<S>,
    /// Largest magnitude of samples and of points between them.
    true_peak: S,
    /// Largest magnitude of samples.
    sample_peak: S,
}

impl<S: Sample> Line<S> {
    /// Silence.
    pub(crate) fn new(taps: &Taps<S>) -> Self {
        Self { samples: vec![S::ZERO; taps.history() + CHUNK_POINTS + PAD], true_peak: S::ZERO, sample_peak: S::ZERO }
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { samples, true_peak, sample_peak } = self;
        samples.fill(S::ZERO);
        *true_peak = S::ZERO;
        *sample_peak = S::ZERO;
    }

    /// The true and the sample peak so far.
    pub(crate) fn peaks(&self) -> [S; 2] {
        [self.true_peak, self.sample_peak]
    }

    /// The same, and restarts from 0; the history stays.
    pub(crate) fn take_peaks(&mut self) -> [S; 2] {
        [core::mem::take(&mut self.true_peak), core::mem::take(&mut self.sample_peak)]
    }
}

/// Processes samples of a channel. Returns the count of non-finite ones, which count as 0.
pub(crate) fn observe<S: Sample>(backend: Backend, taps: &Taps<S>, line: &mut Line<S>, samples: &[S]) -> u64 {
    run!(backend, form => observe_with(form, taps, line, samples))
}

#[inline(always)]
fn observe_with<F: Form, S: Sample>(form: F, taps: &Taps<S>, line: &mut Line<S>, samples: &[S]) -> u64 {
    let history = taps.history();
    let Line { samples: window, true_peak, sample_peak } = line;
    let mut non_finite = 0;
    for chunk in samples.chunks(CHUNK_POINTS) {
        let fresh = &mut window[history..history + chunk.len()];
        fresh.copy_from_slice(chunk);
        non_finite += sanitize(fresh);
        *sample_peak = larger(largest_magnitude(form, fresh), *sample_peak);
        *true_peak = larger(*true_peak, *sample_peak);
        let mut start = 0;
        while start < chunk.len() {
            let count = (chunk.len() - start).min(SKIP_POINTS);
            let reach = largest_magnitude(form, &window[start..start + history + count]);
            if reach * taps.lebesgue > *true_peak {
                let neighbours = largest_magnitude(form, &window[start + taps.half - 1..start + taps.half + count]);
                let bend = bend(form, &window[start..start + history + count]);
                if neighbours + taps.curvature * bend + taps.slack * reach > *true_peak {
                    *true_peak = points(form, taps, &window[start..], count, *true_peak);
                }
            }
            start += count;
        }
        window.copy_within(chunk.len()..chunk.len() + history, 0);
    }
    non_finite
}

/// The largest magnitude of a second difference.
#[inline(always)]
fn bend<F: Form, S: Sample>(form: F, samples: &[S]) -> S {
    let lanes = F::Native::<S>::LEN;
    if samples.len() < lanes + 2 {
        let bends = samples.windows(3).map(|three| magnitude((three[2] - three[1]) - (three[1] - three[0])));
        return bends.fold(S::ZERO, larger);
    }
    let mut largest = form.splat(S::ZERO);
    let last = samples.len() - lanes - 2;
    let mut start = 0;
    loop {
        let three = &samples[start..start + lanes + 2];
        let early = form.load(three);
        let middle = form.load(&three[1..]);
        let late = form.load(&three[2..]);
        largest = largest.max(((late - middle) - (middle - early)).abs());
        if start == last {
            return largest.reduce_max();
        }
        // The last vector overlaps the one before.
        start = (start + lanes).min(last);
    }
}

/// The largest of `peak` and the first `count` groups of points; the first group needs `samples[..2 * half]`.
#[inline(always)]
fn points<F: Form, S: Sample>(form: F, taps: &Taps<S>, samples: &[S], count: usize, mut peak: S) -> S {
    let lanes = F::Native::<S>::LEN;
    let width = VECTORS * lanes;
    let mut whole = [form.splat(S::ZERO); VECTORS];
    let mut start = 0;
    while start < count {
        let points = group(form, taps, &samples[start..start + taps.history() + width]);
        if start + width <= count {
            for vector in 0..VECTORS {
                whole[vector] = whole[vector].max(points[vector]);
            }
        } else {
            // Points beyond the newest sample read stale samples: only the first few count.
            let mut last = [S::ZERO; PAD];
            for vector in 0..VECTORS {
                points[vector].store(&mut last[vector * lanes..]);
            }
            peak = last[..count - start].iter().fold(peak, |peak, point| larger(peak, *point));
        }
        start += width;
    }
    for vector in whole {
        peak = larger(peak, vector.reduce_max());
    }
    peak
}

/// The largest magnitude between samples, for `VECTORS` vectors of successive times.
#[inline(always)]
fn group<F: Form, S: Sample>(form: F, taps: &Taps<S>, samples: &[S]) -> [F::Native<S>; VECTORS] {
    let mut peaks = [form.splat(S::ZERO); VECTORS];
    for taps in &taps.passes {
        pass::<F, S, 2, 2, 4>(form, taps, samples, &mut peaks);
    }
    pass::<F, S, 2, 1, 3>(form, &taps.last, samples, &mut peaks);
    peaks
}

/// Raises `peaks` to the larger of each pair of mirrored points of one pass.
#[inline(always)]
fn pass<F: Form, S: Sample, const EVEN: usize, const ODD: usize, const TAPS: usize>(
    form: F,
    taps: &[S],
    samples: &[S],
    peaks: &mut [F::Native<S>; VECTORS],
) {
    let lanes = F::Native::<S>::LEN;
    let zero = form.splat(S::ZERO);
    let mut even = [[zero; VECTORS]; EVEN];
    let mut odd = [[zero; VECTORS]; ODD];
    let half = taps.len() / TAPS;
    let width = VECTORS * lanes;
    let front = samples[..half - 1 + width].windows(width);
    let back = samples[half..2 * half - 1 + width].windows(width).rev();
    for ((tap, front), back) in taps.chunks_exact(TAPS).zip(front).zip(back) {
        for vector in 0..VECTORS {
            let early = form.load(&front[vector * lanes..]);
            let late = form.load(&back[vector * lanes..]);
            let (sum, difference) = (early + late, early - late);
            for phase in 0..EVEN {
                even[phase][vector] = sum.mul_add(form.splat(tap[phase]), even[phase][vector]);
            }
            for phase in 0..ODD {
                let tap = form.splat(tap[EVEN + phase]);
                odd[phase][vector] = difference.mul_add(tap, odd[phase][vector]);
            }
        }
    }
    for vector in 0..VECTORS {
        for phase in 0..EVEN {
            let mut point = even[phase][vector].abs();
            if phase < ODD {
                point = point + odd[phase][vector].abs();
            }
            peaks[vector] = peaks[vector].max(point);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::{backend::fuses, kaiser::interpolator, random::Random},
    };

    fn noise<S: Sample>(frames: usize) -> Vec<S> {
        let mut random = Random::new(3, 0);
        // Swells and fades, so that the bound skips some points and not others.
        (0..frames).map(|n| S::from_f64(random.triangular() * libm::sin(n as f64 * 0.004))).collect()
    }

    /// The true peak after the last sample has been followed by silence, the peak so far included.
    fn flushed<S: Sample>(line: &Line<S>, backend: Backend, taps: &Taps<S>) -> S {
        let mut copy = line.clone();
        observe(backend, taps, &mut copy, &vec![S::ZERO; taps.history()]);
        copy.true_peak
    }

    fn peaks<S: Sample>(cpu: Cpu, taps: &Taps<S>, samples: &[S], cut: usize) -> [u64; 3] {
        let backend = Backend::new(cpu);
        let mut line = Line::new(taps);
        for part in samples.chunks(cut) {
            assert_eq!(observe(backend, taps, &mut line, part), 0);
        }
        let [true_peak, sample_peak] = line.peaks();
        [true_peak.bits(), sample_peak.bits(), flushed(&line, backend, taps).bits()]
    }

    fn same_bits<S: Sample>(phases: usize, half: usize, beta: f64) {
        let taps = Taps::<S>::new(phases, half, beta);
        let samples = noise::<S>(2_500);
        let whole = peaks(Cpu::Detected, &taps, &samples, samples.len());
        for cut in [1, 7, 64, 480, 601] {
            assert_eq!(peaks(Cpu::Detected, &taps, &samples, cut), whole, "{cut}");
        }
        assert_eq!(peaks(Cpu::Software, &taps, &samples, 100), peaks(Cpu::Scalar, &taps, &samples, 63));
        if fuses() {
            assert_eq!(peaks(Cpu::Scalar, &taps, &samples, 100), whole);
            assert_eq!(peaks(Cpu::Avx2, &taps, &samples, 333), whole);
        }
    }

    #[test]
    fn any_cut_and_any_form_give_the_same_bits() {
        same_bits::<f32>(8, 16, 8.0);
        same_bits::<f64>(8, 16, 8.0);
        same_bits::<f32>(16, 48, 10.0);
        same_bits::<f64>(16, 48, 10.0);
    }

    #[test]
    fn agrees_with_the_plain_interpolator() {
        for (phases, half, beta) in [(8, 16, 8.0), (16, 48, 10.0)] {
            let taps = Taps::<f64>::new(phases, half, beta);
            let samples = noise::<f64>(700);
            let mut padded = vec![0.0; taps.history()];
            padded.extend(&samples);
            padded.extend(vec![0.0; taps.history()]);
            let mut expected = samples.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
            for phase in 1..phases {
                let filter = interpolator(phase as f64 / phases as f64, half, beta);
                for window in padded.windows(2 * half) {
                    let point: f64 = window.iter().zip(&filter).map(|(x, h)| x * h).sum();
                    expected = expected.max(point.abs());
                }
            }
            let mut line = Line::new(&taps);
            let backend = Backend::new(Cpu::Detected);
            observe(backend, &taps, &mut line, &samples);
            assert!((flushed(&line, backend, &taps) / expected - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_bound_holds_for_the_worst_signal_and_the_tail_counts() {
        let taps = Taps::<f64>::new(8, 16, 8.0);
        // The signs of the middle taps, ordered so that all products are positive.
        let filter = interpolator(0.5, 16, 8.0);
        let worst: Vec<f64> = filter.iter().map(|tap| tap.signum()).collect();
        let mut line = Line::new(&taps);
        let backend = Backend::new(Cpu::Detected);
        observe(backend, &taps, &mut line, &worst[..20]);
        let (before, flushed) = (line.peaks()[0], flushed(&line, backend, &taps));
        assert!(flushed > before && before >= 1.0, "{before} {flushed}");
        assert_eq!(line.peaks()[0], before, "reading changes nothing");
        observe(backend, &taps, &mut line, &worst[20..]);
        let bound = taps.lebesgue;
        let expected: f64 = filter.iter().map(|tap| tap.abs()).sum();
        assert!((line.peaks()[0] - expected).abs() < 1e-12 && expected <= bound);
    }

    #[test]
    fn non_finite_samples_count_as_silence() {
        let taps = Taps::<f32>::new(8, 16, 8.0);
        let mut line = Line::new(&taps);
        let samples = [f32::NAN, 0.5, f32::NEG_INFINITY];
        assert_eq!(observe(Backend::new(Cpu::Detected), &taps, &mut line, &samples), 2);
        assert_eq!(line.take_peaks()[1], 0.5);
        assert_eq!(line.peaks(), [0.0, 0.0]);
    }
}
