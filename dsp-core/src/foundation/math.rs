//! Minimum, maximum, and functions that give the same bits everywhere.
//!
//! The fast base-2 exponential and logarithm for gain paths have no branches and no `libm` calls, so that loops over
//! them vectorise. Range reduction splits off the exponent; the remainder goes through a polynomial fitted at Chebyshev
//! nodes, exact at the ends of an octave (`exp2(n)` and `log2(2^n)` carry no error), so that 0 dB stays 0 dB. The error
//! over -144..+48 dB is asserted below.

use num_complex::Complex64;

/// The larger of two numbers in one instruction, the shortest latency in a recursion. In vectorised loops that work in
/// place the comparison would become a masked store, many times slower: use `Sample::max` there.
#[inline(always)]
pub(crate) fn larger<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// The smaller, as [`larger`].
#[inline(always)]
pub(crate) fn smaller<T: PartialOrd>(a: T, b: T) -> T {
    if a < b { a } else { b }
}

/// The magnitude of a number; the sign of a zero is kept.
#[inline(always)]
pub(crate) fn magnitude<T: PartialOrd + Default + core::ops::Neg<Output = T>>(value: T) -> T {
    if value < T::default() { -value } else { value }
}

/// e^(i angle), by `libm`: num-complex calls the platform's sine as soon as any crate turns on its `std`.
pub(crate) fn cis(angle: f64) -> Complex64 {
    let (sin, cos) = libm::sincos(angle);
    Complex64::new(cos, sin)
}

/// Base-2 exponential and logarithm of a sample format.
pub trait Pow2: Sized {
    /// `2^x`. Exact at whole numbers; clamped to the normal range outside it (never an infinity or a subnormal).
    #[must_use]
    fn exp2_fast(self) -> Self;
    /// `log2 x` for normal positive `x`. Exact at powers of two. Other arguments give a finite but meaningless number.
    #[must_use]
    fn log2_fast(self) -> Self;
}

/// A polynomial as four polynomials in t⁴, evaluated in parallel: the dependency chain is a quarter as long as in
/// Horner's scheme, and sets the time of a loop over the results of a recursion.
macro_rules! polynomial {
    ($coeffs:ident, $t:ident) => {{
        let (square, mut sums) = ($t * $t, [0.0; 4]);
        let fourth = square * square;
        let mut k = $coeffs.len();
        while k > 0 {
            k -= 1;
            let top = k + 4 >= $coeffs.len();
            sums[k % 4] = if top { $coeffs[k] } else { sums[k % 4] * fourth + $coeffs[k] };
        }
        (sums[0] + $t * sums[1]) + square * (sums[2] + $t * sums[3])
    }};
}

macro_rules! pow2 {
    ($float:ident, $bits:ident, $mantissa_bits:literal, $bias:literal, $magic:literal, exp $exp:expr, log $log:expr) => {
        impl Pow2 for $float {
            #[inline(always)]
            fn exp2_fast(self) -> Self {
                const EXP: &[$float] = &$exp;
                // `max` and `min` also turn NaN into a number.
                let x = self.max(1.0 - $bias as $float).min($bias as $float);
                // Adding 1.5 * 2^mantissa_bits rounds to the nearest whole number, which is then in the low bits.
                let shifted = x + $magic;
                let t = x - (shifted - $magic);
                let power = (shifted.to_bits().wrapping_sub($magic.to_bits()).wrapping_add($bias)) << $mantissa_bits;
                (1.0 + t * polynomial!(EXP, t)) * $float::from_bits(power)
            }

            #[inline(always)]
            fn log2_fast(self) -> Self {
                const LOG: &[$float] = &$log;
                // Bits of sqrt(1/2): subtracting them moves the octave's edges to sqrt(1/2) and sqrt(2).
                const HALF: $bits = core::$float::consts::FRAC_1_SQRT_2.to_bits();
                const MANTISSA: $bits = (1 << $mantissa_bits) - 1;
                // The bias keeps the difference positive for every normal number.
                let bits = self.to_bits().wrapping_add($bias << $mantissa_bits).wrapping_sub(HALF);
                // The exponent as a float without an integer conversion: it sits in the low bits of the magic number.
                let exponent = $float::from_bits((bits >> $mantissa_bits).wrapping_add($magic.to_bits())) - $magic;
                let t = $float::from_bits((bits & MANTISSA).wrapping_add(HALF)) - 1.0;
                (exponent - $bias as $float) + t * polynomial!(LOG, t)
            }
        }
    };
}

