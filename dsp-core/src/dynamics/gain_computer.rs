//! Gain computer: the static curve of a compressor or expander, with a quadratic knee.
//!
//! Levels and reductions are octaves of amplitude (6.02 dB), reductions are positive. A compressor reduces levels above
//! the threshold, an expander levels below it; both by the same formula, mirrored. It has no branch and no special case
//! for a hard knee, which is a knee of 1e-6 octaves. Below the knee it gives exactly 0.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012, eq. 4, as
//! reduction instead of output: with o the distance beyond the threshold and e = o + W/2 clamped to 0..W, it is
//! slope (e²/2W + max(o - W/2, 0)).

use crate::{
    foundation::{
        math::{Pow2, larger, smaller},
        sample::Sample,
        unit::{DB_PER_OCTAVE, db_to_gain},
    },
    primitives::ramp::{Curve, Ramp, Span},
};

/// Unlimited reduction, in octaves: no compressor needs more, levels being clamped to ±23.
pub(crate) const MOST_OCTAVES: f64 = 40.0;
/// Smallest knee, in octaves.
const LEAST_KNEE: f64 = 1e-6;

/// The side of the threshold that is reduced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    /// Reduces levels above the threshold.
    Above,
    /// Reduces levels below it.
    Below,
}

/// A static curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ComputerCoeffs {
    side: Side,
    threshold_octaves: f64,
    slope: f64,
    knee_octaves: f64,
    /// Gain at the most reduction.
    floor: f64,
}

impl ComputerCoeffs {
    /// Output rises by 1 dB per `ratio` dB above the threshold. Ratio and range may be infinite.
    pub(crate) fn compressor(threshold_db: f64, ratio: f64, knee_db: f64, range_db: f64) -> Self {
        Self::new(Side::Above, threshold_db, 1.0 - 1.0 / ratio, knee_db, range_db)
    }

    /// Output falls by `ratio` dB per dB below the threshold, by `range_db` more than the input at most.
    pub(crate) fn expander(threshold_db: f64, ratio: f64, knee_db: f64, range_db: f64) -> Self {
        Self::new(Side::Below, threshold_db, ratio - 1.0, knee_db, range_db)
    }

    /// Reduces by `slope` dB per dB above the threshold.
    pub(crate) fn above(threshold_db: f64, slope: f64, knee_db: f64, range_db: f64) -> Self {
        Self::new(Side::Above, threshold_db, slope, knee_db, range_db)
    }

    fn new(side: Side, threshold_db: f64, slope: f64, knee_db: f64, range_db: f64) -> Self {
        Self {
            side,
            threshold_octaves: threshold_db / DB_PER_OCTAVE,
            slope,
            knee_octaves: knee_db / DB_PER_OCTAVE,
            floor: floor(range_db),
        }
    }

    /// The same curve without reduction.
    pub(crate) fn flat(self) -> Self {
        Self { slope: 0.0, ..self }
    }

    /// Values that glide: threshold, slope, knee, floor.
    fn glide(&self) -> [f64; 4] {
        [self.threshold_octaves, self.slope, self.knee_octaves, self.floor]
    }

    /// Reduction of a steady level, both in dB. Any level: -inf too.
    pub(crate) fn reduction_db(&self, level_db: f64) -> f64 {
        // Clamped beyond any level, so that infinities become finite.
        let level = (level_db / DB_PER_OCTAVE).clamp(-1e3, 1e3);
        DB_PER_OCTAVE * Knee::<f64>::new(self.side, self.glide()).reduction(level)
    }
}

/// The gain at the most reduction, the form in which a range glides, since it may be infinite.
pub(crate) fn floor(range_db: f64) -> f64 {
    db_to_gain(-range_db).max(libm::exp2(-MOST_OCTAVES))
}

/// The range in octaves of a floor. A re-aimed ramp may leave 0..1 by rounding.
#[inline(always)]
pub(crate) fn range(floor: f64) -> f64 {
    0.0 - floor.clamp(f64::MIN_POSITIVE, 1.0).log2_fast()
}

/// A static curve at one frame, ready to be evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knee<S> {
    side: S,
    threshold: S,
    slope: S,
    half: S,
    whole: S,
    /// 1 / 2W.
    bend: S,
    range: S,
}

impl<S: Sample> Knee<S> {
    #[inline(always)]
    fn new(side: Side, [threshold, slope, knee, floor]: [f64; 4]) -> Self {
        let knee = knee.max(LEAST_KNEE);
        Self {
            side: if side == Side::Above { S::ONE } else { -S::ONE },
            threshold: S::from_f64(threshold),
            slope: S::from_f64(slope),
            half: S::from_f64(0.5 * knee),
            whole: S::from_f64(knee),
            bend: S::from_f64(0.5 / knee),
            range: S::from_f64(range(floor)),
        }
    }

    /// The same curve for samples.
    fn of_samples<T: Sample>(&self) -> Knee<T> {
        let Self { side, threshold, slope, half, whole, bend, range } = self;
        let [side, threshold, slope, half, whole, bend, range] =
            [side, threshold, slope, half, whole, bend, range].map(|value| T::from_f64(value.to_f64()));
        Knee { side, threshold, slope, half, whole, bend, range }
    }

    /// Reduction of a level, both in octaves.
    #[inline(always)]
    pub(crate) fn reduction(&self, level: S) -> S {
        let over = self.side * (level - self.threshold);
        let inside = smaller(larger(over + self.half, S::ZERO), self.whole);
        let beyond = larger(over - self.half, S::ZERO);
        smaller(self.slope * (inside * inside * self.bend + beyond), self.range)
    }
}

