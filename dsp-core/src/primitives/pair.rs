//! Pairs of f64 vectors: as many samples as two of them have lanes, times gains, added.
//!
//! Products of f32 samples and gains of 29 bits or fewer are exact in f64, so that a fused multiply-add has the bits of a
//! multiplication and an addition. Those of f64 are rounded before they are added.

use super::lanes::{Form, Lanes};
use crate::foundation::sample::Sample;

/// Most samples of a pair: 512 bits of f32.
pub(crate) const WIDEST: usize = 16;

/// The lower and the upper half of one vector of f32, as f64.
pub(crate) type Pair<F> = [<F as Form>::Native<f64>; 2];

/// Samples of a pair.
#[inline(always)]
pub(crate) const fn width<F: Form>() -> usize {
    2 * <F::Native<f64> as Lanes<F>>::LEN
}

/// The first sums, as many as a pair has.
#[inline(always)]
pub(crate) fn load<F: Form>(form: F, sums: &[f64]) -> Pair<F> {
    form.widen(sums)
}

/// And back, as they are.
#[inline(always)]
pub(crate) fn store<F: Form>([lower, upper]: Pair<F>, sums: &mut [f64]) {
    lower.store(sums);
    upper.store(&mut sums[F::Native::<f64>::LEN..]);
}

/// Adds samples of the format `S` times gains.
#[inline(always)]
pub(crate) fn add_products<F: Form, S: Sample>(sums: &mut Pair<F>, samples: Pair<F>, gains: Pair<F>) {
    for half in 0..2 {
        sums[half] = match size_of::<S>() == size_of::<f32>() {
            true => samples[half].exact_mul_add(gains[half], sums[half]),
            false => samples[half] * gains[half] + sums[half],
        };
    }
}
