//! A transform for convolving real blocks, done in pieces so small that none is felt in a callback.
//!
//! 2B real samples x are taken as the polynomial `Σ x[j] Z^j` modulo Z^2B + 1. Over the complex numbers that is the product
//! of Z^B - i and its conjugate, so the B complex points `x[j] + i x[j + B]` say everything: a real transform without a pass
//! to untangle it and without special bins. Products wrap with a change of sign, which overlap-save throws away anyway.
//!
//! Z^n = e^iθ splits into four residues Z^(n/4) = e^i(θ + 2πq)/4: a pass over four columns with constant factors. Small
//! enough, Z^M = e^iθ becomes W^M = 1 by Z = e^(iθ/M) W, a twist by a table, and one ordinary transform of M points. The
//! order of the bins does not matter, as filters are transformed the same way.
//!
//! # Source
//! H. J. Nussbaumer, "Fast Fourier Transform and Convolution Algorithms", 2nd ed. 1982, ch. 3 and 8 (polynomial products
//! modulo Z^N + 1); the radix-4 step is decimation in frequency.

use crate::{
    foundation::{fourier::Fourier, sample::Sample, stream::StreamSpec},
    kernels::{
        Form,
        spectrum::{self, Parts, PartsMut, Tile},
    },
};
use alloc::{sync::Arc, vec, vec::Vec};
use core::f64::consts::PI;
use num_complex::Complex;

/// Columns of a pass done in one piece.
const PASS_COLUMNS: usize = 256;

/// A transform of blocks of one length.
#[derive(Clone, Debug)]
pub(crate) struct Transform<S> {
    form: Form,
    block: usize,
    leaf: usize,
    /// From whole blocks down to leaves: for each polynomial of a level, the constants of columns 1 to 3.
    levels: Vec<Vec<[[S; 2]; 3]>>,
    /// Cosines and sines that twist the leaves, leaf after leaf.
    turns: [Vec<S>; 2],
    fourier: Arc<dyn Fourier<S>>,
}

/// Room for one leaf; transforms that take turns share one.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeafScratch<S> {
    points: Vec<Complex<S>>,
    fft: Vec<Complex<S>>,
}

/// A piece of a pass: columns `start..start + count` of polynomial `index` of a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    level: u32,
    index: u32,
    start: u32,
    count: u32,
}

impl Piece {
    /// Complex points it works on.
    pub(crate) fn points(self) -> usize {
        4 * self.count as usize
    }
}

impl<S: Sample> Transform<S> {
    /// For blocks of `leaf` times a power of four; `leaf` is a multiple of the tiles of a spectrum.
    pub(crate) fn new(spec: &StreamSpec, block: usize, leaf: usize) -> Self {
        let complex = |angle: f64| [S::from_f64(libm::cos(angle)), S::from_f64(libm::sin(angle))];
        let mut angles = vec![0.5 * PI];
        let mut levels = Vec::new();
        let mut size = block;
        while size > leaf {
            levels.push(angles.iter().map(|angle| [1.0, 2.0, 3.0].map(|r| complex(0.25 * angle * r))).collect());
            angles =
                angles.iter().flat_map(|angle| [0.0, 1.0, 2.0, 3.0].map(|q| 0.25 * (angle + 2.0 * PI * q))).collect();
            size /= 4;
        }
        debug_assert_eq!(size, leaf, "blocks are leaves times a power of four");
        let mut turns = [Vec::with_capacity(block), Vec::with_capacity(block)];
        for angle in angles {
            for j in 0..leaf {
                let [cos, sin] = complex(angle * j as f64 / leaf as f64);
                turns[0].push(cos);
                turns[1].push(sin);
            }
        }
        Self { form: Form::new(spec.cpu()), block, leaf, levels, turns, fourier: S::fourier(leaf, spec.cpu()) }
    }

    /// A block is a single leaf, and needs no passes.
    pub(crate) fn is_leaf(&self) -> bool {
        self.levels.is_empty()
    }

