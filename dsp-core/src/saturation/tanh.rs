//! The hyperbolic tangent, and its antialiased form.
//!
//! The curve is a rational function, within 1e-8 of tanh; beyond 9.6 it is constant. Where three samples lie within a
//! quarter of each other, its mean over their weights is the series about their mean, to the sixth order: with a = p2 / 2
//! and c = p3 / 3 the moments are a/6, c/10, a²/15, 2ac/21 and (a³ + c²)/28, and all derivatives are polynomials of tanh. What is left
//! out lies below 1e-8. Further apart, the divided difference of F2, a polynomial in each of 80 pieces whose second
//! derivative is the curve, again within 1e-8; the samples are sorted, so that the outer divisor is the largest of the three
//! distances.

use super::triple::Triple;
use crate::foundation::math::{larger, smaller};

/// Magnitude from which on the curve is constant.
const END: f64 = 9.6;
/// Numerator over x, and denominator, in powers of x².
const NUMERATOR: [f64; 6] = [
    0.999_999_999_919_799,
    0.140_777_709_815_731_5,
    0.004_397_402_812_412_263,
    4.154_037_678_568_493e-5,
    1.069_982_250_062_708_6e-7,
    3.417_447_765_305_765e-11,
];
const DENOMINATOR: [f64; 6] = [
    1.0,
    0.474_111_042_304_635_4,
    0.029_101_085_055_377_746,
    0.000_495_349_246_081_987_4,
    2.535_933_874_125_72e-6,
    2.797_284_519_988_353e-9,
];

/// Distance up to which the series serves.
const NEAR: f64 = 0.25;
/// Distance of two samples up to which F1 at their middle serves for the divided difference of F2.
const CLOSE: f64 = 1.0 / 64.0;

/// Pieces per unit, and the number of them.
const PER_UNIT: f64 = 8.0;
const PIECES: usize = 80;

/// The curve.
#[inline(always)]
pub(super) fn value(x: f64) -> f64 {
    let x = smaller(larger(x, -END), END);
    let z = x * x;
    let [n0, n1, n2, n3, n4, n5] = NUMERATOR;
    let [d0, d1, d2, d3, d4, d5] = DENOMINATOR;
    // In pairs: half the length of Horner's chain.
    let z2 = z * z;
    let numerator = (n0 + n1 * z) + z2 * ((n2 + n3 * z) + z2 * (n4 + n5 * z));
    let denominator = (d0 + d1 * z) + z2 * ((d2 + d3 * z) + z2 * (d4 + d5 * z));
    x * numerator / denominator
}

/// Whether the series serves for samples of this spread.
#[inline(always)]
pub(super) fn is_near(spread: f64) -> bool {
    spread <= NEAR
}

/// The mean over the weights of close samples.
#[inline(always)]
pub(super) fn near(samples: &Triple) -> f64 {
    let Triple { mean, square: a, cube: c, .. } = *samples;
    let t = value(mean);
    let q = t * t;
    let even = (16.0 - 24.0 * q) * (a * a) * (1.0 / 360.0) - a * (1.0 / 6.0)
        + (q * (960.0 - 720.0 * q) - 272.0) * (a * a * a + c * c) * (1.0 / 20_160.0);
    let odd = c * ((6.0 * q - 2.0) * (1.0 / 60.0) + (16.0 + q * (120.0 * q - 120.0)) * a * (1.0 / 1_260.0));
    t + (1.0 - q) * (t * even + odd)
}

/// The same of samples far apart.
#[inline]
pub(super) fn far(samples: &Triple) -> f64 {
    let [low, middle, high] = samples.ordered();
    2.0 * (slope(middle, high) - slope(low, middle)) / (high - low)
}

/// (F2(b) - F2(a)) / (b - a), a <= b.
#[inline(always)]
fn slope(a: f64, b: f64) -> f64 {
    let distance = b - a;
    if distance > CLOSE {
        return (second(b) - second(a)) / distance;
    }
    let middle = 0.5 * (a + b);
    let t = value(middle);
    first(middle) + (1.0 - t * t) * distance * distance * (1.0 / 24.0)
}

/// F2, F1, f/2, f'/6, f''/24, f'''/120, f⁗/720, f⁗'/5040 at the middle of each piece.
static TABLE: [[f64; 8]; PIECES] = table();

const fn table() -> [[f64; 8]; PIECES] {
    /// e^(-1/8).
    const FALL: f64 = 0.882_496_902_584_595_4;
    let half = 0.5 / PER_UNIT;
    let mut table = [[0.0; 8]; PIECES];
    // e^(-2x) at the middle of the piece; F1 and F2 at its start.
    let (mut fallen, mut first, mut second) = (FALL, 0.0, 0.0);
    let mut piece = 0;
    while piece < PIECES {
        let t = (1.0 - fallen) / (1.0 + fallen);
        let (q, s) = (t * t, 1.0 - t * t);
        let f =
            [t, s, -2.0 * t * s, s * (6.0 * q - 2.0), t * s * (16.0 - 24.0 * q), s * (16.0 + q * (120.0 * q - 120.0))];
        let mut own = [0.0, 0.0, f[0] / 2.0, f[1] / 6.0, f[2] / 24.0, f[3] / 120.0, f[4] / 720.0, f[5] / 5_040.0];
        // Continuous at the start of the piece.
        own[1] = first - derivative(&own, -half);
        own[0] = second - polynomial(&own, -half);
        first = derivative(&own, half);
        second = polynomial(&own, half);
        table[piece] = own;
        fallen *= FALL * FALL;
        piece += 1;
    }
    table
}

