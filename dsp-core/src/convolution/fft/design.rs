//! The discrete Fourier transform of any length in f64, for filter design: the same bits on every CPU.
//!
//! Audio is transformed by [`Transform`](super::Transform) instead, which is divided into short slices.
//!
//! # Source
//! Powers of two: decimation in frequency, radix 2. Other lengths: L. I. Bluestein, "A linear filtering approach to the
//! computation of discrete Fourier transform", IEEE Trans. Audio Electroacoust. 18(4), 1970.

use crate::foundation::math::cis;
use alloc::{vec, vec::Vec};
use core::f64::consts::PI;
use num_complex::Complex64;

/// A transform of one length, unscaled.
pub(crate) enum Fourier {
    Radix2(Radix2),
    Bluestein(Bluestein),
}

impl Fourier {
    /// Of `points` points.
    pub(crate) fn new(points: usize) -> Self {
        if points.is_power_of_two() {
            Self::Radix2(Radix2::new(points))
        } else {
            Self::Bluestein(Bluestein::new(points))
        }
    }

    /// Transforms `points` in place. O(N log N).
    pub(crate) fn forward(&self, points: &mut [Complex64]) {
        match self {
            Self::Radix2(radix2) => radix2.forward(points),
            Self::Bluestein(bluestein) => bluestein.forward(points),
        }
    }
}

/// A transform of a power of two.
pub(crate) struct Radix2 {
    /// e^(-πik/h) at `h + k`, for every half length h and all k < h.
    twiddles: Vec<Complex64>,
}

impl Radix2 {
    fn new(points: usize) -> Self {
        let mut twiddles = vec![Complex64::ONE; points];
        let longest = points / 2;
        for k in 0..longest {
            twiddles[longest + k] = cis(-PI * k as f64 / longest as f64);
        }
        for index in (1..longest).rev() {
            twiddles[index] = twiddles[2 * index];
        }
        Self { twiddles }
    }

    fn forward(&self, points: &mut [Complex64]) {
        self.forward_unordered(points);
        let bits = points.len().ilog2();
        for index in 1..points.len() {
            let other = index.reverse_bits() >> (usize::BITS - bits);
            if index < other {
                points.swap(index, other);
            }
        }
    }

    /// Leaves the bins in bit-reversed order. Depth first: short halves stay in the cache.
    fn forward_unordered(&self, points: &mut [Complex64]) {
        let half = points.len() / 2;
        let (low, high) = points.split_at_mut(half);
        for ((low, high), twiddle) in low.iter_mut().zip(high).zip(&self.twiddles[half..]) {
            (*low, *high) = (*low + *high, (*low - *high) * twiddle);
        }
        if half > 1 {
            let (low, high) = points.split_at_mut(half);
            self.forward_unordered(low);
            self.forward_unordered(high);
        }
    }
}

/// A transform of any length N as a convolution: nk = (n² + k² - (k - n)²) / 2.
pub(crate) struct Bluestein {
    radix2: Radix2,
    /// e^(-πin²/N).
    chirp: Vec<Complex64>,
    /// The transform of the conjugate chirp, of both signs of n, over the points of the convolution.
    filter: Vec<Complex64>,
}

impl Bluestein {
    fn new(points: usize) -> Self {
        let length = (2 * points - 1).next_power_of_two();
        let radix2 = Radix2::new(length);
        // The chirp repeats every 2N of n²; the remainder is exact.
        let angle = |n: usize| -PI * (n as u64 * n as u64 % (2 * points as u64)) as f64 / points as f64;
        let chirp: Vec<Complex64> = (0..points).map(|n| cis(angle(n))).collect();
        let mut filter = vec![Complex64::ZERO; length];
        for (n, factor) in chirp.iter().enumerate() {
            filter[n] = factor.conj();
            filter[(length - n) % length] = factor.conj();
        }
        radix2.forward(&mut filter);
        Self { radix2, chirp, filter }
    }

    fn forward(&self, points: &mut [Complex64]) {
        let mut product = vec![Complex64::ZERO; self.filter.len()];
        for ((product, point), factor) in product.iter_mut().zip(&*points).zip(&self.chirp) {
            *product = point * factor;
        }
        self.radix2.forward(&mut product);
        // The conjugate of a spectrum is inverted by a forward transform.
        product.iter_mut().zip(&self.filter).for_each(|(product, filter)| *product = (*product * filter).conj());
        self.radix2.forward(&mut product);
        let scale = 1.0 / product.len() as f64;
        for ((point, product), factor) in points.iter_mut().zip(&product).zip(&self.chirp) {
            *point = product.conj() * factor * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    #[test]
    fn is_the_sum_of_its_definition_at_any_length() {
        for points in [1, 2, 3, 8, 12, 62, 64, 1_000, 1_024] {
            let mut random = Random::new(points as u64, 0);
            let input: Vec<_> = (0..points).map(|_| Complex64::new(random.triangular(), random.triangular())).collect();
            let mut actual = input.clone();
            Fourier::new(points).forward(&mut actual);
            for (k, actual) in actual.iter().enumerate() {
                let back = |n: usize| cis(-2.0 * PI * (n * k % points) as f64 / points as f64);
                let expected: Complex64 = input.iter().enumerate().map(|(n, x)| x * back(n)).sum();
                assert!((actual - expected).norm_sqr() < 1e-24, "{points} {k}: {actual} {expected}");
            }
        }
    }
}