    /// Makes the room that its leaves need.
    pub(crate) fn reserve(&self, scratch: &mut LeafScratch<S>) {
        let zero = Complex { re: S::ZERO, im: S::ZERO };
        scratch.points.resize(scratch.points.len().max(self.leaf), zero);
        scratch.fft.resize(scratch.fft.len().max(self.fourier.scratch()), zero);
    }

    /// The pieces of all passes, from whole blocks down.
    pub(crate) fn pieces(&self) -> impl DoubleEndedIterator<Item = Piece> {
        self.levels.iter().enumerate().flat_map(move |(level, constants)| {
            let columns = self.block >> (2 * level + 2);
            let count = columns.min(PASS_COLUMNS);
            (0..constants.len()).flat_map(move |index| {
                (0..columns).step_by(count).map(move |start| Piece {
                    level: level as u32,
                    index: index as u32,
                    start: start as u32,
                    count: count as u32,
                })
            })
        })
    }

    /// Fills the columns of the first pass's pieces from a window: its older half and its newer one.
    pub(crate) fn fill(&self, piece: Piece, halves: Parts<'_, S>, points: PartsMut<'_, S>) {
        if piece.level == 0 {
            for (half, part) in halves.into_iter().zip(points) {
                for start in (piece.start as usize..self.block).step_by(self.block / 4) {
                    let range = start..start + piece.count as usize;
                    part[range.clone()].copy_from_slice(&half[range]);
                }
            }
        }
    }

    /// One piece on the way to a spectrum.
    pub(crate) fn split(&self, piece: Piece, points: PartsMut<'_, S>) {
        let constants = &self.levels[piece.level as usize][piece.index as usize];
        let [re, im] = points.map(|part| self.columns(piece, part));
        spectrum::split(self.form, re, im, constants);
    }

    /// One piece on the way back. Those of the whole block add samples to `sums`, the newer half of the window.
    pub(crate) fn join(&self, piece: Piece, points: PartsMut<'_, S>, sums: &mut [S]) {
        let constants = &self.levels[piece.level as usize][piece.index as usize];
        let [re, im] = points.map(|part| self.columns(piece, part));
        if piece.level == 0 {
            let sums = self.columns(piece, sums);
            spectrum::join_onto(self.form, re.map(|x| &*x), im.map(|x| &*x), constants, sums);
        } else {
            spectrum::join(self.form, re, im, constants);
        }
    }

    fn columns<'a>(&self, piece: Piece, part: &'a mut [S]) -> [&'a mut [S]; 4] {
        let size = self.block >> (2 * piece.level);
        let polynomial = &mut part[piece.index as usize * size..][..size];
        let (low, high) = polynomial.split_at_mut(size / 2);
        let ((a, b), (c, d)) = (low.split_at_mut(size / 4), high.split_at_mut(size / 4));
        [a, b, c, d].map(|column| &mut column[piece.start as usize..][..piece.count as usize])
    }

    /// The bins of a leaf, into one partition of its tiles (see [`spectrum::store`]).
    pub(crate) fn analyse(
        &self,
        leaf: usize,
        points: Parts<'_, S>,
        scratch: &mut LeafScratch<S>,
        tiles: &mut [Tile<S>],
        stride: usize,
    ) {
        let LeafScratch { points: twisted, fft } = scratch;
        let twisted = &mut twisted[..self.leaf];
        spectrum::twist(self.form, points, self.turns_of(leaf), twisted);
        self.fourier.forward(twisted, fft);
        spectrum::store(self.form, twisted, tiles, stride);
    }

    /// The points of a leaf out of its tiles; of a block that is one leaf, the newer half, added to `sums`.
    pub(crate) fn restore(
        &self,
        leaf: usize,
        tiles: &[Tile<S>],
        scratch: &mut LeafScratch<S>,
        target: Restored<'_, S>,
    ) {
        let LeafScratch { points: twisted, fft } = scratch;
        let twisted = &mut twisted[..self.leaf];
        spectrum::load(self.form, tiles, twisted);
        self.fourier.inverse(twisted, fft);
        match target {
            Restored::Points(points) => spectrum::untwist(self.form, twisted, self.turns_of(leaf), points),
            Restored::Sums(sums) => spectrum::untwist_onto(self.form, twisted, self.turns_of(leaf), sums),
        }
    }

    fn turns_of(&self, leaf: usize) -> Parts<'_, S> {
        let range = leaf * self.leaf..(leaf + 1) * self.leaf;
        [&self.turns[0][range.clone()], &self.turns[1][range]]
    }

    /// Bytes of its tables.
    pub(crate) fn memory_bytes(&self) -> usize {
        2 * self.block * size_of::<S>()
    }
}

