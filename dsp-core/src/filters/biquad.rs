//! Biquad: coefficients, response and stability of a second-order section.
//!
//! `H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)`, with a0 = 1. A first-order section has b2 = a2 = 0.
//!
//! Near DC the coefficients of one polynomial almost cancel (b0 + b1 + b2 is 3e-8 of b0 for a 10 Hz filter at 384 kHz).
//! All calculations here therefore use the three sums of [`BiquadCoeffs::numerator_sums`], which are exact or nearly
//! so, and never cos(w).

use crate::foundation::{grid::GRID_FRAMES, silence};
use num_complex::Complex64;

/// Coefficients of one second-order section, normalised to a0 = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BiquadCoeffs {
    /// Numerator, current sample.
    pub(crate) b0: f64,
    /// Numerator, one sample back.
    pub(crate) b1: f64,
    /// Numerator, two samples back.
    pub(crate) b2: f64,
    /// Denominator, one sample back.
    pub(crate) a1: f64,
    /// Denominator, two samples back.
    pub(crate) a2: f64,
}

impl BiquadCoeffs {
    /// The identity: H = 1.
    pub(crate) const IDENTITY: Self = Self { b0: 1.0, b1: 0.0, b2: 0.0, a1: 0.0, a2: 0.0 };

    /// `[N(1), 2 (b0 - b2), N(-1)]` of the numerator N: its value at DC, its odd part, its value at Nyquist.
    ///
    /// With t = tan(w / 2) the numerator is proportional to `sums[0] + j t sums[1] - t^2 sums[2]`.
    #[must_use]
    pub(crate) fn numerator_sums(&self) -> [f64; 3] {
        sums(self.b0, self.b1, self.b2)
    }

    /// The same three sums of the denominator `1 + a1 z^-1 + a2 z^-2`.
    #[must_use]
    pub(crate) fn denominator_sums(&self) -> [f64; 3] {
        sums(1.0, self.a1, self.a2)
    }

    /// Complex response H at `frequency_hz` (0 ..= half of `sample_rate_hz`).
    ///
    /// With c = cos(w / 2), s = sin(w / 2), each polynomial times e^(jw) is `P(1) c^2 - P(-1) s^2 + j 2 (p0 - p2) s c`:
    /// no term of order one is left to cancel at low frequencies.
    #[must_use]
    pub(crate) fn response(&self, frequency_hz: f64, sample_rate_hz: f64) -> Complex64 {
        let (s, c) = libm::sincos(core::f64::consts::PI * frequency_hz / sample_rate_hz);
        let on_circle = |[p0, p1, p2]: [f64; 3]| Complex64::new(p0 * c * c - p2 * s * s, p1 * s * c);
        on_circle(self.numerator_sums()) / on_circle(self.denominator_sums())
    }

    /// Whether both poles are strictly inside the unit circle (Jury); `false` for a coefficient that is not finite.
    #[must_use]
    pub(crate) fn is_stable(&self) -> bool {
        let [at_dc, odd, at_nyquist] = self.denominator_sums();
        // The sums of NaN are NaN and those of infinity are NaN or not positive, so only b needs its own check.
        let poles_inside = at_dc > 0.0 && odd > 0.0 && at_nyquist > 0.0;
        let finite = (self.b0 + self.b1 + self.b2 + self.a1 + self.a2).is_finite();
        poles_inside && finite
    }

    /// Radius of the outermost pole in the z plane; below 1 for a stable section.
    #[must_use]
    pub(crate) fn pole_radius(&self) -> f64 {
        let half = 0.5 * self.a1;
        let discriminant = half * half - self.a2;
        if discriminant < 0.0 { libm::sqrt(self.a2) } else { libm::fabs(half) + libm::sqrt(discriminant) }
    }

    /// Frames in which its state decays from full scale below [`silence::FILTER_STATE`] and is zeroed on the 64-frame
    /// grid.
    pub(crate) fn decay_frames(&self) -> u64 {
        libm::ceil(silence::FILTER_DECADES / -libm::log10(self.pole_radius())) as u64 + 2 * GRID_FRAMES as u64
    }

    /// The section with numerator and denominator exchanged: 1 / H, stable when all zeros are inside the unit circle
    /// and b0 != 0.
    #[must_use]
    pub(crate) fn reciprocal(&self) -> Self {
        let scale = 1.0 / self.b0;
        Self { b0: scale, b1: self.a1 * scale, b2: self.a2 * scale, a1: self.b1 * scale, a2: self.b2 * scale }
    }

    /// One sample through the transposed direct form II; `z` is the state, zero at rest.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn tick(&self, z: &mut [f64; 2], x: f64) -> f64 {
        let y = self.b0 * x + z[0];
        z[0] = self.b1 * x - self.a1 * y + z[1];
        z[1] = self.b2 * x - self.a2 * y;
        y
    }
}

/// Near DC `p0 + p1` and then `+ p2` are differences of neighbours, exact by Sterbenz's lemma; `p0 + p2` first would
/// round.
fn sums(p0: f64, p1: f64, p2: f64) -> [f64; 3] {
    [(p0 + p1) + p2, 2.0 * (p0 - p2), (p0 - p1) + p2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few roundings of numbers of order one.
    const ROUNDING: f64 = 1e-14;

    #[test]
    fn stability_is_strict() {
        let with_poles = |a1, a2| BiquadCoeffs { a1, a2, ..BiquadCoeffs::IDENTITY };
        assert!(BiquadCoeffs::IDENTITY.is_stable());
        assert!(with_poles(-1.8, 0.9).is_stable());
        assert!(!with_poles(-2.0, 1.0).is_stable());
        assert!(!with_poles(0.0, 1.0).is_stable());
        assert!(!with_poles(-1.5, 0.5).is_stable());
        assert!(!with_poles(f64::NAN, 0.5).is_stable());
        assert!(!with_poles(f64::INFINITY, 0.5).is_stable());
        assert!((with_poles(-1.8, 0.81).pole_radius() - 0.9).abs() < 1e-7); // a double pole: square root of the rounding
        assert!((with_poles(-0.7, 0.1).pole_radius() - 0.5).abs() < ROUNDING);
    }
}
