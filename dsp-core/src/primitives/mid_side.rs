//! Left and right to mid and side, and back; computed in f64, stored in either format.
//!
//! M = (L + R)/2, S = (L - R)/2; L = M + w S, R = M - w S. Element-wise and free of fused operations: the same bits at
//! every level.

use super::{
    backend::{Backend, run},
    ramp::Span,
};
use crate::foundation::sample::Sample;

/// Encodes `left` and `right` to mid and side.
pub(crate) fn encode<S: Sample, M: Sample>(backend: Backend, left: &[S], right: &[S], mid: &mut [M], side: &mut [M]) {
    run!(backend, _ => encode_all(left, right, mid, side));
}

/// Decodes `mid` and `side` times a width to left and right.
pub(crate) fn decode<S: Sample, M: Sample>(
    backend: Backend,
    mid: &[M],
    side: &[M],
    width: &Span<f64, 1>,
    left: &mut [S],
    right: &mut [S],
) {
    run!(backend, _ => decode_all(mid, side, width, left, right));
}

#[inline(always)]
fn encode_all<S: Sample, M: Sample>(left: &[S], right: &[S], mid: &mut [M], side: &mut [M]) {
    for ((left, right), (mid, side)) in left.iter().zip(right).zip(mid.iter_mut().zip(side)) {
        let (l, r) = (left.to_f64(), right.to_f64());
        *mid = M::from_f64(0.5 * (l + r)).audible();
        *side = M::from_f64(0.5 * (l - r)).audible();
    }
}

#[inline(always)]
fn decode_all<S: Sample, M: Sample>(mid: &[M], side: &[M], width: &Span<f64, 1>, left: &mut [S], right: &mut [S]) {
    let audio = mid.iter().zip(side).zip(left.iter_mut().zip(right));
    match width {
        Span::Still([width]) => {
            for ((mid, side), (left, right)) in audio {
                let (mid, side) = (mid.to_f64(), width * side.to_f64());
                *left = S::from_f64(mid + side).audible();
                *right = S::from_f64(mid - side).audible();
            }
        }
        Span::Moving([curve]) => {
            for (index, ((mid, side), (left, right))) in (0_i32..).zip(audio) {
                let (mid, side) = (mid.to_f64(), curve.at(index) * side.to_f64());
                *left = S::from_f64(mid + side).audible();
                *right = S::from_f64(mid - side).audible();
            }
        }
    }
}
