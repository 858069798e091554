//! Three moving averages in series: a smooth step of finite length within the range of its input.
//!
//! The sums are integers. A running sum of floats drifts, and a sum that has drifted below its values makes a limiter
//! overshoot; sums of fixed-point numbers are exact: they never drift, are 0 for an empty window, and do not depend on
//! earlier input. Values are rounded up to the fixed-point step on entry: an output is the exact weighted mean of its
//! window, or at most one step above it.
//!
//! # Source
//! Lengths in the ratio .404079 : .334851 : .261070, which spreads the zeros of the three responses for the lowest side
//! lobes: the box stack of G. Luff, "Designing a straightforward limiter", signalsmith-audio.co.uk, 2022.

use crate::primitives::history::History;

/// Lengths of the boxes, as parts of their sum; the middle one is the rest.
const LONGEST: f64 = 0.404_079;
const SHORTEST: f64 = 0.261_070;
/// Bits of the largest sum.
const BITS: u32 = 62;
/// Finest fixed-point step, 2^-48; a finer one would exceed the resolution of f64 near 1 after scaling.
const FINEST_BITS: u32 = 48;
/// 1.5 * 2^52: adding it rounds a double below 2^51 to a whole number, which is then in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Most values that pass through all boxes together: with more, the memory of short boxes would mostly hold the chunk.
const PART: usize = 128;

/// The cascade: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct BoxFilter {
    stages: [Stage; 3],
    /// Fixed-point steps per 1.
    steps: f64,
    /// 1 over steps times the product of the lengths.
    scale: f64,
}

#[derive(Clone, Debug)]
struct Stage {
    length: usize,
    history: History<u64>,
    sum: u64,
}

impl BoxFilter {
    /// Boxes of `total` frames in all, at least 3.
    pub(crate) fn new(total: usize) -> Self {
        let total = total.max(3);
        let part = |ratio: f64| (libm::round(ratio * total as f64) as usize).max(1);
        let (first, last) = (part(LONGEST), part(SHORTEST));
        let lengths = [first, total - first - last, last];
        let product: usize = lengths.iter().product();
        let fraction = FINEST_BITS.min(BITS - product.next_power_of_two().trailing_zeros());
        let steps = libm::exp2(f64::from(fraction));
        Self {
            stages: lengths.map(|length| Stage { length, history: History::new(length, PART, 0), sum: 0 }),
            steps,
            scale: 1.0 / (steps * product as f64),
        }
    }

    /// Frames of the response: the sum of the lengths minus 2.
    pub(crate) fn span(&self) -> usize {
        self.stages.iter().map(|stage| stage.length).sum::<usize>() - 2
    }

    /// Whether all values in reach are 0: zeros in give zeros out, and may be skipped.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.stages.iter().all(|stage| stage.sum == 0)
    }

    /// Smooths `values`, 0..=1, in place.
    #[inline(always)]
    pub(crate) fn process(&mut self, values: &mut [f64]) {
        // No more at once than the shortest box holds: the values leaving a box then precede those entering.
        let shortest = self.stages.iter().map(|stage| stage.length).min().unwrap_or(1);
        let mut whole = [0; PART];
        for values in values.chunks_mut(PART) {
            let whole = &mut whole[..values.len()];
            for (value, whole) in values.iter().zip(whole.iter_mut()) {
                *whole = round_up(*value * self.steps);
            }
            for whole in whole.chunks_mut(shortest) {
                self.sum(whole);
            }
            for (value, whole) in values.iter_mut().zip(whole.iter()) {
                *value = to_f64(*whole) * self.scale;
            }
        }
    }

    /// Turns values into their sums over all three boxes in series, in one pass.
    #[inline(always)]
    fn sum(&mut self, values: &mut [u64]) {
        let (count, [first, middle, last]) = (values.len(), &mut self.stages);
        let (mut a, mut b, mut c) = (first.sum, middle.sum, last.sum);
        let (leaving_a, fresh_a) = first.history.past_and_fresh(count);
        let (leaving_b, fresh_b) = middle.history.past_and_fresh(count);
        let (leaving_c, fresh_c) = last.history.past_and_fresh(count);
        let (leaving_a, leaving_b, leaving_c) = (&leaving_a[..count], &leaving_b[..count], &leaving_c[..count]);
        let (fresh_a, fresh_b, fresh_c) = (&mut fresh_a[..count], &mut fresh_b[..count], &mut fresh_c[..count]);
        for n in 0..count {
            // The difference first: the sum is the dependency of the next frame.
            fresh_a[n] = values[n];
            a = a.wrapping_add(values[n].wrapping_sub(leaving_a[n]));
            fresh_b[n] = a;
            b = b.wrapping_add(a.wrapping_sub(leaving_b[n]));
            fresh_c[n] = b;
            c = c.wrapping_add(b.wrapping_sub(leaving_c[n]));
            values[n] = c;
        }
        (first.sum, middle.sum, last.sum) = (a, b, c);
    }

    /// Copies the state of another filter of the same size; does not allocate.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        for (own, other) in self.stages.iter_mut().zip(&other.stages) {
            own.history.copy_from(&other.history);
            own.sum = other.sum;
        }
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { stages, steps: _, scale: _ } = self;
        for Stage { length: _, history, sum } in stages {
            history.reset();
            *sum = 0;
        }
    }
}

