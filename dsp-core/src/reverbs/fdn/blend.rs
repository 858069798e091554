//! The mix of input, early reflections and tail.

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::{
        backend::{Backend, run},
        ramp::Span,
    },
};

/// Mixes early reflections and tail with the input: gains are those of the input, of each side to itself, of each side
/// to the other, of the tail. Nothing is fused, so that all forms agree. The input alone passes bit for bit.
pub(crate) fn blend<S: Sample>(
    backend: Backend,
    early: &[[S; GRID_FRAMES]; 2],
    tail: &[[S; GRID_FRAMES]; 2],
    gains: &Span<S, 4>,
    left: &mut [S],
    right: &mut [S],
) {
    run!(backend, _ => blend_all(early, tail, gains, left, right));
}

#[inline(always)]
fn blend_all<S: Sample>(
    early: &[[S; GRID_FRAMES]; 2],
    tail: &[[S; GRID_FRAMES]; 2],
    gains: &Span<S, 4>,
    left: &mut [S],
    right: &mut [S],
) {
    let ([early_left, early_right], [tail_left, tail_right]) = (early, tail);
    let (early, tail) = (early_left.iter().zip(early_right), tail_left.iter().zip(tail_right));
    let frames = left.iter_mut().zip(right).zip(early.zip(tail));
    let blend = |[dry, own, other, tail]: [S; 4], x: S, here: (S, S), there: (S, S)| {
        (dry * x + (own * (here.0 + tail * here.1) + other * (there.0 + tail * there.1))).audible()
    };
    match gains {
        Span::Still([dry, own, other, _]) if *dry == S::ONE && *own == S::ZERO && *other == S::ZERO => {}
        Span::Still(gains) => {
            for ((left, right), ((el, er), (tl, tr))) in frames {
                let (l, r) = ((*el, *tl), (*er, *tr));
                *left = blend(*gains, *left, l, r);
                *right = blend(*gains, *right, r, l);
            }
        }
        Span::Moving([dry, own, other, tail]) => {
            for (index, ((left, right), ((el, er), (tl, tr)))) in (0_i32..).zip(frames) {
                let gains = [dry.at(index), own.at(index), other.at(index), tail.at(index)];
                let (l, r) = ((*el, *tl), (*er, *tr));
                *left = blend(gains, *left, l, r);
                *right = blend(gains, *right, r, l);
            }
        }
    }
}
