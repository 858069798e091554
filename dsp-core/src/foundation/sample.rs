//! The two sample formats: `f32` and `f64`.

use super::math::Pow2;
use core::fmt::Debug;

/// A type for each of the two sample formats: arguments and results of [`Sealed::run`](sealed::Sealed).
pub trait PerFormat {
    /// The type for this format.
    type Of<S: Sample>;
}

mod sealed {
    use super::PerFormat;
    use crate::foundation::silence;
    use fearless_simd::{Select, Simd, SimdBase, SimdFloat, SimdNarrow, SimdSplit, SimdWiden, f32x8, f64x4};

    /// Keeps [`Sample`](super::Sample) to the two formats the kernels are written for, and gives those kernels the
    /// vector type of each without showing a type of another crate in the public API.
    pub trait Sealed: fearless_simd::SimdFloatElement {
        /// A vector of 256 bits, whatever the level.
        type Wide<V: Simd>: SimdFloat<V, Element = Self> + SimdSplit<V>;

        /// Smallest magnitude in processing apart from 0: [`silence::SAMPLE`].
        const FAINTEST: Self;
        /// Largest magnitude in processing, 2^33 or +198 dBFS. Larger samples are clamped to it, so that no recursion
        /// overflows.
        const LOUDEST: Self;

        /// Whether every sample is 0 or a finite number of a magnitude within [`FAINTEST`](Self::FAINTEST) and
        /// [`LOUDEST`](Self::LOUDEST).
        fn all_ordinary(samples: &[Self]) -> bool;
        /// The sample as it is processed: faint ones as 0, loud ones clamped, NaN and infinities as 0.
        fn ordinary(self) -> Self;
        /// 0 if its magnitude is below [`FAINTEST`](Self::FAINTEST).
        fn audible(self) -> Self;
        /// The larger of two numbers, for loops that the compiler vectorises and that work in place.
        fn max(self, other: Self) -> Self;
        /// The smaller, as [`Sealed::max`].
        fn min(self, other: Self) -> Self;

        /// As many samples as two vectors of f64 have lanes, exactly.
        fn widen<V: Simd>(level: V, samples: &[Self]) -> [V::f64s; 2];
        /// Back, each rounded once; faint ones as 0.
        fn narrow<V: Simd>(level: V, values: [V::f64s; 2], samples: &mut [Self]);

        /// `self * factor + addend`, rounded once.
        #[cfg(test)]
        fn fused(self, factor: Self, addend: Self) -> Self;

        /// Calls the one of two functions for this format: see
        /// [`per_format!`](crate::foundation::per_format::per_format).
        fn run<A: PerFormat, O: PerFormat>(
            arguments: A::Of<Self>,
            single: impl FnOnce(A::Of<f32>) -> O::Of<f32>,
            double: impl FnOnce(A::Of<f64>) -> O::Of<f64>,
        ) -> O::Of<Self>
        where
            Self: super::Sample;
    }

