//! The hyperbolic tangent, and its antialiased form.
//!
//! The curve is a rational function, within 1e-8 of tanh; beyond 9.6 it is constant. Where three samples lie within a
//! quarter of each other, its mean over their weights is the series about their mean, to the sixth order: with a = p2 / 2
//! and c = p3 / 3 the moments are a/6, c/10, a²/15, 2ac/21 and (a³ + c²)/28, and all derivatives are polynomials of tanh.
//! What is left out lies below 1e-8. Further apart, twice the divided difference of F2, whose quotients have one divisor.
//! 2 F2 = x |x| - 2 ln 2 x ± r(e^(-2|x|)), r a dilogarithm: the line has no second difference, that of x |x| is the mean
//! of the sign, which is exact at any level, and r is a polynomial whose second derivative is the curve, again within 1e-8.
//! What one sample needs of it serves in three differences.

use super::triple::{Triple, triads, triples};
use crate::foundation::math::{Pow2, larger, smaller};
use core::f64::consts::LOG2_E;

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

/// Samples computed together, the residues of F2 only if some of them are far apart: the same bits either way.
const GROUP: usize = 128;
/// Distance up to which the series serves.
const NEAR: f64 = 0.25;
/// Distance of two samples below which F1 at their middle serves for the divided difference of F2.
const CLOSE: f64 = 1.0 / 16_384.0;

/// Magnitude beyond which F2 has no residue left.
const FLAT: f64 = 20.0;
/// The residue of 2 F2, in powers of e^(-2x).
const RESIDUE: [f64; 12] = [
    0.822_467_022_431_873_9,
    -0.999_999_793_948_805_4,
    0.249_996_814_166_421_44,
    -0.111_080_483_797_154_2,
    0.062_312_090_708_601_206,
    -0.039_223_969_996_289_06,
    0.025_527_165_096_627_66,
    -0.015_668_814_017_897_08,
    0.008_152_202_898_116_873,
    -0.003_191_624_924_144_041_4,
    0.000_805_670_976_135_290_5,
    -9.627_959_348_649_335e-5,
];

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

/// The mean over the weights of the samples n, n + 1 and n + 2 into `out[n]`; `samples` are two more.
#[inline(always)]
pub(super) fn antialiased(samples: &[f64], out: &mut [f64]) {
    for (index, out) in out.chunks_mut(GROUP).enumerate() {
        let samples = &samples[index * GROUP..][..out.len() + 2];
        let mut curved = [0.0; GROUP];
        // Counted: a maximum would not be computed in vectors.
        let mut wide = 0_u64;
        for (triple, curved) in triples(samples).zip(&mut curved) {
            wide += u64::from(triple.spread() > NEAR);
            *curved = value(triple.mean);
        }
        for ((triple, curved), out) in triples(samples).zip(&curved).zip(&mut *out) {
            *out = near(&triple, *curved);
        }
        if wide > 0 {
            apart(samples, out);
        }
    }
}

/// A group of which some are far apart.
#[inline(always)]
fn apart(samples: &[f64], out: &mut [f64]) {
    // Whole vectors, of 8 lanes at most.
    let mut residues = [0.0; GROUP + 8];
    residues[..samples.len()].copy_from_slice(samples);
    // Short loops: more of their vectors are under way at once.
    let mut fallen_by = [0.0; GROUP + 8];
    for (fallen_by, sample) in fallen_by.iter_mut().zip(&residues) {
        *fallen_by = fallen(*sample);
    }
    for (residue, fallen) in residues.iter_mut().zip(&fallen_by) {
        *residue = decaying(*fallen).copysign(*residue);
    }
    let mut pairs = 0_u64;
    for ((samples, residues), out) in triads(samples).zip(triads(&residues)).zip(&mut *out) {
        let triple = Triple::of(samples);
        let is_far = triple.spread() > NEAR;
        pairs += u64::from(is_far & (triple.closest() < CLOSE));
        let far = far(&triple, samples, residues);
        *out = if is_far { far } else { *out };
    }
    if pairs > 0 {
        for (triple, out) in triples(samples).zip(out) {
            if triple.spread() > NEAR && triple.closest() < CLOSE {
                *out = with_a_pair(&triple);
            }
        }
    }
}

