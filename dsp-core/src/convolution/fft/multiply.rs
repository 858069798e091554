//! The sum over partitions in a partitioned convolution.
//!
//! Spectra lie in [`Tile`]s of a few bins; for every tile the partitions lie one behind the other, so that the sum over
//! partitions reads memory in one direction and keeps its result in registers. It fuses its multiply-adds (see [`super`]).
//!
//! What it waits for is memory. So it makes two sums where it reads once: that of this block, and of the next block all
//! but what the next spectrum brings.

use crate::{
    foundation::sample::Sample,
    primitives::backend::{Backend, run},
};
use fearless_simd::{Simd, SimdBase, SimdFloat};

/// Bins of a tile: four vectors of eight lanes.
pub(crate) const TILE: usize = 32;
/// Vectors of bins that stay in registers, for both sums.
const VECTORS: usize = 2;

/// A few bins. Whole cache lines: loads that straddle two of them are what such a sum would wait for.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Tile<S> {
    pub(super) re: [S; TILE],
    pub(super) im: [S; TILE],
}

impl<S: Sample> Tile<S> {
    pub(crate) const ZERO: Self = Self { re: [S::ZERO; TILE], im: [S::ZERO; TILE] };
}

/// Complex numbers as real and imaginary parts.
pub(crate) type Parts<'a, S> = [&'a [S]; 2];
/// The same, to be written.
pub(crate) type PartsMut<'a, S> = [&'a mut [S]; 2];

/// Some tiles of delayed spectra, and of the filter for them.
///
/// For every tile `spectra` is a ring of `partitions` tiles, the newest at `newest` and the older ones behind it; `filter`
/// holds as many, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delayed<'a, S> {
    pub(crate) spectra: &'a [Tile<S>],
    pub(crate) filter: &'a [Tile<S>],
    pub(crate) partitions: usize,
    pub(crate) newest: usize,
}

impl<'a, S: Sample> Delayed<'a, S> {
    /// Of each tile its spectra and its partitions.
    #[inline(always)]
    fn tiles(self) -> impl Iterator<Item = (&'a [Tile<S>], &'a [Tile<S>])> {
        self.spectra.chunks_exact(self.partitions).zip(self.filter.chunks_exact(self.partitions))
    }
}

/// Adds to `sums` the products of the newest spectra with the first partition.
pub(crate) fn multiply_newest<S: Sample>(backend: Backend, delayed: Delayed<'_, S>, sums: &mut [Tile<S>]) {
    run!(backend, newest_scalar(delayed, sums), simd => newest_vector(simd, delayed, sums));
}

/// Adds to `sums` the products of all spectra with their partitions, and to `ahead` those of the next block: of each
/// spectrum with the partition behind its own.
pub(crate) fn multiply<S: Sample>(
    backend: Backend,
    delayed: Delayed<'_, S>,
    sums: &mut [Tile<S>],
    ahead: &mut [Tile<S>],
) {
    run!(backend, multiply_scalar(delayed, sums, ahead), simd => multiply_vector(simd, delayed, sums, ahead));
}

#[inline(always)]
fn multiply_vector<V: Simd, S: Sample>(simd: V, delayed: Delayed<'_, S>, sums: &mut [Tile<S>], ahead: &mut [Tile<S>]) {
    let lanes = S::Native::<V>::LEN;
    let zero = [S::Native::<V>::splat(simd, S::ZERO); 2];
    for ((spectra, filter), (sums, ahead)) in delayed.tiles().zip(sums.iter_mut().zip(ahead)) {
        let (newer, older) = (&spectra[delayed.newest..], &spectra[..delayed.newest]);
        let (first, later) = filter.split_at(newer.len());
        for start in (0..TILE).step_by(VECTORS * lanes) {
            let (mut sum, mut next) = ([zero; VECTORS], [zero; VECTORS]);
            // The spectrum of the next block is not there yet.
            let mut late = [zero; VECTORS];
            for vector in 0..VECTORS {
                let place = start + vector * lanes;
                (sum[vector], next[vector]) = (at::<V, S>(simd, sums, place), at::<V, S>(simd, ahead, place));
            }
            for (spectra, filter) in [(newer, first), (older, later)] {
                for (x, h) in spectra.iter().zip(filter) {
                    for vector in 0..VECTORS {
                        let place = start + vector * lanes;
                        let h = at::<V, S>(simd, h, place);
                        add_product::<V, S>(late[vector], h, &mut next[vector]);
                        late[vector] = at::<V, S>(simd, x, place);
                        add_product::<V, S>(late[vector], h, &mut sum[vector]);
                    }
                }
            }
            for vector in 0..VECTORS {
                let place = start + vector * lanes;
                put::<V, S>(sum[vector], sums, place);
                put::<V, S>(next[vector], ahead, place);
            }
        }
    }
}

