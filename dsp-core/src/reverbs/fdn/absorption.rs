//! The absorption of the lines: what recurs, so that lanes are lines, behind a transposition in registers.

use super::{AbsorberStates, Absorbers, LINES, Rows};
use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use fearless_simd::{Simd, SimdBase, SimdCombine, SimdFloat, SimdSplit};

/// Line by line and frame by frame: the scalar twin.
pub(super) fn scalar<S: Sample>(
    rows: [&[S; GRID_FRAMES]; LINES],
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    frames: usize,
    out: &mut Rows<S>,
) {
    let Absorbers { low: [low_direct, low_feed, low_pole], high: [high_feed, high_pole] } = absorbers;
    let [low, high] = states;
    for line in 0..LINES {
        let (low, high) = (&mut low[line], &mut high[line]);
        for (out, x) in out[line].iter_mut().zip(rows[line]).take(frames) {
            let y = low_direct[line].fused(*x, *low);
            *low = low_pole[line].fused(*low, low_feed[line] * *x);
            *out = y + *high;
            *high = high_pole[line].fused(*high, high_feed[line] * y);
        }
    }
}

/// A vector of lines, and its half.
type Wide<S, D> = <S as crate::foundation::sample::Vectors>::Wide<D>;
type Half<S, D> = <Wide<S, D> as SimdSplit<D>>::Split;

/// Vectors of lines at most.
const GROUPS: usize = LINES / 4;

/// A vector of lines at a time, which takes `H` lanes per half and as many frames.
#[inline(always)]
pub(super) fn vector<S: Sample, D: Simd, const H: usize>(
    simd: D,
    rows: [&[S; GRID_FRAMES]; LINES],
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    frames: usize,
    out: &mut Rows<S>,
) {
    let frames = frames.min(GRID_FRAMES);
    let load = Wide::<S, D>::from_slice;
    let mut low = [Wide::<S, D>::splat(simd, S::ZERO); GROUPS];
    let mut high = low;
    for group in 0..LINES / (2 * H) {
        let lines = group * 2 * H..(group + 1) * 2 * H;
        (low[group], high[group]) = (load(simd, &states[0][lines.clone()]), load(simd, &states[1][lines]));
    }
    for block in 0..frames.div_ceil(H) {
        let start = block * H;
        // All lines before the next frames: what waits for one group of lines leaves room for another.
        for group in 0..LINES / (2 * H) {
            let first = group * 2 * H;
            let lines = first..first + 2 * H;
            let low_direct = load(simd, &absorbers.low[0][lines.clone()]);
            let low_feed = load(simd, &absorbers.low[1][lines.clone()]);
            let low_pole = load(simd, &absorbers.low[2][lines.clone()]);
            let high_feed = load(simd, &absorbers.high[0][lines.clone()]);
            let high_pole = load(simd, &absorbers.high[1][lines]);
            let mut values = [low_direct; H];
            for (n, value) in values.iter_mut().enumerate() {
                let lower = Half::<S, D>::from_slice(simd, &rows[first + n][start..start + H]);
                *value = lower.combine(Half::<S, D>::from_slice(simd, &rows[first + H + n][start..start + H]));
            }
            turn(&mut values);
            for (n, value) in values.iter_mut().enumerate() {
                if start + n < frames {
                    let x = *value;
                    let y = low_direct.mul_add(x, low[group]);
                    low[group] = low_pole.mul_add(low[group], low_feed * x);
                    *value = y + high[group];
                    high[group] = high_pole.mul_add(high[group], high_feed * y);
                }
            }
            turn(&mut values);
            for (n, value) in values.into_iter().enumerate() {
                let (lower, upper) = value.split();
                lower.store_slice(&mut out[first + n][start..start + H]);
                upper.store_slice(&mut out[first + H + n][start..start + H]);
            }
        }
    }
    for group in 0..LINES / (2 * H) {
        let lines = group * 2 * H..(group + 1) * 2 * H;
        low[group].store_slice(&mut states[0][lines.clone()]);
        high[group].store_slice(&mut states[1][lines]);
    }
}

/// Transposes `H` by `H` in both halves.
#[inline(always)]
fn turn<D: Simd, V: SimdFloat<D> + SimdSplit<D>, const H: usize>(values: &mut [V; H]) {
    let mut rounds = H;
    while rounds > 1 {
        let before = *values;
        for n in 0..H / 2 {
            let ((a, c), (b, d)) = (before[n].split(), before[n + H / 2].split());
            values[2 * n] = a.zip_low(b).combine(c.zip_low(d));
            values[2 * n + 1] = a.zip_high(b).combine(c.zip_high(d));
        }
        rounds /= 2;
    }
}
