//! Where a filter is whose gain follows a reduction: looked up in a table, frame by frame.
//!
//! Element-wise and free of fused operations, so that the compiler vectorises the plain loops for every level and all of
//! them give the same bits.

use super::{Form, biquad::GRID_FRAMES, run};
use crate::{
    foundation::math::Pow2,
    parts::{
        ramp::Curve,
        svf::{SvfCoeffs, SvfPoint},
    },
};

/// A table of settings: log2 g, log2 k, m0, m1, m2 of one reduction after the other, the steps all equal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table<'a> {
    /// It stands still.
    Still(&'a [f64]),
    /// It glides, and the frame where it is.
    Moving(&'a [Curve<f64>]),
}

/// Values of one setting.
const WIDTH: usize = 5;

/// The points of up to [`GRID_FRAMES`] frames; `per_octave` entries of the table are an octave of reduction.
pub(crate) fn points(form: Form, table: Table<'_>, per_octave: f64, reductions: &[f64], points: &mut [SvfPoint]) {
    run!(
        form,
        points_all(table, per_octave, reductions, points),
        _simd => points_all(table, per_octave, reductions, points)
    );
}

#[inline(always)]
fn points_all(table: Table<'_>, per_octave: f64, reductions: &[f64], points: &mut [SvfPoint]) {
    let mut values = [[0.0; GRID_FRAMES]; WIDTH];
    match table {
        Table::Still(entries) => {
            for (frame, reduction) in reductions.iter().enumerate().take(GRID_FRAMES) {
                let (first, share) = place(per_octave * reduction, entries.len());
                let (before, behind) = entries[first..first + 2 * WIDTH].split_at(WIDTH);
                for n in 0..WIDTH {
                    values[n][frame] = before[n] + share * (behind[n] - before[n]);
                }
            }
        }
        Table::Moving(curves) => {
            for ((index, frame), reduction) in (0_i32..).zip(0..GRID_FRAMES).zip(reductions) {
                let (first, share) = place(per_octave * reduction, curves.len());
                let (before, behind) = curves[first..first + 2 * WIDTH].split_at(WIDTH);
                for n in 0..WIDTH {
                    let from = before[n].at(index);
                    values[n][frame] = from + share * (behind[n].at(index) - from);
                }
            }
        }
    }
    let [log_g, log_k, m0, m1, m2] = &values;
    for (frame, point) in points.iter_mut().enumerate().take(GRID_FRAMES) {
        let (g, k) = (log_g[frame].exp2_fast(), log_k[frame].exp2_fast());
        *point = SvfCoeffs { g, k, m0: m0[frame], m1: m1[frame], m2: m2[frame] }.point();
    }
}

/// The first of the two entries that a position lies between, in values, and how far it is on the way to the second.
#[inline(always)]
fn place(position: f64, values: usize) -> (usize, f64) {
    let last = values / WIDTH - 2;
    let first = (position as usize).min(last);
    (WIDTH * first, position - first as f64)
}
