//! Analog second-order prototypes of the EQ bands.
//!
//! `H(s) = (n0 + n1 s + n2 s^2) / (d0 + d1 s + d2 s^2)`, s normalised to the band's frequency (s = j at that
//! frequency).
//!
//! # Source
//! R. Bristow-Johnson, "Audio EQ Cookbook" (W3C Note, 2021), section of analog prototypes, A = 10^(gain / 40). The tilt
//! is the first-order shelf (s + sqrt g) / (s + 1 / sqrt g), whose gain at s = j is exactly half of g in dB.

use super::rational::extremes;

/// An analog section; both arrays hold the coefficients of 1, s, s^2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Prototype {
    /// Numerator: coefficients of 1, s, s^2.
    pub(crate) num: [f64; 3],
    /// Denominator: coefficients of 1, s, s^2.
    pub(crate) den: [f64; 3],
}

impl Prototype {
    /// Bell of `gain_db` at its centre; `q` is RBJ's, with the bandwidth at half the gain in dB.
    #[must_use]
    pub(crate) fn bell(gain_db: f64, q: f64) -> Self {
        let a = amplitude(gain_db);
        Self { num: [1.0, a / q, 1.0], den: [1.0, 1.0 / (a * q), 1.0] }
    }

    /// Low shelf: `gain_db` at DC, half of it at the corner, 0 dB far above.
    #[must_use]
    pub(crate) fn low_shelf(gain_db: f64, q: f64) -> Self {
        let a = amplitude(gain_db);
        let slope = libm::sqrt(a) / q;
        Self { num: [a * a, a * slope, a], den: [1.0, slope, a] }
    }

    /// High shelf: 0 dB at DC, half of `gain_db` at the corner, `gain_db` far above.
    #[must_use]
    pub(crate) fn high_shelf(gain_db: f64, q: f64) -> Self {
        let a = amplitude(gain_db);
        let slope = libm::sqrt(a) / q;
        Self { num: [a, a * slope, a * a], den: [a, slope, 1.0] }
    }

    /// Low pass: 12 dB per octave, gain `q` (linear) at the corner.
    #[must_use]
    pub(crate) fn low_pass(q: f64) -> Self {
        Self { num: [1.0, 0.0, 0.0], den: resonance(q) }
    }

    /// High pass: 12 dB per octave, gain `q` (linear) at the corner.
    #[must_use]
    pub(crate) fn high_pass(q: f64) -> Self {
        Self { num: [0.0, 0.0, 1.0], den: resonance(q) }
    }

    /// Band pass: 0 dB at the centre, 6 dB per octave far from it, -3.01 dB at the edges of a band of centre / `q`.
    #[must_use]
    pub(crate) fn band_pass(q: f64) -> Self {
        Self { num: [0.0, 1.0 / q, 0.0], den: resonance(q) }
    }

    /// Notch: zero at the centre, 0 dB far from it, -3.01 dB at the edges of a band of centre / `q`.
    #[must_use]
    pub(crate) fn notch(q: f64) -> Self {
        Self { num: [1.0, 0.0, 1.0], den: resonance(q) }
    }

    /// All pass: 0 dB everywhere, phase -180 degrees at the centre.
    #[must_use]
    pub(crate) fn all_pass(q: f64) -> Self {
        Self { num: [1.0, -1.0 / q, 1.0], den: resonance(q) }
    }

    /// Low pass of 6 dB per octave, -3.01 dB at the corner.
    #[must_use]
    pub(crate) fn first_order_low_pass() -> Self {
        Self { num: [1.0, 0.0, 0.0], den: [1.0, 1.0, 0.0] }
    }

    /// High pass of 6 dB per octave, -3.01 dB at the corner.
    #[must_use]
    pub(crate) fn first_order_high_pass() -> Self {
        Self { num: [0.0, 1.0, 0.0], den: [1.0, 1.0, 0.0] }
    }

    /// Tilt: + `gain_db` / 2 far below the pivot, exactly 0 dB at it, - `gain_db` / 2 far above.
    #[must_use]
    pub(crate) fn tilt(gain_db: f64) -> Self {
        let inverse = amplitude(-gain_db);
        Self { num: [1.0, inverse, 0.0], den: [inverse, 1.0, 0.0] }
    }

    /// The least and the largest |H|^2 at any frequency.
    #[must_use]
    pub(crate) fn extremes(&self) -> [f64; 2] {
        let squared = |[p0, p1, p2]: [f64; 3]| [p0 * p0, p1 * p1 - 2.0 * p0 * p2, p2 * p2];
        extremes(squared(self.num), squared(self.den), f64::INFINITY).map(|(value, _)| value)
    }

    /// |H|^2 at `x` = (frequency / band frequency)^2.
    #[must_use]
    pub(crate) fn power(&self, x: f64) -> f64 {
        let squared = |p: [f64; 3]| {
            let even = p[0] - p[2] * x;
            even * even + p[1] * p[1] * x
        };
        squared(self.num) / squared(self.den)
    }
}

/// Half the gain as a linear factor: 10^(gain / 40), the cookbook's A.
fn amplitude(gain_db: f64) -> f64 {
    libm::exp10(gain_db / 40.0)
}

/// s^2 + s / q + 1.
fn resonance(q: f64) -> [f64; 3] {
    [1.0, 1.0 / q, 1.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a handful of operations on numbers of order ten.
    const ROUNDING_DB: f64 = 1e-12;
    /// (frequency / band frequency)^2 far above the band; the rest of a shelf's slope there is below 1e-6 dB.
    const FAR: f64 = 1e12;
    const FAR_DB: f64 = 1e-6;

    fn db(p: Prototype, x: f64) -> f64 {
        10.0 * libm::log10(p.power(x))
    }

    #[test]
    fn gains_at_dc_corner_and_infinity() {
        for gain_db in [-36.0, -7.0, 0.0, 3.0, 24.0] {
            for q in [0.1, 0.7, 40.0] {
                let bell = Prototype::bell(gain_db, q);
                assert!((db(bell, 1.0) - gain_db).abs() < ROUNDING_DB);
                assert!(db(bell, 0.0).abs() < ROUNDING_DB && db(bell, FAR).abs() < FAR_DB);
                let low = Prototype::low_shelf(gain_db, q);
                assert!((db(low, 0.0) - gain_db).abs() < ROUNDING_DB);
                assert!((db(low, 1.0) - gain_db / 2.0).abs() < ROUNDING_DB);
                assert!(db(low, FAR).abs() < FAR_DB);
                let high = Prototype::high_shelf(gain_db, q);
                assert!((db(high, FAR) - gain_db).abs() < FAR_DB);
                assert!((db(high, 1.0) - gain_db / 2.0).abs() < ROUNDING_DB);
                assert!(db(high, 0.0).abs() < ROUNDING_DB);
            }
            let tilt = Prototype::tilt(gain_db);
            assert!((db(tilt, 0.0) - gain_db / 2.0).abs() < ROUNDING_DB);
            assert!(db(tilt, 1.0).abs() < ROUNDING_DB);
            assert!((db(tilt, FAR) + gain_db / 2.0).abs() < FAR_DB);
        }
    }

    #[test]
    fn cuts_are_reciprocal_to_boosts() {
        for x in [0.01, 0.3, 1.0, 5.0] {
            for make in [Prototype::bell, Prototype::low_shelf, Prototype::high_shelf] {
                assert!((db(make(9.0, 0.8), x) + db(make(-9.0, 0.8), x)).abs() < ROUNDING_DB);
            }
        }
    }
}
