//! What a dynamics processor did: its gain reduction over time, in three numbers.

/// Fixed-point step of the sum, in dB: sums of whole numbers are the same however they are grouped.
const STEP_DB: f64 = 1.0 / 65_536.0;
/// 1.5 * 2^52: adding it rounds a double to a whole number, which is then in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// Reduction that counts as active, in dB: below it a release is only dying away.
const ACTIVE_DB: f64 = 0.1;

/// Gain reduction since a processor was built or reset, all of it positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GainReduction {
    /// The largest, in dB.
    pub max_db: f64,
    /// The mean over all frames, in dB.
    pub mean_db: f64,
    /// Share of the frames with more than 0.1 dB, 0..1.
    pub active_share: f64,
}

/// Gathers [`GainReduction`].
#[derive(Clone, Debug, Default)]
pub(crate) struct ReductionMeter {
    frames: u64,
    active: u64,
    /// In steps: 2^64 of them are 31 years of 6 dB at 48 kHz.
    sum: u64,
    max_db: f32,
}

impl ReductionMeter {
    /// Frames without reduction.
    #[inline(always)]
    pub(crate) fn skip(&mut self, frames: usize) {
        self.frames += frames as u64;
    }

    /// Frames with these reductions in dB, 0 or more.
    #[inline(always)]
    pub(crate) fn observe(&mut self, reductions_db: &[f32]) {
        // The bits of positive floats are in the order of their values, and whole numbers have a vector maximum.
        let (mut sum, mut active, mut largest) = (0_u64, 0_u64, self.max_db.to_bits());
        for &reduction_db in reductions_db {
            largest = largest.max(reduction_db.to_bits());
        }
        for &reduction_db in reductions_db {
            let reduction_db = f64::from(reduction_db);
            sum = sum.wrapping_add((reduction_db * (1.0 / STEP_DB) + ROUND).to_bits().wrapping_sub(ROUND.to_bits()));
            active += u64::from(reduction_db > ACTIVE_DB);
        }
        self.frames += reductions_db.len() as u64;
        self.sum = self.sum.wrapping_add(sum);
        self.active += active;
        self.max_db = f32::from_bits(largest);
    }

    /// What was gathered.
    pub(crate) fn reading(&self) -> GainReduction {
        let frames = self.frames.max(1) as f64;
        GainReduction {
            max_db: f64::from(self.max_db),
            mean_db: self.sum as f64 * STEP_DB / frames,
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
        meter.observe(&[1.0, 3.0, 0.05]);
        meter.skip(1);
        let reading = meter.reading();
        // Each value is rounded to the step.
        assert!((reading.mean_db - 4.05 / 4.0).abs() < STEP_DB);
        assert_eq!((reading.max_db, reading.active_share), (3.0, 0.5));
    }
}
