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
    parts::{ramp::Span, ring::CELL},
};
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// Lines of the network.
pub(crate) const LINES: usize = 16;
/// Taps of the interpolator of moving delays.
pub(crate) const TAPS: usize = 6;

/// One cell of each line.
pub(crate) type Rows<S> = [[S; CELL]; LINES];
/// One frame after the other, the lines side by side.
pub(crate) type Tile<S> = [[S; LINES]; CELL];

/// What is 0 from here on: silence below -280 dB.
const SILENT: f64 = 1e-14;

/// Sums tapped delays: `sum[n] = Σ gain[k] tap[k][n]`.
pub(crate) fn tap<S: Sample>(form: Form, taps: &[(&[S; CELL], S)], frames: usize, sum: &mut [S; CELL]) {
    run!(form, tap_with(Scalar, taps, frames, sum), simd => tap_with(Vector(simd), taps, frames, sum));
}

/// One rotation of all lines into each other, by the same angle in each pair of planes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix<'a, S> {
    /// The lines, as they arrive.
    pub(crate) from: [&'a [S; CELL]; LINES],
    /// Tangent of the angle: 1 mixes evenly, 0 not at all.
    pub(crate) tangent: S,
    /// What the sums are scaled by.
    pub(crate) scale: S,
}

/// Mixes 16 lines; while `next` fades in, both. `tangent` is the same rotation in each of the four dimensions of the
/// lines' binary numbers.
pub(crate) fn diffuse<S: Sample>(
    form: Form,
    now: &Mix<'_, S>,
    next: Option<(&Mix<'_, S>, &[S; CELL])>,
    frames: usize,
    to: [&mut [S; CELL]; LINES],
) {
    run!(
        form,
        diffuse_with(Scalar, now, next, frames, to),
        simd => diffuse_with(Vector(simd), now, next, frames, to)
    );
}

/// Coefficients of an interpolator that moves over a cell: at its start, and how they change per frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Motion<S> {
    pub(crate) start: [S; TAPS],
    pub(crate) slope: [S; TAPS],
}

/// Reads between samples: `out[n] = Σ (start[k] + (first + n) slope[k]) taps[k][n]`.
pub(crate) fn interpolate<S: Sample>(
    form: Form,
    taps: [&[S; CELL]; TAPS],
    motion: &Motion<S>,
    first: usize,
    frames: usize,
    out: &mut [S; CELL],
) {
    run!(
        form,
        interpolate_with(Scalar, taps, motion, first, frames, out),
        simd => interpolate_with(Vector(simd), taps, motion, first, frames, out)
    );
}

/// Two first-order sections per line: y = direct x + z, z' = pole z + feed x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absorbers<S> {
    /// Per section: direct, feed, pole of each line.
    pub(crate) sections: [[[S; LINES]; 3]; 2],
}

/// Their states, one per section and line.
pub(crate) type AbsorberStates<S> = [[S; LINES]; 2];

/// Turns rows into a tile and filters it along time.
pub(crate) fn absorb<S: Sample>(
    form: Form,
    rows: [&[S; CELL]; LINES],
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    frames: usize,
    tile: &mut Tile<S>,
) {
    run!(
        form,
        absorb_with(Scalar, rows, absorbers, states, frames, tile),
        simd => absorb_with(Vector(simd), rows, absorbers, states, frames, tile)
    );
}

/// Zeroes the states of lines that have fallen silent: on the absolute grid.
pub(crate) fn hush<S: Sample>(states: &mut AbsorberStates<S>) {
    let silent = S::from_f64(SILENT);
    for state in states.as_flattened_mut() {
        if *state < silent && *state > -silent {
            *state = S::ZERO;
        }
    }
}

/// Fades one tile into another, frame by frame.
pub(crate) fn fade<S: Sample>(form: Form, tile: &mut Tile<S>, next: &Tile<S>, shares: &[S; CELL], frames: usize) {
    run!(form, fade_with(Scalar, tile, next, shares, frames), simd => fade_with(Vector(simd), tile, next, shares, frames));
}

/// What goes round: the feedback matrix, and what comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a, S> {
    /// What comes into each line.
    pub(crate) input: &'a Rows<S>,
    /// Signs of the matrix's rows, times its norm.
    pub(crate) gains: &'a [S; LINES],
}

