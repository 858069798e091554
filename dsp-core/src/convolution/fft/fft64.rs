//! The last two steps of the negacyclic split-complex FFT in one: 64 points in registers and the L1 cache.
//!
//! A radix-8 step (see [`radix8`](super::radix8)), a transposition, and a radix-8 step whose lanes are the eight
//! residues of the first. Bins stay in the order of the residues.

use super::{
    multiply::{Parts, PartsMut, TILE, Tile},
    radix8::{Complex, GROUP, Rows, Twiddles, forward_step, inverse_step, splat},
};
use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{Columns, Form, Lanes},
    },
};

/// Points of one such transform.
pub(crate) const FFT64_POINTS: usize = 64;
/// Tiles of its bins.
pub(crate) const FFT64_TILES: usize = FFT64_POINTS / TILE;

/// The twiddles of both steps; of the second, for each residue of the first.
#[derive(Clone, Debug)]
pub(crate) struct Fft64Twiddles<S> {
    pub(crate) first: Twiddles<S>,
    pub(crate) second: [[[S; GROUP]; 2]; 4],
}

/// The bins of several transforms, whose points are contiguous, into the first tile of every `stride`.
pub(crate) fn forward<S: Sample>(
    backend: Backend,
    points: Parts<'_, S>,
    twiddles: &[Fft64Twiddles<S>],
    tiles: &mut [Tile<S>],
    stride: usize,
) {
    run!(backend, form => forward_all(form, points, twiddles, tiles, stride));
}

/// The points of several transforms, times 64, from contiguous tiles.
pub(crate) fn inverse<S: Sample>(
    backend: Backend,
    tiles: &[Tile<S>],
    twiddles: &[Fft64Twiddles<S>],
    points: PartsMut<'_, S>,
) {
    run!(backend, form => inverse_all(form, tiles, twiddles, points));
}

/// The same for one transform, with only the imaginary parts added to `sums`.
pub(crate) fn inverse_onto<S: Sample>(
    backend: Backend,
    tiles: &[Tile<S>],
    twiddles: &Fft64Twiddles<S>,
    sums: &mut [S],
) {
    run!(backend, form => inverse_all_onto(form, tiles, twiddles, sums));
}

#[inline(always)]
fn forward_all<F: Form, S: Sample>(
    form: F,
    [re, im]: Parts<'_, S>,
    twiddles: &[Fft64Twiddles<S>],
    tiles: &mut [Tile<S>],
    stride: usize,
) {
    let (re, im) = (re.as_chunks::<GROUP>().0.as_chunks::<GROUP>().0, im.as_chunks::<GROUP>().0.as_chunks::<GROUP>().0);
    for ((tiles, twiddles), (re, im)) in tiles.chunks_mut(FFT64_TILES * stride).zip(twiddles).zip(re.iter().zip(im)) {
        let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
        let whole = splat(form, &twiddles.first);
        for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let range = start..start + F::Wide::<S>::LEN;
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] =
                    [F::Wide::<S>::load(form, &re[n][range.clone()]), F::Wide::<S>::load(form, &im[n][range.clone()])];
            }
            forward_step::<F, F::Wide<S>, _>(&mut x, whole);
            for n in 0..GROUP {
                x[n][0].store(&mut between[0][n][range.clone()]);
                x[n][1].store(&mut between[1][n][range.clone()]);
            }
        }
        for first in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let (column_re, column_im) = (
                F::Wide::<S>::load_columns(form, &between[0][first..], 0),
                F::Wide::<S>::load_columns(form, &between[1][first..], 0),
            );
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] = [column_re[n], column_im[n]];
            }
            forward_step::<F, F::Wide<S>, _>(&mut x, second_twiddles(form, twiddles, first));
            for n in 0..GROUP {
                let tile = &mut tiles[n / (TILE / GROUP) * stride];
                let start = n % (TILE / GROUP) * GROUP + first;
                x[n][0].store(&mut tile.re[start..start + F::Wide::<S>::LEN]);
                x[n][1].store(&mut tile.im[start..start + F::Wide::<S>::LEN]);
            }
        }
    }
}

