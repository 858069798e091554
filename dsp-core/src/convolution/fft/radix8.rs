//! Steps of a transform of polynomials: what is left of them modulo smaller ones.
//!
//! A polynomial modulo `Z^8m = e^iθ` is what eight modulo `Z^m = e^i(θ + 2πq)/8` are together. Its `8m` complex coefficients
//! are eight columns of m, and a step to the residues is the same few operations with constant factors for each row of
//! eight: lanes are rows of columns. Three halvings make one step, so a step needs four factors: those of the first and
//! the second halving, and two for the third; the others are these times i.
//!
//! Every product is one multiplication and one fused multiply-add in every backend, so the levels with FMA and the scalar
//! twin agree bit for bit (see [`super`]).

use crate::{
    foundation::sample::Sample,
    primitives::backend::{Backend, run},
};
use fearless_simd::{Simd, SimdBase, SimdCombine, SimdFloat, SimdSplit};

/// Columns that are worked on together.
pub(super) const GROUP: usize = 8;
/// The factors of one step, real and imaginary part: of the first, the second, and of both pairs of the third halving.
pub(crate) type Turns<S> = [[S; 2]; 4];

/// Eight columns of eight.
pub(super) type Rows<S> = [[S; GROUP]; GROUP];

/// A step on `COLUMNS` (4 or 8) columns, from somewhere else.
pub(crate) fn split_from<S: Sample, const COLUMNS: usize>(
    backend: Backend,
    from: [[&[S]; COLUMNS]; 2],
    to: [[&mut [S]; COLUMNS]; 2],
    turns: &Turns<S>,
) {
    run!(backend, split_all_from(Scalar, from, to, turns), simd => split_all_from(Vector(simd), from, to, turns));
}

/// A step on `COLUMNS` (4 or 8) columns, in place.
pub(crate) fn split<S: Sample, const COLUMNS: usize>(
    backend: Backend,
    points: [[&mut [S]; COLUMNS]; 2],
    turns: &Turns<S>,
) {
    run!(
        backend,
        step_all::<S, _, COLUMNS, true>(Scalar, points, turns),
        simd => step_all::<S, _, COLUMNS, true>(Vector(simd), points, turns)
    );
}

/// The reverse of [`split`], times `COLUMNS`.
pub(crate) fn join<S: Sample, const COLUMNS: usize>(
    backend: Backend,
    points: [[&mut [S]; COLUMNS]; 2],
    turns: &Turns<S>,
) {
    run!(
        backend,
        step_all::<S, _, COLUMNS, false>(Scalar, points, turns),
        simd => step_all::<S, _, COLUMNS, false>(Vector(simd), points, turns)
    );
}

/// The same, of which only the imaginary parts are wanted, and added to `sums`.
pub(crate) fn join_onto<S: Sample, const COLUMNS: usize>(
    backend: Backend,
    points: [[&[S]; COLUMNS]; 2],
    turns: &Turns<S>,
    sums: [&mut [S]; COLUMNS],
) {
    run!(
        backend,
        join_all_onto(Scalar, points, turns, sums),
        simd => join_all_onto(Vector(simd), points, turns, sums)
    );
}

/// Arithmetic on some columns side by side.
pub(super) trait Lanes<S: Sample>: Copy {
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
    /// The columns of a matrix, from row `first` on.
    fn columns(self, rows: &Rows<S>, first: usize) -> [Self::V; GROUP];
    /// And back.
    fn set_columns(self, columns: [Self::V; GROUP], rows: &mut Rows<S>, first: usize);
}

/// The scalar twin.
#[derive(Clone, Copy)]
pub(super) struct Scalar;

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
    fn columns(self, rows: &Rows<S>, first: usize) -> [S; GROUP] {
        rows[first]
    }
    fn set_columns(self, columns: [S; GROUP], rows: &mut Rows<S>, first: usize) {
        rows[first] = columns;
    }
}

/// Vectors of 256 bits.
#[derive(Clone, Copy)]
pub(super) struct Vector<D>(pub(super) D);

