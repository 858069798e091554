//! Left and right to mid and side, and back; computed in f64, stored in either format.
//!
//! M = (L + R)/2, S = (L - R)/2; L = M + w S, R = M - w S. Element-wise and free of fused operations: the same bits at
//! every level.

use super::{
    backend::{Backend, run},
    lanes::{Form, Lanes},
    pair,
    ramp::Span,
};
use crate::foundation::sample::{Sample, Vectors};

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

/// Encodes, multiplies the side by a width and decodes, in one pass.
pub(crate) fn widen<S: Sample>(backend: Backend, left: &mut [S], right: &mut [S], width: f64) {
    run!(backend, form => widen_all(form, left, right, width));
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

#[inline(always)]
fn widen_all<F: Form, S: Sample>(form: F, left: &mut [S], right: &mut [S], width: f64) {
    let step = pair::width::<F>();
    let whole = left.len().min(right.len()) / step * step;
    let (left, left_rest) = left.split_at_mut(whole);
    let (right, right_rest) = right.split_at_mut(whole);
    let (half, factor) = (form.splat(0.5_f64), form.splat(width));
    for (left, right) in left.chunks_exact_mut(step).zip(right.chunks_exact_mut(step)) {
        let (mut l, mut r) = (form.widen(left), form.widen(right));
        for (l, r) in l.iter_mut().zip(&mut r) {
            let (mid, side) = ((*l + *r) * half, (*l - *r) * half);
            let mid = mid.zero_where(mid.abs(), f64::FAINTEST);
            let side = side.zero_where(side.abs(), f64::FAINTEST) * factor;
            (*l, *r) = (mid + side, mid - side);
        }
        form.narrow(l, left);
        form.narrow(r, right);
    }
    for (left, right) in left_rest.iter_mut().zip(right_rest) {
        let (l, r) = (left.to_f64(), right.to_f64());
        let (mid, side) = ((0.5 * (l + r)).audible(), (0.5 * (l - r)).audible() * width);
        *left = S::from_f64(mid + side).audible();
        *right = S::from_f64(mid - side).audible();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;
    use alloc::{vec, vec::Vec};

    /// Faint sums included, in every form and of every length.
    #[test]
    fn one_pass_has_the_bits_of_two() {
        fn check<S: Sample>() {
            let samples = |seed: f64| -> Vec<S> {
                let sample = |n: usize| libm::sin(n as f64 * seed) * if n.is_multiple_of(3) { 1e-30 } else { 0.5 };
                (0..50).map(|n| S::from_f64(sample(n))).collect()
            };
            for cpu in [Cpu::Detected, Cpu::Avx2, Cpu::Baseline, Cpu::Software, Cpu::Scalar] {
                let backend = Backend::new(cpu);
                for (frames, width) in [(1, 2.0), (16, 0.3), (33, 0.0), (50, 1.7)] {
                    let (left, right) = (&samples(0.3)[..frames], &samples(0.7)[..frames]);
                    let (mut mid, mut side) = (vec![0.0; frames], vec![0.0; frames]);
                    let (mut two_left, mut two_right) = (vec![S::ZERO; frames], vec![S::ZERO; frames]);
                    encode(backend, left, right, &mut mid, &mut side);
                    decode(backend, &mid, &side, &Span::Still([width]), &mut two_left, &mut two_right);
                    let (mut one_left, mut one_right) = (left.to_vec(), right.to_vec());
                    widen(backend, &mut one_left, &mut one_right, width);
                    for (one, two) in one_left.iter().chain(&one_right).zip(two_left.iter().chain(&two_right)) {
                        assert_eq!(one.bits(), two.bits(), "{cpu:?} {frames} {width}");
                    }
                }
            }
        }
        check::<f32>();
        check::<f64>();
    }
}
