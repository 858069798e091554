//! The two sample formats: `f32` and `f64`.

use super::math::Pow2;
use core::fmt::Debug;

mod sealed {
    use fearless_simd::{Simd, SimdFloat, SimdSplit, f32x8, f64x4};

    /// Keeps [`super::Sample`] to the two formats the kernels are written for, and gives those kernels the vector type
    /// of each without showing a foreign type in the public API.
    pub trait Sealed: fearless_simd::SimdFloatElement {
        /// A vector of 256 bits, whatever the level.
        type Wide<V: Simd>: SimdFloat<V, Element = Self> + SimdSplit<V>;

        /// Whether no sample is a NaN or an infinity.
        fn all_finite(samples: &[Self]) -> bool;
        /// The larger of two numbers. For loops that work in place, where a comparison would become a store under a mask,
        /// many times slower.
        fn larger(self, other: Self) -> Self;
        /// The smaller, as [`Sealed::larger`].
        fn smaller(self, other: Self) -> Self;
    }

    macro_rules! sealed {
        ($float:ty, $bits:ty, $one_exponent:expr, $wide:ident) => {
            impl Sealed for $float {
                type Wide<V: Simd> = $wide<V>;

                /// An exponent of all ones overflows into the sign when its lowest bit is added; the bits that came out are
                /// gathered at the width of the samples, so the loop vectorises at every level.
                #[inline(always)]
                fn all_finite(samples: &[Self]) -> bool {
                    const LOWEST: $bits = $one_exponent;
                    const EXPONENT: $bits = <$float>::INFINITY.to_bits();
                    let mut carries: $bits = 0;
                    for sample in samples {
                        carries |= (sample.to_bits() & EXPONENT) + LOWEST;
                    }
                    carries >> (<$bits>::BITS - 1) == 0
                }

                #[inline(always)]
                fn larger(self, other: Self) -> Self {
                    self.max(other)
                }

                #[inline(always)]
                fn smaller(self, other: Self) -> Self {
                    self.min(other)
                }
            }
        };
    }
    sealed!(f32, u32, 1 << 23, f32x8);
    sealed!(f64, u64, 1 << 52, f64x4);
}

pub(crate) use sealed::Sealed as Vectors;

/// A sample of audio: `f32` or `f64`, nominal full scale ±1.0, with no clipping anywhere.
pub trait Sample: sealed::Sealed + Pow2 + Send + Sync + Debug + Default + PartialOrd + 'static {
    /// Silence.
    const ZERO: Self;
    /// Full scale.
    const ONE: Self;

    /// The nearest sample to `value`.
    fn from_f64(value: f64) -> Self;
    /// A small whole number; exact below 2^24. Loops over it vectorise, unlike loops over `usize`.
    fn from_index(index: i32) -> Self;
    /// The same value as `f64`; exact.
    fn to_f64(self) -> f64;
    /// Neither NaN nor an infinity.
    fn finite(self) -> bool;
    /// `self * factor + addend`, rounded once, on every machine. Software: for scalar twins, never for hot loops.
    fn fused(self, factor: Self, addend: Self) -> Self;
    /// The bits, widened: what "bit for bit" compares.
    fn bits(self) -> u64;
}

macro_rules! sample {
    ($float:ty, $fma:path) => {
        impl Sample for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn from_index(index: i32) -> Self {
                index as Self
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn fused(self, factor: Self, addend: Self) -> Self {
                $fma(self, factor, addend)
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
        }
    };
}

sample!(f32, libm::fmaf);
sample!(f64, libm::fma);