impl<S: Sample, D: Simd> Lanes<S> for Vector<D> {
    type V = S::Wide<D>;
    const COUNT: usize = S::Wide::<D>::LEN;
    #[inline(always)]
    fn splat(self, value: S) -> Self::V {
        S::Wide::<D>::splat(self.0, value)
    }
    #[inline(always)]
    fn load(self, samples: &[S]) -> Self::V {
        S::Wide::<D>::from_slice(self.0, samples)
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
    fn columns(self, rows: &Rows<S>, first: usize) -> [Self::V; GROUP] {
        columns::<S, D, Self::V>(self.0, rows, first)
    }
    #[inline(always)]
    fn set_columns(self, columns: [Self::V; GROUP], rows: &mut Rows<S>, first: usize) {
        set_columns::<S, D, Self::V>(self.0, columns, rows, first);
    }
}

/// Transposes by halves of vectors, which are cheap to join.
#[inline(always)]
fn columns<S: Sample, D: Simd, V: SimdSplit<D, Element = S>>(simd: D, rows: &Rows<S>, first: usize) -> [V; GROUP] {
    let side = V::Split::LEN;
    let mut columns = [V::splat(simd, S::ZERO); GROUP];
    for start in (0..GROUP).step_by(side) {
        let mut halves = [[V::Split::splat(simd, S::ZERO); 4]; 2];
        for half in 0..2 {
            for row in 0..side {
                let row_at = &rows[first + half * side + row][start..start + side];
                halves[half][row] = V::Split::from_slice(simd, row_at);
            }
            halves[half] = turn(halves[half]);
        }
        for column in 0..side {
            columns[start + column] = halves[0][column].combine(halves[1][column]);
        }
    }
    columns
}

#[inline(always)]
fn set_columns<S: Sample, D: Simd, V: SimdSplit<D, Element = S>>(
    simd: D,
    columns: [V; GROUP],
    rows: &mut Rows<S>,
    first: usize,
) {
    let side = V::Split::LEN;
    for start in (0..GROUP).step_by(2 * side) {
        let mut halves = [[[V::Split::splat(simd, S::ZERO); 4]; 2]; 2];
        for part in 0..2 {
            for column in 0..side {
                let (lower, upper) = columns[start + part * side + column].split();
                (halves[part][0][column], halves[part][1][column]) = (lower, upper);
            }
            halves[part] = [turn(halves[part][0]), turn(halves[part][1])];
        }
        for half in 0..2 {
            for row in 0..side {
                let joined = halves[0][half][row].combine(halves[1][half][row]);
                joined.store_slice(&mut rows[first + half * side + row][start..start + 2 * side]);
            }
        }
    }
}

/// Transposes as many as a vector has lanes.
#[inline(always)]
fn turn<D: Simd, V: SimdBase<D>>([a, b, c, d]: [V; 4]) -> [V; 4] {
    if V::LEN == 2 {
        return [a.zip_low(b), a.zip_high(b), c, d];
    }
    let (ac_low, ac_high) = (a.zip_low(c), a.zip_high(c));
    let (bd_low, bd_high) = (b.zip_low(d), b.zip_high(d));
    [ac_low.zip_low(bd_low), ac_low.zip_high(bd_low), ac_high.zip_low(bd_high), ac_high.zip_high(bd_high)]
}

/// Some complex numbers, as real and imaginary parts.
pub(super) type Pair<V> = [V; 2];

#[inline(always)]
fn turned<S: Sample, L: Lanes<S>>(lanes: L, [re, im]: Pair<L::V>, [cos, sin]: Pair<L::V>) -> Pair<L::V> {
    [lanes.fused_less(im, sin, lanes.mul(re, cos)), lanes.fused(im, cos, lanes.mul(re, sin))]
}

#[inline(always)]
fn turned_back<S: Sample, L: Lanes<S>>(lanes: L, [re, im]: Pair<L::V>, [cos, sin]: Pair<L::V>) -> Pair<L::V> {
    [lanes.fused(im, sin, lanes.mul(re, cos)), lanes.fused_less(re, sin, lanes.mul(im, cos))]
}

/// `x[a] ± factor x[b]`, the factor times i if `by_i`.
#[inline(always)]
fn part<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    x: &mut [Pair<L::V>; N],
    [a, b]: [usize; 2],
    factor: Pair<L::V>,
    by_i: bool,
) {
    let ([re, im], [t_re, t_im]) = (x[a], turned(lanes, x[b], factor));
    if by_i {
        x[a] = [lanes.sub(re, t_im), lanes.add(im, t_re)];
        x[b] = [lanes.add(re, t_im), lanes.sub(im, t_re)];
    } else {
        x[a] = [lanes.add(re, t_re), lanes.add(im, t_im)];
        x[b] = [lanes.sub(re, t_re), lanes.sub(im, t_im)];
    }
}

/// The reverse, times 2.
#[inline(always)]
fn unite<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    x: &mut [Pair<L::V>; N],
    [a, b]: [usize; 2],
    factor: Pair<L::V>,
    by_i: bool,
) {
    let ([a_re, a_im], [b_re, b_im]) = (x[a], x[b]);
    x[a] = [lanes.add(a_re, b_re), lanes.add(a_im, b_im)];
    let difference = if by_i {
        [lanes.sub(a_im, b_im), lanes.sub(b_re, a_re)]
    } else {
        [lanes.sub(a_re, b_re), lanes.sub(a_im, b_im)]
    };
    x[b] = turned_back(lanes, difference, factor);
}

/// The step on one row; the factors as vectors.
#[inline(always)]
pub(super) fn apart<S: Sample, L: Lanes<S>, const N: usize>(lanes: L, x: &mut [Pair<L::V>; N], turns: [Pair<L::V>; 4]) {
    for n in 0..N / 2 {
        part(lanes, x, [n, n + N / 2], turns[0], false);
    }
    for n in 0..N / 4 {
        part(lanes, x, [n, n + N / 4], turns[1], false);
        part(lanes, x, [N / 2 + n, N / 2 + n + N / 4], turns[1], true);
    }
    if N == 8 {
        part(lanes, x, [0, 1], turns[2], false);
        part(lanes, x, [2, 3], turns[2], true);
        part(lanes, x, [4, 5], turns[3], false);
        part(lanes, x, [6, 7], turns[3], true);
    }
}