#[inline(always)]
fn newest_vector<V: Simd, S: Sample>(simd: V, delayed: Delayed<'_, S>, sums: &mut [Tile<S>]) {
    for ((spectra, filter), sums) in delayed.tiles().zip(sums) {
        let (x, h) = (&spectra[delayed.newest], &filter[0]);
        for place in (0..TILE).step_by(S::Native::<V>::LEN) {
            let mut sum = at::<V, S>(simd, sums, place);
            add_product::<V, S>(at(simd, x, place), at(simd, h, place), &mut sum);
            put::<V, S>(sum, sums, place);
        }
    }
}

/// Some bins, real and imaginary parts.
type Bins<V, S> = [<S as fearless_simd::SimdFloatElement>::Native<V>; 2];

#[inline(always)]
fn add_product<V: Simd, S: Sample>([x_re, x_im]: Bins<V, S>, [h_re, h_im]: Bins<V, S>, [re, im]: &mut Bins<V, S>) {
    *re = (-x_im).mul_add(h_im, x_re.mul_add(h_re, *re));
    *im = x_im.mul_add(h_re, x_re.mul_add(h_im, *im));
}

#[inline(always)]
fn at<V: Simd, S: Sample>(simd: V, tile: &Tile<S>, place: usize) -> Bins<V, S> {
    let range = place..place + S::Native::<V>::LEN;
    [S::Native::<V>::from_slice(simd, &tile.re[range.clone()]), S::Native::<V>::from_slice(simd, &tile.im[range])]
}

#[inline(always)]
fn put<V: Simd, S: Sample>([re, im]: Bins<V, S>, tile: &mut Tile<S>, place: usize) {
    let range = place..place + S::Native::<V>::LEN;
    re.store_slice(&mut tile.re[range.clone()]);
    im.store_slice(&mut tile.im[range]);
}

fn multiply_scalar<S: Sample>(delayed: Delayed<'_, S>, sums: &mut [Tile<S>], ahead: &mut [Tile<S>]) {
    for ((spectra, filter), (sum, next)) in delayed.tiles().zip(sums.iter_mut().zip(ahead)) {
        let (older, newer) = spectra.split_at(delayed.newest);
        let spectra = newer.iter().chain(older);
        spectra.clone().zip(&filter[1..]).for_each(|(x, h)| add_product_scalar(x, h, next));
        spectra.zip(filter).for_each(|(x, h)| add_product_scalar(x, h, sum));
    }
}

fn newest_scalar<S: Sample>(delayed: Delayed<'_, S>, sums: &mut [Tile<S>]) {
    for ((spectra, filter), sum) in delayed.tiles().zip(sums) {
        add_product_scalar(&spectra[delayed.newest], &filter[0], sum);
    }
}

fn add_product_scalar<S: Sample>(x: &Tile<S>, h: &Tile<S>, sum: &mut Tile<S>) {
    for bin in 0..TILE {
        let ([x_re, x_im], [h_re, h_im]) = ([x.re[bin], x.im[bin]], [h.re[bin], h.im[bin]]);
        sum.re[bin] = (-x_im).fused(h_im, x_re.fused(h_re, sum.re[bin]));
        sum.im[bin] = x_im.fused(h_re, x_re.fused(h_im, sum.im[bin]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::backend::fuses};
    use alloc::vec::Vec;

    #[test]
    fn products_are_the_same_bits_in_any_lanes_and_go_to_the_block_they_are_for() {
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
            let twin = of(Cpu::Reproducible);
            // One bin of the second tile: of this block, of the next, and of the newest alone.
            for (place, from, to, ahead) in [(1, 0, partitions, 0), (3, 1, partitions, 1), (5, 0, 1, 0)] {
                let (mut re, mut im) = (tile(5_000 + place).re[7].to_f64(), tile(5_000 + place).im[7].to_f64());
                for partition in from..to {
                    let x = &spectra[partitions + (newest + partition - ahead) % partitions];
                    let h = &filter[partitions + partition];
                    let [x_re, x_im, h_re, h_im] = [x.re[7], x.im[7], h.re[7], h.im[7]].map(S::to_f64);
                    re += x_re * h_re - x_im * h_im;
                    im += x_re * h_im + x_im * h_re;
                }
                assert!((twin[2 * place * TILE + 7].to_f64() - re).abs() < 1e-4, "{partitions} {newest} {place}");
                assert!((twin[(2 * place + 1) * TILE + 7].to_f64() - im).abs() < 1e-4, "{partitions} {newest} {place}");
            }
            let same = |other: Vec<S>| other.iter().zip(&twin).all(|(a, b)| a.bits() == b.bits());
            assert!(!fuses() || same(of(Cpu::Detected)) && same(of(Cpu::Avx2)));
        }
        for (partitions, newest) in [(1, 0), (2, 1), (5, 0), (5, 2), (16, 4)] {
            check::<f32>(partitions, newest);
            check::<f64>(partitions, newest);
        }
    }
}
