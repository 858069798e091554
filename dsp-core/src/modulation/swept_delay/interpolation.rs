//! Interpolation between the samples of a delay line, split into what any delay needs of the samples and what a delay
//! adds to it, so that many delays may read one line.
//!
//! Between a sample a and the older one b, at the fraction f from a to b and x = f - 1/2:
//!
//! ```text
//! y = a + f (b - a) + f (1 - f) (q0 + x q1 + x² q2)
//! ```
//!
//! where q0, q1 and q2 are filters of 14 taps around a and b. They are computed once for each sample, when it is
//! written, and kept in rows beside it; a delay reads five numbers. A whole delay (f = 0) returns the sample itself, bit
//! for bit.
//!
//! # Source
//! Weights as polynomials of the fraction: C. Farrow, "A continuously variable digital delay element", ISCAS 1988; least
//! squares: T. Laakso, V. Välimäki, M. Karjalainen, U. Laine, "Splitting the unit delay", IEEE Signal Processing Magazine
//! 13(1), 1996. Own: the factor f (1 - f), which leaves the least squares without constraints.

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::{Form, Lanes},
};

/// Pairs of taps, the inner one first.
const PAIRS: usize = 7;
/// Filters of the samples.
pub(super) const FILTERS: usize = 3;
/// Samples before the newest one that a filter reaches.
pub(super) const PAST: usize = 2 * PAIRS - 1;
/// Newer samples than a that the filters reach: no delay is shorter than one more.
pub(super) const AHEAD: usize = PAIRS - 1;
/// The shortest delay, in frames.
pub(in crate::modulation) const SHORTEST: usize = AHEAD + 1;
/// Frames of a chunk, and up to a vector beyond them.
pub(super) const PADDED: usize = GRID_FRAMES + 16;

/// Weights of the three filters on each pair: on the sum of both samples, on the newer less the older, on the sum.
///
/// Least squares of the complex error up to 0.35 of the sample rate, with the weight `(0.05 + f)^-3`. At 44.1 kHz, at
/// the worst fraction: the error is -105 dB at 5 kHz, -76 dB at 10 kHz and -59 dB at 14 kHz, the gain -0.11 dB at 16 kHz
/// and -1.2 dB at 18 kHz; nowhere is it above +0.01 dB. Lagrange's four points lose 0.74 dB at 10 kHz, 4.6 at 16 kHz.
const WEIGHTS: [[f64; FILTERS]; PAIRS] = [
    [0.502_869_071_107_994_1, -0.975_628_366_804_046_9, -0.152_427_996_123_483_57],
    [-0.725_410_358_469_207, 0.462_892_666_914_366_54, 0.298_861_820_168_245_8],
    [0.325_951_032_005_154_1, -0.119_814_136_740_074_35, -0.223_793_786_009_802_1],
    [-0.146_801_528_135_690_03, 0.037_310_863_687_397_87, 0.111_349_653_085_753_72],
    [0.057_812_226_260_944_42, -0.010_994_741_174_785_999, -0.045_532_913_920_779_29],
    [-0.017_269_186_947_871_162, 0.002_570_374_157_409_929, 0.013_850_230_341_489_488],
    [0.002_851_956_791_982_635, -0.000_345_107_706_893_465_4, -0.002_309_644_797_773_317_5],
];

/// The filters of as many samples as a vector has lanes, whose first is at `at` of `samples`: [`PAST`] lie before it.
#[inline(always)]
pub(super) fn filter<F: Form, S: Sample>(form: F, samples: &[S], at: usize) -> [F::Native<S>; FILTERS] {
    let mut sums = [form.splat(S::ZERO); FILTERS];
    for (pair, weights) in WEIGHTS.iter().enumerate().rev() {
        let newer = form.load(&samples[at - AHEAD + pair..]);
        let older = form.load(&samples[at - AHEAD - 1 - pair..]);
        let (both, change) = (newer + older, newer - older);
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip([both, change, both]) {
            *sum = value.mul_add(form.splat(S::from_f64(*weight)), *sum);
        }
    }
    sums
}

/// The sample at a fraction from `newer` to `older`, with the filters of the newer one.
#[inline(always)]
pub(super) fn between<F: Form, S: Sample>(
    form: F,
    fraction: F::Native<S>,
    [newer, older]: [F::Native<S>; 2],
    [q0, q1, q2]: [F::Native<S>; FILTERS],
) -> F::Native<S> {
    let x = fraction - form.splat(S::from_f64(0.5));
    let bend = fraction - fraction * fraction;
    let line = fraction.mul_add(older - newer, newer);
    bend.mul_add(x.mul_add(x.mul_add(q2, q1), q0), line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::lanes::Scalar;
    use core::f64::consts::TAU;
    use num_complex::Complex64;

    /// Gain for a frequency in cycles per frame, relative to a delay of `AHEAD`.
    fn gain(fraction: f64, frequency: f64) -> Complex64 {
        let part = |phase: f64| -> f64 {
            let mut samples = [0.0; PAST + PADDED];
            for (index, sample) in samples.iter_mut().enumerate() {
                *sample = libm::cos(TAU * (frequency * (index as f64 - PAST as f64) + phase));
            }
            let pair = [PAIRS, AHEAD].map(|at| Scalar.splat(samples[at]));
            let mut out = [0.0; 1];
            between(Scalar, Scalar.splat(fraction), pair, filter(Scalar, &samples, PAST)).store(&mut out);
            out[0]
        };
        let delayed = Complex64::new(part(0.0), part(-0.25));
        delayed * crate::foundation::math::cis(TAU * frequency * AHEAD as f64)
    }

    #[test]
    fn no_fraction_loses_or_amplifies_what_is_heard() {
        for (hz, limit_db) in [(5_000.0, -104.0), (10_000.0, -75.0), (14_000.0, -58.0), (16_000.0, -37.0)] {
            for step in 0..=50 {
                let fraction = f64::from(step) / 50.0;
                let wanted = crate::foundation::math::cis(-TAU * hz / 44_100.0 * fraction);
                let error = gain(fraction, hz / 44_100.0) - wanted;
                assert!(20.0 * libm::log10(error.norm() + 1e-12) <= limit_db, "{hz} {fraction} {}", error.norm());
            }
        }
        for step in 0..=20 {
            let fraction = f64::from(step) / 20.0;
            for point in 0..=100 {
                let gain_db = 20.0 * libm::log10(gain(fraction, f64::from(point) / 200.0).norm());
                // A loop must not gain.
                assert!(gain_db <= 0.01, "{fraction} {point}: {gain_db}");
                assert!(f64::from(point) / 200.0 > 16.0 / 44.1 || gain_db >= -0.12, "{fraction} {point}: {gain_db}");
            }
        }
    }
}
