//! The last steps of a transform of polynomials: polynomials of 64 coefficients, taken apart at once.
//!
//! A step (see [`residue`](super::radix8)), a transposition, and a step whose lanes are the eight residues of the first. Bins
//! come out in the order in which the residues lie.

use super::{
    multiply::{Parts, PartsMut, TILE, Tile},
    radix8::{GROUP, Lanes, Pair, Rows, Scalar, Turns, Vector, apart, splat, together},
};
use crate::{
    foundation::sample::Sample,
    primitives::backend::{Backend, run},
};

/// Coefficients of the smallest polynomial that is taken apart.
pub(crate) const LEAF: usize = 64;
/// Bins of a leaf in tiles.
pub(crate) const LEAF_TILES: usize = LEAF / TILE;

/// The factors of a leaf: of its step, and for each of its residues those of the second step.
#[derive(Clone, Debug)]
pub(crate) struct LeafTurns<S> {
    pub(crate) whole: Turns<S>,
    pub(crate) residues: [[[S; GROUP]; 2]; 4],
}

/// The bins of some leaves, whose coefficients lie one behind the other, into the first tile of every `stride`.
pub(crate) fn analyse<S: Sample>(
    backend: Backend,
    points: Parts<'_, S>,
    turns: &[LeafTurns<S>],
    tiles: &mut [Tile<S>],
    stride: usize,
) {
    run!(
        backend,
        analyse_all(Scalar, points, turns, tiles, stride),
        simd => analyse_all(Vector(simd), points, turns, tiles, stride)
    );
}

/// The coefficients of some leaves, times 64, from tiles that lie one behind the other.
pub(crate) fn restore<S: Sample>(backend: Backend, tiles: &[Tile<S>], turns: &[LeafTurns<S>], points: PartsMut<'_, S>) {
    run!(backend, restore_all(Scalar, tiles, turns, points), simd => restore_all(Vector(simd), tiles, turns, points));
}

/// The same for one leaf, of which only the imaginary parts are wanted, and added to `sums`.
pub(crate) fn restore_onto<S: Sample>(backend: Backend, tiles: &[Tile<S>], turns: &LeafTurns<S>, sums: &mut [S]) {
    run!(backend, restore_all_onto(Scalar, tiles, turns, sums), simd => restore_all_onto(Vector(simd), tiles, turns, sums));
}

