//! Negacyclic split-complex FFT of real blocks, divided into steps of a few microseconds.
//!
//! 2B real samples x are taken as the polynomial `Σ x[j] Z^j` modulo Z^2B + 1. Over the complex numbers that is the
//! product of Z^B - i and its conjugate, so the B complex points `x[j] + i x[j + B]` are sufficient: a real transform
//! without a separate untangling pass and without special bins. Products wrap with a change of sign, in samples that
//! overlap-save discards anyway.
//!
//! Z^8m = e^iθ splits into eight residues Z^m = e^i(θ + 2πq)/8: a pass over eight columns with constant twiddles,
//! recursively down to single bins (`radix8`). The bins are never reordered, as filters are transformed the same way.
//!
//! # Source
//! H. J. Nussbaumer, "Fast Fourier Transform and Convolution Algorithms", 2nd ed. 1982, ch. 3 and 8 (polynomial
//! products modulo Z^N + 1); the passes are decimation in frequency.

pub(crate) mod design;
pub(crate) mod fft64;
pub(crate) mod multiply;
pub(crate) mod radix8;

use self::{
    fft64::{FFT64_POINTS, FFT64_TILES, Fft64Twiddles},
    multiply::{Parts, PartsMut, Tile},
    radix8::Twiddles,
};
use crate::{
    foundation::{sample::Sample, stream::StreamSpec},
    primitives::backend::Backend,
};
use alloc::{vec, vec::Vec};
use core::f64::consts::PI;

/// Columns of one step of a pass.
const PASS_COLUMNS: usize = 128;
/// Unused points between bases: a cache line of f32. Columns at distances of powers of two would map to the same few
/// cache sets.
const PADDING: usize = 16;

/// A transform of blocks of one length.
#[derive(Clone, Debug)]
pub(crate) struct Transform<S> {
    backend: Backend,
    block: usize,
    /// Passes in range, from whole blocks down to 64 points.
    levels: Vec<Level<S>>,
    fft64_twiddles: Vec<Fft64Twiddles<S>>,
    steps: Vec<Step>,
}

/// A pass over a whole block.
#[derive(Clone, Debug)]
struct Level<S> {
    /// Number of coefficients of its polynomials.
    size: usize,
    /// 4 or 8.
    columns: usize,
    /// For each polynomial.
    twiddles: Vec<Twiddles<S>>,
}

/// A step of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Columns `start..start + count` of polynomial `index` of a level.
    Pass { level: u8, index: u32, start: u32, count: u32 },
    /// The last pass and the transforms of 64 points after it, for polynomial `index`.
    Base { index: u32 },
}

/// The angles of the residues of one angle.
fn residues_of(angle: f64, columns: usize) -> Vec<f64> {
    let halves = |angle: f64| [0.5 * angle, 0.5 * angle + PI];
    let mut angles = vec![angle];
    for _ in 0..columns.ilog2() {
        angles = angles.into_iter().flat_map(halves).collect();
    }
    angles
}

/// The twiddles of one radix-8 step (see [`Twiddles`]).
fn twiddles_of(angle: f64) -> [[f64; 2]; 4] {
    let eighth = 0.125 * angle;
    [0.5 * angle, 0.25 * angle, eighth, eighth + 0.25 * PI].map(|angle| [libm::cos(angle), libm::sin(angle)])
}

fn rounded<S: Sample>(twiddles: [[f64; 2]; 4]) -> Twiddles<S> {
    twiddles.map(|twiddle| twiddle.map(S::from_f64))
}

impl<S: Sample> Fft64Twiddles<S> {
    fn new(angle: f64) -> Self {
        let mut second = [[[S::ZERO; 8]; 2]; 4];
        for (row, angle) in residues_of(angle, 8).into_iter().enumerate() {
            for (twiddle, parts) in twiddles_of(angle).iter().zip(&mut second) {
                (parts[0][row], parts[1][row]) = (S::from_f64(twiddle[0]), S::from_f64(twiddle[1]));
            }
        }
        Self { first: rounded(twiddles_of(angle)), second }
    }
}

