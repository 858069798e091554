//! Statistics of gain reduction: maximum, mean and share of active frames.

use crate::foundation::processor::GainReduction;

/// Fixed-point step of the sum, in dB: integer sums are the same for any grouping.
const STEP_DB: f32 = 1.0 / 4_096.0;
/// 1.5 * 2^23: adding it rounds a float below 2^22 to a whole number, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;
/// Most reductions in a 32-bit sum, of up to 2^22 steps (1024 dB) each.
const GROUP: usize = 1_024;
/// Reduction that counts as active, in dB: a smaller one is the end of a release.
const ACTIVE_DB: f32 = 0.1;

/// Accumulates [`GainReduction`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ReductionMeter {
    frames: u64,
    active: u64,
    /// In steps: 2^64 of them are 500 years of 6 dB at 48 kHz.
    sum: u64,
    max_db: f32,
}

impl ReductionMeter {
    /// Counts frames without reduction.
    #[inline(always)]
    pub(crate) fn skip(&mut self, frames: usize) {
        self.frames += frames as u64;
    }

    /// Counts frames with these reductions in dB, 0 or more, each for `channels` channels.
    #[inline(always)]
    pub(crate) fn observe(&mut self, reductions_db: &[f32], channels: usize) {
        // The bits of positive floats are ordered as their values, and integers have a vector maximum.
        let (mut sum, mut active, mut largest) = (0_u64, 0_u64, self.max_db.to_bits());
        for group in reductions_db.chunks(GROUP) {
            let (mut steps, mut above) = (0_u32, 0_u32);
            for &reduction_db in group {
                largest = largest.max(reduction_db.to_bits());
                let step = (reduction_db * (1.0 / STEP_DB) + ROUND).to_bits().wrapping_sub(ROUND.to_bits());
                steps = steps.wrapping_add(step);
                above += u32::from(reduction_db > ACTIVE_DB);
            }
            sum = sum.wrapping_add(u64::from(steps));
            active += u64::from(above);
        }
        let channels = channels as u64;
        self.frames += channels * reductions_db.len() as u64;
        self.sum = self.sum.wrapping_add(channels.wrapping_mul(sum));
        self.active += channels * active;
        self.max_db = f32::from_bits(largest);
    }

    /// The statistics so far.
    pub(crate) fn reading(&self) -> GainReduction {
        let frames = self.frames.max(1) as f64;
        GainReduction {
            max_db: f64::from(self.max_db),
            mean_db: self.sum as f64 * f64::from(STEP_DB) / frames,
            active_share: self.active as f64 / frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_maximum_and_share() {
        let mut meter = ReductionMeter::default();
        assert_eq!(meter.reading(), GainReduction::default());
        meter.observe(&[1.0, 3.0, 0.05], 1);
        meter.skip(1);
        let reading = meter.reading();
        // Each value is rounded to the step.
        assert!((reading.mean_db - 4.05 / 4.0).abs() < f64::from(STEP_DB));
        assert_eq!((reading.max_db, reading.active_share), (3.0, 0.5));
        meter.observe(&[4.0], 2);
        let reading = meter.reading();
        assert!((reading.mean_db - 12.05 / 6.0).abs() < f64::from(STEP_DB));
        assert_eq!((reading.max_db, reading.active_share), (4.0, 4.0 / 6.0));
    }
}