#[inline(always)]
fn analyse_all<S: Sample, L: Lanes<S>>(
    lanes: L,
    [re, im]: Parts<'_, S>,
    turns: &[LeafTurns<S>],
    tiles: &mut [Tile<S>],
    stride: usize,
) {
    let (re, im) = (re.as_chunks::<GROUP>().0.as_chunks::<GROUP>().0, im.as_chunks::<GROUP>().0.as_chunks::<GROUP>().0);
    for ((tiles, turns), (re, im)) in tiles.chunks_mut(LEAF_TILES * stride).zip(turns).zip(re.iter().zip(im)) {
        let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
        let whole = splat(lanes, &turns.whole);
        for start in (0..GROUP).step_by(L::COUNT) {
            let place = start..start + L::COUNT;
            let mut x = [[lanes.splat(S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] = [lanes.load(&re[n][place.clone()]), lanes.load(&im[n][place.clone()])];
            }
            apart(lanes, &mut x, whole);
            for n in 0..GROUP {
                lanes.store(x[n][0], &mut between[0][n][place.clone()]);
                lanes.store(x[n][1], &mut between[1][n][place.clone()]);
            }
        }
        for first in (0..GROUP).step_by(L::COUNT) {
            let (column_re, column_im) = (lanes.columns(&between[0], first), lanes.columns(&between[1], first));
            let mut x = [[lanes.splat(S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] = [column_re[n], column_im[n]];
            }
            apart(lanes, &mut x, residue_turns(lanes, turns, first));
            for n in 0..GROUP {
                let tile = &mut tiles[n / (TILE / GROUP) * stride];
                let start = n % (TILE / GROUP) * GROUP + first;
                lanes.store(x[n][0], &mut tile.re[start..start + L::COUNT]);
                lanes.store(x[n][1], &mut tile.im[start..start + L::COUNT]);
            }
        }
    }
}

#[inline(always)]
fn residue_turns<S: Sample, L: Lanes<S>>(lanes: L, turns: &LeafTurns<S>, first: usize) -> [Pair<L::V>; 4] {
    let mut vectors = [[lanes.splat(S::ZERO); 2]; 4];
    for (vectors, [cos, sin]) in vectors.iter_mut().zip(&turns.residues) {
        let place = first..first + L::COUNT;
        *vectors = [lanes.load(&cos[place.clone()]), lanes.load(&sin[place])];
    }
    vectors
}

/// The first step back: from the bins of a leaf to its eight residues.
#[inline(always)]
fn residues<S: Sample, L: Lanes<S>>(lanes: L, tiles: &[Tile<S>], turns: &LeafTurns<S>, between: &mut [Rows<S>; 2]) {
    for first in (0..GROUP).step_by(L::COUNT) {
        let mut x = [[lanes.splat(S::ZERO); 2]; GROUP];
        for n in 0..GROUP {
            let tile = &tiles[n / (TILE / GROUP)];
            let start = n % (TILE / GROUP) * GROUP + first;
            x[n] = [lanes.load(&tile.re[start..start + L::COUNT]), lanes.load(&tile.im[start..start + L::COUNT])];
        }
        together(lanes, &mut x, residue_turns(lanes, turns, first));
        let (mut re, mut im) = ([lanes.splat(S::ZERO); GROUP], [lanes.splat(S::ZERO); GROUP]);
        for n in 0..GROUP {
            (re[n], im[n]) = (x[n][0], x[n][1]);
        }
        lanes.set_columns(re, &mut between[0], first);
        lanes.set_columns(im, &mut between[1], first);
    }
}

#[inline(always)]
fn restore_all<S: Sample, L: Lanes<S>>(lanes: L, tiles: &[Tile<S>], turns: &[LeafTurns<S>], [re, im]: PartsMut<'_, S>) {
    let re = re.as_chunks_mut::<GROUP>().0.as_chunks_mut::<GROUP>().0;
    let im = im.as_chunks_mut::<GROUP>().0.as_chunks_mut::<GROUP>().0;
    for ((tiles, turns), (re, im)) in tiles.chunks_exact(LEAF_TILES).zip(turns).zip(re.iter_mut().zip(im)) {
        let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
        residues(lanes, tiles, turns, &mut between);
        let whole = splat(lanes, &turns.whole);
        for start in (0..GROUP).step_by(L::COUNT) {
            let place = start..start + L::COUNT;
            let mut x = [[lanes.splat(S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] = [lanes.load(&between[0][n][place.clone()]), lanes.load(&between[1][n][place.clone()])];
            }
            together(lanes, &mut x, whole);
            for n in 0..GROUP {
                lanes.store(x[n][0], &mut re[n][place.clone()]);
                lanes.store(x[n][1], &mut im[n][place.clone()]);
            }
        }
    }
}

#[inline(always)]
fn restore_all_onto<S: Sample, L: Lanes<S>>(lanes: L, tiles: &[Tile<S>], turns: &LeafTurns<S>, sums: &mut [S]) {
    let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
    residues(lanes, tiles, turns, &mut between);
    let whole = splat(lanes, &turns.whole);
    let sums = &mut sums.as_chunks_mut::<GROUP>().0[..GROUP];
    for start in (0..GROUP).step_by(L::COUNT) {
        let place = start..start + L::COUNT;
        let mut x = [[lanes.splat(S::ZERO); 2]; GROUP];
        for n in 0..GROUP {
            x[n] = [lanes.load(&between[0][n][place.clone()]), lanes.load(&between[1][n][place.clone()])];
        }
        together(lanes, &mut x, whole);
        for n in 0..GROUP {
            let sum = &mut sums[n][place.clone()];
            lanes.store(lanes.add(lanes.load(sum), x[n][1]), sum);
        }
    }
}
