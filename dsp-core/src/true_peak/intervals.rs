//! True peak in each interval between two samples, for the limiter.
//!
//! The same points as the meter's. A group of intervals is skipped if the bounds of [`super`] show that no point of it
//! exceeds the caller's floor.

use super::{Taps, VECTORS, bend, group};
use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes, largest_magnitude},
    },
};

/// Intervals per floor and per check of the bounds; a whole number of vector groups of any width.
pub(crate) const GROUP: usize = 32;

/// Raises `peaks[n]` to the highest point of interval n, for the groups of [`GROUP`] intervals with points above their
/// floor; other groups may be raised in part.
///
/// Interval 0 is at the centre of `samples[..2 * half]`. There is one floor per group, the last one partial. Both
/// slices extend to the end of the last group; samples beyond `count` do not count for the bounds, and `peaks` there is
/// undefined.
pub(crate) fn intervals<S: Sample>(
    backend: Backend,
    taps: &Taps<S>,
    samples: &[S],
    count: usize,
    floors: &[S],
    peaks: &mut [S],
) {
    run!(backend, form => intervals_with(form, taps, samples, count, floors, peaks));
}

#[inline(always)]
fn intervals_with<F: Form, S: Sample>(
    form: F,
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
        let reach = largest_magnitude(form, seen);
        if reach * taps.lebesgue > *floor {
            let neighbours = largest_magnitude(form, &seen[taps.half - 1..seen.len() - taps.half + 1]);
            if neighbours + taps.curvature * bend(form, seen) + taps.slack * reach > *floor {
                let samples = &samples[start..start + history + GROUP];
                each(form, taps, samples, &mut peaks[start..start + GROUP]);
            }
        }
        start += GROUP;
    }
}

/// Raises `peaks` to the highest points of a group.
#[inline(always)]
fn each<F: Form, S: Sample>(form: F, taps: &Taps<S>, samples: &[S], peaks: &mut [S]) {
    let lanes = F::Native::<S>::LEN;
    let width = VECTORS * lanes;
    for (index, peaks) in peaks.chunks_exact_mut(width).enumerate() {
        let points = group(form, taps, &samples[index * width..index * width + taps.history() + width]);
        for (point, peaks) in points.iter().zip(peaks.chunks_exact_mut(lanes)) {
            point.max(form.load(peaks)).store(peaks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{math::larger, stream::Cpu},
        primitives::{backend::fuses, kaiser::interpolator, random::Random},
        true_peak::{Line, observe},
    };
    use alloc::{vec, vec::Vec};

    fn noise<S: Sample>(frames: usize) -> Vec<S> {
        let mut random = Random::new(7, 0);
        let mut last = 0.0;
        // Swells, alternately smooth and rough, so that either bound skips some groups and not others.
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
            for cpu in [Cpu::Avx2, Cpu::Software, Cpu::Scalar] {
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
