//! The passes in which lanes are frames and nothing recurs: taps, diffusion, modulated delays.
//!
//! Sixteen lines and their places are more than there are registers. So a mixture is made in two passes: within groups of
//! lines into rows that stay in the L1 cache, and then, line by line, across the groups.

use super::{LINES, Lanes, Mix, Rows};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::modulated_delay::{LagrangeTaps, READ_FRAMES, TAPS},
    reverbs::delay_bank::DelayBank,
};

/// Sums tapped delays: `sum[n] = Σ gain[k] tap[k][n]`, taps by their read offsets.
#[inline(always)]
pub(crate) fn tap<S: Sample, L: Lanes<S>>(
    lanes: L,
    bank: &DelayBank<S>,
    taps: &[(u32, S)],
    frames: usize,
    sum: &mut [S; GRID_FRAMES],
) {
    // As many sums as registers allow, a cell at most.
    if L::COUNT * 8 <= GRID_FRAMES {
        sums::<S, L, 8>(lanes, bank, taps, frames, sum);
    } else {
        sums::<S, L, 4>(lanes, bank, taps, frames, sum);
    }
}

/// `N` vectors of sums at a time.
#[inline(always)]
fn sums<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    bank: &DelayBank<S>,
    taps: &[(u32, S)],
    frames: usize,
    sum: &mut [S; GRID_FRAMES],
) {
    for start in 0..frames.min(GRID_FRAMES).div_ceil(N * L::COUNT) {
        let start = start * N * L::COUNT;
        let mut sums = [lanes.splat(S::ZERO); N];
        for (offset, gain) in taps {
            let (samples, gain) = (bank.read(*offset), lanes.splat(*gain));
            for (vector, sum) in sums.iter_mut().enumerate() {
                let at = start + vector * L::COUNT;
                *sum = lanes.fused(gain, lanes.load(&samples[at..at + L::COUNT]), *sum);
            }
        }
        for (vector, value) in sums.into_iter().enumerate() {
            let at = start + vector * L::COUNT;
            lanes.store(value, &mut sum[at..at + L::COUNT]);
        }
    }
}

/// Copies samples that fill up to a cell.
#[inline(always)]
pub(crate) fn copy<S: Sample, L: Lanes<S>>(lanes: L, from: &[S], to: &mut [S; GRID_FRAMES]) {
    let whole = from.len().min(GRID_FRAMES) / L::COUNT;
    for start in 0..whole {
        let start = start * L::COUNT;
        lanes.store(lanes.load(&from[start..start + L::COUNT]), &mut to[start..start + L::COUNT]);
    }
    for (to, from) in to.iter_mut().zip(from).skip(whole * L::COUNT) {
        *to = *from;
    }
}

/// Mixes lines within their groups.
#[inline(always)]
pub(crate) fn within<S: Sample, L: Lanes<S>>(
    lanes: L,
    mix: &Mix<S>,
    from: &[&[S; GRID_FRAMES]],
    frames: usize,
    rows: &mut Rows<S>,
) {
    match (mix.span, mix.tangent == S::ONE) {
        (2, false) => groups::<S, L, 2, false>(lanes, mix, from, frames, rows),
        (2, true) => groups::<S, L, 2, true>(lanes, mix, from, frames, rows),
        (_, false) => groups::<S, L, 8, false>(lanes, mix, from, frames, rows),
        (_, true) => groups::<S, L, 8, true>(lanes, mix, from, frames, rows),
    }
}

/// Groups of `N` lines, 2 or 8. An even mixture, whose tangent is 1, adds and subtracts: the same bits in fewer steps.
#[inline(always)]
fn groups<S: Sample, L: Lanes<S>, const N: usize, const EVEN: bool>(
    lanes: L,
    mix: &Mix<S>,
    from: &[&[S; GRID_FRAMES]],
    frames: usize,
    rows: &mut Rows<S>,
) {
    let (scale, tangent) = (lanes.splat(mix.scale), lanes.splat(mix.tangent));
    for (from, to) in from.as_chunks::<N>().0.iter().zip(rows.as_chunks_mut::<N>().0) {
        for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
            let start = start * L::COUNT;
            let mut values = [scale; N];
            for (value, from) in values.iter_mut().zip(from) {
                *value = lanes.mul(scale, lanes.load(&from[start..start + L::COUNT]));
            }
            rotate::<S, L, EVEN>(lanes, tangent, &mut values, 1);
            if N == 8 {
                rotate::<S, L, EVEN>(lanes, tangent, &mut values, 2);
                rotate::<S, L, EVEN>(lanes, tangent, &mut values, 4);
            }
            for (value, to) in values.into_iter().zip(&mut *to) {
                lanes.store(value, &mut to[start..start + L::COUNT]);
            }
        }
    }
}

