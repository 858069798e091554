//! The passes with frames as lanes and no recursion: taps, diffusion, modulated delays.
//!
//! Sixteen lines and their read offsets exceed the registers. A mix of them is therefore computed in two passes: within
//! groups of eight lines into rows in the L1 cache, and then, line by line, across the groups.

use super::{LINES, Mix, Rows, vector_starts};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::{Form, Lanes},
    primitives::modulated_delay::{FractionalTaps, READ_FRAMES, TAPS},
    reverbs::delay_bank::DelayBank,
};

/// Sums tapped delays: `sum[n] = Σ gain[k] tap[k][n]`, taps by their read offsets.
#[inline(always)]
pub(crate) fn tap<F: Form, S: Sample>(
    form: F,
    bank: &DelayBank<S>,
    taps: &[(u32, S)],
    frames: usize,
    sum: &mut [S; GRID_FRAMES],
) {
    // As many sums as registers allow, 64 at most.
    if F::Native::<S>::LEN * 8 <= GRID_FRAMES {
        sums::<F, S, 8>(form, bank, taps, frames, sum);
    } else {
        sums::<F, S, 4>(form, bank, taps, frames, sum);
    }
}

/// `N` vectors of sums at a time.
#[inline(always)]
fn sums<F: Form, S: Sample, const N: usize>(
    form: F,
    bank: &DelayBank<S>,
    taps: &[(u32, S)],
    frames: usize,
    sum: &mut [S; GRID_FRAMES],
) {
    let lanes = F::Native::<S>::LEN;
    for start in 0..frames.min(GRID_FRAMES).div_ceil(N * lanes) {
        let start = start * N * lanes;
        let mut sums = [form.splat(S::ZERO); N];
        for (offset, gain) in taps {
            let (samples, gain) = (bank.read(*offset), form.splat(*gain));
            for (vector, sum) in sums.iter_mut().enumerate() {
                let at = start + vector * lanes;
                *sum = gain.mul_add(form.load(&samples[at..]), *sum);
            }
        }
        for (vector, value) in sums.into_iter().enumerate() {
            let at = start + vector * lanes;
            value.store(&mut sum[at..]);
        }
    }
}

/// Copies samples of a partial row.
#[inline(always)]
pub(crate) fn copy<F: Form, S: Sample>(form: F, from: &[S], to: &mut [S; GRID_FRAMES]) {
    let lanes = F::Native::<S>::LEN;
    let whole = from.len().min(GRID_FRAMES) / lanes;
    for start in 0..whole {
        let start = start * lanes;
        form.load(&from[start..]).store(&mut to[start..]);
    }
    for (to, from) in to.iter_mut().zip(from).skip(whole * lanes) {
        *to = *from;
    }
}

/// Mixes lines within their groups: completely, except for all sixteen.
#[inline(always)]
pub(crate) fn within<F: Form, S: Sample>(
    form: F,
    mix: &Mix<S>,
    from: &[&[S; GRID_FRAMES]],
    frames: usize,
    rows: &mut Rows<S>,
) {
    match (mix.lines, mix.tangent == S::ONE) {
        (4, false) => groups::<F, S, 4, false>(form, mix, from, frames, rows),
        (4, true) => groups::<F, S, 4, true>(form, mix, from, frames, rows),
        (_, false) => groups::<F, S, 8, false>(form, mix, from, frames, rows),
        (_, true) => groups::<F, S, 8, true>(form, mix, from, frames, rows),
    }
}

/// Groups of `N` lines, 4 or 8. An even mix, with a tangent of 1, adds and subtracts: the same bits in fewer
/// operations.
#[inline(always)]
fn groups<F: Form, S: Sample, const N: usize, const EVEN: bool>(
    form: F,
    mix: &Mix<S>,
    from: &[&[S; GRID_FRAMES]],
    frames: usize,
    rows: &mut Rows<S>,
) {
    let (scale, tangent) = (form.splat(mix.scale), form.splat(mix.tangent));
    for (from, to) in from.as_chunks::<N>().0.iter().zip(rows.as_chunks_mut::<N>().0) {
        for start in vector_starts::<F, S>(frames) {
            let mut values = [scale; N];
            for (value, from) in values.iter_mut().zip(from) {
                *value = scale * form.load(&from[start..]);
            }
            rotate::<F, S, EVEN>(tangent, &mut values, 1);
            rotate::<F, S, EVEN>(tangent, &mut values, 2);
            if N == 8 {
                rotate::<F, S, EVEN>(tangent, &mut values, 4);
            }
            for (value, to) in values.into_iter().zip(&mut *to) {
                value.store(&mut to[start..]);
            }
        }
    }
}

