//! The passes of a feedback delay network of 16 lines over one cell of frames, which lies in the L1 cache.
//!
//! Where lines mix (diffusion, feedback matrix, taps) the lanes are successive frames, so that a Hadamard transform is
//! additions between registers; where they recur (absorption) the lanes are the lines, behind a transposition. Every
//! multiply-add is fused, each sample's operations are the same whatever its lane, and the scalar twin follows them.
//!
//! All arrays hold whole cells; only the first `frames` count, what lies behind is stale.

use super::{Form, run};
use crate::{
    foundation::sample::Sample,
    parts::{
        ramp::Span,
        ring::{CELL, EXTRA},
        swing::{Motion, TAPS},
    },
};
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// Lines of the network.
pub(crate) const LINES: usize = 16;
/// One cell of each line.
pub(crate) type Rows<S> = [[S; CELL]; LINES];
/// One frame after the other, the lines side by side.
pub(crate) type Tile<S> = [[S; LINES]; CELL];

/// What is 0 from here on: silence below -280 dB.
const SILENT: f64 = 1e-14;

/// A rotation of lines into each other: by the same angle in each dimension of their binary numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix<'a, S> {
    /// The lines, as they arrive.
    pub(crate) from: [&'a [S; CELL]; LINES],
    /// Tangent of the angle: 1 mixes evenly, 0 not at all.
    pub(crate) tangent: S,
    /// The cosine, once for each dimension.
    pub(crate) scale: S,
    /// Whether the lower and the upper half mix with each other too.
    pub(crate) across: bool,
}

/// Two first-order sections per line: y = direct x + z, z' = pole z + feed x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absorbers<S> {
    /// Per section: direct, feed, pole of each line.
    pub(crate) sections: [[[S; LINES]; 3]; 2],
}

/// Their states, one per section and line.
pub(crate) type AbsorberStates<S> = [[S; LINES]; 2];

/// Zeroes the states of lines that have fallen silent: on the absolute grid.
pub(crate) fn hush<S: Sample>(states: &mut AbsorberStates<S>) {
    let silent = S::from_f64(SILENT);
    for state in states.as_flattened_mut() {
        if *state < silent && *state > -silent {
            *state = S::ZERO;
        }
    }
}

/// What goes round: the feedback matrix, and what comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a, S> {
    /// What comes into each line.
    pub(crate) input: &'a Rows<S>,
    /// Signs of the matrix's rows, times its norm.
    pub(crate) gains: &'a [S; LINES],
    /// How much of the input is heard at once.
    pub(crate) direct: S,
}

/// Lines whose input is heard, left and right.
const HEARD_INPUTS: [usize; 2] = [5, 10];

/// Puts early reflections and tail with the input: gains are those of the input, of each side to itself, of each side to
/// the other, of the tail. Nothing is fused, so that all forms agree. The input stays bit for bit where it is all.
pub(crate) fn blend<S: Sample>(
    form: Form,
    early: &[[S; CELL]; 2],
    tail: &[[S; CELL]; 2],
    gains: &Span<S, 4>,
    left: &mut [S],
    right: &mut [S],
) {
    run!(form, blend_all(early, tail, gains, left, right), _simd => blend_all(early, tail, gains, left, right));
}