/// The mean over the weights of close samples.
#[inline(always)]
fn near(samples: &Triple, t: f64) -> f64 {
    let Triple { square: a, cube: c, .. } = *samples;
    let q = t * t;
    let even = a * (a * (16.0 / 360.0 - 24.0 / 360.0 * q) - 1.0 / 6.0)
        + (q * (960.0 / 20_160.0 - 720.0 / 20_160.0 * q) - 272.0 / 20_160.0) * (a * a * a + c * c);
    let odd = c * ((0.1 * q - 1.0 / 30.0) + (16.0 / 1_260.0 + q * (120.0 / 1_260.0 * q - 120.0 / 1_260.0)) * a);
    t + (1.0 - q) * (t * even + odd)
}

/// The same of samples far apart and all distinct, with their residues.
#[inline(always)]
fn far(ordered: &Triple, [a, b, c]: [f64; 3], [ra, rb, rc]: [f64; 3]) -> f64 {
    let (sign, step) = ordered.sign();
    // Symmetric in the samples, but for the sign of both quotients.
    let (ab, bc) = (b - a, c - b);
    let product = ab * bc * (c - a);
    let bend = (rc - rb) * ab - (rb - ra) * bc;
    sign + (bend + if product < 0.0 { -step } else { step }) / product
}

/// The same where two are close: F1 at their middle serves for the divided difference.
#[inline(never)]
fn with_a_pair(samples: &Triple) -> f64 {
    let [low, middle, high] = samples.ordered();
    2.0 * (slope(middle, high) - slope(low, middle)) / (high - low)
}

/// (F2(b) - F2(a)) / (b - a), a <= b.
fn slope(a: f64, b: f64) -> f64 {
    let distance = b - a;
    if distance < CLOSE { first(0.5 * (a + b)) } else { (second(b) - second(a)) / distance }
}

/// The part of 2 F2 that decays, without its sign, as a polynomial in e^(-2a). With the k-th coefficient times -2k² it is
/// the best one for 2 u / (1 + u), 1 - tanh, on 0..1, within 2.2e-9, and exact at both ends.
#[inline(always)]
fn decaying(u: f64) -> f64 {
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = RESIDUE;
    let u2 = u * u;
    let u4 = u2 * u2;
    let low = (c0 + c1 * u) + u2 * (c2 + c3 * u);
    let middle = (c4 + c5 * u) + u2 * (c6 + c7 * u);
    low + u4 * (middle + u4 * ((c8 + c9 * u) + u2 * (c10 + c11 * u)))
}

/// e^(-2a).
#[inline(always)]
fn fallen(x: f64) -> f64 {
    (-2.0 * LOG2_E * smaller(x.abs(), FLAT)).exp2_fast()
}

/// What 2 F2 is besides x |x| and a straight line.
#[inline(always)]
fn residue_of(x: f64) -> f64 {
    decaying(fallen(x)).copysign(x)
}

/// F2, less a straight line: odd.
fn second(x: f64) -> f64 {
    0.5 * (x * x.abs() + residue_of(x))
}

/// F1, less a constant: even.
fn first(x: f64) -> f64 {
    let u = fallen(x);
    let mut sum = 0.0;
    for (k, c) in RESIDUE.iter().enumerate().skip(1).rev() {
        sum = (sum + k as f64 * c) * u;
    }
    x.abs() - sum
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
            worst[1] = worst[1].max((first(x) - first(0.0) - cosh).abs());
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

    fn series(samples: &Triple) -> f64 {
        near(samples, value(samples.mean))
    }

    fn any_far(samples: [f64; 3]) -> f64 {
        let triple = Triple::of(samples);
        if triple.closest() < CLOSE { with_a_pair(&triple) } else { far(&triple, samples, samples.map(residue_of)) }
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
            let b = if round % 7 == 0 { a + [1e-9, 5e-5, 1e-4][round % 3] } else { b };
            let three = [a, b, c];
            let samples = Triple::of(three);
            let expected = by_steps(&samples);
            if samples.spread() <= NEAR {
                worst[0] = worst[0].max((series(&samples) - expected).abs());
            } else {
                worst[1] = worst[1].max((any_far(three) - expected).abs());
            }
            // At the border either serves.
            if (0.2..0.25).contains(&samples.spread()) {
                worst[2] = worst[2].max((series(&samples) - any_far(three)).abs());
            }
        }
        std::println!("errors: near {:.1e}, far {:.1e}; apart at the border {:.1e}", worst[0], worst[1], worst[2]);
        assert!(worst.iter().all(|error| *error < 2e-8), "{worst:?}");
    }

    #[test]
    fn equal_samples_give_the_curve_itself() {
        for x in [0.0, -0.3, 1.1, 7.7, 63.0] {
            assert_eq!(series(&Triple::of([x; 3])).to_bits(), value(x).to_bits());
        }
    }
}