pow2!(
    f32, u32, 23, 127, 12_582_912.0_f32,
    exp [core::f32::consts::LN_2, 0.240_223_5, 0.055_503_57, 0.009_666_374, 0.001_339_086_7],
    log [core::f32::consts::LOG2_E, -0.721_352_76, 0.480_924_04, -0.360_242, 0.287_075_6, -0.248_821_8, 0.234_209_85, -0.146_203_53]
);
pow2!(
    f64, u64, 52, 1023, 6_755_399_441_055_744.0_f64,
    exp [
        0.693_147_180_559_946_5,
        0.240_226_506_958_129_5,
        0.055_504_108_664_646_87,
        0.009_618_129_159_413_145,
        0.001_333_355_820_179_403_2,
        0.000_154_034_558_435_752_77,
        1.525_267_224_768_412_3e-5,
        1.325_522_702_542_627e-6,
        1.020_605_075_641_062_4e-7,
    ],
    log [
        1.442_694_957_995_559,
        -0.721_352_758_765_290_6,
        0.480_924_038_577_654_76,
        -0.360_241_985_906_800_45,
        0.287_075_611_154_987_64,
        -0.248_821_805_631_672_67,
        0.234_209_851_185_203_04,
        -0.146_203_534_227_970_3,
    ]
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::unit::DB_PER_OCTAVE;

    /// The release limit for functions in the gain path, in dB.
    const LIMIT_DB: f64 = 0.001;

    #[test]
    fn within_a_thousandth_of_a_decibel_from_minus_144_to_plus_48() {
        let mut worst = [0.0_f64; 4];
        for step in 0..=200_000 {
            let x = (-144.0 + 192.0 * f64::from(step) / 200_000.0) / DB_PER_OCTAVE;
            let gain = libm::exp2(x);
            let exp_db = |y: f64, x: f64| (libm::log2(y) - x).abs() * DB_PER_OCTAVE;
            let narrow = x as f32;
            let narrow_gain = gain as f32;
            let errors = [
                exp_db(f64::from(narrow.exp2_fast()), f64::from(narrow)),
                (f64::from(narrow_gain.log2_fast()) - libm::log2(f64::from(narrow_gain))).abs() * DB_PER_OCTAVE,
                exp_db(x.exp2_fast(), x),
                (gain.log2_fast() - libm::log2(gain)).abs() * DB_PER_OCTAVE,
            ];
            for (worst, error) in worst.iter_mut().zip(errors) {
                *worst = worst.max(error);
            }
        }
        std::println!(
            "dB: exp2 f32 {:.1e}, log2 f32 {:.1e}, exp2 f64 {:.1e}, log2 f64 {:.1e}",
            worst[0],
            worst[1],
            worst[2],
            worst[3]
        );
        assert!(worst.iter().all(|&error| error <= LIMIT_DB), "{worst:?}");
    }

    #[test]
    fn exact_at_octaves_and_finite_everywhere() {
        for octave in -126..=127 {
            assert_eq!((octave as f32).exp2_fast(), libm::exp2f(octave as f32));
            assert_eq!(libm::exp2f(octave as f32).log2_fast(), octave as f32);
            assert_eq!(libm::exp2(f64::from(octave)).log2_fast(), f64::from(octave));
        }
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            assert!(x.exp2_fast().is_normal(), "{x}");
            assert!(f64::from(x).exp2_fast().is_normal(), "{x}");
            assert!(x.log2_fast().is_finite(), "{x}");
        }
    }
}
