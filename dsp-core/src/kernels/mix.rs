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

/// Adds one source to the left and the right bus: `left` and `right` (twice the same for a mono source) times their
/// gains times a mute.
pub(crate) fn add_stereo<S: Sample>(
    form: Form,
    sums: [&mut [f64]; 2],
    source: [&[S]; 2],
    gains: &Span<S, 2>,
    mute: &Span<S, 1>,
) {
    run!(form, add_stereo_all(sums, source, gains, mute), _simd => add_stereo_all(sums, source, gains, mute));
}

/// Rounds `sums` to samples.
pub(crate) fn round<S: Sample>(form: Form, sums: &[f64], samples: &mut [S]) {
    run!(form, round_all(sums, samples), _simd => round_all(sums, samples));
}

/// Writes over `dry` itself times the first gain plus `wet` times the second. A gain of 0 leaves out its part.
#[cfg(feature = "std")]
pub(crate) fn blend<S: Sample>(form: Form, dry: &mut [S], wet: &[S], gains: &Span<S, 2>) {
    run!(form, blend_all(dry, wet, gains), _simd => blend_all(dry, wet, gains));
}

#[cfg(feature = "std")]
#[inline(always)]
fn blend_all<S: Sample>(dry: &mut [S], wet: &[S], gains: &Span<S, 2>) {
    match gains {
        Span::Still([_, to_wet]) if *to_wet == S::ZERO => {}
        Span::Still([to_dry, to_wet]) if *to_dry == S::ZERO && *to_wet == S::ONE => dry.copy_from_slice(wet),
        Span::Still([to_dry, to_wet]) => {
            for (dry, wet) in dry.iter_mut().zip(wet) {
                *dry = *dry * *to_dry + *wet * *to_wet;
            }
        }
        Span::Moving([to_dry, to_wet]) => {
            for (index, (dry, wet)) in (0_i32..).zip(dry.iter_mut().zip(wet)) {
                *dry = *dry * to_dry.at(index) + *wet * to_wet.at(index);
            }
        }
    }
}

#[inline(always)]
fn add_all<S: Sample>(sums: &mut [f64], samples: &[S], gain: &Span<S, 1>) {
    match gain {
        Span::Still([gain]) => add_still(sums, samples, *gain),
        Span::Moving([curve]) => add_moving(sums, samples, curve),
    }
}

#[inline(always)]
fn add_stereo_all<S: Sample>(
    [left_sums, right_sums]: [&mut [f64]; 2],
    [left, right]: [&[S]; 2],
    gains: &Span<S, 2>,
    mute: &Span<S, 1>,
) {
    let audible = match mute {
        Span::Still([level]) => *level != S::ZERO,
        Span::Moving(_) => true,
    };
    if !audible {
        return;
    }
    match (gains, mute) {
        (Span::Still([to_left, to_right]), Span::Still(_)) => {
            add_still(left_sums, left, *to_left);
            add_still(right_sums, right, *to_right);
        }
        (Span::Moving([to_left, to_right]), Span::Still(_)) => {
            add_moving(left_sums, left, to_left);
            add_moving(right_sums, right, to_right);
        }
        (Span::Still([to_left, to_right]), Span::Moving([mute])) => {
            add_muting(left_sums, left, Level::Still(*to_left), mute);
            add_muting(right_sums, right, Level::Still(*to_right), mute);
        }
        (Span::Moving([to_left, to_right]), Span::Moving([mute])) => {
            add_muting(left_sums, left, Level::Moving(to_left), mute);
            add_muting(right_sums, right, Level::Moving(to_right), mute);
        }
    }
}

/// A gain under a moving mute.
#[derive(Clone, Copy)]
enum Level<'a, S> {
    Still(S),
    Moving(&'a Curve<S>),
}

#[inline(always)]
fn add_muting<S: Sample>(sums: &mut [f64], samples: &[S], gain: Level<'_, S>, mute: &Curve<S>) {
    for (index, (sum, sample)) in (0_i32..).zip(sums.iter_mut().zip(samples)) {
        let gain = match gain {
            Level::Still(gain) => gain,
            Level::Moving(curve) => curve.at(index),
        };
        *sum += (*sample * (gain * mute.at(index))).to_f64();
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
