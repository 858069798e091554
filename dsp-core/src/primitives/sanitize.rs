//! Sanitizing: non-finite, subnormal and excessive samples at the entry and exit of every processor.
//!
//! On entry non-finite samples count as 0 and are counted, magnitudes below 2^-99 (1.6e-30) count as 0, and magnitudes
//! beyond 2^33 are clamped, so that no recursion meets a subnormal or overflows. On exit magnitudes below 2^-99 become
//! 0 again.

use super::backend::{Backend, run};
use crate::foundation::{per_format::per_format, sample::Sample};

/// Replaces NaN, infinities and faint samples by 0 and clamps loud ones. Returns the count of non-finite samples.
///
/// The scan has no branch per sample, so it vectorises; the repair almost never runs.
#[inline(always)]
pub(crate) fn sanitize<S: Sample>(samples: &mut [S]) -> u64 {
    if S::all_ordinary(samples) { 0 } else { repair(samples) }
}

/// The same as a separate pass, compiled in this crate.
pub(crate) fn clean<S: Sample>(backend: Backend, samples: &mut [S]) -> u64 {
    per_format!(S, ['s], (backend: Backend, samples: &'s mut [S]) -> u64 { run!(backend, _ => sanitize(samples)) })
}

/// Replaces samples as [`sanitize`] does. Returns the count of non-finite samples.
#[cold]
#[inline(never)]
pub(crate) fn repair<S: Sample>(samples: &mut [S]) -> u64 {
    let mut non_finite = 0;
    for sample in samples {
        non_finite += u64::from(!sample.finite());
        *sample = sample.ordinary();
    }
    non_finite
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::sample::Vectors;

    #[test]
    fn replaces_and_counts() {
        let mut samples = [1.0, f32::NAN, -2.0, f32::INFINITY, f32::NEG_INFINITY, -f32::MAX, 1e-40, -0.0, -1e-29];
        assert_eq!(sanitize(&mut samples), 3);
        assert_eq!(samples, [1.0, 0.0, -2.0, 0.0, 0.0, -8_589_934_592.0, 0.0, -0.0, -1e-29]);
        assert!(samples[7].is_sign_negative());
        assert_eq!(sanitize(&mut samples), 0);
    }

    /// The limits of ordinary samples, from both sides, for either sign: the scan, which is on bits alone, agrees with
    /// the repair.
    #[test]
    fn the_scan_finds_what_the_repair_changes() {
        fn check<S: Sample>(values: &[f64], subnormal: S) {
            for value in values {
                for sample in [S::from_f64(*value), S::from_f64(-value)] {
                    let mut repaired = [sample];
                    repair(&mut repaired);
                    assert_eq!(S::all_ordinary(&[sample]), repaired[0].bits() == sample.bits(), "{sample:?}");
                }
            }
            assert!(!S::all_ordinary(&[S::ONE, subnormal]) && subnormal.audible() == S::ZERO);
        }
        let (faint, loud) = (f64::from(f32::FAINTEST), f64::from(f32::LOUDEST));
        let below = 1.0 - f64::from(f32::EPSILON);
        let above = 1.0 + f64::from(f32::EPSILON);
        let values =
            [0.0, faint, faint * below, faint * above, loud, loud * below, loud * above, 1.0, 1e-30, 1e30, 100.0];
        check::<f32>(&values, f32::from_bits(1));
        check::<f64>(&values, f64::from_bits(1));
        check::<f64>(&[1e300, 1e-300, f64::MAX, f64::NAN, f64::INFINITY], -5e-324);
        check::<f32>(&[f64::NAN, f64::INFINITY, f64::from(f32::MAX)], -1e-45);
        assert_eq!((f32::LOUDEST, f64::FAINTEST), (2.0_f32.powi(33), 2.0_f64.powi(-99)));
    }
}