/// The reverse, times N.
#[inline(always)]
pub(super) fn together<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    x: &mut [Pair<L::V>; N],
    turns: [Pair<L::V>; 4],
) {
    if N == 8 {
        unite(lanes, x, [0, 1], turns[2], false);
        unite(lanes, x, [2, 3], turns[2], true);
        unite(lanes, x, [4, 5], turns[3], false);
        unite(lanes, x, [6, 7], turns[3], true);
    }
    for n in 0..N / 4 {
        unite(lanes, x, [n, n + N / 4], turns[1], false);
        unite(lanes, x, [N / 2 + n, N / 2 + n + N / 4], turns[1], true);
    }
    for n in 0..N / 2 {
        unite(lanes, x, [n, n + N / 2], turns[0], false);
    }
}

#[inline(always)]
pub(super) fn splat<S: Sample, L: Lanes<S>>(lanes: L, turns: &Turns<S>) -> [Pair<L::V>; 4] {
    let mut vectors = [[lanes.splat(S::ZERO); 2]; 4];
    for n in 0..4 {
        vectors[n] = [lanes.splat(turns[n][0]), lanes.splat(turns[n][1])];
    }
    vectors
}

#[inline(always)]
fn groups<S, const N: usize>(columns: [&[S]; N]) -> [&[[S; GROUP]]; N] {
    let count = columns[0].len() / GROUP;
    let mut groups = [&[] as &[[S; GROUP]]; N];
    for n in 0..N {
        groups[n] = &columns[n].as_chunks().0[..count];
    }
    groups
}

#[inline(always)]
fn groups_mut<S, const N: usize>(columns: [&mut [S]; N]) -> [&mut [[S; GROUP]]; N] {
    let count = columns[0].len() / GROUP;
    columns.map(
        #[inline(always)]
        |column| &mut column.as_chunks_mut().0[..count],
    )
}

#[inline(always)]
fn split_all_from<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    [from_re, from_im]: [[&[S]; N]; 2],
    [re, im]: [[&mut [S]; N]; 2],
    turns: &Turns<S>,
) {
    let turns = splat(lanes, turns);
    let (from_re, from_im) = (groups(from_re), groups(from_im));
    let (re, im) = (groups_mut(re), groups_mut(im));
    let count = from_re[0].len();
    for n in 0..N {
        assert!(from_re[n].len() == count && from_im[n].len() == count);
        assert!(re[n].len() == count && im[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(L::COUNT) {
            let place = start..start + L::COUNT;
            let mut x = [[lanes.splat(S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [lanes.load(&from_re[n][group][place.clone()]), lanes.load(&from_im[n][group][place.clone()])];
            }
            apart(lanes, &mut x, turns);
            for n in 0..N {
                lanes.store(x[n][0], &mut re[n][group][place.clone()]);
                lanes.store(x[n][1], &mut im[n][group][place.clone()]);
            }
        }
    }
}

/// A step in place: to residues, or back.
#[inline(always)]
fn step_all<S: Sample, L: Lanes<S>, const N: usize, const APART: bool>(
    lanes: L,
    [re, im]: [[&mut [S]; N]; 2],
    turns: &Turns<S>,
) {
    let turns = splat(lanes, turns);
    let (re, im) = (groups_mut(re), groups_mut(im));
    let count = re[0].len();
    for n in 0..N {
        assert!(re[n].len() == count && im[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(L::COUNT) {
            let place = start..start + L::COUNT;
            let mut x = [[lanes.splat(S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [lanes.load(&re[n][group][place.clone()]), lanes.load(&im[n][group][place.clone()])];
            }
            if APART {
                apart(lanes, &mut x, turns);
            } else {
                together(lanes, &mut x, turns);
            }
            for n in 0..N {
                lanes.store(x[n][0], &mut re[n][group][place.clone()]);
                lanes.store(x[n][1], &mut im[n][group][place.clone()]);
            }
        }
    }
}

#[inline(always)]
fn join_all_onto<S: Sample, L: Lanes<S>, const N: usize>(
    lanes: L,
    [re, im]: [[&[S]; N]; 2],
    turns: &Turns<S>,
    sums: [&mut [S]; N],
) {
    let turns = splat(lanes, turns);
    let (re, im, sums) = (groups(re), groups(im), groups_mut(sums));
    let count = re[0].len();
    for n in 0..N {
        assert!(re[n].len() == count && im[n].len() == count && sums[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(L::COUNT) {
            let place = start..start + L::COUNT;
            let mut x = [[lanes.splat(S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [lanes.load(&re[n][group][place.clone()]), lanes.load(&im[n][group][place.clone()])];
            }
            together(lanes, &mut x, turns);
            for n in 0..N {
                let sum = &mut sums[n][group][place.clone()];
                lanes.store(lanes.add(lanes.load(sum), x[n][1]), sum);
            }
        }
    }
}
