//! The interpolator of the true-peak detector, and bounds of its output.

use crate::{foundation::sample::Sample, primitives::kaiser::interpolator};
use alloc::vec::Vec;

/// The computed sums and bounds are rounded by less than 8 * half * 2^-24 of Λ M in all; this is more.
const ROUNDING: f64 = 1e-4;

/// The interpolator: even and odd parts of its taps.
#[derive(Clone, Debug)]
pub(crate) struct Taps<S> {
    pub(super) half: usize,
    /// Two pairs of phases per pass; per tap e, e, o, o.
    pub(super) passes: Vec<Vec<S>>,
    /// The last pair and the middle phase, whose odd part is 0; per tap e, e, o.
    pub(super) last: Vec<S>,
    /// Λ, with a margin for rounding.
    pub(super) lebesgue: S,
    /// Λ₂.
    pub(super) curvature: S,
    /// Contribution of M to the second bound: remainders of the sums by parts, and rounding.
    pub(super) slack: S,
}

impl<S: Sample> Taps<S> {
    /// A filter of `2 * half` taps for each of `phases` points per sample: 8, 16, 24, …
    pub(crate) fn new(phases: usize, half: usize, beta: f64) -> Self {
        let pairs: Vec<Vec<f64>> =
            (1..=phases / 2).map(|phase| interpolator(phase as f64 / phases as f64, half, beta)).collect();
        // Half the sum and half the difference of a tap and its mirror image.
        let even = |pair: &[f64], k: usize| S::from_f64(0.5 * (pair[k] + pair[2 * half - 1 - k]));
        let odd = |pair: &[f64], k: usize| S::from_f64(0.5 * (pair[k] - pair[2 * half - 1 - k]));
        let (others, last) = pairs.split_at(pairs.len() - 2);
        let (mut lebesgue, mut curvature, mut slack) = (1.0_f64, 0.0_f64, 0.0_f64);
        for (phase, pair) in (1..).zip(&pairs) {
            // The taps in use: rounded to the sample format, and in both directions.
            let forward: Vec<f64> = (0..half)
                .map(|k| even(pair, k).to_f64() + odd(pair, k).to_f64())
                .chain((0..half).rev().map(|k| even(pair, k).to_f64() - odd(pair, k).to_f64()))
                .collect();
            let backward: Vec<f64> = forward.iter().rev().copied().collect();
            let fraction = f64::from(phase) / phases as f64;
            for (taps, fraction) in [(forward, fraction), (backward, 1.0 - fraction)] {
                let [sum, bend, remainder] = bounds(&taps, fraction);
                lebesgue = lebesgue.max(sum);
                curvature = curvature.max(bend);
                slack = slack.max(remainder);
            }
        }
        Self {
            half,
            passes: others
                .chunks_exact(2)
                .map(|two| {
                    (0..half)
                        .flat_map(|k| [even(&two[0], k), even(&two[1], k), odd(&two[0], k), odd(&two[1], k)])
                        .collect()
                })
                .collect(),
            last: (0..half).flat_map(|k| [even(&last[0], k), even(&last[1], k), odd(&last[0], k)]).collect(),
            lebesgue: S::from_f64(lebesgue * (1.0 + ROUNDING)),
            curvature: S::from_f64(curvature),
            slack: S::from_f64(slack + lebesgue * ROUNDING),
        }
    }

    /// Samples before the newest that a point depends on.
    pub(crate) fn history(&self) -> usize {
        2 * self.half - 1
    }
}

/// For the taps of a point at `fraction`: Σ|h|, the sum of the magnitudes of the second sums of h minus the straight
/// line, and the weight of the largest sample next to the largest second difference.
fn bounds(taps: &[f64], fraction: f64) -> [f64; 3] {
    let half = taps.len() / 2;
    let (mut first, mut second) = (0.0_f64, 0.0_f64);
    let (mut sum, mut bend) = (0.0, 0.0);
    for (k, tap) in taps.iter().enumerate() {
        sum += tap.abs();
        // `first` is complete up to the tap before this one, `second` up to one earlier still.
        bend += second.abs();
        let line = if k + 1 == half {
            1.0 - fraction
        } else if k == half {
            fraction
        } else {
            0.0
        };
        second += first;
        first += tap - line;
    }
    [sum, bend, first.abs() + 2.0 * second.abs()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    #[test]
    fn both_bounds_hold_for_every_point() {
        for (phases, half, beta, lebesgue, curvature) in [(8, 16, 8.0, 2.39, 0.44), (16, 48, 10.0, 3.02, 0.60)] {
            let taps = Taps::<f64>::new(phases, half, beta);
            assert!((taps.lebesgue - lebesgue).abs() < 0.01 && (taps.curvature - curvature).abs() < 0.01);
            assert!(taps.slack < 1e-3);
            let filters: Vec<Vec<f64>> =
                (1..phases).map(|phase| interpolator(phase as f64 / phases as f64, half, beta)).collect();
            let mut random = Random::new(9, 0);
            let mut tightest = f64::INFINITY;
            for round in 0..500 {
                // White noise, smoothed more and more.
                let pole = 1.0 - libm::exp2(-f64::from(round % 8));
                let mut last = 0.0;
                let samples: Vec<f64> = (0..2 * half)
                    .map(|_| {
                        last = pole * last + random.triangular();
                        last
                    })
                    .collect();
                let largest = |samples: &[f64]| samples.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
                let bend = samples.windows(3).fold(0.0, |m: f64, w| m.max((w[0] - 2.0 * w[1] + w[2]).abs()));
                let point = filters.iter().fold(0.0, |m: f64, filter| {
                    m.max(filter.iter().zip(&samples).map(|(h, x)| h * x).sum::<f64>().abs())
                });
                let reach = largest(&samples);
                let bound = largest(&samples[half - 1..=half]) + taps.curvature * bend + taps.slack * reach;
                assert!(point <= bound && point <= taps.lebesgue * reach, "{point} {bound}");
                tightest = tightest.min(bound / point);
            }
            assert!(tightest < 1.3, "the bound is of use: {tightest}");
        }
    }
}
