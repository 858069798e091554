//! Multiplication and summation of partitions in a partitioned convolution.
//!
//! Spectra are stored in [`Tile`]s of a few bins; the partitions of every tile are contiguous, so that the sum over
//! partitions reads memory in one direction and keeps its result in registers. It fuses its multiply-adds (see
//! [`super`]).
//!
//! The sum is limited by memory bandwidth. So it computes two sums per read: that of this block, and that of the next
//! block except for the product with the next spectrum.

use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
    },
};

/// Bins of a tile: four vectors of eight lanes.
pub(crate) const TILE: usize = 32;
/// Vectors of bins in registers, for both sums.
const VECTORS: usize = 2;

/// A few bins. Whole cache lines: loads across two of them would limit the speed of the sum.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Tile<S> {
    pub(crate) re: [S; TILE],
    pub(crate) im: [S; TILE],
}

impl<S: Sample> Tile<S> {
    pub(crate) const ZERO: Self = Self { re: [S::ZERO; TILE], im: [S::ZERO; TILE] };
}

/// Complex numbers as real and imaginary parts.
pub(crate) type Parts<'a, S> = [&'a [S]; 2];
/// The same, to be written.
pub(crate) type PartsMut<'a, S> = [&'a mut [S]; 2];

/// Tiles of delayed spectra, and of their filter.
///
/// For every tile `spectra` is a ring of `partitions` tiles, the newest at `newest` and the older ones after it;
/// `filter` has as many, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delayed<'a, S> {
    pub(crate) spectra: &'a [Tile<S>],
    pub(crate) filter: &'a [Tile<S>],
    pub(crate) partitions: usize,
    pub(crate) newest: usize,
}

impl<'a, S: Sample> Delayed<'a, S> {
    /// The spectra and the partitions of each tile.
    #[inline(always)]
    fn tiles(self) -> impl Iterator<Item = (&'a [Tile<S>], &'a [Tile<S>])> {
        self.spectra.chunks_exact(self.partitions).zip(self.filter.chunks_exact(self.partitions))
    }
}

/// Adds to `sums` the products of the newest spectra with the first partition.
pub(crate) fn multiply_newest<S: Sample>(backend: Backend, delayed: Delayed<'_, S>, sums: &mut [Tile<S>]) {
    run!(backend, form => multiply_newest_all(form, delayed, sums));
}

/// Adds to `sums` the products of all spectra with their partitions, and to `ahead` those of the next block: of each
/// spectrum with the partition after its own.
pub(crate) fn multiply<S: Sample>(
    backend: Backend,
    delayed: Delayed<'_, S>,
    sums: &mut [Tile<S>],
    ahead: &mut [Tile<S>],
) {
    run!(backend, form => multiply_all(form, delayed, sums, ahead));
}

#[inline(always)]
fn multiply_all<F: Form, S: Sample>(form: F, delayed: Delayed<'_, S>, sums: &mut [Tile<S>], ahead: &mut [Tile<S>]) {
    let lanes = F::Native::<S>::LEN;
    let zero = [F::Native::<S>::splat(form, S::ZERO); 2];
    for ((spectra, filter), (sums, ahead)) in delayed.tiles().zip(sums.iter_mut().zip(ahead)) {
        let (newer, older) = (&spectra[delayed.newest..], &spectra[..delayed.newest]);
        let (first, later) = filter.split_at(newer.len());
        for start in (0..TILE).step_by(VECTORS * lanes) {
            let (mut sum, mut next) = ([zero; VECTORS], [zero; VECTORS]);
            // The spectrum of the next block is not available yet.
            let mut late = [zero; VECTORS];
            for vector in 0..VECTORS {
                let offset = start + vector * lanes;
                (sum[vector], next[vector]) = (at::<F, S>(form, sums, offset), at::<F, S>(form, ahead, offset));
            }
            for (spectra, filter) in [(newer, first), (older, later)] {
                for (x, h) in spectra.iter().zip(filter) {
                    for vector in 0..VECTORS {
                        let offset = start + vector * lanes;
                        let h = at::<F, S>(form, h, offset);
                        add_product::<F, S>(late[vector], h, &mut next[vector]);
                        late[vector] = at::<F, S>(form, x, offset);
                        add_product::<F, S>(late[vector], h, &mut sum[vector]);
                    }
                }
            }
            for vector in 0..VECTORS {
                let offset = start + vector * lanes;
                put::<F, S>(sum[vector], sums, offset);
                put::<F, S>(next[vector], ahead, offset);
            }
        }
    }
}