/// Rotates the pairs of lines whose numbers differ by `span`.
#[inline(always)]
fn rotate<F: Form, S: Sample, const EVEN: bool>(tangent: F::Native<S>, values: &mut [F::Native<S>], span: usize) {
    for pair in 0..values.len() / 2 {
        let line = pair / span * 2 * span + pair % span;
        let (a, b) = (values[line], values[line + span]);
        // An addition and a fused operation run on different ports of many machines.
        values[line] = if EVEN { a + b } else { tangent.mul_add(b, a) };
        values[line + span] = (-tangent).mul_add(a, b);
    }
}

/// One line of the mix, after [`within`].
#[inline(always)]
pub(crate) fn complete<F: Form, S: Sample>(
    form: F,
    mix: &Mix<S>,
    rows: &Rows<S>,
    line: usize,
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    if mix.lines < LINES {
        copy(form, &rows[line % LINES][..frames.min(GRID_FRAMES)], out);
        return;
    }
    let span = LINES / 2;
    let (low, high) = (&rows[line & !span & (LINES - 1)], &rows[(line | span) & (LINES - 1)]);
    let tangent = form.splat(mix.tangent);
    let (even, sum) = (mix.tangent == S::ONE, line & span == 0);
    match (even, sum) {
        (true, true) => join::<F, S, true, true>(form, tangent, low, high, frames, out),
        (true, false) => join::<F, S, true, false>(form, tangent, low, high, frames, out),
        (false, true) => join::<F, S, false, true>(form, tangent, low, high, frames, out),
        (false, false) => join::<F, S, false, false>(form, tangent, low, high, frames, out),
    }
}

#[inline(always)]
fn join<F: Form, S: Sample, const EVEN: bool, const SUM: bool>(
    form: F,
    tangent: F::Native<S>,
    low: &[S; GRID_FRAMES],
    high: &[S; GRID_FRAMES],
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    for start in vector_starts::<F, S>(frames) {
        let (a, b) = (form.load(&low[start..]), form.load(&high[start..]));
        let value = match (EVEN, SUM) {
            (true, true) => a + b,
            (true, false) => b - a,
            (false, true) => tangent.mul_add(b, a),
            (false, false) => (-tangent).mul_add(a, b),
        };
        value.store(&mut out[start..]);
    }
}

/// Crossfades one row into another.
#[inline(always)]
pub(crate) fn cross_fade<F: Form, S: Sample>(
    form: F,
    row: &mut [S; GRID_FRAMES],
    next: &[S; GRID_FRAMES],
    shares: &[S; GRID_FRAMES],
    frames: usize,
) {
    for start in vector_starts::<F, S>(frames) {
        let share = form.load(&shares[start..]);
        let (now, next) = (form.load(&row[start..]), form.load(&next[start..]));
        share.mul_add(next - now, now).store(&mut row[start..]);
    }
}

/// Adds one row to another.
#[inline(always)]
pub(crate) fn add<F: Form, S: Sample>(form: F, row: &[S; GRID_FRAMES], frames: usize, sum: &mut [S; GRID_FRAMES]) {
    for start in vector_starts::<F, S>(frames) {
        (form.load(&sum[start..]) + form.load(&row[start..])).store(&mut sum[start..]);
    }
}

/// Reads between samples: `out[n] = Σ (start[k] + clock[n] slope[k]) samples[n + k]`.
#[inline(always)]
pub(crate) fn interpolate<F: Form, S: Sample, const N: usize>(
    form: F,
    samples: &[S; READ_FRAMES],
    weights: &FractionalTaps<S, N>,
    line: usize,
    clock: &[S; GRID_FRAMES],
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    let zero = form.splat(S::ZERO);
    let (mut starts, mut slopes) = ([zero; TAPS], [zero; TAPS]);
    for tap in 0..TAPS {
        (starts[tap], slopes[tap]) = (form.splat(weights.start[tap][line]), form.splat(weights.slope[tap][line]));
    }
    for start in vector_starts::<F, S>(frames) {
        let clock = form.load(&clock[start..]);
        let mut sum = zero;
        for tap in 0..TAPS {
            let weight = clock.mul_add(slopes[tap], starts[tap]);
            sum = weight.mul_add(form.load(&samples[start + tap..]), sum);
        }
        sum.store(&mut out[start..]);
    }
}
