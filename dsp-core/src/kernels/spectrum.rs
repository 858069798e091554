//! The passes of a partitioned convolution around its Fourier transforms.
//!
//! Spectra lie in [`Tile`]s of a few bins; for every tile the partitions lie one behind the other, so that the sum over
//! partitions reads memory in one direction and keeps its result in registers. That sum fuses its multiply-adds;
//! everything else is element-wise, free of fused operations and left to the compiler.

use super::{Form, run};
use crate::foundation::sample::Sample;
use fearless_simd::{Simd, SimdBase, SimdFloat};
use num_complex::Complex;

/// Bins of a tile: four vectors of eight lanes.
pub(crate) const TILE: usize = 32;

/// A few bins. Whole cache lines: loads that straddle two of them are what such a sum would wait for.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Tile<S> {
    re: [S; TILE],
    im: [S; TILE],
}

impl<S: Sample> Tile<S> {
    pub(crate) const ZERO: Self = Self { re: [S::ZERO; TILE], im: [S::ZERO; TILE] };
}

/// Complex numbers as real and imaginary parts.
pub(crate) type Parts<'a, S> = [&'a [S]; 2];
/// The same, to be written.
pub(crate) type PartsMut<'a, S> = [&'a mut [S]; 2];

/// Adds to each tile of `sums` the products of delayed spectra with the partitions of a filter.
///
/// For every tile `spectra` holds a ring of `partitions` tiles, the newest at `newest`; `filter` holds as many, in order.
pub(crate) fn multiply<S: Sample>(
    form: Form,
    spectra: &[Tile<S>],
    newest: usize,
    filter: &[Tile<S>],
    partitions: usize,
    sums: &mut [Tile<S>],
) {
    let tiles = spectra.chunks_exact(partitions).zip(filter.chunks_exact(partitions)).zip(sums);
    run!(form, multiply_scalar(tiles, newest), simd => multiply_vector(simd, tiles, newest));
}

/// Writes `points` times the unit numbers of `turns`.
pub(crate) fn twist<S: Sample>(form: Form, points: Parts<'_, S>, turns: Parts<'_, S>, twisted: &mut [Complex<S>]) {
    run!(form, twist_all(points, turns, twisted), _simd => twist_all(points, turns, twisted));
}

/// Writes `twisted` times the conjugates of `turns`.
pub(crate) fn untwist<S: Sample>(form: Form, twisted: &[Complex<S>], turns: Parts<'_, S>, points: PartsMut<'_, S>) {
    run!(form, untwist_all(twisted, turns, points), _simd => untwist_all(twisted, turns, points));
}

/// Adds the imaginary parts of `twisted` times the conjugates of `turns`.
pub(crate) fn untwist_onto<S: Sample>(form: Form, twisted: &[Complex<S>], turns: Parts<'_, S>, sums: &mut [S]) {
    run!(form, untwist_onto_all(twisted, turns, sums), _simd => untwist_onto_all(twisted, turns, sums));
}

/// Puts a spectrum into the first tile of every `stride`.
pub(crate) fn store<S: Sample>(form: Form, spectrum: &[Complex<S>], tiles: &mut [Tile<S>], stride: usize) {
    run!(form, store_all(spectrum, tiles, stride), _simd => store_all(spectrum, tiles, stride));
}

/// Takes a spectrum out of tiles that lie one behind the other.
pub(crate) fn load<S: Sample>(form: Form, tiles: &[Tile<S>], spectrum: &mut [Complex<S>]) {
    run!(form, load_all(tiles, spectrum), _simd => load_all(tiles, spectrum));
}

/// One pass of a transform, in place: four columns become their four residues; `turns` are the constants of columns 1 to 3.
pub(crate) fn split<S: Sample>(form: Form, re: [&mut [S]; 4], im: [&mut [S]; 4], turns: &[[S; 2]; 3]) {
    run!(form, split_all(re, im, turns), _simd => split_all(re, im, turns));
}

/// The reverse of [`split`], times 4.
pub(crate) fn join<S: Sample>(form: Form, re: [&mut [S]; 4], im: [&mut [S]; 4], turns: &[[S; 2]; 3]) {
    run!(form, join_all(re, im, turns), _simd => join_all(re, im, turns));
}

/// The same, of which only the imaginary parts are wanted, and added.
pub(crate) fn join_onto<S: Sample>(form: Form, re: [&[S]; 4], im: [&[S]; 4], turns: &[[S; 2]; 3], sums: [&mut [S]; 4]) {
    run!(form, join_onto_all(re, im, turns, sums), _simd => join_onto_all(re, im, turns, sums));
}

