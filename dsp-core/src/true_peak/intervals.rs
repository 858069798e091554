//! The highest point between each two samples, for a limiter, which must know where the peaks are.
//!
//! The same points as the meter's. A group of intervals is skipped where the bounds of [`super`] say that no point of it
//! exceeds a floor: the caller's, below which peaks do not matter.

use super::{Arithmetic, Scalar, Taps, VECTORS, Vector, larger};
use crate::{
    foundation::sample::Sample,
    primitives::backend::{Backend, run},
};
use fearless_simd::{Simd, SimdBase};

/// Intervals per floor and per look at the bounds; a whole number of groups of vectors of any width.
pub(crate) const GROUP: usize = 32;

/// Raises `peaks[n]` to the highest point of interval n, for the groups of [`GROUP`] intervals that have points above
/// their floor; of the others some, all or none.
///
/// Interval 0 lies in the middle of `samples[..2 * half]`. There is one floor per group begun. Both slices reach to the
/// end of the last group; what lies there beyond `count` is not looked at for the bounds, and `peaks` there is undefined.
pub(crate) fn intervals<S: Sample>(
    backend: Backend,
    taps: &Taps<S>,
    samples: &[S],
    count: usize,
    floors: &[S],
    peaks: &mut [S],
) {
    run!(
        backend,
        intervals_with(Scalar, taps, samples, count, floors, peaks),
        simd => intervals_with(Vector(simd), taps, samples, count, floors, peaks)
    );
}

trait Each: Arithmetic {
    /// Raises `peaks` to the highest points of a group.
    fn each<S: Sample>(self, taps: &Taps<S>, samples: &[S], peaks: &mut [S]);
}

#[inline(always)]
fn intervals_with<A: Each, S: Sample>(
    arithmetic: A,
    taps: &Taps<S>,
    samples: &[S],
    count: usize,
    floors: &[S],
    peaks: &mut [S],
) {
    let history = taps.history();
    let mut start = 0;
    for floor in floors {
        let seen = &samples[start..start + history + (count - start).min(GROUP)];
        let reach = arithmetic.largest(seen);
        if reach * taps.lebesgue > *floor {
            let neighbours = arithmetic.largest(&seen[taps.half - 1..seen.len() - taps.half + 1]);
            if neighbours + taps.curvature * arithmetic.bend(seen) + taps.slack * reach > *floor {
                let samples = &samples[start..start + history + GROUP];
                arithmetic.each(taps, samples, &mut peaks[start..start + GROUP]);
            }
        }
        start += GROUP;
    }
}

impl<V: Simd> Each for Vector<V> {
    #[inline(always)]
    fn each<S: Sample>(self, taps: &Taps<S>, samples: &[S], peaks: &mut [S]) {
        let lanes = S::Native::<V>::LEN;
        let width = VECTORS * lanes;
        for (group, peaks) in peaks.chunks_exact_mut(width).enumerate() {
            let samples = &samples[group * width..group * width + taps.history() + width];
            let mut points = [S::Native::<V>::splat(self.0, S::ZERO); VECTORS];
            for pass in &taps.passes {
                self.pass::<S, 2, 2, 4>(pass, samples, &mut points);
            }
            self.pass::<S, 2, 1, 3>(&taps.last, samples, &mut points);
            for (point, peaks) in points.iter().zip(peaks.chunks_exact_mut(lanes)) {
                point.max(S::Native::<V>::from_slice(self.0, peaks)).store_slice(peaks);
            }
        }
    }
}

impl Each for Scalar {
    #[inline(always)]
    fn each<S: Sample>(self, taps: &Taps<S>, samples: &[S], peaks: &mut [S]) {
        for (peak, samples) in peaks.iter_mut().zip(samples.windows(taps.history() + 1)) {
            for pass in &taps.passes {
                *peak = larger(*peak, Self::pass(pass, samples, 2, 2));
            }
            *peak = larger(*peak, Self::pass(&taps.last, samples, 2, 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::{backend::fuses, kaiser::interpolator, random::Random},
        true_peak::{Line, observe},
    };
    use alloc::{vec, vec::Vec};

    fn noise<S: Sample>(frames: usize) -> Vec<S> {
        let mut random = Random::new(7, 0);
        let mut last = 0.0;
        // Swells, and smoother and rougher by turns, so that either bound skips some groups and not others.
        (0..frames)
            .map(|n| {
                last = if n % 300 < 150 { 0.9 * last } else { 0.0 } + random.triangular();
                S::from_f64(last * libm::sin(n as f64 * 0.004))
            })
            .collect()
    }

    fn find<S: Sample>(cpu: Cpu, taps: &Taps<S>, samples: &[S], floor: S) -> Vec<S> {
        let count = samples.len() - taps.history();
        let groups = count.div_ceil(GROUP);
        let mut padded = samples.to_vec();
        padded.resize(taps.history() + groups * GROUP, S::ZERO);
        let mut peaks = vec![S::ZERO; groups * GROUP];
        intervals(Backend::new(cpu), taps, &padded, count, &vec![floor; groups], &mut peaks);
        peaks.truncate(count);
        peaks
    }

    fn agree<S: Sample>(phases: usize, half: usize, beta: f64) {
        let taps = Taps::<S>::new(phases, half, beta);
        let samples = noise::<S>(1_500);
        let all = find(Cpu::Detected, &taps, &samples, S::ZERO);
        let mut skipped = 0;
        for floor in [0.5, 1.0, 2.0] {
            let some = find(Cpu::Detected, &taps, &samples, S::from_f64(floor));
            for (n, (some, all)) in some.iter().zip(&all).enumerate() {
                let both_below = some.to_f64() <= floor && all.to_f64() <= floor;
                assert!(some == all || both_below, "{n}: what is above the floor is found");
                skipped += usize::from(some != all);
            }
        }
        assert!(skipped > 300, "{skipped}");
        if fuses() {
            for cpu in [Cpu::Avx2, Cpu::Reproducible] {
                assert!(find(cpu, &taps, &samples, S::ZERO) == all);
            }
        }
        // The meter's peak is the highest of them, bit for bit.
        let mut line = Line::new(&taps);
        observe(Backend::new(Cpu::Detected), &taps, &mut line, &samples);
        let [true_peak, sample_peak] = line.peaks();
        let history = taps.history();
        let from_silence = find(Cpu::Detected, &taps, &[vec![S::ZERO; history], samples].concat(), S::ZERO);
        assert!(from_silence.iter().fold(sample_peak, |a, &b| larger(a, b)) == true_peak);
    }

    #[test]
    fn agree_with_the_meter_in_every_form_and_skip_only_what_is_below_the_floor() {
        agree::<f32>(8, 24, 8.0);
        agree::<f64>(8, 24, 8.0);
        agree::<f32>(16, 48, 10.0);
        agree::<f64>(16, 48, 10.0);
    }

    #[test]
    fn each_is_the_highest_point_of_its_own_interval() {
        let (phases, half) = (8, 24);
        let taps = Taps::<f64>::new(phases, half, 8.0);
        let samples = noise::<f64>(200);
        let found = find(Cpu::Detected, &taps, &samples, 0.0);
        assert_eq!(found.len(), 200 - taps.history());
        for (window, found) in samples.windows(2 * half).zip(found) {
            let expected = (1..phases).fold(0.0, |largest: f64, phase| {
                let filter = interpolator(phase as f64 / phases as f64, half, 8.0);
                largest.max(window.iter().zip(&filter).map(|(x, h)| x * h).sum::<f64>().abs())
            });
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }
}
