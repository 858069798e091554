//! Sums of samples times gains, accumulated in f64: buses.
//!
//! Each product is rounded once to the sample format, so that a strip that is stored and added later gives the same
//! bus; the sum is f64 and rounded once at the end. Element-wise and free of fused operations: the same bits at every
//! level.

use super::{Form, run};
use crate::{
    foundation::sample::Sample,
    parts::ramp::{Curve, Span},
};

/// Adds `samples` times a gain to `sums`.
pub(crate) fn add<S: Sample>(form: Form, sums: &mut [f64], samples: &[S], gain: &Span<S, 1>) {
    run!(form, add_all(sums, samples, gain), _simd => add_all(sums, samples, gain));
}

/// Rounds `sums` to samples.
pub(crate) fn round<S: Sample>(form: Form, sums: &[f64], samples: &mut [S]) {
    run!(form, round_all(sums, samples), _simd => round_all(sums, samples));
}

#[inline(always)]
fn add_all<S: Sample>(sums: &mut [f64], samples: &[S], gain: &Span<S, 1>) {
    match gain {
        Span::Still([gain]) => add_still(sums, samples, *gain),
        Span::Moving([curve]) => add_moving(sums, samples, curve),
    }
}

#[inline(always)]
fn add_still<S: Sample>(sums: &mut [f64], samples: &[S], gain: S) {
    for (sum, sample) in sums.iter_mut().zip(samples) {
        *sum += (*sample * gain).to_f64();
    }
}

#[inline(always)]
fn add_moving<S: Sample>(sums: &mut [f64], samples: &[S], curve: &Curve<S>) {
    for (index, (sum, sample)) in (0_i32..).zip(sums.iter_mut().zip(samples)) {
        *sum += (*sample * curve.at(index)).to_f64();
    }
}

#[inline(always)]
fn round_all<S: Sample>(sums: &[f64], samples: &mut [S]) {
    for (sample, sum) in samples.iter_mut().zip(sums) {
        *sample = S::from_f64(*sum);
    }
}