#[inline(always)]
fn multiply_vector<'a, V: Simd, S: Sample>(
    simd: V,
    tiles: impl Iterator<Item = ((&'a [Tile<S>], &'a [Tile<S>]), &'a mut Tile<S>)>,
    newest: usize,
) {
    for ((spectra, filter), sum) in tiles {
        let (recent, older) = spectra.split_at(newest + 1);
        let (first, later) = filter.split_at(newest + 1);
        let parts = [(recent, first), (older, later)];
        let lanes = S::Native::<V>::LEN;
        if lanes * 4 <= TILE {
            for start in (0..TILE).step_by(4 * lanes) {
                multiply_group::<V, S, 4>(simd, parts, sum, start);
            }
        } else {
            multiply_group::<V, S, 2>(simd, parts, sum, 0);
        }
    }
}

/// Spectra, newest last, and the partitions for them, newest first.
type Aligned<'a, S> = (&'a [Tile<S>], &'a [Tile<S>]);

/// As many vectors of bins as stay in registers.
#[inline(always)]
fn multiply_group<V: Simd, S: Sample, const VECTORS: usize>(
    simd: V,
    parts: [Aligned<'_, S>; 2],
    sum: &mut Tile<S>,
    start: usize,
) {
    let lanes = S::Native::<V>::LEN;
    let zero = S::Native::<V>::splat(simd, S::ZERO);
    let (mut re, mut im) = ([zero; VECTORS], [zero; VECTORS]);
    for vector in 0..VECTORS {
        re[vector] = at(simd, &sum.re, start + vector * lanes);
        im[vector] = at(simd, &sum.im, start + vector * lanes);
    }
    for (spectra, filter) in parts {
        for (spectrum, filter) in spectra.iter().rev().zip(filter) {
            for vector in 0..VECTORS {
                let place = start + vector * lanes;
                let (x_re, x_im) = (at::<V, S>(simd, &spectrum.re, place), at::<V, S>(simd, &spectrum.im, place));
                let (h_re, h_im) = (at::<V, S>(simd, &filter.re, place), at::<V, S>(simd, &filter.im, place));
                re[vector] = x_re.mul_add(h_re, re[vector]);
                im[vector] = x_re.mul_add(h_im, im[vector]);
                re[vector] = (-x_im).mul_add(h_im, re[vector]);
                im[vector] = x_im.mul_add(h_re, im[vector]);
            }
        }
    }
    for vector in 0..VECTORS {
        let place = start + vector * lanes;
        re[vector].store_slice(&mut sum.re[place..place + lanes]);
        im[vector].store_slice(&mut sum.im[place..place + lanes]);
    }
}

#[inline(always)]
fn at<V: Simd, S: Sample>(simd: V, part: &[S; TILE], place: usize) -> S::Native<V> {
    S::Native::<V>::from_slice(simd, &part[place..place + S::Native::<V>::LEN])
}

fn multiply_scalar<'a, S: Sample>(
    tiles: impl Iterator<Item = ((&'a [Tile<S>], &'a [Tile<S>]), &'a mut Tile<S>)>,
    newest: usize,
) {
    for ((spectra, filter), sum) in tiles {
        let (recent, older) = spectra.split_at(newest + 1);
        for (spectrum, filter) in recent.iter().rev().chain(older.iter().rev()).zip(filter) {
            for bin in 0..TILE {
                let (x_re, x_im) = (spectrum.re[bin], spectrum.im[bin]);
                let (h_re, h_im) = (filter.re[bin], filter.im[bin]);
                sum.re[bin] = (-x_im).fused(h_im, x_re.fused(h_re, sum.re[bin]));
                sum.im[bin] = x_im.fused(h_re, x_re.fused(h_im, sum.im[bin]));
            }
        }
    }
}

#[inline(always)]
fn twist_all<S: Sample>([re, im]: Parts<'_, S>, [cos, sin]: Parts<'_, S>, twisted: &mut [Complex<S>]) {
    for ((twisted, (re, im)), (cos, sin)) in twisted.iter_mut().zip(re.iter().zip(im)).zip(cos.iter().zip(sin)) {
        *twisted = Complex { re: *re * *cos - *im * *sin, im: *re * *sin + *im * *cos };
    }
}

#[inline(always)]
fn untwist_all<S: Sample>(twisted: &[Complex<S>], [cos, sin]: Parts<'_, S>, [re, im]: PartsMut<'_, S>) {
    for ((twisted, (re, im)), (cos, sin)) in twisted.iter().zip(re.iter_mut().zip(im)).zip(cos.iter().zip(sin)) {
        *re = twisted.re * *cos + twisted.im * *sin;
        *im = twisted.im * *cos - twisted.re * *sin;
    }
}

#[inline(always)]
fn untwist_onto_all<S: Sample>(twisted: &[Complex<S>], [cos, sin]: Parts<'_, S>, sums: &mut [S]) {
    for ((twisted, sum), (cos, sin)) in twisted.iter().zip(sums).zip(cos.iter().zip(sin)) {
        *sum += twisted.im * *cos - twisted.re * *sin;
    }
}

#[inline(always)]
fn store_all<S: Sample>(spectrum: &[Complex<S>], tiles: &mut [Tile<S>], stride: usize) {
    let (spectrum, _) = spectrum.as_chunks::<TILE>();
    for (bins, tile) in spectrum.iter().zip(tiles.iter_mut().step_by(stride)) {
        for ((bin, re), im) in bins.iter().zip(&mut tile.re).zip(&mut tile.im) {
            *re = bin.re;
            *im = bin.im;
        }
    }
}

#[inline(always)]
fn load_all<S: Sample>(tiles: &[Tile<S>], spectrum: &mut [Complex<S>]) {
    let (spectrum, _) = spectrum.as_chunks_mut::<TILE>();
    for (bins, tile) in spectrum.iter_mut().zip(tiles) {
        for ((bin, re), im) in bins.iter_mut().zip(&tile.re).zip(&tile.im) {
            *bin = Complex { re: *re, im: *im };
        }
    }
}

#[inline(always)]
fn split_all<S: Sample>([r0, r1, r2, r3]: [&mut [S]; 4], [i0, i1, i2, i3]: [&mut [S]; 4], turns: &[[S; 2]; 3]) {
    let count = r0.len();
    let (r1, r2, r3) = (&mut r1[..count], &mut r2[..count], &mut r3[..count]);
    let (i0, i1, i2, i3) = (&mut i0[..count], &mut i1[..count], &mut i2[..count], &mut i3[..count]);
    let [[c1, s1], [c2, s2], [c3, s3]] = *turns;
    for n in 0..count {
        let (a_re, a_im) = (r0[n], i0[n]);
        let (b_re, b_im) = (r1[n] * c1 - i1[n] * s1, r1[n] * s1 + i1[n] * c1);
        let (c_re, c_im) = (r2[n] * c2 - i2[n] * s2, r2[n] * s2 + i2[n] * c2);
        let (d_re, d_im) = (r3[n] * c3 - i3[n] * s3, r3[n] * s3 + i3[n] * c3);
        let (even_re, even_im) = (a_re + c_re, a_im + c_im);
        let (odd_re, odd_im) = (b_re + d_re, b_im + d_im);
        let (first_re, first_im) = (a_re - c_re, a_im - c_im);
        let (last_re, last_im) = (b_re - d_re, b_im - d_im);
        (r0[n], i0[n]) = (even_re + odd_re, even_im + odd_im);
        (r1[n], i1[n]) = (first_re - last_im, first_im + last_re);
        (r2[n], i2[n]) = (even_re - odd_re, even_im - odd_im);
        (r3[n], i3[n]) = (first_re + last_im, first_im - last_re);
    }
}

#[inline(always)]
fn join_all<S: Sample>([r0, r1, r2, r3]: [&mut [S]; 4], [i0, i1, i2, i3]: [&mut [S]; 4], turns: &[[S; 2]; 3]) {
    let count = r0.len();
    let (r1, r2, r3) = (&mut r1[..count], &mut r2[..count], &mut r3[..count]);
    let (i0, i1, i2, i3) = (&mut i0[..count], &mut i1[..count], &mut i2[..count], &mut i3[..count]);
    let [[c1, s1], [c2, s2], [c3, s3]] = *turns;
    for n in 0..count {
        let (even_re, even_im) = (r0[n] + r2[n], i0[n] + i2[n]);
        let (first_re, first_im) = (r0[n] - r2[n], i0[n] - i2[n]);
        let (odd_re, odd_im) = (r1[n] + r3[n], i1[n] + i3[n]);
        let (last_re, last_im) = (r1[n] - r3[n], i1[n] - i3[n]);
        let (b_re, b_im) = (first_re + last_im, first_im - last_re);
        let (c_re, c_im) = (even_re - odd_re, even_im - odd_im);
        let (d_re, d_im) = (first_re - last_im, first_im + last_re);
        (r0[n], i0[n]) = (even_re + odd_re, even_im + odd_im);
        (r1[n], i1[n]) = (b_re * c1 + b_im * s1, b_im * c1 - b_re * s1);
        (r2[n], i2[n]) = (c_re * c2 + c_im * s2, c_im * c2 - c_re * s2);
        (r3[n], i3[n]) = (d_re * c3 + d_im * s3, d_im * c3 - d_re * s3);
    }
}

#[inline(always)]
fn join_onto_all<S: Sample>(
    [r0, r1, r2, r3]: [&[S]; 4],
    [i0, i1, i2, i3]: [&[S]; 4],
    turns: &[[S; 2]; 3],
    [y0, y1, y2, y3]: [&mut [S]; 4],
) {
    let count = r0.len();
    let (r1, r2, r3) = (&r1[..count], &r2[..count], &r3[..count]);
    let (i0, i1, i2, i3) = (&i0[..count], &i1[..count], &i2[..count], &i3[..count]);
    let (y0, y1, y2, y3) = (&mut y0[..count], &mut y1[..count], &mut y2[..count], &mut y3[..count]);
    let [[c1, s1], [c2, s2], [c3, s3]] = *turns;
    for n in 0..count {
        let (even_re, even_im) = (r0[n] + r2[n], i0[n] + i2[n]);
        let (first_re, first_im) = (r0[n] - r2[n], i0[n] - i2[n]);
        let (odd_re, odd_im) = (r1[n] + r3[n], i1[n] + i3[n]);
        let (last_re, last_im) = (r1[n] - r3[n], i1[n] - i3[n]);
        y0[n] += even_im + odd_im;
        y1[n] += (first_im - last_re) * c1 - (first_re + last_im) * s1;
        y2[n] += (even_im - odd_im) * c2 - (even_re - odd_re) * s2;
        y3[n] += (first_im + last_re) * c3 - (first_re - last_im) * s3;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, kernels::fuses};
    use alloc::{vec, vec::Vec};

    #[test]
    fn products_are_the_same_bits_in_any_lanes_and_the_newest_comes_first() {
        fn check<S: Sample>(partitions: usize, newest: usize) {
            let tile = |seed: usize| {
                let at = |n: usize| S::from_f64(libm::sin((seed * 97 + n) as f64));
                Tile { re: core::array::from_fn(at), im: core::array::from_fn(|n| at(n + 50)) }
            };
            let spectra: Vec<Tile<S>> = (0..2 * partitions).map(tile).collect();
            let filter: Vec<Tile<S>> = (0..2 * partitions).map(|n| tile(n + 1_000)).collect();
            let of = |cpu| {
                let mut sums = vec![tile(5_000), tile(5_001)];
                multiply(Form::new(cpu), &spectra, newest, &filter, partitions, &mut sums);
                sums.iter().flat_map(|tile| tile.re.into_iter().chain(tile.im)).collect::<Vec<S>>()
            };
            let twin = of(Cpu::Reproducible);
            let (mut re, mut im) = (tile(5_001).re[7].to_f64(), tile(5_001).im[7].to_f64());
            for partition in 0..partitions {
                let x = &spectra[partitions + (newest + partitions - partition) % partitions];
                let h = &filter[partitions + partition];
                let [x_re, x_im, h_re, h_im] = [x.re[7], x.im[7], h.re[7], h.im[7]].map(S::to_f64);
                re += x_re * h_re - x_im * h_im;
                im += x_re * h_im + x_im * h_re;
            }
            assert!((twin[2 * TILE + 7].to_f64() - re).abs() < 1e-4 && (twin[3 * TILE + 7].to_f64() - im).abs() < 1e-4);
            let same = |other: Vec<S>| other.iter().zip(&twin).all(|(a, b)| a.bits() == b.bits());
            assert!(!fuses() || same(of(Cpu::Detected)) && same(of(Cpu::Avx2)));
        }
        for (partitions, newest) in [(1, 0), (5, 0), (5, 2), (5, 4)] {
            check::<f32>(partitions, newest);
            check::<f64>(partitions, newest);
        }
    }
}
