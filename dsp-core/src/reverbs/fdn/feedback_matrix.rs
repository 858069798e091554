//! Feedback matrix and output mix.

use super::{Feed, LINES, Rows, vector_starts};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::{Form, Lanes},
};

/// Lines that the first pass transforms together.
const HALF: usize = LINES / 2;

/// Transforms the lines (Hadamard) within both halves, and computes the output mix.
///
/// The outputs are two sums of all lines, with signs from a bent function of the line number: as uncorrelated as
/// possible with every row of the transform, hence with the input of any line, so that no line's delay is twice as loud
/// as the others. The two are orthogonal.
#[inline(always)]
pub(crate) fn transform_and_mix<F: Form, S: Sample>(
    form: F,
    frames: usize,
    rows: &mut Rows<S>,
    out: &mut [[S; GRID_FRAMES]; 2],
) {
    let quarter = form.splat(S::from_f64(0.25));
    let (first, second) = rows.split_at_mut(HALF);
    for start in vector_starts::<F, S>(frames) {
        let [a, b] = transform(form, first, start);
        for side in 0..2 {
            (a[side] + b[side]).store(&mut out[side][start..]);
        }
    }
    for start in vector_starts::<F, S>(frames) {
        let [c, d] = transform(form, second, start);
        for side in 0..2 {
            let out = &mut out[side][start..];
            let sum = form.load(out) + (c[side] - d[side]);
            (quarter * sum).store(out);
        }
    }
}

/// Transforms one half; returns the output sums of each four lines a, b, c, d: a + b + c - d and a - b + c + d.
#[inline(always)]
fn transform<F: Form, S: Sample>(form: F, half: &mut [[S; GRID_FRAMES]], start: usize) -> [[F::Native<S>; 2]; 2] {
    let mut values = [form.splat(S::ZERO); HALF];
    for (value, row) in values.iter_mut().zip(&*half) {
        *value = form.load(&row[start..]);
    }
    add_and_subtract::<F, S>(&mut values, 1);
    let [sum, difference, other_sum, other_difference, ..] = values;
    let low = [sum + other_difference, difference + other_sum];
    let [.., sum, difference, other_sum, other_difference] = values;
    let high = [sum + other_difference, difference + other_sum];
    add_and_subtract::<F, S>(&mut values, 2);
    add_and_subtract::<F, S>(&mut values, 4);
    for (value, row) in values.into_iter().zip(half) {
        value.store(&mut row[start..]);
    }
    [low, high]
}

/// Sum and difference of the pairs of lines whose numbers differ by `span`.
#[inline(always)]
fn add_and_subtract<F: Form, S: Sample>(values: &mut [F::Native<S>; HALF], span: usize) {
    for pair in 0..HALF / 2 {
        let line = pair / span * 2 * span + pair % span;
        let (a, b) = (values[line], values[line + span]);
        values[line] = a + b;
        values[line + span] = a - b;
    }
}

/// Writes the input of one line: completes its transform, after [`transform_and_mix`], and adds the input.
#[inline(always)]
pub(crate) fn write<F: Form, S: Sample>(
    form: F,
    feed: &Feed<'_, S>,
    rows: &Rows<S>,
    line: usize,
    frames: usize,
    to: &mut [S; GRID_FRAMES],
) {
    let line = line % LINES;
    let (low, high, input) = (&rows[line % HALF], &rows[line % HALF + HALF], &feed.input[line]);
    let gain = form.splat(feed.gains[line]);
    let sum = line < HALF;
    for start in vector_starts::<F, S>(frames) {
        let (a, b) = (form.load(&low[start..]), form.load(&high[start..]));
        let value = if sum { a + b } else { a - b };
        let input = form.load(&input[start..]);
        // A signal that recirculates until the lines are cleared must not become subnormal.
        let sum = gain.mul_add(value, input);
        let written = sum.zero_where(sum.abs(), S::FAINTEST);
        written.store(&mut to[start..]);
    }
}
