//! The passes of a limiter over one chunk, which lies in the L1 cache.
//!
//! Element-wise and free of fused operations, so that the compiler vectorises the plain loops for every level and all of
//! them give the same bits. Only the detector fuses: see [`super::true_peak`].

use super::{Form, run};
use crate::{
    foundation::{math::Pow2, sample::Sample},
    parts::ramp::Span,
};

/// Samples are bounded to this magnitude, +120 dBFS: nothing overflows on the way, and no limiter can mean more.
const LARGEST: f64 = 1e6;
/// dB per octave of amplitude.
const DB_PER_OCTAVE: f64 = 6.020_599_913_279_624;

/// Copies samples times the drive. Returns the count of non-finite ones, which count as 0.
pub(crate) fn take<S: Sample>(form: Form, samples: &[S], drive: &Span<S, 1>, driven: &mut [S]) -> u64 {
    run!(form, take_all(samples, drive, driven), _simd => take_all(samples, drive, driven))
}

/// Raises `peaks` to the magnitudes of `samples`.
pub(crate) fn rectify<S: Sample>(form: Form, samples: &[S], peaks: &mut [S]) {
    run!(form, rectify_all(samples, peaks), _simd => rectify_all(samples, peaks));
}

/// Raises each of `peaks` to the highest points before and behind it: `intervals[n]` and `intervals[n + 1]`.
pub(crate) fn join<S: Sample>(form: Form, intervals: &[S], peaks: &mut [S]) {
    run!(form, join_all(intervals, peaks), _simd => join_all(intervals, peaks));
}

/// Whether no peak is above `ceiling`.
pub(crate) fn quiet<S: Sample>(form: Form, peaks: &[S], ceiling: f64) -> bool {
    run!(form, quiet_all(peaks, ceiling), _simd => quiet_all(peaks, ceiling))
}

/// Turns gain reduction in octaves into attenuation 1 - q, where q = 2^-reduction, but never above `limits`.
pub(crate) fn attenuation(form: Form, reductions: &mut [f64], limits: &[f64]) {
    run!(form, attenuation_all(reductions, limits), _simd => attenuation_all(reductions, limits));
}

/// Turns attenuation into gains, and into reduction in dB.
pub(crate) fn gains<S: Sample>(form: Form, attenuations: &mut [f64], gains: &mut [S]) {
    run!(form, gains_all(attenuations, gains), _simd => gains_all(attenuations, gains));
}

/// Samples times gains. Returns the count of results beyond `ceiling`, which are brought back to it.
pub(crate) fn apply<S: Sample>(form: Form, samples: &[S], gains: &[S], ceiling: S, out: &mut [S]) -> u64 {
    run!(form, apply_all(samples, gains, ceiling, out), _simd => apply_all(samples, gains, ceiling, out))
}

#[inline(always)]
fn magnitude<S: Sample>(value: S) -> S {
    if value < S::ZERO { -value } else { value }
}

#[inline(always)]
fn larger<S: PartialOrd>(a: S, b: S) -> S {
    if a > b { a } else { b }
}

#[inline(always)]
fn take_all<S: Sample>(samples: &[S], drive: &Span<S, 1>, driven: &mut [S]) -> u64 {
    let largest = S::from_f64(LARGEST);
    let mut plain = true;
    for (driven, sample) in driven.iter_mut().zip(samples) {
        // False for NaN too.
        plain &= magnitude(*sample) <= largest;
        *driven = *sample;
    }
    let faults = if plain { 0 } else { repair(driven, largest) };
    match drive {
        Span::Still([gain]) if *gain == S::ONE => {}
        Span::Still([gain]) => driven.iter_mut().for_each(|sample| *sample *= *gain),
        Span::Moving([curve]) => {
            for (index, sample) in (0_i32..).zip(driven) {
                *sample *= curve.at(index);
            }
        }
    }
    faults
}

