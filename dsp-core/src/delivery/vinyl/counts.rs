//! Counts of samples by their power: peaks that a share of the samples does not exceed, at any scale.

use alloc::{vec, vec::Vec};

/// Bins in an octave of power, 0.07 dB wide at most.
const BINS: usize = 64;
/// Octaves of power: 84 dB.
const OCTAVES: usize = 28;
/// Bits of a number below those that name its bin.
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - BINS.ilog2();
/// Exponent of 1.0.
const BIAS: i64 = f64::MAX_EXP as i64 - 1;

/// Samples by their power, from 2^`low_exponent` up; those below count with the lowest bin.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    bins: Vec<u32>,
    lowest: i64,
}

impl Counts {
    pub(super) fn new(low_exponent: i64) -> Self {
        Self { bins: vec![0; BINS * OCTAVES], lowest: (low_exponent + BIAS) * BINS as i64 }
    }

    #[inline(always)]
    pub(super) fn add(&mut self, power: f64) {
        // The exponent and the first bits of the mantissa, as one number, count the bins.
        let bin = (power.to_bits() >> SHIFT) as i64 - self.lowest;
        let last = self.bins.len() as i64 - 1;
        self.bins[bin.clamp(0, last) as usize] += 1;
    }

    /// Base-2 logarithm of the middle of a bin.
    fn middle(&self, bin: usize) -> f64 {
        let index = self.lowest + bin as i64;
        let octave = index.div_euclid(BINS as i64) - BIAS;
        let part = (index.rem_euclid(BINS as i64) as f64 + 0.5) / BINS as f64;
        octave as f64 + libm::log2(1.0 + part)
    }
}

/// The power that `percent` of all samples do not exceed, each part with its own factor given as base-2 logarithm; as
/// base-2 logarithm. `None` without samples, and where it lies in the lowest bin.
pub(super) fn not_exceeded(parts: &[(&Counts, f64)], percent: f64) -> Option<f64> {
    let total: u64 = parts.iter().flat_map(|(counts, _)| &counts.bins).map(|&count| u64::from(count)).sum();
    let above = libm::floor((1.0 - 0.01 * percent) * total as f64) as u64;
    let mut levels: Vec<(f64, u32)> = Vec::new();
    for (counts, factor) in parts {
        let sounding = counts.bins.iter().enumerate().skip(1).filter(|(_, count)| **count > 0);
        levels.extend(sounding.map(|(bin, &count)| (counts.middle(bin) + factor, count)));
    }
    levels.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let mut passed = 0;
    levels.iter().find_map(|&(level, count)| {
        passed += u64::from(count);
        (passed > above).then_some(level)
    })
}

/// The highest power; `None` if there is none above the lowest bin.
pub(super) fn highest(counts: &Counts) -> Option<f64> {
    not_exceeded(&[(counts, 0.0)], 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half a bin.
    const BIN: f64 = 0.5 / BINS as f64 / core::f64::consts::LN_2;

    #[test]
    fn the_power_that_a_share_does_not_exceed() {
        let mut counts = Counts::new(-10);
        (1..=10_000).for_each(|n| counts.add(f64::from(n) / 10_000.0));
        for (percent, power) in [(50.0, 0.5), (90.0, 0.9), (99.9, 0.999), (100.0, 1.0)] {
            let found = not_exceeded(&[(&counts, 0.0)], percent).unwrap();
            assert!((found - libm::log2(power)).abs() <= BIN, "{percent} %: {found}");
        }
        // Half as many samples four times as high: the upper half of them is the upper quarter of all.
        let mut high = Counts::new(-10);
        (1..=10_000).for_each(|n| high.add(f64::from(n) / 10_000.0));
        let both = not_exceeded(&[(&counts, 0.0), (&high, 2.0)], 75.0).unwrap();
        assert!((both - 1.0).abs() <= BIN, "{both}");
    }

    #[test]
    fn silence_has_no_power_and_the_ends_hold_what_is_beyond() {
        let mut counts = Counts::new(-10);
        assert_eq!(highest(&counts), None);
        counts.add(0.0);
        counts.add(1e-9);
        assert_eq!(highest(&counts), None);
        counts.add(1e30);
        assert!(highest(&counts).is_some_and(|power| power > 17.9 && power < 18.0));
    }
}