/// Rotates the pairs of lines whose numbers differ by `span`.
#[inline(always)]
fn rotate<S: Sample, L: Lanes<S>, const EVEN: bool>(lanes: L, tangent: L::V, values: &mut [L::V], span: usize) {
    for pair in 0..values.len() / 2 {
        let line = pair / span * 2 * span + pair % span;
        let (a, b) = (values[line], values[line + span]);
        // An addition and a fused operation run on different ports of many machines.
        values[line] = if EVEN { lanes.add(a, b) } else { lanes.fused(tangent, b, a) };
        values[line + span] = lanes.fused_less(tangent, a, b);
    }
}

/// One line of the mixture, out of the groups in `rows`.
#[inline(always)]
pub(crate) fn across<S: Sample, L: Lanes<S>>(
    lanes: L,
    mix: &Mix<S>,
    rows: &Rows<S>,
    line: usize,
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    let span = mix.span;
    let (low, high) = (&rows[line & !span & (LINES - 1)], &rows[(line | span) & (LINES - 1)]);
    let tangent = lanes.splat(mix.tangent);
    let (even, sum) = (mix.tangent == S::ONE, line & span == 0);
    match (even, sum) {
        (true, true) => join::<S, L, true, true>(lanes, tangent, low, high, frames, out),
        (true, false) => join::<S, L, true, false>(lanes, tangent, low, high, frames, out),
        (false, true) => join::<S, L, false, true>(lanes, tangent, low, high, frames, out),
        (false, false) => join::<S, L, false, false>(lanes, tangent, low, high, frames, out),
    }
}

#[inline(always)]
fn join<S: Sample, L: Lanes<S>, const EVEN: bool, const SUM: bool>(
    lanes: L,
    tangent: L::V,
    low: &[S; GRID_FRAMES],
    high: &[S; GRID_FRAMES],
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let (a, b) = (lanes.load(&low[start..start + L::COUNT]), lanes.load(&high[start..start + L::COUNT]));
        let value = match (EVEN, SUM) {
            (true, true) => lanes.add(a, b),
            (true, false) => lanes.sub(b, a),
            (false, true) => lanes.fused(tangent, b, a),
            (false, false) => lanes.fused_less(tangent, a, b),
        };
        lanes.store(value, &mut out[start..start + L::COUNT]);
    }
}

/// Fades one row into another.
#[inline(always)]
pub(crate) fn cross_fade<S: Sample, L: Lanes<S>>(
    lanes: L,
    row: &mut [S; GRID_FRAMES],
    next: &[S; GRID_FRAMES],
    shares: &[S; GRID_FRAMES],
    frames: usize,
) {
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let share = lanes.load(&shares[start..start + L::COUNT]);
        let (now, next) = (lanes.load(&row[start..start + L::COUNT]), lanes.load(&next[start..start + L::COUNT]));
        lanes.store(lanes.fused(share, lanes.sub(next, now), now), &mut row[start..start + L::COUNT]);
    }
}

/// Reads between samples: `out[n] = Σ (start[k] + clock[n] slope[k]) samples[n + k]`.
#[inline(always)]
pub(crate) fn interpolate<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    samples: &[S; READ_FRAMES],
    weights: &LagrangeTaps<S, N>,
    line: usize,
    clock: &[S; GRID_FRAMES],
    frames: usize,
    out: &mut [S; GRID_FRAMES],
) {
    let zero = lanes.splat(S::ZERO);
    let (mut starts, mut slopes) = ([zero; TAPS], [zero; TAPS]);
    for tap in 0..TAPS {
        (starts[tap], slopes[tap]) = (lanes.splat(weights.start[tap][line]), lanes.splat(weights.slope[tap][line]));
    }
    for start in 0..frames.min(GRID_FRAMES).div_ceil(L::COUNT) {
        let start = start * L::COUNT;
        let clock = lanes.load(&clock[start..start + L::COUNT]);
        let mut sum = zero;
        for tap in 0..TAPS {
            let weight = lanes.fused(clock, slopes[tap], starts[tap]);
            sum = lanes.fused(weight, lanes.load(&samples[start + tap..start + tap + L::COUNT]), sum);
        }
        lanes.store(sum, &mut out[start..start + L::COUNT]);
    }
}
