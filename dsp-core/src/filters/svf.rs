//! Trapezoidal state variable filter: stable under modulation at audio rate.
//!
//! Any stable biquad has one SVF with the same response, and the state converts exactly between the two forms: a filter
//! runs the cheap direct form at rest and this form during a glide.
//!
//! # Source
//! A. Simper, "Linear trapezoidal state variable filter" (Cytomic, 2013): the tick. V. Zavalishin, "The Art of VA
//! Filter Design", ch. 4. The map from a biquad follows from `s = (1 / g) (1 - z^-1) / (1 + z^-1)`; the maps of the
//! states are ours, by equal zero-input responses.

use super::biquad::BiquadCoeffs;

/// Coefficients of one state variable section: `H(s) = (m0 s^2 + (m1 + k m0) s + m0 + m2) / (s^2 + k s + 1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SvfCoeffs {
    /// Integrator gain tan(pi f / fs), above 0.
    pub(crate) g: f64,
    /// Damping 1 / Q, above 0.
    pub(crate) k: f64,
    /// Mix of the input.
    pub(crate) m0: f64,
    /// Mix of the band-pass output.
    pub(crate) m1: f64,
    /// Mix of the low-pass output.
    pub(crate) m2: f64,
}

/// Smallest ratio of the two singular values at which both states are taken as observable from the output. Filters
/// without a cancelled pole stay above about g >= 8e-5; where a zero cancels a pole only rounding is left, 1e-16.
const OBSERVABLE: f64 = 1e-12;

impl SvfCoeffs {
    /// The SVF with the response of `biquad`, which must be stable.
    #[must_use]
    pub(crate) fn from_biquad(biquad: &BiquadCoeffs) -> Self {
        let [n0, n1, n2] = biquad.numerator_sums();
        let [d0, d1, d2] = biquad.denominator_sums();
        let g = libm::sqrt(d0 / d2);
        let k = d1 / (d2 * g);
        let m0 = n2 / d2;
        Self { g, k, m0, m1: n1 / (d2 * g) - k * m0, m2: n0 / d0 - m0 }
    }

    /// The biquad with the response of this SVF.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn to_biquad(self) -> BiquadCoeffs {
        let Self { g, k, m0, m1, m2 } = self;
        let g2 = g * g;
        let scale = 1.0 / (1.0 + g * (g + k));
        let (odd, at_dc) = (g * (m1 + k * m0), g2 * (m0 + m2));
        BiquadCoeffs {
            b0: (m0 + odd + at_dc) * scale,
            b1: 2.0 * (at_dc - m0) * scale,
            b2: (m0 - odd + at_dc) * scale,
            a1: 2.0 * (g2 - 1.0) * scale,
            a2: (1.0 - g * (k - g)) * scale,
        }
    }

    /// One sample at this setting.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn tick(self, s: &mut [f64; 2], v0: f64) -> f64 {
        self.point().tick(s, v0)
    }

    /// The gains of one frame, the same for all channels.
    #[inline(always)]
    #[must_use]
    pub(crate) fn point(self) -> SvfPoint {
        SvfPoint { a: self.gains(), m: [self.m0, self.m1, self.m2] }
    }

    /// The state `s` from which this SVF continues the output of the direct form at state `z`.
    ///
    /// Where a zero cancels a pole (first-order sections, the identity) one direction of `s` is unobservable: the
    /// shortest `s` with the same output is taken.
    #[must_use]
    pub(crate) fn state_from_df2t(&self, z: [f64; 2]) -> [f64; 2] {
        let [[p, q], [r, t]] = self.observation();
        let size = p * p + q * q + r * r + t * t;
        let determinant = p * t - q * r;
        if libm::fabs(determinant) > OBSERVABLE * size {
            let scale = 1.0 / determinant;
            return [(t * z[0] - q * z[1]) * scale, (p * z[1] - r * z[0]) * scale];
        }
        if size == 0.0 {
            return [0.0; 2];
        }
        // The pseudo-inverse of a matrix of rank one is its transpose over its squared norm.
        let scale = 1.0 / size;
        [(p * z[0] + r * z[1]) * scale, (q * z[0] + t * z[1]) * scale]
    }

    /// The state `z` from which the direct form (`filters::cascade::kernel`) of this filter continues the output of
    /// this SVF at state `s`.
    #[must_use]
    pub(crate) fn state_to_df2t(&self, s: [f64; 2]) -> [f64; 2] {
        let [[p, q], [r, t]] = self.observation();
        [p * s[0] + q * s[1], r * s[0] + t * s[1]]
    }

    /// The tick's a1, a2, a3.
    #[inline(always)]
    fn gains(&self) -> [f64; 3] {
        let a1 = 1.0 / (1.0 + self.g * (self.g + self.k));
        let a2 = self.g * a1;
        [a1, a2, self.g * a2]
    }

    /// The matrix M with z = M s.
    ///
    /// Without input the SVF runs s' = A s, y = C s, so its first outputs are C s and C A s; those of the direct form
    /// are z1 and z2 - a1 z1. Equal outputs give z1 = C s and z2 = C (A + a1) s = -C adj(A) s, for a1 = -trace(A). The
    /// adjugate avoids the difference of two nearly equal outputs.
    fn observation(&self) -> [[f64; 2]; 2] {
        let [a1, a2, a3] = self.gains();
        let (from_s1, from_s2) = (2.0 * a1 - 1.0, 1.0 - 2.0 * a3);
        let c1 = self.m1 * a1 + self.m2 * a2;
        // 1 - a3 = a1 (1 + g k).
        let c2 = self.m2 * (a1 + self.k * a2) - self.m1 * a2;
        let across = 2.0 * a2;
        [[c1, c2], [c2 * across - c1 * from_s2, -(c1 * across) - c2 * from_s1]]
    }
}