#[inline(always)]
fn second_twiddles<F: Form, S: Sample>(form: F, twiddles: &Fft64Twiddles<S>, first: usize) -> [Complex<F::Wide<S>>; 4] {
    let mut vectors = [[F::Wide::<S>::splat(form, S::ZERO); 2]; 4];
    for (vectors, [cos, sin]) in vectors.iter_mut().zip(&twiddles.second) {
        let range = first..first + F::Wide::<S>::LEN;
        *vectors = [F::Wide::<S>::load(form, &cos[range.clone()]), F::Wide::<S>::load(form, &sin[range])];
    }
    vectors
}

/// The first inverse step: from the bins to the eight residues.
#[inline(always)]
fn residues<F: Form, S: Sample>(form: F, tiles: &[Tile<S>], twiddles: &Fft64Twiddles<S>, between: &mut [Rows<S>; 2]) {
    for first in (0..GROUP).step_by(F::Wide::<S>::LEN) {
        let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; GROUP];
        for n in 0..GROUP {
            let tile = &tiles[n / (TILE / GROUP)];
            let start = n % (TILE / GROUP) * GROUP + first;
            x[n] = [
                F::Wide::<S>::load(form, &tile.re[start..start + F::Wide::<S>::LEN]),
                F::Wide::<S>::load(form, &tile.im[start..start + F::Wide::<S>::LEN]),
            ];
        }
        inverse_step::<F, F::Wide<S>, _>(&mut x, second_twiddles(form, twiddles, first));
        let (mut re, mut im) =
            ([F::Wide::<S>::splat(form, S::ZERO); GROUP], [F::Wide::<S>::splat(form, S::ZERO); GROUP]);
        for n in 0..GROUP {
            (re[n], im[n]) = (x[n][0], x[n][1]);
        }
        F::Wide::<S>::store_columns(re, &mut between[0][first..], 0);
        F::Wide::<S>::store_columns(im, &mut between[1][first..], 0);
    }
}

#[inline(always)]
fn inverse_all<F: Form, S: Sample>(
    form: F,
    tiles: &[Tile<S>],
    twiddles: &[Fft64Twiddles<S>],
    [re, im]: PartsMut<'_, S>,
) {
    let re = re.as_chunks_mut::<GROUP>().0.as_chunks_mut::<GROUP>().0;
    let im = im.as_chunks_mut::<GROUP>().0.as_chunks_mut::<GROUP>().0;
    for ((tiles, twiddles), (re, im)) in tiles.chunks_exact(FFT64_TILES).zip(twiddles).zip(re.iter_mut().zip(im)) {
        let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
        residues(form, tiles, twiddles, &mut between);
        let whole = splat(form, &twiddles.first);
        for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let range = start..start + F::Wide::<S>::LEN;
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; GROUP];
            for n in 0..GROUP {
                x[n] = [
                    F::Wide::<S>::load(form, &between[0][n][range.clone()]),
                    F::Wide::<S>::load(form, &between[1][n][range.clone()]),
                ];
            }
            inverse_step::<F, F::Wide<S>, _>(&mut x, whole);
            for n in 0..GROUP {
                x[n][0].store(&mut re[n][range.clone()]);
                x[n][1].store(&mut im[n][range.clone()]);
            }
        }
    }
}

#[inline(always)]
fn inverse_all_onto<F: Form, S: Sample>(form: F, tiles: &[Tile<S>], twiddles: &Fft64Twiddles<S>, sums: &mut [S]) {
    let mut between = [[[S::ZERO; GROUP]; GROUP]; 2];
    residues(form, tiles, twiddles, &mut between);
    let whole = splat(form, &twiddles.first);
    let sums = &mut sums.as_chunks_mut::<GROUP>().0[..GROUP];
    for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
        let range = start..start + F::Wide::<S>::LEN;
        let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; GROUP];
        for n in 0..GROUP {
            x[n] = [
                F::Wide::<S>::load(form, &between[0][n][range.clone()]),
                F::Wide::<S>::load(form, &between[1][n][range.clone()]),
            ];
        }
        inverse_step::<F, F::Wide<S>, _>(&mut x, whole);
        for n in 0..GROUP {
            let sum = &mut sums[n][range.clone()];
            (F::Wide::<S>::load(form, sum) + x[n][1]).store(sum);
        }
    }
}
