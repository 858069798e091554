//! Three successive samples, and the mean of a truncated power over them.
//!
//! Antiderivative antialiasing of the second order puts out the mean of f(w0 x0 + w1 x1 + w2 x2) over all weights that sum
//! to 1: twice the divided difference of F2 over the three samples (Hermite and Genocchi). A curve in pieces is a
//! polynomial and, at each of its kinks B, truncated powers of u = x - B. Of a polynomial the mean is one of moments; of
//! u₊ⁿ, where one sample lies beyond the kink, it is that sample's term of the divided difference alone: u³ / (3 d s) for n
//! = 1, u⁴ / (6 d s) for 2, u⁵ / (10 d s) for 3, with d and s its distances from the two others. Two beyond are all
//! less the one: u₊ⁿ = uⁿ -+ (-u)₊ⁿ. Nothing cancels, so there are no limits to take where samples are close, and what
//! touches no kink has the bits of the polynomial.

use crate::foundation::math::{larger, smaller};

/// Samples in order of size, and the moments of the mean over their weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Triple {
    low: f64,
    middle: f64,
    high: f64,
    pub(super) mean: f64,
    /// Twelve times the variance of the weighted sample, over 2: with p_k the sums of powers about the mean, p2 / 2.
    pub(super) square: f64,
    /// p3 / 3.
    pub(super) cube: f64,
}

/// All three successive samples. Zipped, as a loop over indices would have bounds to check, and its last vector be
/// computed sample by sample.
#[inline(always)]
pub(super) fn triads(samples: &[f64]) -> impl Iterator<Item = [f64; 3]> {
    let next = samples.get(1..).unwrap_or_default();
    let last = samples.get(2..).unwrap_or_default();
    samples.iter().zip(next).zip(last).map(
        #[inline(always)]
        |((a, b), c)| [*a, *b, *c],
    )
}

/// [`triads`] in order.
#[inline(always)]
pub(super) fn triples(samples: &[f64]) -> impl Iterator<Item = Triple> {
    triads(samples).map(Triple::of)
}

impl Triple {
    /// Of successive samples.
    #[inline(always)]
    pub(super) fn of([a, b, c]: [f64; 3]) -> Self {
        // Of equal samples the mean is the sample to the bit.
        let mean = b + ((a - b) + (c - b)) * (1.0 / 3.0);
        let (outer, db) = ((a - mean) * (c - mean), b - mean);
        let (lower, upper) = (smaller(a, b), larger(a, b));
        Self {
            low: smaller(lower, c),
            middle: larger(lower, smaller(upper, c)),
            high: larger(upper, c),
            mean,
            // The three add up to 0.
            square: db * db - outer,
            cube: outer * db,
        }
    }

    #[inline(always)]
    pub(super) fn spread(&self) -> f64 {
        self.high - self.low
    }

    /// The smallest distance of two.
    #[inline(always)]
    pub(super) fn closest(&self) -> f64 {
        smaller(self.middle - self.low, self.high - self.middle)
    }

    /// The mean of the sign, as its majority and what the sample alone on its side of 0 takes from that times the product
    /// of all three distances.
    #[inline(always)]
    pub(super) fn sign(&self) -> (f64, f64) {
        let two = self.middle > 0.0;
        let alone = if two { smaller(self.low, 0.0) } else { larger(self.high, 0.0) };
        let other = if two { self.middle - self.high } else { self.middle - self.low };
        (if two { 1.0 } else { -1.0 }, 2.0 * (alone * alone) * other)
    }

    /// The samples, by size.
    #[inline(always)]
    pub(super) fn ordered(&self) -> [f64; 3] {
        [self.low, self.middle, self.high]
    }

    /// The samples with the other sign.
    #[inline(always)]
    pub(super) fn mirrored(&self) -> Self {
        Self {
            low: -self.high,
            middle: -self.middle,
            high: -self.low,
            mean: -self.mean,
            square: self.square,
            cube: -self.cube,
        }
    }

    /// The part beyond a kink.
    #[inline(always)]
    pub(super) fn beyond(&self, kink: f64) -> Beyond {
        let (low, middle, high) = (self.low - kink, self.middle - kink, self.high - kink);
        let two = middle > 0.0;
        let alone = if two { larger(-low, 0.0) } else { larger(high, 0.0) };
        let distance = if two { middle - low } else { high - middle };
        // u³ over both distances, which are no smaller than u.
        let over = distance * (high - low);
        let cubed = if alone > 0.0 { alone * alone * alone / over } else { 0.0 };
        Beyond { two, alone, cubed, mean: self.mean - kink, square: self.square, cube: self.cube }
    }
}

/// Samples about a kink.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beyond {
    /// Whether two or three lie above it.
    two: bool,
    /// The distance of the sample that is alone on its side of the kink; 0 if there is none.
    alone: f64,
    cubed: f64,
    mean: f64,
    square: f64,
    cube: f64,
}

impl Beyond {
    /// The mean of u₊.
    #[inline(always)]
    pub(super) fn first(&self) -> f64 {
        let all = if self.two { self.mean } else { 0.0 };
        all + self.cubed * (1.0 / 3.0)
    }

    /// The mean of (u₊)².
    #[inline(always)]
    pub(super) fn second(&self) -> f64 {
        let term = self.alone * self.cubed * (1.0 / 6.0);
        let all = self.mean * self.mean + self.square * (1.0 / 6.0);
        if self.two { all - term } else { term }
    }

    /// The mean of (u₊)³.
    #[inline(always)]
    pub(super) fn third(&self) -> f64 {
        let term = self.alone * self.alone * self.cubed * 0.1;
        let all = self.mean * (self.mean * self.mean + 0.5 * self.square) + 0.1 * self.cube;
        if self.two { all + term } else { term }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    /// The mean of u₊ⁿ over all weights, by a grid of them.
    fn by_grid(samples: [f64; 3], kink: f64, power: i32) -> f64 {
        const STEPS: usize = 400;
        let (mut sum, mut count) = (0.0, 0.0);
        for i in 0..STEPS {
            for j in 0..STEPS - i {
                // The middles of both halves of each cell.
                for (third, weight) in [(1.0 / 3.0, 1.0), (2.0 / 3.0, if i + j + 1 < STEPS { 1.0 } else { 0.0 })] {
                    let (a, b) = ((i as f64 + third) / STEPS as f64, (j as f64 + third) / STEPS as f64);
                    let x = a * samples[0] + b * samples[1] + (1.0 - a - b) * samples[2];
                    sum += weight * libm::pow((x - kink).max(0.0), f64::from(power));
                    count += weight;
                }
            }
        }
        sum / count
    }

    #[test]
    fn is_the_mean_over_all_weights() {
        let mut random = Random::new(3, 0);
        for round in 0..60 {
            let spread = [2.0, 0.1, 4.0][round % 3];
            let samples = core::array::from_fn(|_| 0.7 + spread * random.triangular());
            let triple = Triple::of(samples);
            for kink in [0.5, 1.0] {
                let beyond = triple.beyond(kink);
                let found = [beyond.first(), beyond.second(), beyond.third()];
                for (power, found) in (1..).zip(found) {
                    let expected = by_grid(samples, kink, power);
                    assert!((found - expected).abs() < 2e-5 * (1.0 + expected), "{samples:?} {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn equal_samples_are_exact() {
        for x in [0.3, 1.1, 2.7, 55.3] {
            let triple = Triple::of([x; 3]);
            assert_eq!((triple.mean, triple.square, triple.cube), (x, 0.0, 0.0));
            assert_eq!(triple.beyond(1.0).first(), (x - 1.0).max(0.0));
        }
    }
}
