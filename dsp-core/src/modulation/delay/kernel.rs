//! The loops of a delay.

use super::{design::TAPS, lines::ROW};
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
pub(super) fn write<S: Sample>(input: &[S], echo: &[S], gains: &Span<S, { super::design::GAINS }>, line: &mut [S]) {
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
