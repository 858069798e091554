//! Early reflections and tail beside the input.

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::{
        backend::{Backend, run},
        ramp::Span,
    },
};

/// Puts early reflections and tail with the input: gains are those of the input, of each side to itself, of each side
/// to the other, of the tail. Nothing is fused, so that all forms agree. The input stays bit for bit where it is all.
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
    let early = early[0].iter().zip(&early[1]);
    let frames = left.iter_mut().zip(right).zip(early.zip(tail[0].iter().zip(&tail[1])));
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
        Span::Moving(curves) => {
            for (index, ((left, right), ((el, er), (tl, tr)))) in (0_i32..).zip(frames) {
                let gains = [curves[0].at(index), curves[1].at(index), curves[2].at(index), curves[3].at(index)];
                let (l, r) = ((*el, *tl), (*er, *tr));
                *left = blend(gains, *left, l, r);
                *right = blend(gains, *right, r, l);
            }
        }
    }
}