/// The gains of a gliding section for one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SvfPoint {
    a: [f64; 3],
    m: [f64; 3],
}

impl SvfPoint {
    /// The identity.
    pub(crate) const IDENTITY: Self = Self { a: [0.25, 0.25, 0.25], m: [1.0, 0.0, 0.0] };

    /// One sample; `s` holds the two integrators, zero at rest. Any sequence of points with g, k > 0 keeps `s` bounded.
    #[inline(always)]
    #[must_use]
    pub(crate) fn tick(&self, s: &mut [f64; 2], v0: f64) -> f64 {
        let [a1, a2, a3] = self.a;
        let [m0, m1, m2] = self.m;
        let v3 = v0 - s[1];
        let v1 = a1 * s[0] + a2 * v3;
        let v2 = s[1] + a2 * s[0] + a3 * v3;
        s[0] = 2.0 * v1 - s[0];
        s[1] = 2.0 * v2 - s[1];
        m0 * v0 + m1 * v1 + m2 * v2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::cookbook;
    use std::vec::Vec;

    /// The residue of switching the form: rounding of f64 only.
    const NULL_DB: f64 = -250.0;
    /// Rounding of a few operations, relative.
    const ROUNDING: f64 = 1e-12;
    const SAMPLE_RATE_HZ: f64 = 48_000.0;

    fn every_kind(f: f64) -> Vec<(&'static str, BiquadCoeffs)> {
        let fs = SAMPLE_RATE_HZ;
        std::vec![
            ("bell", cookbook::bell(f, 9.0, 1.5, fs)),
            ("cut", cookbook::bell(f, -15.0, 4.0, fs)),
            ("low shelf", cookbook::low_shelf(f, -6.0, 0.8, fs)),
            ("high shelf", cookbook::high_shelf(f, 12.0, 0.7, fs)),
            ("low pass", cookbook::low_pass(f, 5.0, fs)),
            ("high pass", cookbook::high_pass(f, 0.7, fs)),
            ("band pass", cookbook::band_pass(f, 2.0, fs)),
            ("notch", cookbook::notch(f, 1.0, fs)),
            ("all pass", cookbook::all_pass(f, 1.0, fs)),
            ("first low pass", cookbook::first_order_low_pass(f, fs)),
            ("first high pass", cookbook::first_order_high_pass(f, fs)),
            ("tilt", cookbook::tilt(f, 6.0, fs)),
            ("identity", BiquadCoeffs::IDENTITY),
        ]
    }

    /// White noise of [-1, 1] from a linear congruential generator (Knuth's MMIX constants).
    fn noise(frames: usize) -> impl Iterator<Item = f64> {
        let mut seed = 1_u64;
        (0..frames).map(move |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
    }

    /// Peak of the difference between the direct form and a run that changes form every 500 frames, relative to the
    /// peak of the output.
    fn switching_null_db(biquad: &BiquadCoeffs) -> f64 {
        let svf = SvfCoeffs::from_biquad(biquad);
        let (mut z, mut moving, mut as_svf) = ([0.0; 2], [0.0; 2], false);
        let (mut peak, mut difference) = (0.0_f64, 0.0_f64);
        for (n, x) in noise(20_000).enumerate() {
            if n % 500 == 499 {
                moving = if as_svf { svf.state_to_df2t(moving) } else { svf.state_from_df2t(moving) };
                as_svf = !as_svf;
            }
            let y = biquad.tick(&mut z, x);
            let switched = if as_svf { svf.tick(&mut moving, x) } else { biquad.tick(&mut moving, x) };
            peak = peak.max(y.abs());
            difference = difference.max((y - switched).abs());
        }
        20.0 * libm::log10(difference / peak + 1e-30)
    }

    #[test]
    fn switching_form_mid_signal_nulls() {
        for frequency_hz in [500.0, 1_000.0, 5_000.0, 16_000.0] {
            for (name, biquad) in every_kind(frequency_hz) {
                let null_db = switching_null_db(&biquad);
                std::println!("{name} {frequency_hz} Hz: {null_db:.0} dB");
                assert!(null_db < NULL_DB, "{name} {frequency_hz}: {null_db}");
            }
        }
    }

    /// Below 500 Hz the direct form rounds: its noise grows with 1 / w^2, 12 dB per octave.
    #[test]
    fn switching_form_nulls_at_low_frequencies() {
        const LOW_NULL_DB: f64 = -200.0;
        for frequency_hz in [10.0, 30.0, 100.0] {
            for (name, biquad) in every_kind(frequency_hz) {
                let null_db = switching_null_db(&biquad);
                std::println!("{name} {frequency_hz} Hz: {null_db:.0} dB");
                assert!(null_db < LOW_NULL_DB, "{name} {frequency_hz}: {null_db}");
            }
        }
    }

    #[test]
    fn coefficients_return_from_the_svf() {
        for frequency_hz in [10.0, 1_000.0, 20_000.0] {
            for (name, biquad) in every_kind(frequency_hz) {
                let back = SvfCoeffs::from_biquad(&biquad).to_biquad();
                let worst = [
                    back.b0 - biquad.b0,
                    back.b1 - biquad.b1,
                    back.b2 - biquad.b2,
                    back.a1 - biquad.a1,
                    back.a2 - biquad.a2,
                ]
                .iter()
                .fold(0.0_f64, |m, d| m.max(d.abs()));
                assert!(worst < ROUNDING, "{name} {frequency_hz}: {worst}");
            }
        }
    }

    #[test]
    fn states_return_from_the_svf() {
        let svf = SvfCoeffs::from_biquad(&cookbook::bell(800.0, 6.0, 1.0, SAMPLE_RATE_HZ));
        let z = svf.state_to_df2t(svf.state_from_df2t([0.3, -0.7]));
        assert!((z[0] - 0.3).abs() < ROUNDING && (z[1] + 0.7).abs() < ROUNDING);
    }

    #[test]
    fn unobservable_states_become_zero() {
        let identity = SvfCoeffs::from_biquad(&BiquadCoeffs::IDENTITY);
        assert_eq!(identity.state_from_df2t([0.0; 2]), [0.0; 2]);
        assert_eq!(identity.state_to_df2t([0.4, 0.2]), [0.0; 2]);
    }
}