impl<S: Sample> Transform<S> {
    /// For blocks of 64, 256 or any greater power of two.
    pub(crate) fn new(spec: &StreamSpec, block: usize) -> Self {
        debug_assert!(block.is_power_of_two() && block >= FFT64_POINTS && block != 2 * FFT64_POINTS, "{block}");
        // The angle of Z^block = i.
        let mut angles = vec![0.5 * PI];
        let mut levels = Vec::new();
        let mut size = block;
        while size > FFT64_POINTS {
            let columns = if (size / FFT64_POINTS).ilog2().is_multiple_of(3) { 8 } else { 4 };
            let twiddles = angles.iter().map(|angle| rounded(twiddles_of(*angle))).collect();
            levels.push(Level { size, columns, twiddles });
            angles = angles.into_iter().flat_map(|angle| residues_of(angle, columns)).collect();
            size /= columns;
        }
        let fft64_twiddles = angles.into_iter().map(Fft64Twiddles::new).collect();
        let mut transform =
            Self { backend: Backend::new(spec.cpu()), block, levels, fft64_twiddles, steps: Vec::new() };
        let mut steps = Vec::new();
        transform.descend(0, 0, &mut steps);
        transform.steps = steps;
        transform
    }

    /// Coefficients of a [`Step::Base`].
    pub(crate) fn base(&self) -> usize {
        self.levels.last().map_or(FFT64_POINTS, |level| level.size)
    }

    /// Index of the first point of a base.
    fn padded(&self, point: usize) -> usize {
        let base = self.base();
        point / base * (base + PADDING) + point % base
    }

    /// Points of scratch between passes.
    pub(crate) fn points(&self) -> usize {
        if self.levels.is_empty() { 0 } else { self.padded(self.block) }
    }

