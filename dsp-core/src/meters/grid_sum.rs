//! Sums of products and exponential windows on the 64-frame grid: no block border changes the order of adding.

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, silence},
    primitives::sanitize::repair,
};

/// Partial sums: frame n after a grid point belongs to sum n mod 8. They fill a vector, and their order is fixed.
const SUMS: usize = 8;

/// The sum of products since the last grid point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GridSum([f64; SUMS]);

impl GridSum {
    /// Adds `a` times `b`, of as many frames; the first is frame `phase` after the grid point.
    #[inline(always)]
    pub(super) fn add<S: Sample>(&mut self, a: &[S], b: &[S], phase: usize) {
        let head = ((SUMS - phase % SUMS) % SUMS).min(a.len());
        let ((a_head, a), (b_head, b)) = (a.split_at(head), b.split_at(head));
        self.add_few(a_head, b_head, phase % SUMS);
        let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
        let mut sums = self.0;
        for (a, b) in a.iter().zip(b) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a.to_f64() * b.to_f64();
            }
        }
        self.0 = sums;
        self.add_few(a_tail, b_tail, 0);
    }

    #[inline(always)]
    fn add_few<S: Sample>(&mut self, a: &[S], b: &[S], first: usize) {
        for ((sum, a), b) in self.0[first..].iter_mut().zip(a).zip(b) {
            *sum += a.to_f64() * b.to_f64();
        }
    }

    pub(super) fn total(&self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + b) + (c + d)) + ((e + f) + (g + h))
    }

    /// The sum, which starts anew.
    pub(super) fn take(&mut self) -> f64 {
        let total = self.total();
        self.0 = [0.0; SUMS];
        total
    }
}

/// An exponential window over sums of grid steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decay {
    /// Of a sum from one grid point to the next.
    factor: f64,
    /// From a sum to a mean over frames.
    scale: f64,
}

impl Decay {
    /// With a time constant in ms.
    pub(super) fn new(time_ms: f64, sample_rate_hz: f64) -> Self {
        let steps = 1e-3 * time_ms * sample_rate_hz / GRID_FRAMES as f64;
        let gained = -libm::expm1(-1.0 / steps);
        Self { factor: 1.0 - gained, scale: gained / GRID_FRAMES as f64 }
    }

    /// The sum after one more step. Below the square of the faintest sample it is 0.
    #[inline(always)]
    pub(super) fn push(self, sum: f64, step: f64) -> f64 {
        let sum = sum * self.factor + step;
        if sum.abs() < silence::SAMPLE * silence::SAMPLE { 0.0 } else { sum }
    }

    /// The mean over the window.
    pub(super) fn mean(self, sum: f64) -> f64 {
        self.scale * sum
    }
}

/// The samples, at most a grid step of them, or a repaired copy; counts those that are not finite.
#[inline(always)]
pub(super) fn finite<'a, S: Sample>(samples: &'a [S], spare: &'a mut [S; GRID_FRAMES], count: &mut u64) -> &'a [S] {
    if S::all_ordinary(samples) {
        return samples;
    }
    let spare = &mut spare[..samples.len()];
    spare.copy_from_slice(samples);
    *count += repair(spare);
    spare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_gives_the_same_bits() {
        let noise: [f64; GRID_FRAMES] =
            core::array::from_fn(|n| libm::sin(n as f64 * n as f64) * if n == 40 { 1e9 } else { 1.0 });
        let mut whole = GridSum::default();
        whole.add(&noise, &noise, 0);
        let exact: f64 = noise.iter().map(|x| x * x).sum();
        assert!((whole.total() / exact - 1.0).abs() < 1e-14);
        for length in 1..GRID_FRAMES {
            let mut cut = GridSum::default();
            for start in (0..GRID_FRAMES).step_by(length) {
                let part = &noise[start..(start + length).min(GRID_FRAMES)];
                cut.add(part, part, start);
            }
            assert_eq!(cut.total(), whole.total(), "{length}");
        }
        assert_eq!((whole.take() > 0.0, whole.total()), (true, 0.0));
    }

    #[test]
    fn a_window_reaches_63_percent_of_a_step_in_its_time_constant() {
        for rate in [8_000.0, 44_100.0, 384_000.0] {
            for time_ms in [50.0, 300.0, 3_000.0] {
                let decay = Decay::new(time_ms, rate);
                let steps = libm::round(1e-3 * time_ms * rate / GRID_FRAMES as f64);
                let sum = (0..steps as usize).fold(0.0, |sum, _| decay.push(sum, GRID_FRAMES as f64));
                let expected = 1.0 - libm::exp(-steps * GRID_FRAMES as f64 / (1e-3 * time_ms * rate));
                assert!((decay.mean(sum) - expected).abs() < 1e-9, "{rate} {time_ms}");
            }
        }
        let faint = (0..100_000).fold(1.0, |sum, _| Decay::new(50.0, 48_000.0).push(sum, 0.0));
        assert_eq!(faint, 0.0);
    }
}