#[inline(always)]
fn blend_all<S: Sample>(
    early: &[[S; CELL]; 2],
    tail: &[[S; CELL]; 2],
    gains: &Span<S, 4>,
    left: &mut [S],
    right: &mut [S],
) {
    let early = early[0].iter().zip(&early[1]);
    let frames = left.iter_mut().zip(right).zip(early.zip(tail[0].iter().zip(&tail[1])));
    let blend = |[dry, own, other, tail]: [S; 4], x: S, here: (S, S), there: (S, S)| {
        dry * x + (own * (here.0 + tail * here.1) + other * (there.0 + tail * there.1))
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

/// Arithmetic on some samples side by side.
pub(crate) trait Lanes<S: Sample>: Copy {
    type V: Copy;
    const COUNT: usize;
    fn splat(self, value: S) -> Self::V;
    fn load(self, samples: &[S]) -> Self::V;
    fn store(self, value: Self::V, samples: &mut [S]);
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// a b + c, rounded once.
    fn fused(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// c - a b, rounded once.
    fn fused_less(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The larger of `a` and the magnitude of `b`.
    fn largest(self, a: Self::V, b: Self::V) -> Self::V;
    /// Sets the frames of a group of lines beside each other.
    fn transpose(self, rows: [&[S; CELL]; LINES], frames: usize, tile: &mut Tile<S>);
    /// And back.
    fn untranspose(self, tile: &Tile<S>, frames: usize, rows: &mut Rows<S>);
}

/// The scalar twin.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl<S: Sample> Lanes<S> for Scalar {
    type V = S;
    const COUNT: usize = 1;
    fn splat(self, value: S) -> S {
        value
    }
    fn load(self, samples: &[S]) -> S {
        samples[0]
    }
    fn store(self, value: S, samples: &mut [S]) {
        samples[0] = value;
    }
    fn add(self, a: S, b: S) -> S {
        a + b
    }
    fn sub(self, a: S, b: S) -> S {
        a - b
    }
    fn mul(self, a: S, b: S) -> S {
        a * b
    }
    fn fused(self, a: S, b: S, c: S) -> S {
        a.fused(b, c)
    }
    fn fused_less(self, a: S, b: S, c: S) -> S {
        (-a).fused(b, c)
    }
    fn largest(self, a: S, b: S) -> S {
        let magnitude = if b < S::ZERO { -b } else { b };
        if magnitude > a { magnitude } else { a }
    }
    fn transpose(self, rows: [&[S; CELL]; LINES], frames: usize, tile: &mut Tile<S>) {
        for (frame, tile) in tile[..frames].iter_mut().enumerate() {
            for (value, row) in tile.iter_mut().zip(rows) {
                *value = row[frame];
            }
        }
    }
    fn untranspose(self, tile: &Tile<S>, frames: usize, rows: &mut Rows<S>) {
        for (frame, tile) in tile[..frames].iter().enumerate() {
            for (value, row) in tile.iter().zip(&mut *rows) {
                row[frame] = *value;
            }
        }
    }
}

/// Vectors of this level.
#[derive(Clone, Copy)]
pub(crate) struct Vector<D>(pub(crate) D);

/// A 128-bit part of a vector: what transposes well.
type Block<S, D> = <<S as fearless_simd::SimdFloatElement>::Native<D> as SimdBase<D>>::Block;

impl<S: Sample, D: Simd> Lanes<S> for Vector<D> {
    type V = S::Native<D>;
    const COUNT: usize = S::Native::<D>::LEN;
    #[inline(always)]
    fn splat(self, value: S) -> Self::V {
        S::Native::<D>::splat(self.0, value)
    }
    #[inline(always)]
    fn load(self, samples: &[S]) -> Self::V {
        S::Native::<D>::from_slice(self.0, samples)
    }
    #[inline(always)]
    fn store(self, value: Self::V, samples: &mut [S]) {
        value.store_slice(samples);
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        a + b
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        a - b
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        a * b
    }
    #[inline(always)]
    fn fused(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        a.mul_add(b, c)
    }
    #[inline(always)]
    fn fused_less(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        (-a).mul_add(b, c)
    }
    #[inline(always)]
    fn largest(self, a: Self::V, b: Self::V) -> Self::V {
        a.max(b.abs())
    }
    #[inline(always)]
    fn transpose(self, rows: [&[S; CELL]; LINES], frames: usize, tile: &mut Tile<S>) {
        let side = Block::<S, D>::LEN;
        for frame in (0..frames).step_by(side) {
            for line in (0..LINES).step_by(side) {
                let at = |row: usize| Block::<S, D>::from_slice(self.0, &rows[line + row][frame..frame + side]);
                if side == 4 {
                    let turned = turn::<S, D>([at(0), at(1), at(2), at(3)]);
                    for row in 0..4 {
                        turned[row].store_slice(&mut tile[frame + row][line..line + 4]);
                    }
                } else {
                    let (first, second) = (at(0), at(1));
                    first.zip_low(second).store_slice(&mut tile[frame][line..line + 2]);
                    first.zip_high(second).store_slice(&mut tile[frame + 1][line..line + 2]);
                }
            }
        }
    }
    #[inline(always)]
    fn untranspose(self, tile: &Tile<S>, frames: usize, rows: &mut Rows<S>) {
        let side = Block::<S, D>::LEN;
        for frame in (0..frames).step_by(side) {
            for line in (0..LINES).step_by(side) {
                let at = |row: usize| Block::<S, D>::from_slice(self.0, &tile[frame + row][line..line + side]);
                if side == 4 {
                    let turned = turn::<S, D>([at(0), at(1), at(2), at(3)]);
                    for row in 0..4 {
                        turned[row].store_slice(&mut rows[line + row][frame..frame + 4]);
                    }
                } else {
                    let (first, second) = (at(0), at(1));
                    first.zip_low(second).store_slice(&mut rows[line][frame..frame + 2]);
                    first.zip_high(second).store_slice(&mut rows[line + 1][frame..frame + 2]);
                }
            }
        }
    }
}

/// Transposes four by four.
#[inline(always)]
fn turn<S: Sample, D: Simd>([a, b, c, d]: [Block<S, D>; 4]) -> [Block<S, D>; 4] {
    let (ac_low, ac_high) = (a.zip_low(c), a.zip_high(c));
    let (bd_low, bd_high) = (b.zip_low(d), b.zip_high(d));
    [ac_low.zip_low(bd_low), ac_low.zip_high(bd_low), ac_high.zip_low(bd_high), ac_high.zip_high(bd_high)]
}

/// Sums tapped delays: `sum[n] = Σ gain[k] tap[k][n]`.
#[inline(always)]
pub(crate) fn tap<S: Sample, L: Lanes<S>>(lanes: L, taps: &[(&[S; CELL], S)], frames: usize, sum: &mut [S; CELL]) {
    for start in (0..CELL).step_by(4 * L::COUNT) {
        if start >= frames {
            break;
        }
        let mut sums = [lanes.splat(S::ZERO); 4];
        for (tap, gain) in taps {
            let (gain, samples) = (lanes.splat(*gain), &tap[start..start + 4 * L::COUNT]);
            for vector in 0..4 {
                let samples = &samples[vector * L::COUNT..(vector + 1) * L::COUNT];
                sums[vector] = lanes.fused(gain, lanes.load(samples), sums[vector]);
            }
        }
        let out = &mut sum[start..start + 4 * L::COUNT];
        for vector in 0..4 {
            lanes.store(sums[vector], &mut out[vector * L::COUNT..(vector + 1) * L::COUNT]);
        }
    }
}

/// Mixes lines; while `next` fades in, both.
#[inline(always)]
pub(crate) fn diffuse<S: Sample, L: Lanes<S>>(
    lanes: L,
    now: &Mix<'_, S>,
    next: Option<(&Mix<'_, S>, &[S; CELL])>,
    frames: usize,
    to: [&mut [S; CELL]; LINES],
) {
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let mut mixed = rotated(lanes, now, start);
        if let Some((next, shares)) = next {
            let share = lanes.load(&shares[start..start + L::COUNT]);
            let other = rotated(lanes, next, start);
            for line in 0..LINES {
                mixed[line] = lanes.fused(share, lanes.sub(other[line], mixed[line]), mixed[line]);
            }
        }
        for line in 0..LINES {
            lanes.store(mixed[line], &mut to[line][start..start + L::COUNT]);
        }
    }
}

#[inline(always)]
fn rotated<S: Sample, L: Lanes<S>>(lanes: L, mix: &Mix<'_, S>, start: usize) -> [L::V; LINES] {
    let scale = lanes.splat(mix.scale);
    let mut values = [scale; LINES];
    for (value, from) in values.iter_mut().zip(&mix.from) {
        *value = lanes.mul(scale, lanes.load(&from[start..start + L::COUNT]));
    }
    let tangent = lanes.splat(mix.tangent);
    rotate::<S, L, 1>(lanes, tangent, &mut values);
    rotate::<S, L, 2>(lanes, tangent, &mut values);
    rotate::<S, L, 4>(lanes, tangent, &mut values);
    if mix.across {
        rotate::<S, L, 8>(lanes, tangent, &mut values);
    }
    values
}

/// Rotates the pairs of lines whose numbers differ by `SPAN`.
#[inline(always)]
fn rotate<S: Sample, L: Lanes<S>, const SPAN: usize>(lanes: L, tangent: L::V, values: &mut [L::V; LINES]) {
    for pair in 0..LINES / 2 {
        let line = pair / SPAN * 2 * SPAN + pair % SPAN;
        let (a, b) = (values[line], values[line + SPAN]);
        values[line] = lanes.fused(tangent, b, a);
        values[line + SPAN] = lanes.fused_less(tangent, a, b);
    }
}

/// Sum and difference of the pairs of lines whose numbers differ by `SPAN`.
#[inline(always)]
fn add_and_subtract<S: Sample, L: Lanes<S>, const SPAN: usize>(lanes: L, values: &mut [L::V; LINES]) {
    for pair in 0..LINES / 2 {
        let line = pair / SPAN * 2 * SPAN + pair % SPAN;
        let (a, b) = (values[line], values[line + SPAN]);
        values[line] = lanes.add(a, b);
        values[line + SPAN] = lanes.sub(a, b);
    }
}

/// Reads between samples: `out[n] = Σ (start[k] + clock[n] slope[k]) samples[n + k]`.
#[inline(always)]
pub(crate) fn interpolate<S: Sample, L: Lanes<S>>(
    lanes: L,
    samples: &[S; CELL + EXTRA],
    motion: &Motion<S>,
    clock: &[S; CELL],
    frames: usize,
    out: &mut [S; CELL],
) {
    let (starts, slopes) = (motion.start.map(|start| lanes.splat(start)), motion.slope.map(|slope| lanes.splat(slope)));
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let clock = lanes.load(&clock[start..start + L::COUNT]);
        let mut sum = lanes.splat(S::ZERO);
        for tap in 0..TAPS {
            let weight = lanes.fused(clock, slopes[tap], starts[tap]);
            sum = lanes.fused(weight, lanes.load(&samples[start + tap..start + tap + L::COUNT]), sum);
        }
        lanes.store(sum, &mut out[start..start + L::COUNT]);
    }
}

/// Turns rows into a tile and filters it along time.
#[inline(always)]
pub(crate) fn absorb<S: Sample, L: Lanes<S>>(
    lanes: L,
    rows: [&[S; CELL]; LINES],
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    frames: usize,
    tile: &mut Tile<S>,
) {
    lanes.transpose(rows, frames, tile);
    if L::COUNT < LINES {
        for line in (0..LINES).step_by(2 * L::COUNT) {
            recur::<S, L, 2>(lanes, absorbers, states, line, &mut tile[..frames]);
        }
    } else {
        recur::<S, L, 1>(lanes, absorbers, states, 0, &mut tile[..frames]);
    }
}

/// The sections over `N` vectors of lines from `first` on.
#[inline(always)]
fn recur<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    first: usize,
    frames: &mut [[S; LINES]],
) {
    let zero = lanes.splat(S::ZERO);
    let (mut coeffs, mut z) = ([[[zero; 3]; 2]; N], [[zero; 2]; N]);
    for n in 0..N {
        let own = first + n * L::COUNT..first + (n + 1) * L::COUNT;
        for section in 0..2 {
            for (coeff, lines) in coeffs[n][section].iter_mut().zip(&absorbers.sections[section]) {
                *coeff = lanes.load(&lines[own.clone()]);
            }
            z[n][section] = lanes.load(&states[section][own.clone()]);
        }
    }
    for frame in frames {
        for n in 0..N {
            let lines = &mut frame[first + n * L::COUNT..first + (n + 1) * L::COUNT];
            let mut x = lanes.load(lines);
            for section in 0..2 {
                let [direct, feed, pole] = coeffs[n][section];
                let y = lanes.fused(direct, x, z[n][section]);
                z[n][section] = lanes.fused(pole, z[n][section], lanes.mul(feed, x));
                x = y;
            }
            lanes.store(x, lines);
        }
    }
    for n in 0..N {
        for section in 0..2 {
            lanes.store(z[n][section], &mut states[section][first + n * L::COUNT..first + (n + 1) * L::COUNT]);
        }
    }
}

/// Fades one tile into another, frame by frame.
#[inline(always)]
pub(crate) fn fade<S: Sample, L: Lanes<S>>(
    lanes: L,
    tile: &mut Tile<S>,
    next: &Tile<S>,
    shares: &[S; CELL],
    frames: usize,
) {
    for ((tile, next), share) in tile[..frames].iter_mut().zip(next).zip(shares) {
        let share = lanes.splat(*share);
        for line in (0..LINES).step_by(L::COUNT) {
            let now = lanes.load(&tile[line..line + L::COUNT]);
            let next = lanes.load(&next[line..line + L::COUNT]);
            lanes.store(lanes.fused(share, lanes.sub(next, now), now), &mut tile[line..line + L::COUNT]);
        }
    }
}

/// Transforms the lines of a tile (Hadamard), adds the input and writes the sums; gives the largest magnitude written.
///
/// What is heard are two sums of all lines, with signs from a bent function of their numbers: as unlike as can be to every
/// row of the transform, that is to what is written into any line, so that no line's delay is heard twice as much as the
/// others. Both are at right angles.
#[inline(always)]
pub(crate) fn feed<S: Sample, L: Lanes<S>>(
    lanes: L,
    tile: &Tile<S>,
    feed: &Feed<'_, S>,
    frames: usize,
    rows: &mut Rows<S>,
    to: [&mut [S; CELL]; LINES],
    out: &mut [[S; CELL]; 2],
) -> S {
    lanes.untranspose(tile, frames, rows);
    let (direct, quarter) = (lanes.splat(feed.direct), lanes.splat(S::from_f64(0.25)));
    let mut peak = lanes.splat(S::ZERO);
    let mut loudest = S::ZERO;
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let mut values = [peak; LINES];
        for line in 0..LINES {
            values[line] = lanes.load(&rows[line][start..start + L::COUNT]);
        }
        let mut sums = [values[0], values[1]];
        for line in 2..LINES {
            let sum = &mut sums[line % 2];
            let minus = (line & 3 == 3) != (line >> 2 == 3);
            *sum = if minus { lanes.sub(*sum, values[line]) } else { lanes.add(*sum, values[line]) };
        }
        let heard = [lanes.add(sums[0], sums[1]), lanes.sub(sums[0], sums[1])];
        for (side, heard) in heard.into_iter().enumerate() {
            let input = lanes.load(&feed.input[HEARD_INPUTS[side]][start..start + L::COUNT]);
            lanes.store(lanes.fused(direct, input, lanes.mul(quarter, heard)), &mut out[side][start..start + L::COUNT]);
        }
        add_and_subtract::<S, L, 1>(lanes, &mut values);
        add_and_subtract::<S, L, 2>(lanes, &mut values);
        add_and_subtract::<S, L, 4>(lanes, &mut values);
        add_and_subtract::<S, L, 8>(lanes, &mut values);
        let mut own = lanes.splat(S::ZERO);
        for line in 0..LINES {
            let input = lanes.load(&feed.input[line][start..start + L::COUNT]);
            let sum = lanes.fused(lanes.splat(feed.gains[line]), values[line], input);
            own = lanes.largest(own, sum);
            lanes.store(sum, &mut to[line][start..start + L::COUNT]);
        }
        if start + L::COUNT <= frames {
            peak = lanes.largest(peak, own);
        } else {
            let mut last = [S::ZERO; CELL];
            lanes.store(own, &mut last[..L::COUNT]);
            loudest = most(&last[..frames - start]);
        }
    }
    let mut last = [S::ZERO; CELL];
    lanes.store(peak, &mut last[..L::COUNT]);
    let others = most(&last[..L::COUNT]);
    if others > loudest { others } else { loudest }
}

fn most<S: Sample>(values: &[S]) -> S {
    values.iter().fold(S::ZERO, |most, &value| if value > most { value } else { most })
}