    /// All steps, each polynomial's before those of the next, so that recently used points are still in the cache.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn descend(&self, level: usize, index: usize, steps: &mut Vec<Step>) {
        if level + 1 >= self.levels.len() {
            return steps.push(Step::Base { index: index as u32 });
        }
        let Level { size, columns, .. } = self.levels[level];
        let count = (size / columns).min(PASS_COLUMNS);
        for start in (0..size / columns).step_by(count) {
            steps.push(Step::Pass {
                level: level as u8,
                index: index as u32,
                start: start as u32,
                count: count as u32,
            });
        }
        (0..columns).for_each(|child| self.descend(level + 1, index * columns + child, steps));
    }

    /// Complex points of a step, and the passes over them.
    pub(crate) fn work(&self, step: Step) -> (usize, usize) {
        match step {
            Step::Pass { level, count, .. } => (self.levels[usize::from(level)].columns * count as usize, 1),
            Step::Base { .. } => (self.base(), if self.levels.is_empty() { 2 } else { 3 }),
        }
    }

    /// One step of the forward transform of a window, its older half and its newer one. A base's bins go into the first
    /// tile of every `stride`.
    pub(crate) fn forward(
        &self,
        step: Step,
        window: Parts<'_, S>,
        points: PartsMut<'_, S>,
        tiles: &mut [Tile<S>],
        stride: usize,
    ) {
        match step {
            Step::Pass { level, index, start, count } => {
                self.split(usize::from(level), index as usize, start as usize, count as usize, window, points);
            }
            Step::Base { index } => {
                let (index, base) = (index as usize, self.base());
                let [re, im] = points;
                if let Some(level) = self.levels.len().checked_sub(1) {
                    let count = base / self.levels[level].columns;
                    self.split(level, index, 0, count, window, [&mut *re, &mut *im]);
                }
                let start = self.padded(index * base);
                let parts =
                    if self.levels.is_empty() { window } else { [&re[start..start + base], &im[start..start + base]] };
                let twiddles = &self.fft64_twiddles[index * base / FFT64_POINTS..(index + 1) * base / FFT64_POINTS];
                fft64::forward(self.backend, parts, twiddles, tiles, stride);
            }
        }
    }

    fn split(
        &self,
        level: usize,
        index: usize,
        start: usize,
        count: usize,
        window: Parts<'_, S>,
        [re, im]: PartsMut<'_, S>,
    ) {
        let Level { size, columns, twiddles } = &self.levels[level];
        let (twiddles, range) = (&twiddles[index], self.columns_at(index * size, *size, start, count));
        let plain = ColumnRange { first: 0, size: *size, start, count };
        match (level, columns) {
            (0, 4) => radix8::forward_from::<S, 4>(
                self.backend,
                window.map(|part| columns_of(part, plain)),
                [columns_mut(re, range), columns_mut(im, range)],
                twiddles,
            ),
            (0, _) => radix8::forward_from::<S, 8>(
                self.backend,
                window.map(|part| columns_of(part, plain)),
                [columns_mut(re, range), columns_mut(im, range)],
                twiddles,
            ),
            (_, 4) => radix8::forward::<S, 4>(self.backend, [columns_mut(re, range), columns_mut(im, range)], twiddles),
            (_, _) => radix8::forward::<S, 8>(self.backend, [columns_mut(re, range), columns_mut(im, range)], twiddles),
        }
    }

    /// One step of the inverse transform, scaled by its part of the block's length. A base's bins come from `tiles`,
    /// which hold no others; the last steps add samples to `sums`, the newer half of the window.
    pub(crate) fn backward(&self, step: Step, tiles: &[Tile<S>], points: PartsMut<'_, S>, sums: &mut [S]) {
        match step {
            Step::Pass { level, index, start, count } => {
                self.join(usize::from(level), index as usize, start as usize, count as usize, points, sums);
            }
            Step::Base { index } => {
                let (index, base) = (index as usize, self.base());
                let twiddles = &self.fft64_twiddles[index * base / FFT64_POINTS..(index + 1) * base / FFT64_POINTS];
                let Some(level) = self.levels.len().checked_sub(1) else {
                    return fft64::inverse_onto(self.backend, &tiles[..FFT64_TILES], &twiddles[0], sums);
                };
                let [re, im] = points;
                let range = self.padded(index * base)..self.padded(index * base) + base;
                fft64::inverse(self.backend, tiles, twiddles, [&mut re[range.clone()], &mut im[range]]);
                self.join(level, index, 0, base / self.levels[level].columns, [re, im], sums);
            }
        }
    }

    fn join(&self, level: usize, index: usize, start: usize, count: usize, [re, im]: PartsMut<'_, S>, sums: &mut [S]) {
        let Level { size, columns, twiddles } = &self.levels[level];
        let (twiddles, range) = (&twiddles[index], self.columns_at(index * size, *size, start, count));
        let plain = ColumnRange { first: 0, size: *size, start, count };
        match (level, columns) {
            (0, 4) => radix8::inverse_onto::<S, 4>(
                self.backend,
                [columns_of(re, range), columns_of(im, range)],
                twiddles,
                columns_mut(sums, plain),
            ),
            (0, _) => radix8::inverse_onto::<S, 8>(
                self.backend,
                [columns_of(re, range), columns_of(im, range)],
                twiddles,
                columns_mut(sums, plain),
            ),
            (_, 4) => radix8::inverse::<S, 4>(self.backend, [columns_mut(re, range), columns_mut(im, range)], twiddles),
            (_, _) => radix8::inverse::<S, 8>(self.backend, [columns_mut(re, range), columns_mut(im, range)], twiddles),
        }
    }

    /// The columns of a step among padded points.
    fn columns_at(&self, first: usize, size: usize, start: usize, count: usize) -> ColumnRange {
        let padded = if size > self.base() { self.padded(size) } else { size };
        ColumnRange { first: self.padded(first), size: padded, start: self.padded(start), count }
    }

    /// Memory of its tables, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.fft64_twiddles.len() * size_of::<Fft64Twiddles<S>>() + self.steps.len() * size_of::<Step>()
    }
}

/// Start and size of a polynomial, and start and length of a range within its columns.
#[derive(Clone, Copy, Debug)]
struct ColumnRange {
    first: usize,
    size: usize,
    start: usize,
    count: usize,
}

