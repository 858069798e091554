//! Squared magnitude of a section as a polynomial in phi = sin^2(w / 2), and back.
//!
//! A polynomial `p0 + p1 z^-1 + p2 z^-2` is stored as its three sums `[P(1), 2 (p0 - p2), P(-1)]`, see
//! [`BiquadCoeffs::numerator_sums`], which stay precise where the coefficients nearly cancel.
//!
//! # Source
//! M. Vicanek, "Matched second order digital filters" (2016): the factors and the impulse-invariant poles; written in
//! sums by us.

use super::{prototype::Prototype, rational::Power};
use crate::filters::biquad::BiquadCoeffs;
use core::f64::consts::PI;

/// The minimum-phase polynomial with a given |.|^2, as its sums (see [`BiquadCoeffs::numerator_sums`]), and whether its
/// zeros had to be moved onto the unit circle, which is refused unless `may_touch_circle`.
///
/// With p0, p1, p2 the unknown coefficients: c0 = N(1)^2, c0 + c1 + c2 = N(-1)^2 and (p0 - p2)^2 = (2 c0 + c1) / 4 +
/// N(1) N(-1) / 2, which follows from c2 = 16 p0 p2 without the difference of two large numbers.
pub(super) fn factor(c: Power, may_touch_circle: bool) -> Option<([f64; 3], bool)> {
    let at_nyquist = c[0] + c[1] + c[2];
    let touches_nyquist = at_nyquist <= 0.0;
    let at_nyquist = at_nyquist.max(0.0);
    let both = libm::sqrt(c[0]) * libm::sqrt(at_nyquist);
    let odd_squared = (2.0 * c[0] + c[1]) + 2.0 * both;
    let touched = touches_nyquist || odd_squared <= 0.0;
    if (touched && !may_touch_circle) || !(odd_squared + at_nyquist).is_finite() {
        return None;
    }
    let sums = [libm::sqrt(c[0]), libm::sqrt(odd_squared.max(0.0)), libm::sqrt(at_nyquist)];
    Some((sums, touched))
}

/// |.|^2 in phi of the polynomial with these sums.
pub(super) fn power_of([at_dc, odd, at_nyquist]: [f64; 3]) -> Power {
    let total = at_dc + at_nyquist;
    [at_dc * at_dc, odd * odd - 2.0 * at_dc * total, total * total - odd * odd]
}

/// The section with these sums of numerator and denominator.
pub(super) fn section(num: [f64; 3], den: [f64; 3]) -> BiquadCoeffs {
    let polynomial = |[at_dc, odd, at_nyquist]: [f64; 3]| {
        let even = at_dc + at_nyquist;
        [0.25 * (even + odd), 0.5 * (at_dc - at_nyquist), 0.25 * (even - odd)]
    };
    let (b, a) = (polynomial(num), polynomial(den));
    let scale = 1.0 / a[0];
    BiquadCoeffs { b0: b[0] * scale, b1: b[1] * scale, b2: b[2] * scale, a1: a[1] * scale, a2: a[2] * scale }
}

/// |.|^2 in phi of the denominator whose poles are the prototype's mapped by z = e^(s T).
pub(super) fn impulse_invariant(prototype: &Prototype, frequency_hz: f64, sample_rate_hz: f64) -> Power {
    let [d0, d1, d2] = prototype.den;
    let w = 2.0 * PI * frequency_hz / sample_rate_hz * libm::sqrt(d0 / d2);
    let damping = 0.5 * d1 / libm::sqrt(d0 * d2);
    let discriminant = damping * damping - 1.0;
    let radius = libm::exp(-damping * w);
    let (at_dc, at_nyquist) = if discriminant < 0.0 {
        let s = libm::sin(0.5 * w * libm::sqrt(-discriminant));
        let (below, above) = (libm::expm1(-damping * w), 1.0 + radius);
        (below * below + 4.0 * radius * s * s, above * above - 4.0 * radius * s * s)
    } else {
        let root = libm::sqrt(discriminant);
        // damping - root = 1 / (damping + root), without the cancellation.
        let (slow, fast) = (-w / (damping + root), -w * (damping + root));
        (libm::expm1(slow) * libm::expm1(fast), (1.0 + libm::exp(slow)) * (1.0 + libm::exp(fast)))
    };
    power_of([at_dc, -2.0 * libm::expm1(-2.0 * damping * w), at_nyquist])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::cookbook;

    /// Rounding error; its exponent is halved where a root is taken of a difference.
    const ROUNDING: f64 = 1e-10;

    #[test]
    fn factors_return_the_polynomial() {
        let shelf = cookbook::high_shelf(5_000.0, 9.0, 0.8, 48_000.0);
        let (num, _) = factor(power_of(shelf.numerator_sums()), false).unwrap();
        let (den, _) = factor(power_of(shelf.denominator_sums()), false).unwrap();
        let back = section(num, den);
        assert!((back.b0 - shelf.b0).abs() < ROUNDING && (back.b1 - shelf.b1).abs() < ROUNDING);
        assert!((back.b2 - shelf.b2).abs() < ROUNDING);
        assert!((back.a1 - shelf.a1).abs() < ROUNDING && (back.a2 - shelf.a2).abs() < ROUNDING);
    }

    #[test]
    fn impossible_magnitudes_are_refused_or_moved_onto_the_circle() {
        let negative_at_nyquist = [1.0, -2.0, 0.5];
        assert_eq!(factor(negative_at_nyquist, false), None);
        let pushed = factor(negative_at_nyquist, true).unwrap();
        assert_eq!(pushed, ([1.0, 0.0, 0.0], true));
        assert_eq!(factor([1.0, f64::NAN, 0.0], true), None);
    }

    #[test]
    fn impulse_invariant_poles_are_exp_of_the_analog_ones() {
        for q in [0.3, 0.5, 4.0] {
            let (f, fs) = (1_000.0, 48_000.0);
            let power = impulse_invariant(&Prototype::low_pass(q), f, fs);
            let (den, _) = factor(power, false).unwrap();
            let made = section(den, den);
            let radius_squared = libm::exp(-2.0 * PI * f / fs / q);
            assert!((made.a2 - radius_squared).abs() < ROUNDING);
        }
    }
}