/// Where a leaf goes back to.
#[derive(Debug)]
pub(crate) enum Restored<'a, S> {
    /// Its points, for the passes.
    Points(PartsMut<'a, S>),
    /// The samples themselves.
    Sums(&'a mut [S]),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        kernels::spectrum::{TILE, multiply},
        parts::random::Random,
    };

    /// Products of polynomials modulo Z^2B + 1 through the transform, however many passes it has.
    #[test]
    fn turns_products_into_convolutions_that_wrap_with_a_change_of_sign() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap().with_cpu(Cpu::Detected);
        for (block, leaf) in [(64, 64), (256, 64), (4_096, 256)] {
            let transform = Transform::<f64>::new(&spec, block, leaf);
            let mut scratch = LeafScratch::default();
            transform.reserve(&mut scratch);
            let mut random = Random::new(3, 0);
            let [x, h] = [(); 2].map(|()| (0..2 * block).map(|_| random.triangular()).collect::<Vec<f64>>());
            let tiles = leaf / TILE;
            let [a, b] = [&x, &h].map(|samples| {
                let (mut re, mut im) = (vec![0.0; block], vec![0.0; block]);
                for piece in transform.pieces() {
                    transform.fill(piece, [&samples[..block], &samples[block..]], [&mut re, &mut im]);
                    transform.split(piece, [&mut re, &mut im]);
                }
                if transform.is_leaf() {
                    (re, im) = (samples[..block].to_vec(), samples[block..].to_vec());
                }
                let mut spectrum = vec![Tile::ZERO; block / TILE];
                for (leaf_index, spectrum) in spectrum.chunks_exact_mut(tiles).enumerate() {
                    let range = leaf_index * leaf..(leaf_index + 1) * leaf;
                    let points = [&re[range.clone()], &im[range]];
                    transform.analyse(leaf_index, points, &mut scratch, spectrum, 1);
                }
                spectrum
            });
            let mut product = vec![Tile::ZERO; block / TILE];
            multiply(Form::new(Cpu::Detected), &a, 0, &b, 1, &mut product);
            let (mut re, mut im, mut sums) = (vec![0.0; block], vec![0.0; block], vec![0.0; block]);
            for (leaf_index, product) in product.chunks_exact(tiles).enumerate() {
                let range = leaf_index * leaf..(leaf_index + 1) * leaf;
                let target = if transform.is_leaf() {
                    Restored::Sums(&mut sums)
                } else {
                    Restored::Points([&mut re[range.clone()], &mut im[range]])
                };
                transform.restore(leaf_index, product, &mut scratch, target);
            }
            for piece in transform.pieces().rev() {
                transform.join(piece, [&mut re, &mut im], &mut sums);
            }
            // The newer half, of which a few.
            for n in (block..2 * block).step_by(block / 16) {
                let at = |k: usize| if k <= n { x[k] * h[n - k] } else { -x[k] * h[n + 2 * block - k] };
                let expected: f64 = (0..2 * block).map(at).sum();
                let actual = sums[n - block] / block as f64;
                assert!((actual - expected).abs() < 1e-10, "{block} {leaf} {n}: {actual} {expected}");
            }
        }
    }
}