#[inline(always)]
const fn polynomial(c: &[f64; 8], t: f64) -> f64 {
    let t2 = t * t;
    ((c[0] + c[1] * t) + t2 * (c[2] + c[3] * t)) + (t2 * t2) * ((c[4] + c[5] * t) + t2 * (c[6] + c[7] * t))
}

#[inline(always)]
const fn derivative(c: &[f64; 8], t: f64) -> f64 {
    c[1] + t
        * (2.0 * c[2] + t * (3.0 * c[3] + t * (4.0 * c[4] + t * (5.0 * c[5] + t * (6.0 * c[6] + t * (7.0 * c[7]))))))
}

/// The end of the table, and what lies beyond it.
const TABLE_END: f64 = PIECES as f64 / PER_UNIT;

/// The piece of a magnitude, the place in it, and the distance beyond the table.
#[inline(always)]
fn place(magnitude: f64) -> (&'static [f64; 8], f64, f64) {
    let inside = smaller(magnitude, TABLE_END);
    let piece = ((inside * PER_UNIT) as usize).min(PIECES - 1);
    (&TABLE[piece], inside - (piece as f64 + 0.5) / PER_UNIT, magnitude - inside)
}

/// F2: odd.
#[inline(always)]
fn second(x: f64) -> f64 {
    let (piece, t, beyond) = place(x.abs());
    let inside = polynomial(piece, t);
    let whole = if beyond > 0.0 { inside + beyond * (derivative(piece, t) + 0.5 * beyond) } else { inside };
    whole.copysign(x)
}

/// F1: even.
#[inline(always)]
fn first(x: f64) -> f64 {
    let (piece, t, beyond) = place(x.abs());
    derivative(piece, t) + beyond
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    #[test]
    fn the_curve_is_tanh_and_its_antiderivatives_those_of_the_curve() {
        let mut worst = [0.0_f64; 3];
        for n in -120_000..=120_000 {
            let x = f64::from(n) * 1e-4;
            worst[0] = worst[0].max((value(x) - libm::tanh(x)).abs());
            // ln cosh.
            let cosh = x.abs() + libm::log1p(libm::exp(-2.0 * x.abs())) - core::f64::consts::LN_2;
            worst[1] = worst[1].max((first(x) - cosh).abs());
            let step = 1e-4;
            worst[2] = worst[2].max(((second(x + step) - second(x - step)) / (2.0 * step) - first(x)).abs());
            assert_eq!((value(-x), second(-x)), (-value(x), -second(x)));
        }
        std::println!("f within {:.1e} of tanh, F1 within {:.1e} of ln cosh", worst[0], worst[1]);
        // The difference quotient has an error of its own, f' step² / 6.
        assert!(worst[0] < 1e-8 && worst[1] < 1e-7 && worst[2] < 4e-9, "{worst:?}");
    }

    /// The mean by Gauss' rule over the density of the weighted sample, a triangle, in fine steps.
    fn by_steps(samples: &Triple) -> f64 {
        const STEPS: usize = 2_000;
        let [low, middle, high] = samples.ordered();
        let (mut sum, mut weights) = (0.0, 0.0);
        for (from, to, rises) in [(low, middle, true), (middle, high, false)] {
            for n in 0..STEPS {
                for node in [0.5 - 0.288_675_134_594_812_9, 0.5 + 0.288_675_134_594_812_9] {
                    let u = (n as f64 + node) / STEPS as f64;
                    let density = (to - from) * if rises { u } else { 1.0 - u };
                    sum += density * libm::tanh(from + u * (to - from));
                    weights += density;
                }
            }
        }
        sum / weights
    }

    #[test]
    fn both_forms_are_the_mean_over_all_weights() {
        let mut random = Random::new(5, 0);
        let mut worst = [0.0_f64; 3];
        for round in 0..20_000 {
            let spread = [0.02, 0.24, 0.3, 1.0, 6.0, 20.0][round % 6];
            let place = 2.5 * random.triangular();
            let [a, b, c]: [f64; 3] = core::array::from_fn(|_| place + spread * 0.5 * random.triangular());
            // Now and then two alike, or nearly.
            let b = if round % 7 == 0 { a + 1e-9 } else { b };
            let samples = Triple::new(a, b, c);
            let expected = by_steps(&samples);
            if is_near(samples.spread()) {
                worst[0] = worst[0].max((near(&samples) - expected).abs());
            } else {
                worst[1] = worst[1].max((far(&samples) - expected).abs());
            }
            // At the border either serves.
            if (0.2..0.25).contains(&samples.spread()) {
                worst[2] = worst[2].max((near(&samples) - far(&samples)).abs());
            }
        }
        std::println!("errors: near {:.1e}, far {:.1e}; apart at the border {:.1e}", worst[0], worst[1], worst[2]);
        assert!(worst.iter().all(|error| *error < 2e-8), "{worst:?}");
    }

    #[test]
    fn equal_samples_give_the_curve_itself() {
        for x in [0.0, -0.3, 1.1, 7.7, 63.0] {
            assert_eq!(near(&Triple::new(x, x, x)).to_bits(), value(x).to_bits());
        }
    }
}