#[inline(always)]
fn multiply_newest_all<F: Form, S: Sample>(form: F, delayed: Delayed<'_, S>, sums: &mut [Tile<S>]) {
    for ((spectra, filter), sums) in delayed.tiles().zip(sums) {
        let (x, h) = (&spectra[delayed.newest], &filter[0]);
        for offset in (0..TILE).step_by(F::Native::<S>::LEN) {
            let mut sum = at::<F, S>(form, sums, offset);
            add_product::<F, S>(at::<F, S>(form, x, offset), at::<F, S>(form, h, offset), &mut sum);
            put::<F, S>(sum, sums, offset);
        }
    }
}

/// Some bins, real and imaginary parts.
type Bins<F, S> = [<F as Form>::Native<S>; 2];

#[inline(always)]
fn add_product<F: Form, S: Sample>([x_re, x_im]: Bins<F, S>, [h_re, h_im]: Bins<F, S>, [re, im]: &mut Bins<F, S>) {
    *re = (-x_im).mul_add(h_im, x_re.mul_add(h_re, *re));
    *im = x_im.mul_add(h_re, x_re.mul_add(h_im, *im));
}

#[inline(always)]
fn at<F: Form, S: Sample>(form: F, tile: &Tile<S>, offset: usize) -> Bins<F, S> {
    let range = offset..offset + F::Native::<S>::LEN;
    [F::Native::<S>::load(form, &tile.re[range.clone()]), F::Native::<S>::load(form, &tile.im[range])]
}

#[inline(always)]
fn put<F: Form, S: Sample>([re, im]: Bins<F, S>, tile: &mut Tile<S>, offset: usize) {
    let range = offset..offset + F::Native::<S>::LEN;
    re.store(&mut tile.re[range.clone()]);
    im.store(&mut tile.im[range]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::backend::fuses};
    use alloc::vec::Vec;

    #[test]
    fn products_are_the_same_bits_in_any_lanes_and_reach_their_block() {
        fn check<S: Sample>(partitions: usize, newest: usize) {
            let tile = |seed: usize| {
                let at = |n: usize| S::from_f64(libm::sin((seed * 97 + n) as f64));
                Tile { re: core::array::from_fn(at), im: core::array::from_fn(|n| at(n + 50)) }
            };
            let spectra: Vec<Tile<S>> = (0..2 * partitions).map(tile).collect();
            let filter: Vec<Tile<S>> = (0..2 * partitions).map(|n| tile(n + 1_000)).collect();
            let delayed = Delayed { spectra: &spectra, filter: &filter, partitions, newest };
            let of = |cpu| {
                let mut sums: Vec<_> = (5_000..5_006).map(tile).collect();
                let (both, only) = sums.split_at_mut(4);
                let (now, ahead) = both.split_at_mut(2);
                multiply(Backend::new(cpu), delayed, now, ahead);
                multiply_newest(Backend::new(cpu), delayed, only);
                sums.iter().flat_map(|tile| tile.re.into_iter().chain(tile.im)).collect::<Vec<S>>()
            };
            let scalar = of(Cpu::Scalar);
            // One bin of the second tile: of this block, of the next, and of the newest alone.
            for (offset, from, to, ahead) in [(1, 0, partitions, 0), (3, 1, partitions, 1), (5, 0, 1, 0)] {
                let (mut re, mut im) = (tile(5_000 + offset).re[7].to_f64(), tile(5_000 + offset).im[7].to_f64());
                for partition in from..to {
                    let x = &spectra[partitions + (newest + partition - ahead) % partitions];
                    let h = &filter[partitions + partition];
                    let [x_re, x_im, h_re, h_im] = [x.re[7], x.im[7], h.re[7], h.im[7]].map(S::to_f64);
                    re += x_re * h_re - x_im * h_im;
                    im += x_re * h_im + x_im * h_re;
                }
                assert!((scalar[2 * offset * TILE + 7].to_f64() - re).abs() < 1e-4, "{partitions} {newest} {offset}");
                assert!(
                    (scalar[(2 * offset + 1) * TILE + 7].to_f64() - im).abs() < 1e-4,
                    "{partitions} {newest} {offset}"
                );
            }
            let same = |other: Vec<S>| other.iter().zip(&scalar).all(|(a, b)| a.bits() == b.bits());
            assert!(!fuses() || same(of(Cpu::Detected)) && same(of(Cpu::Avx2)));
        }
        for (partitions, newest) in [(1, 0), (2, 1), (5, 0), (5, 2), (16, 4)] {
            check::<f32>(partitions, newest);
            check::<f64>(partitions, newest);
        }
    }
}
