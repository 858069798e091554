//! The loops of a delay.

use super::{design::TAPS, lines::ROW, params::GAINS};
use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::{magnitude, smaller},
        sample::Sample,
    },
    primitives::{
        lanes::{Form, Lanes},
        ramp::Span,
    },
};

/// Frames of a chunk, aligned to cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Frames<S>(pub(super) [S; GRID_FRAMES]);

impl<S: Sample> Frames<S> {
    pub(super) const SILENCE: Self = Self([S::ZERO; GRID_FRAMES]);
}

/// Vectors of frames side by side, so that their sums do not wait for each other.
const SIDE_BY_SIDE: usize = 4;

/// Interpolates `frames` frames: the sum of `count` taps times the samples from the oldest on. Those after them, to a
/// whole number of vectors, are stale.
#[inline(always)]
pub(super) fn interpolate<F: Form, S: Sample>(
    form: F,
    (taps, count): (&[S; TAPS], usize),
    row: &[S; ROW],
    frames: usize,
    Frames(out): &mut Frames<S>,
) {
    let lanes = F::Native::<S>::LEN;
    let mut start = 0;
    while start < frames {
        if start + (SIDE_BY_SIDE - 1) * lanes < frames {
            let mut sums = [form.splat(S::ZERO); SIDE_BY_SIDE];
            for (k, tap) in taps.iter().enumerate().take(count) {
                let tap = form.splat(*tap);
                let row = &row[start + k..start + k + SIDE_BY_SIDE * lanes];
                for (n, sum) in sums.iter_mut().enumerate() {
                    *sum = tap.mul_add(form.load(&row[n * lanes..]), *sum);
                }
            }
            for (n, sum) in sums.into_iter().enumerate() {
                sum.store(&mut out[start + n * lanes..]);
            }
            start += SIDE_BY_SIDE * lanes;
        } else {
            let mut sum = form.splat(S::ZERO);
            for (k, tap) in taps.iter().enumerate().take(count) {
                sum = form.splat(*tap).mul_add(form.load(&row[start + k..]), sum);
            }
            sum.store(&mut out[start..]);
            start += lanes;
        }
    }
}

/// Moves `from` to `to` by gains of 0 to 1.
#[inline(always)]
pub(super) fn cross_fade<S: Sample>(from: &mut [S], to: &[S], gains: &[S]) {
    for ((from, to), gain) in from.iter_mut().zip(to).zip(gains) {
        *from += *gain * (*to - *from);
    }
}

/// Level up to which the soft clip changes nothing, and what it adds to that level at the most: -6 dBFS, to full scale.
const LINEAR: f64 = 0.5;
const ABOVE: f64 = 0.5;

/// Bounds a feedback signal to full scale: up to -6 dBFS it is the signal, bit for bit; above, the distance from there
/// follows v (27 + v²) / (27 + 9v²), the Padé approximant of tanh, up to v = 3, where it is 1. As 1 minus it is
/// (3 - v)³ / (27 + 9v²), the curve is C2 at both ends.
#[inline(always)]
pub(super) fn soft_clip<S: Sample>(signal: S) -> S {
    let [linear, above, three] = [LINEAR, ABOVE, 3.0].map(S::from_f64);
    let [nine, all] = [9.0, 27.0].map(S::from_f64);
    let size = magnitude(signal);
    if size <= linear {
        return signal;
    }
    let v = smaller((size - linear) * S::from_f64(1.0 / ABOVE), three);
    let square = v * v;
    let bounded = linear + above * (v * (all + square) / (all + nine * square));
    if signal < S::ZERO { -bounded } else { bounded }
}

/// Writes the input plus the feedback to a line: a feedback of `gains[2]`, of which the soft clip takes the share
/// `gains[3]`.
#[inline(always)]
pub(super) fn write<S: Sample>(input: &[S], echo: &[S], gains: &Span<S, GAINS>, line: &mut [S]) {
    let clipped = |signal: S, share: S| signal + share * (soft_clip(signal) - signal);
    match gains {
        Span::Still([_, _, feedback, share]) if *share == S::ZERO => {
            for ((line, input), echo) in line.iter_mut().zip(input).zip(echo) {
                *line = (*input + *feedback * *echo).audible();
            }
        }
        Span::Still([_, _, feedback, _]) => {
            for ((line, input), echo) in line.iter_mut().zip(input).zip(echo) {
                *line = (*input + soft_clip(*feedback * *echo)).audible();
            }
        }
        Span::Moving([_, _, feedback, share]) => {
            for ((index, line), (input, echo)) in (0_i32..).zip(line.iter_mut()).zip(input.iter().zip(echo)) {
                *line = (*input + clipped(feedback.at(index) * *echo, share.at(index))).audible();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::{
            backend::{Backend, fuses, run},
            lanes::Scalar,
        },
    };

    #[test]
    fn every_form_interpolates_to_the_bits_of_the_scalar_form() {
        fn check<S: Sample>() {
            let taps: [S; TAPS] = core::array::from_fn(|k| S::from_f64(libm::sin(1.0 + k as f64)));
            let row: [S; ROW] = core::array::from_fn(|k| S::from_f64(libm::cos(0.7 * k as f64)));
            for (count, frames) in [(TAPS, GRID_FRAMES), (TAPS, 49), (TAPS, 1), (4, 3), (30, 17)] {
                let [mut expected, mut found] = [Frames::SILENCE, Frames::SILENCE];
                interpolate(Scalar, (&taps, count), &row, frames, &mut expected);
                let backend = Backend::new(Cpu::Detected);
                run!(backend, form => interpolate(form, (&taps, count), &row, frames, &mut found));
                for n in 0..frames {
                    let sum: f64 = (0..count).map(|k| taps[k].to_f64() * row[n + k].to_f64()).sum();
                    assert!((found.0[n].to_f64() - sum).abs() < 1e-5, "{count} {frames} {n}");
                    assert!(!fuses() || found.0[n].bits() == expected.0[n].bits(), "{count} {frames} {n}");
                }
            }
        }
        check::<f32>();
        check::<f64>();
    }

    #[test]
    fn the_soft_clip_is_odd_smooth_monotonic_and_bounded() {
        let step = 1e-3;
        let at = |n: i32| soft_clip(f64::from(n) * step);
        for n in 0..10_000 {
            let (before, here, after) = (at(n - 1), at(n), at(n + 1));
            assert_eq!(at(-n), -here);
            assert!(here <= 1.0 && after >= here, "{n}");
            if n < 500 {
                assert_eq!(here, f64::from(n) * step);
            }
            // The curvature has no step: a kink of the slope would leave 1 / step.
            let curvature = (after - 2.0 * here + before) / (step * step);
            assert!(curvature.abs() < 2.0, "{n}: {curvature}");
            let next = (at(n + 2) - 2.0 * after + here) / (step * step);
            assert!((next - curvature).abs() < 0.02, "{n}: {curvature} {next}");
        }
        // Full scale from 6 dB above it on, as far as samples go.
        assert_eq!([2.0, 1e3, 1e9, -1e9].map(soft_clip::<f64>), [1.0, 1.0, 1.0, -1.0]);
        assert_eq!([2.0, 8e9, -8e9].map(soft_clip::<f32>), [1.0, 1.0, -1.0]);
    }
}
