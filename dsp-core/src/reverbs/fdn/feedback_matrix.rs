//! The feedback matrix, what is heard, and what is written.

use super::{Feed, LINES, Lanes, Rows};
use crate::foundation::{grid::GRID_FRAMES, sample::Sample};

/// Lines whose input is heard, left and right.
const HEARD_INPUTS: [usize; 2] = [5, 10];
/// Lines that the first pass transforms at once.
const HALF: usize = LINES / 2;

/// Transforms the lines (Hadamard) within both halves, and gives out what is heard.
///
/// What is heard are two sums of all lines, with signs from a bent function of their numbers: as unlike as can be to every
/// row of the transform, that is to what is written into any line, so that no line's delay is heard twice as much as the
/// others. Both are at right angles.
#[inline(always)]
pub(crate) fn hear<S: Sample, L: Lanes<S>>(
    lanes: L,
    feed: &Feed<'_, S>,
    frames: usize,
    rows: &mut Rows<S>,
    out: &mut [[S; GRID_FRAMES]; 2],
) {
    let (direct, quarter) = (lanes.splat(feed.direct), lanes.splat(S::from_f64(0.25)));
    let (first, second) = rows.split_at_mut(HALF);
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let [a, b] = transform(lanes, first, start);
        for side in 0..2 {
            lanes.store(lanes.add(a[side], b[side]), &mut out[side][start..start + L::COUNT]);
        }
    }
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let [c, d] = transform(lanes, second, start);
        for side in 0..2 {
            let out = &mut out[side][start..start + L::COUNT];
            let heard = lanes.add(lanes.load(out), lanes.sub(c[side], d[side]));
            let input = lanes.load(&feed.input[HEARD_INPUTS[side]][start..start + L::COUNT]);
            lanes.store(lanes.fused(direct, input, lanes.mul(quarter, heard)), out);
        }
    }
}

/// Transforms one half; gives what is heard of each four lines a, b, c, d: a + b + c - d and a - b + c + d.
#[inline(always)]
fn transform<S: Sample, L: Lanes<S>>(lanes: L, half: &mut [[S; GRID_FRAMES]], start: usize) -> [[L::V; 2]; 2] {
    let mut values = [lanes.splat(S::ZERO); HALF];
    for (value, row) in values.iter_mut().zip(&*half) {
        *value = lanes.load(&row[start..start + L::COUNT]);
    }
    add_and_subtract(lanes, &mut values, 1);
    let [sum, difference, other_sum, other_difference, ..] = values;
    let low = [lanes.add(sum, other_difference), lanes.add(difference, other_sum)];
    let [.., sum, difference, other_sum, other_difference] = values;
    let high = [lanes.add(sum, other_difference), lanes.add(difference, other_sum)];
    add_and_subtract(lanes, &mut values, 2);
    add_and_subtract(lanes, &mut values, 4);
    for (value, row) in values.into_iter().zip(half) {
        lanes.store(value, &mut row[start..start + L::COUNT]);
    }
    [low, high]
}

/// Sum and difference of the pairs of lines whose numbers differ by `span`.
#[inline(always)]
fn add_and_subtract<S: Sample, L: Lanes<S>>(lanes: L, values: &mut [L::V; HALF], span: usize) {
    for pair in 0..HALF / 2 {
        let line = pair / span * 2 * span + pair % span;
        let (a, b) = (values[line], values[line + span]);
        values[line] = lanes.add(a, b);
        values[line + span] = lanes.sub(a, b);
    }
}

/// What goes into one line: ends its transform, behind [`hear`], and adds the input.
#[inline(always)]
pub(crate) fn write<S: Sample, L: Lanes<S>>(
    lanes: L,
    feed: &Feed<'_, S>,
    rows: &Rows<S>,
    line: usize,
    frames: usize,
    to: &mut [S; GRID_FRAMES],
) {
    let line = line % LINES;
    let (low, high, input) = (&rows[line % HALF], &rows[line % HALF + HALF], &feed.input[line]);
    let gain = lanes.splat(feed.gains[line]);
    let sum = line < HALF;
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let (a, b) = (lanes.load(&low[start..start + L::COUNT]), lanes.load(&high[start..start + L::COUNT]));
        let value = if sum { lanes.add(a, b) } else { lanes.sub(a, b) };
        let input = lanes.load(&input[start..start + L::COUNT]);
        // What goes round until it is cleared must not become subnormal meanwhile.
        let written = lanes.audible(lanes.fused(gain, value, input));
        lanes.store(written, &mut to[start..start + L::COUNT]);
    }
}

/// The largest magnitude in a row.
#[inline(always)]
pub(crate) fn loudest<S: Sample, L: Lanes<S>>(lanes: L, row: &[S]) -> S {
    let mut peaks = [lanes.splat(S::ZERO); 2];
    let (pairs, rest) = row.split_at(row.len() - row.len() % (2 * L::COUNT));
    for pair in pairs.chunks_exact(2 * L::COUNT) {
        let (first, second) = pair.split_at(L::COUNT);
        peaks = [lanes.largest(peaks[0], lanes.load(first)), lanes.largest(peaks[1], lanes.load(second))];
    }
    let mut last = [S::ZERO; GRID_FRAMES];
    lanes.store(lanes.largest(peaks[0], peaks[1]), &mut last[..L::COUNT]);
    let most = |most, &value: &S| {
        let magnitude = if value < S::ZERO { -value } else { value };
        if magnitude > most { magnitude } else { most }
    };
    rest.iter().fold(last[..L::COUNT].iter().fold(S::ZERO, most), most)
}