#[cold]
#[inline(never)]
fn repair<S: Sample>(samples: &mut [S], largest: S) -> u64 {
    let mut faults = 0;
    for sample in samples {
        if !sample.finite() {
            *sample = S::ZERO;
            faults += 1;
        } else if magnitude(*sample) > largest {
            *sample = if *sample < S::ZERO { -largest } else { largest };
        }
    }
    faults
}

#[inline(always)]
fn rectify_all<S: Sample>(samples: &[S], peaks: &mut [S]) {
    for (peak, sample) in peaks.iter_mut().zip(samples) {
        *peak = larger(*peak, magnitude(*sample));
    }
}

#[inline(always)]
fn join_all<S: Sample>(intervals: &[S], peaks: &mut [S]) {
    for ((peak, before), behind) in peaks.iter_mut().zip(intervals).zip(&intervals[1..]) {
        *peak = larger(*peak, larger(*before, *behind));
    }
}

#[inline(always)]
fn quiet_all<S: Sample>(peaks: &[S], ceiling: f64) -> bool {
    let mut quiet = true;
    for peak in peaks {
        quiet &= peak.to_f64() <= ceiling;
    }
    quiet
}

#[inline(always)]
fn attenuation_all(reductions: &mut [f64], limits: &[f64]) {
    for (reduction, limit) in reductions.iter_mut().zip(limits) {
        let gain = (-*reduction).exp2_fast();
        *reduction = 1.0 - if gain < *limit { gain } else { *limit };
    }
}

#[inline(always)]
fn gains_all<S: Sample>(attenuations: &mut [f64], gains: &mut [S]) {
    for (attenuation, gain) in attenuations.iter_mut().zip(gains) {
        let exact = 1.0 - *attenuation;
        *gain = S::from_f64(exact);
        *attenuation = 0.0 - DB_PER_OCTAVE * exact.log2_fast();
    }
}

#[inline(always)]
fn apply_all<S: Sample>(samples: &[S], gains: &[S], ceiling: S, out: &mut [S]) -> u64 {
    let mut within = true;
    for ((out, sample), gain) in out.iter_mut().zip(samples).zip(gains) {
        let sample = *sample * *gain;
        within &= magnitude(sample) <= ceiling;
        *out = sample;
    }
    if within { 0 } else { clamp(out, ceiling) }
}

#[cold]
#[inline(never)]
fn clamp<S: Sample>(samples: &mut [S], ceiling: S) -> u64 {
    let mut clamped = 0;
    for sample in samples.iter_mut().filter(|sample| magnitude(**sample) > ceiling) {
        *sample = if *sample < S::ZERO { -ceiling } else { ceiling };
        clamped += 1;
    }
    clamped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;

    #[test]
    fn bounds_replaces_and_counts() {
        let form = Form::new(Cpu::Detected);
        let mut driven = [0.0; 5];
        let samples = [0.25, f32::NAN, f32::MAX, f32::NEG_INFINITY, -1.0];
        assert_eq!(take(form, &samples, &Span::Still([2.0]), &mut driven), 2);
        assert_eq!(driven, [0.5, 0.0, 2e6, 0.0, -2.0]);
        let mut out = [0.0; 5];
        assert_eq!(apply(form, &driven, &[1.0, 1.0, 1e-6, 1.0, 1.0], 1.0, &mut out), 2);
        assert_eq!(out, [0.5, 0.0, 1.0, 0.0, -1.0]);
    }

    #[test]
    fn no_reduction_is_a_gain_of_exactly_one() {
        let form = Form::new(Cpu::Detected);
        let mut values = [0.0, 1.0, 0.0];
        attenuation(form, &mut values, &[1.0, 1.0, 0.25]);
        assert_eq!(values, [0.0, 0.5, 0.75]);
        let mut gain = [0.0_f32; 3];
        gains(form, &mut values, &mut gain);
        assert_eq!(gain, [1.0, 0.5, 0.25]);
        assert_eq!(values[0].to_bits(), 0.0_f64.to_bits());
        assert!((values[2] - 2.0 * DB_PER_OCTAVE).abs() < 1e-12);
    }
}