/// The curve over a span of frames.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for a chunk")]
pub(crate) enum Knees<S> {
    /// At rest.
    Still(Knee<S>),
    /// Gliding.
    Moving(Side, [Curve<f64>; 4]),
}

impl<S: Sample> Knees<S> {
    /// The curve at frame `index` of the span, during a glide.
    #[inline(always)]
    pub(crate) fn at(side: Side, curves: &[Curve<f64>; 4], index: i32) -> Knee<S> {
        let [threshold, slope, knee, floor] = curves;
        Knee::new(side, [threshold.at(index), slope.at(index), knee.at(index), floor.at(index)])
    }
}

/// A static curve with its glide.
#[derive(Clone, Debug)]
pub(crate) struct GainComputer {
    side: Side,
    ramp: Ramp<4>,
    /// The curve at the end of the glide.
    target: Knee<f64>,
}

impl GainComputer {
    /// At rest at `coeffs`; later ones are reached in `frames`.
    pub(crate) fn new(coeffs: &ComputerCoeffs, frames: usize) -> Self {
        Self {
            side: coeffs.side,
            ramp: Ramp::new(coeffs.glide(), frames),
            target: Knee::new(coeffs.side, coeffs.glide()),
        }
    }

    /// Glides to another curve of the same side.
    pub(crate) fn set_coeffs(&mut self, coeffs: &ComputerCoeffs) {
        debug_assert_eq!(self.side, coeffs.side, "the side of a curve cannot change");
        self.ramp.set_target(coeffs.glide());
        self.target = Knee::new(coeffs.side, coeffs.glide());
    }

    /// The longest next span.
    pub(crate) fn uniform_frames(&self) -> usize {
        self.ramp.uniform_frames()
    }

    /// The curve over the next `frames`, which must be uniform.
    pub(crate) fn span<S: Sample>(&mut self, frames: usize) -> Knees<S> {
        match self.ramp.span::<f64>(frames).0 {
            Span::Still(_) => Knees::Still(self.target.of_samples()),
            Span::Moving(curves) => Knees::Moving(self.side, curves),
        }
    }

    /// The reduction of a level by the target curve, both in octaves.
    pub(crate) fn target_reduction(&self, level: f64) -> f64 {
        self.target.reduction(level)
    }

    /// At rest at the target.
    pub(crate) fn reset(&mut self) {
        let Self { side: _, ramp, target: _ } = self;
        ramp.jump_to(ramp.target());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's output curve, in dB.
    fn output_db(level: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
        let over = level - threshold;
        if 2.0 * over < -knee {
            level
        } else if 2.0 * over.abs() <= knee && knee > 0.0 {
            level + (1.0 / ratio - 1.0) * (over + knee / 2.0) * (over + knee / 2.0) / (2.0 * knee)
        } else {
            threshold + over / ratio
        }
    }

    #[test]
    fn matches_the_published_curve() {
        let mut worst: f64 = 0.0;
        for threshold in [-60.0, -24.0, 0.0] {
            for ratio in [1.0, 1.5, 4.0, f64::INFINITY] {
                for knee in [0.0, 6.0, 24.0] {
                    let coeffs = ComputerCoeffs::compressor(threshold, ratio, knee, f64::INFINITY);
                    for step in -1_000..=200 {
                        let level = 0.1 * f64::from(step);
                        let expected = level - output_db(level, threshold, ratio, knee);
                        worst = worst.max((coeffs.reduction_db(level) - expected).abs());
                    }
                }
            }
        }
        std::println!("{worst:.1e} dB");
        // An eighth of the smallest knee.
        assert!(worst <= DB_PER_OCTAVE * LEAST_KNEE, "{worst}");
    }

    #[test]
    fn below_the_knee_is_exactly_zero_and_the_range_is_the_most() {
        let coeffs = ComputerCoeffs::compressor(-18.0, f64::INFINITY, 6.0, 10.0);
        assert_eq!(coeffs.reduction_db(-21.5), 0.0);
        assert_eq!(coeffs.reduction_db(f64::NEG_INFINITY), 0.0);
        assert!((coeffs.reduction_db(0.0) - 10.0).abs() < 1e-3, "{}", coeffs.reduction_db(0.0));
        let coeffs = ComputerCoeffs::expander(-40.0, 2.0, 0.0, 30.0);
        assert_eq!(coeffs.reduction_db(-39.9), 0.0);
        assert!((coeffs.reduction_db(-52.0) - 12.0).abs() < 1e-5);
        assert!((coeffs.reduction_db(f64::NEG_INFINITY) - 30.0).abs() < 1e-3);
    }

    #[test]
    fn glides_end_on_the_curve_itself() {
        let target = ComputerCoeffs::compressor(-30.0, 8.0, 3.0, 24.0);
        let mut computer = GainComputer::new(&ComputerCoeffs::compressor(-10.0, 2.0, 12.0, f64::INFINITY), 100);
        computer.set_coeffs(&target);
        let mut last = 0.0;
        for _ in 0..100 {
            let reduction = match computer.span::<f64>(1) {
                Knees::Still(knee) => knee.reduction(-1.0),
                Knees::Moving(side, curves) => Knees::<f64>::at(side, &curves, 0).reduction(-1.0),
            };
            assert!(reduction >= last);
            last = reduction;
        }
        assert_eq!(DB_PER_OCTAVE * last, target.reduction_db(-DB_PER_OCTAVE));
    }
}