/// Transforms the lines of a tile (Hadamard), adds the input and writes the sums. Of the transform's first two rows, each
/// `gains` times itself and plus `direct` times the input, come the two outputs; `loudest` is the largest magnitude
/// written in each frame.
pub(crate) fn feed<S: Sample>(
    form: Form,
    tile: &Tile<S>,
    feed: &Feed<'_, S>,
    direct: S,
    frames: usize,
    to: [&mut [S; CELL]; LINES],
    out: [&mut [S; CELL]; 2],
) -> S {
    run!(
        form,
        feed_with(Scalar, tile, feed, direct, frames, to, out),
        simd => feed_with(Vector(simd), tile, feed, direct, frames, to, out)
    )
}

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
trait Lanes<S: Sample>: Copy {
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
struct Scalar;

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
struct Vector<D>(D);

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

#[inline(always)]
fn tap_with<S: Sample, L: Lanes<S>>(lanes: L, taps: &[(&[S; CELL], S)], frames: usize, sum: &mut [S; CELL]) {
    // Two chains, so that neither waits for its own last product.
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let mut sums = [lanes.splat(S::ZERO); 2];
        for (index, (tap, gain)) in taps.iter().enumerate() {
            let sum = &mut sums[index % 2];
            *sum = lanes.fused(lanes.splat(*gain), lanes.load(&tap[start..start + L::COUNT]), *sum);
        }
        lanes.store(lanes.add(sums[0], sums[1]), &mut sum[start..start + L::COUNT]);
    }
}

#[inline(always)]
fn diffuse_with<S: Sample, L: Lanes<S>>(
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
    let mut values = [lanes.splat(S::ZERO); LINES];
    for line in 0..LINES {
        values[line] = lanes.load(&mix.from[line][start..start + L::COUNT]);
    }
    let tangent = lanes.splat(mix.tangent);
    let mut span = 1;
    while span < LINES {
        for line in 0..LINES {
            if line & span == 0 {
                let (a, b) = (values[line], values[line | span]);
                values[line] = lanes.fused(tangent, b, a);
                values[line | span] = lanes.fused_less(tangent, a, b);
            }
        }
        span *= 2;
    }
    let scale = lanes.splat(mix.scale);
    for value in &mut values {
        *value = lanes.mul(*value, scale);
    }
    values
}

#[inline(always)]
fn interpolate_with<S: Sample, L: Lanes<S>>(
    lanes: L,
    taps: [&[S; CELL]; TAPS],
    motion: &Motion<S>,
    first: usize,
    frames: usize,
    out: &mut [S; CELL],
) {
    let mut clock = [S::ZERO; CELL];
    for (index, clock) in (first as i32..).zip(&mut clock) {
        *clock = S::from_index(index);
    }
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let clock = lanes.load(&clock[start..start + L::COUNT]);
        let mut sum = lanes.splat(S::ZERO);
        for tap in 0..TAPS {
            let weight = lanes.fused(clock, lanes.splat(motion.slope[tap]), lanes.splat(motion.start[tap]));
            sum = lanes.fused(weight, lanes.load(&taps[tap][start..start + L::COUNT]), sum);
        }
        lanes.store(sum, &mut out[start..start + L::COUNT]);
    }
}

#[inline(always)]
fn absorb_with<S: Sample, L: Lanes<S>>(
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
            for kind in 0..3 {
                coeffs[n][section][kind] = lanes.load(&absorbers.sections[section][kind][own.clone()]);
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

#[inline(always)]
fn fade_with<S: Sample, L: Lanes<S>>(
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

#[inline(always)]
fn feed_with<S: Sample, L: Lanes<S>>(
    lanes: L,
    tile: &Tile<S>,
    feed: &Feed<'_, S>,
    direct: S,
    frames: usize,
    to: [&mut [S; CELL]; LINES],
    out: [&mut [S; CELL]; 2],
) -> S {
    let mut rows = [[S::ZERO; CELL]; LINES];
    lanes.untranspose(tile, frames, &mut rows);
    let mut peaks = [S::ZERO; CELL];
    let direct = lanes.splat(direct);
    for start in (0..CELL).step_by(L::COUNT) {
        if start >= frames {
            break;
        }
        let mut values = [lanes.splat(S::ZERO); LINES];
        for line in 0..LINES {
            values[line] = lanes.load(&rows[line][start..start + L::COUNT]);
        }
        let mut span = 1;
        while span < LINES {
            for line in 0..LINES {
                if line & span == 0 {
                    let (a, b) = (values[line], values[line | span]);
                    values[line] = lanes.add(a, b);
                    values[line | span] = lanes.sub(a, b);
                }
            }
            span *= 2;
        }
        let mut peak = lanes.splat(S::ZERO);
        for line in 0..LINES {
            let (gain, input) = (lanes.splat(feed.gains[line]), lanes.load(&feed.input[line][start..start + L::COUNT]));
            let sum = lanes.fused(gain, values[line], input);
            if line < 2 {
                let heard = lanes.fused(direct, input, lanes.mul(gain, values[line]));
                lanes.store(heard, &mut out[line][start..start + L::COUNT]);
            }
            peak = lanes.largest(peak, sum);
            lanes.store(sum, &mut to[line][start..start + L::COUNT]);
        }
        lanes.store(peak, &mut peaks[start..start + L::COUNT]);
    }
    peaks[..frames].iter().fold(S::ZERO, |loudest, &peak| if peak > loudest { peak } else { loudest })
}