fn columns_of<S, const N: usize>(part: &[S], ColumnRange { first, size, start, count }: ColumnRange) -> [&[S]; N] {
    let polynomial = &part[first..first + size];
    core::array::from_fn(|n| &polynomial[n * (size / N) + start..][..count])
}

fn columns_mut<S, const N: usize>(
    part: &mut [S],
    ColumnRange { first, size, start, count }: ColumnRange,
) -> [&mut [S]; N] {
    let mut columns = part[first..first + size].chunks_exact_mut(size / N);
    core::array::from_fn(|_| columns.next().map_or(&mut [] as &mut [S], |column| &mut column[start..start + count]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        convolution::fft::multiply::{Delayed, TILE, multiply_newest},
        foundation::stream::Cpu,
        primitives::{backend::fuses, random::Random},
    };

    /// The newer half of the product of polynomials modulo Z^2B + 1, times B, through the transform.
    fn product<S: Sample>(block: usize, cpu: Cpu, factors: [&[f64]; 2]) -> Vec<S> {
        let transform = Transform::<S>::new(&StreamSpec::new(48_000.0, 1).unwrap().with_cpu(cpu), block);
        let (tiles, steps) = (transform.base() / TILE, transform.steps());
        let (mut re, mut im) = (vec![S::ZERO; transform.points()], vec![S::ZERO; transform.points()]);
        let [x, h] = factors.map(|samples| {
            let samples: Vec<S> = samples.iter().map(|&sample| S::from_f64(sample)).collect();
            let mut spectrum = vec![Tile::ZERO; block / TILE];
            for &step in steps {
                let window = [&samples[..block], &samples[block..]];
                let row = if let Step::Base { index } = step { index as usize } else { 0 };
                transform.forward(step, window, [&mut re, &mut im], &mut spectrum[row * tiles..], 1);
            }
            spectrum
        });
        let mut sums = vec![S::ZERO; block];
        for &step in steps.iter().rev() {
            let row = if let Step::Base { index } = step { index as usize } else { 0 };
            let range = row * tiles..(row + 1) * tiles;
            let (spectra, filter) = (&x[range.clone()], &h[range]);
            let delayed = Delayed { spectra, filter, partitions: 1, newest: 0 };
            let mut product = vec![Tile::ZERO; tiles];
            multiply_newest(Backend::new(cpu), delayed, &mut product);
            transform.backward(step, &product, [&mut re, &mut im], &mut sums);
        }
        sums
    }

    fn noise(seed: u64, frames: usize) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        (0..frames).map(|_| random.triangular()).collect()
    }

    #[test]
    fn products_are_convolutions_that_wrap_with_a_change_of_sign() {
        for block in [64, 256, 512, 1_024, 2_048, 4_096, 16_384] {
            let (x, h) = (noise(3, 2 * block), noise(4, 2 * block));
            let sums = product::<f64>(block, Cpu::Detected, [&x, &h]);
            // A few of them.
            for n in (block..2 * block).step_by(block / 16) {
                let at = |k: usize| if k <= n { x[k] * h[n - k] } else { -x[k] * h[n + 2 * block - k] };
                let expected: f64 = (0..2 * block).map(at).sum();
                let actual = sums[n - block] / block as f64;
                assert!((actual - expected).abs() < 1e-10, "{block} {n}: {actual} {expected}");
            }
        }
    }

    #[test]
    fn is_the_same_bits_in_any_lanes() {
        fn check<S: Sample>(block: usize) {
            let (x, h) = (noise(5, 2 * block), noise(6, 2 * block));
            let scalar = product::<S>(block, Cpu::Scalar, [&x, &h]);
            for cpu in [Cpu::Detected, Cpu::Avx2, Cpu::Software] {
                let sums = product::<S>(block, cpu, [&x, &h]);
                let fuses = cpu == Cpu::Software || fuses();
                assert!(!fuses || sums.iter().zip(&scalar).all(|(a, b)| a.bits() == b.bits()), "{block} {cpu:?}");
            }
        }
        for block in [64, 256, 2_048, 4_096] {
            check::<f32>(block);
            check::<f64>(block);
        }
    }
}
