//! Four f64 side by side: a recursion that is written once over these runs in vector registers and, with the same bits, as
//! its own scalar twin.

use crate::filters::cascade::kernel::{Twin, Vector};
use fearless_simd::{f64x2, f64x4, prelude::*};

/// Half of the lanes: what two channels fill.
pub(crate) type Half = [f64; 2];

/// The operations, on a token that picks the form.
pub(crate) trait Lanes: Copy {
    /// Four values.
    type V: Copy;
    fn splat(self, value: f64) -> Self::V;
    /// Two halves as one.
    fn join(self, lower: &Half, upper: &Half) -> Self::V;
    fn lower(self, value: Self::V) -> Half;
    fn upper(self, value: Self::V) -> Half;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the machine can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
}

/// One multiply-add of a recursion that has but one lane.
pub(crate) trait Fuse: Copy {
    /// `a * b + c`, rounded once where the machine can.
    fn fma(self, a: f64, b: f64, c: f64) -> f64;
}

impl<D: Simd> Fuse for Vector<D> {
    #[inline(always)]
    fn fma(self, a: f64, b: f64, c: f64) -> f64 {
        let [a, b, c] = [f64x2::splat(self.0, a), f64x2::splat(self.0, b), f64x2::splat(self.0, c)];
        let [sum, _]: Half = a.mul_add(b, c).into();
        sum
    }
}

impl Fuse for Twin {
    fn fma(self, a: f64, b: f64, c: f64) -> f64 {
        libm::fma(a, b, c)
    }
}

impl<D: Simd> Lanes for Vector<D> {
    type V = f64x4<D>;

    #[inline(always)]
    fn splat(self, value: f64) -> Self::V {
        f64x4::splat(self.0, value)
    }
    #[inline(always)]
    fn join(self, lower: &Half, upper: &Half) -> Self::V {
        f64x2::from_slice(self.0, lower).combine(f64x2::from_slice(self.0, upper))
    }
    #[inline(always)]
    fn lower(self, value: Self::V) -> Half {
        let (lower, _): (f64x2<D>, f64x2<D>) = value.split();
        lower.into()
    }
    #[inline(always)]
    fn upper(self, value: Self::V) -> Half {
        let (_, upper): (f64x2<D>, f64x2<D>) = value.split();
        upper.into()
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
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        a.mul_add(b, c)
    }
}

impl Lanes for Twin {
    type V = [f64; 4];

    fn splat(self, value: f64) -> Self::V {
        [value; 4]
    }
    fn join(self, lower: &Half, upper: &Half) -> Self::V {
        [lower[0], lower[1], upper[0], upper[1]]
    }
    fn lower(self, value: Self::V) -> Half {
        [value[0], value[1]]
    }
    fn upper(self, value: Self::V) -> Half {
        [value[2], value[3]]
    }
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        core::array::from_fn(|lane| a[lane] + b[lane])
    }
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        core::array::from_fn(|lane| a[lane] - b[lane])
    }
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        core::array::from_fn(|lane| a[lane] * b[lane])
    }
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        core::array::from_fn(|lane| libm::fma(a[lane], b[lane], c[lane]))
    }
}
