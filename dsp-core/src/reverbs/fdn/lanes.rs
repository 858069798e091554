//! Some samples side by side, in vectors and, with the same bits, one by one.

use super::{AbsorberStates, Absorbers, LINES, Rows, absorption};
use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use fearless_simd::{Select, Simd, SimdBase, SimdFloat};

/// Arithmetic on some samples side by side.
pub(crate) trait Lanes<S: Sample>: Copy {
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
    /// The larger of `a` and the magnitude of `b`.
    fn largest(self, a: Self::V, b: Self::V) -> Self::V;
    /// 0 where the magnitude is below the faintest.
    fn audible(self, a: Self::V) -> Self::V;
    /// Filters the lines along time.
    fn absorb(
        self,
        rows: [&[S; GRID_FRAMES]; LINES],
        absorbers: &Absorbers<S>,
        states: &mut AbsorberStates<S>,
        frames: usize,
        out: &mut Rows<S>,
    );
}

/// The scalar twin.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

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
    fn largest(self, a: S, b: S) -> S {
        let magnitude = if b < S::ZERO { -b } else { b };
        if magnitude > a { magnitude } else { a }
    }
    fn audible(self, a: S) -> S {
        a.audible()
    }
    fn absorb(
        self,
        rows: [&[S; GRID_FRAMES]; LINES],
        absorbers: &Absorbers<S>,
        states: &mut AbsorberStates<S>,
        frames: usize,
        out: &mut Rows<S>,
    ) {
        absorption::scalar(rows, absorbers, states, frames, out);
    }
}

/// Vectors of this level.
#[derive(Clone, Copy)]
pub(crate) struct Vector<D>(pub(crate) D);

impl<S: Sample, D: Simd> Lanes<S> for Vector<D> {
    type V = S::Native<D>;
    const COUNT: usize = S::Native::<D>::LEN;
    #[inline(always)]
    fn splat(self, value: S) -> Self::V {
        S::Native::<D>::splat(self.0, value)
    }
    #[inline(always)]
    fn load(self, samples: &[S]) -> Self::V {
        S::Native::<D>::from_slice(self.0, samples)
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
    fn largest(self, a: Self::V, b: Self::V) -> Self::V {
        a.max(b.abs())
    }
    #[inline(always)]
    fn audible(self, a: Self::V) -> Self::V {
        a.abs().simd_lt(self.splat(S::FAINTEST)).select(self.splat(S::ZERO), a)
    }
    #[inline(always)]
    fn absorb(
        self,
        rows: [&[S; GRID_FRAMES]; LINES],
        absorbers: &Absorbers<S>,
        states: &mut AbsorberStates<S>,
        frames: usize,
        out: &mut Rows<S>,
    ) {
        if S::Wide::<D>::LEN == 8 {
            absorption::vector::<S, D, 4>(self.0, rows, absorbers, states, frames, out);
        } else {
            absorption::vector::<S, D, 2>(self.0, rows, absorbers, states, frames, out);
        }
    }
}
