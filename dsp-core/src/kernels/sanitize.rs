//! Replaces what is not a number: the entry of every processor.

use super::{Form, run};
use crate::foundation::sample::Sample;

/// Replaces NaN and infinities by 0 and says how many there were.
///
/// The scan has no branch per sample, so it vectorises; the repair almost never runs.
#[inline(always)]
pub(crate) fn sanitize<S: Sample>(samples: &mut [S]) -> u64 {
    if S::all_finite(samples) { 0 } else { repair(samples) }
}

/// The same as a pass of its own.
pub(crate) fn clean<S: Sample>(form: Form, samples: &mut [S]) -> u64 {
    run!(form, sanitize(samples), _simd => sanitize(samples))
}

#[cold]
#[inline(never)]
fn repair<S: Sample>(samples: &mut [S]) -> u64 {
    let mut faults = 0;
    for sample in samples.iter_mut().filter(|sample| !sample.finite()) {
        *sample = S::ZERO;
        faults += 1;
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_counts() {
        let mut samples = [1.0, f32::NAN, -2.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX];
        assert_eq!(sanitize(&mut samples), 3);
        assert_eq!(samples, [1.0, 0.0, -2.0, 0.0, 0.0, f32::MAX]);
        assert_eq!(sanitize(&mut samples), 0);
    }
}