    macro_rules! sealed {
        (
            $float:ident, $bits:ty, $wide:ident, $fma:ident, $single:ident, $double:ident => $own:ident,
            $widen:ident, $narrow:ident
        ) => {
            impl Sealed for $float {
                type Wide<V: Simd> = $wide<V>;

                // 2^33.
                const LOUDEST: Self = 8_589_934_592.0;
                // A power of two: exact in both formats.
                const FAINTEST: Self = silence::SAMPLE as Self;

                /// Magnitudes are ordered as their bits, infinities and NaN last. A magnitude too large carries into
                /// the sign bit, one too small borrows from it, and only 0 borrows when 1 is subtracted. The sign bits
                /// are collected at the width of the samples, so the loop vectorises at every level.
                #[inline(always)]
                fn all_ordinary(samples: &[Self]) -> bool {
                    const MAGNITUDE: $bits = <$bits>::MAX >> 1;
                    const TO_CARRY: $bits = MAGNITUDE - <$float as Sealed>::LOUDEST.to_bits();
                    const FAINTEST: $bits = <$float as Sealed>::FAINTEST.to_bits();
                    let mut signs: $bits = 0;
                    for sample in samples {
                        let magnitude = sample.to_bits() & MAGNITUDE;
                        let faint = magnitude.wrapping_sub(FAINTEST) & !magnitude.wrapping_sub(1);
                        signs |= (magnitude + TO_CARRY) | faint;
                    }
                    signs >> (<$bits>::BITS - 1) == 0
                }

                #[inline(always)]
                fn ordinary(self) -> Self {
                    // False for NaN too; an infinity becomes 0 and is not clamped. A zero keeps its sign.
                    let is_sound = self.abs() >= <$float as Sealed>::FAINTEST && self.abs() < Self::INFINITY;
                    let bounded = self.clamp(-<$float as Sealed>::LOUDEST, <$float as Sealed>::LOUDEST);
                    if is_sound || self == 0.0 { bounded } else { 0.0 }
                }

                #[inline(always)]
                fn audible(self) -> Self {
                    if self.abs() < <$float as Sealed>::FAINTEST { 0.0 } else { self }
                }

                #[inline(always)]
                fn max(self, other: Self) -> Self {
                    <$float>::max(self, other)
                }

                #[inline(always)]
                fn min(self, other: Self) -> Self {
                    <$float>::min(self, other)
                }

                #[inline(always)]
                fn widen<V: Simd>(level: V, samples: &[Self]) -> [V::f64s; 2] {
                    $widen(level, samples)
                }

                #[inline(always)]
                fn narrow<V: Simd>(level: V, values: [V::f64s; 2], samples: &mut [Self]) {
                    $narrow(level, values, samples);
                }

                #[cfg(test)]
                fn fused(self, factor: Self, addend: Self) -> Self {
                    libm::$fma(self, factor, addend)
                }

                #[allow(unused_variables, reason = "one of the two is called")]
                fn run<A: PerFormat, O: PerFormat>(
                    arguments: A::Of<Self>,
                    $single: impl FnOnce(A::Of<f32>) -> O::Of<f32>,
                    $double: impl FnOnce(A::Of<f64>) -> O::Of<f64>,
                ) -> O::Of<Self> {
                    $own(arguments)
                }
            }
        };
    }
    sealed!(f32, u32, f32x8, fmaf, single, double => single, widen, narrow);
    sealed!(f64, u64, f64x4, fma, single, double => double, load_pair, store_pair);

    #[inline(always)]
    fn widen<V: Simd>(level: V, samples: &[f32]) -> [V::f64s; 2] {
        let (lower, upper) = V::f32s::from_slice(level, &samples[..V::f32s::LEN]).widen();
        [lower, upper]
    }

    #[inline(always)]
    fn narrow<V: Simd>(level: V, [lower, upper]: [V::f64s; 2], samples: &mut [f32]) {
        let values = lower.narrow(upper);
        let silence = V::f32s::splat(level, 0.0);
        let audible = values.abs().simd_lt(silence::SAMPLE as f32).select(silence, values);
        audible.store_slice(&mut samples[..V::f32s::LEN]);
    }

    #[inline(always)]
    fn load_pair<V: Simd>(level: V, samples: &[f64]) -> [V::f64s; 2] {
        let (lower, upper) = samples[..2 * V::f64s::LEN].split_at(V::f64s::LEN);
        [V::f64s::from_slice(level, lower), V::f64s::from_slice(level, upper)]
    }

    #[inline(always)]
    fn store_pair<V: Simd>(level: V, values: [V::f64s; 2], samples: &mut [f64]) {
        let silence = V::f64s::splat(level, 0.0);
        for (values, samples) in values.into_iter().zip(samples.chunks_exact_mut(V::f64s::LEN)) {
            values.abs().simd_lt(silence::SAMPLE).select(silence, values).store_slice(samples);
        }
    }
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
    /// Whether it is neither NaN nor an infinity.
    fn finite(self) -> bool;
    /// The bits, widened: what "bit for bit" compares.
    fn bits(self) -> u64;
}

macro_rules! sample {
    ($float:ty) => {
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
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
        }
    };
}

sample!(f32);
sample!(f64);