/// The smallest integer not below `value`, 0..2^51. Without a branch or a call, so that it vectorises.
#[inline(always)]
fn round_up(value: f64) -> u64 {
    let nearest = (value + ROUND) - ROUND;
    let up = if nearest < value { nearest + 1.0 } else { nearest };
    (up + ROUND).to_bits().wrapping_sub(ROUND.to_bits())
}

/// The double nearest to an integer. Computed from its halves, each exact in the low bits of a power of two, so that it
/// vectorises on instruction sets without such a conversion.
#[inline(always)]
fn to_f64(whole: u64) -> f64 {
    /// 2^52 and 2^84: their last bits count 1 and 2^32.
    const LOW: f64 = 4_503_599_627_370_496.0;
    const HIGH: f64 = 19_342_813_113_834_066_795_298_816.0;
    let low = f64::from_bits(whole & 0xFFFF_FFFF | LOW.to_bits()) - LOW;
    let high = f64::from_bits(whole >> 32 | HIGH.to_bits()) - HIGH;
    high + low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;
    use alloc::{vec, vec::Vec};

    fn smooth(filter: &mut BoxFilter, values: &[f64], cut: usize) -> Vec<f64> {
        let mut out = values.to_vec();
        for part in out.chunks_mut(cut) {
            filter.process(part);
        }
        out
    }

    #[test]
    fn the_weights_are_positive_add_up_to_one_and_fill_the_span() {
        for span in [1, 2, 3, 72, 480, 3_840] {
            let mut filter = BoxFilter::new(span + 2);
            assert_eq!(filter.span(), span);
            let mut impulse = vec![0.0; span + 5];
            impulse[0] = 1.0;
            let weights = smooth(&mut filter, &impulse, 50);
            assert!(weights[..span].iter().all(|&w| w > 0.0) && weights[span..].iter().all(|&w| w == 0.0), "{span}");
            // Rounding of each weight to f64.
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{span}");
            assert!(filter.is_empty());
        }
    }

    #[test]
    fn never_leaves_the_range_of_its_window_and_never_drifts() {
        for span in [1, 72, 700, 3_840] {
            let mut filter = BoxFilter::new(span + 2);
            let mut random = Random::new(8, 0);
            // Long stretches of noise, then constants: earlier input must leave no trace.
            let mut values: Vec<f64> = (0..60_000).map(|_| 0.5 + 0.499 * random.triangular()).collect();
            values.extend(vec![0.3; span + 10]);
            values.extend(vec![1.0; span + 10]);
            values.extend(vec![0.0; span + 10]);
            let out = smooth(&mut filter, &values, 512);
            let step = 1.0 / filter.steps;
            for n in (0..values.len()).step_by(37) {
                let window = &values[(n + 1).saturating_sub(span)..=n];
                let low = if n + 1 < span { 0.0 } else { window.iter().copied().fold(f64::INFINITY, f64::min) };
                let high = window.iter().copied().fold(0.0, f64::max);
                // The guarantee: never below the least of the window. Above, one step and the rounding of the product.
                assert!(out[n] >= low * (1.0 - f64::EPSILON) && out[n] <= (high + step) * (1.0 + f64::EPSILON), "{n}");
            }
            let ends = [out[60_000 + span + 9], out[60_000 + 2 * span + 19], out[60_000 + 3 * span + 29]];
            assert!((ends[0] - 0.3).abs() <= step + 1e-15 && (ends[1] - 1.0).abs() < 1e-15 && ends[2] == 0.0);
            assert!(filter.is_empty());
        }
    }

    #[test]
    fn any_cut_gives_the_same_bits() {
        let mut random = Random::new(4, 0);
        let values: Vec<f64> = (0..2_000).map(|_| random.triangular().abs()).collect();
        let whole = smooth(&mut BoxFilter::new(72), &values, 2_000);
        for cut in [1, 7, 64, 333] {
            assert_eq!(smooth(&mut BoxFilter::new(72), &values, cut), whole);
        }
        let mut used = BoxFilter::new(72);
        smooth(&mut used, &values, 64);
        used.reset();
        assert_eq!(smooth(&mut used, &values, 64), whole);
    }

    #[test]
    fn rounding_up_is_exact() {
        for (value, expected) in [(0.0, 0), (1e-300, 1), (0.5, 1), (1.0, 1), (1.000_001, 2), (2.5, 3), (7.999, 8)] {
            assert_eq!(round_up(value), expected, "{value}");
        }
        assert_eq!(round_up(libm::exp2(48.0)), 1 << 48);
        let mut random = Random::new(6, 0);
        for shift in 0..64 {
            let whole = random.bits() >> shift;
            assert_eq!(to_f64(whole), whole as f64);
        }
    }
}
