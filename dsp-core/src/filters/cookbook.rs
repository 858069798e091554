//! EQ sections by the bilinear transform: the classic design, cheap and exact at the band's own frequency, cramped
//! towards Nyquist.
//!
//! # Parameters
//! `frequency_hz` 10 .. 0.49 `sample_rate_hz`, `gain_db` -39 ..= 39, `q` 0.1 ..= 40, `sample_rate_hz` 8000 ..= 384000.
//! The functions are pure and assume legal values, which the processor checks. 0 dB of a bell, shelf or tilt is
//! [`BiquadCoeffs::IDENTITY`] exactly.
//!
//! # Source
//! R. Bristow-Johnson, "Audio EQ Cookbook" (W3C Note, 2021): the prototypes of [`Prototype`] under
//! `s = (1 / tan(w / 2)) (1 - z^-1) / (1 + z^-1)`. The Note's formulas are the same ones multiplied by 2 / (1 + tan^2(w
//! / 2)); written with tan(w / 2) they keep their precision at low frequencies, where 1 - cos(w) would lose it.

use super::{biquad::BiquadCoeffs, matched::prototype::Prototype};

/// Bell of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn bell(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    if gain_db == 0.0 {
        return BiquadCoeffs::IDENTITY;
    }
    bilinear(&Prototype::bell(gain_db, q), frequency_hz, sample_rate_hz)
}

/// Low shelf with half of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn low_shelf(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    if gain_db == 0.0 {
        return BiquadCoeffs::IDENTITY;
    }
    bilinear(&Prototype::low_shelf(gain_db, q), frequency_hz, sample_rate_hz)
}

/// High shelf with half of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn high_shelf(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    if gain_db == 0.0 {
        return BiquadCoeffs::IDENTITY;
    }
    bilinear(&Prototype::high_shelf(gain_db, q), frequency_hz, sample_rate_hz)
}

/// Low pass of 12 dB per octave with linear gain `q` at `frequency_hz`.
#[must_use]
pub(crate) fn low_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::low_pass(q), frequency_hz, sample_rate_hz)
}

/// High pass of 12 dB per octave with linear gain `q` at `frequency_hz`.
#[must_use]
pub(crate) fn high_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::high_pass(q), frequency_hz, sample_rate_hz)
}

/// Band pass with 0 dB at `frequency_hz`.
#[must_use]
pub(crate) fn band_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::band_pass(q), frequency_hz, sample_rate_hz)
}

/// Notch with a zero on the unit circle at `frequency_hz`.
#[must_use]
pub(crate) fn notch(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::notch(q), frequency_hz, sample_rate_hz)
}

/// All pass with -180 degrees at `frequency_hz`.
#[must_use]
pub(crate) fn all_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::all_pass(q), frequency_hz, sample_rate_hz)
}

/// Low pass of 6 dB per octave, -3.01 dB at `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn first_order_low_pass(frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::first_order_low_pass(), frequency_hz, sample_rate_hz)
}

/// High pass of 6 dB per octave, -3.01 dB at `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn first_order_high_pass(frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    bilinear(&Prototype::first_order_high_pass(), frequency_hz, sample_rate_hz)
}

/// Tilt: + `gain_db` / 2 below, exactly 0 dB at, - `gain_db` / 2 above `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn tilt(frequency_hz: f64, gain_db: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    if gain_db == 0.0 {
        return BiquadCoeffs::IDENTITY;
    }
    bilinear(&Prototype::tilt(gain_db), frequency_hz, sample_rate_hz)
}

/// The bilinear transform of `prototype`, prewarped so that both responses agree at `frequency_hz`.
#[must_use]
pub(crate) fn bilinear(prototype: &Prototype, frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    let k = libm::tan(core::f64::consts::PI * frequency_hz / sample_rate_hz);
    let Prototype { num, den } = prototype;
    if num[2] == 0.0 && den[2] == 0.0 && den[1] != 0.0 {
        // Without s^2 the second-order form would carry a common factor 1 + z^-1: a pole on the unit circle.
        let scale = 1.0 / (den[1] + den[0] * k);
        return BiquadCoeffs {
            b0: (num[0] * k + num[1]) * scale,
            b1: (num[0] * k - num[1]) * scale,
            b2: 0.0,
            a1: (den[0] * k - den[1]) * scale,
            a2: 0.0,
        };
    }
    let polynomial = |p: &[f64; 3]| {
        let (constant, linear) = (p[0] * k * k, p[1] * k);
        [p[2] + linear + constant, 2.0 * (constant - p[2]), p[2] - linear + constant]
    };
    let (b, a) = (polynomial(num), polynomial(den));
    let scale = 1.0 / a[0];
    BiquadCoeffs { b0: b[0] * scale, b1: b[1] * scale, b2: b[2] * scale, a1: a[1] * scale, a2: a[2] * scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex64;

    /// Rounding a1 to a double moves 1 + a1 + a2 = 2.7e-8 by 1e-16 at most, 4e-9 of itself: 1e-6 dB leaves
    /// some margin.
    const LOW_FREQUENCY_ERROR_DB: f64 = 1e-6;
    /// A few roundings of numbers of order one.
    const ROUNDING: f64 = 1e-14;

    fn gain_db(h: Complex64) -> f64 {
        20.0 * libm::log10(h.norm())
    }

    #[test]
    fn response_is_accurate_at_10_hz_and_384_khz() {
        let low_pass = low_pass(10.0, core::f64::consts::FRAC_1_SQRT_2, 384_000.0);
        let half_power_db = -10.0 * core::f64::consts::LOG10_2;
        let at_corner = gain_db(low_pass.response(10.0, 384_000.0));
        assert!((at_corner - half_power_db).abs() < LOW_FREQUENCY_ERROR_DB);
        let bell = bell(10.0, 12.0, 8.0, 384_000.0);
        let at_peak = gain_db(bell.response(10.0, 384_000.0));
        assert!((at_peak - 12.0).abs() < LOW_FREQUENCY_ERROR_DB);
    }

    #[test]
    fn response_equals_the_textbook_sum_in_mid_band() {
        let c = high_shelf(3_000.0, 7.0, 0.9, 48_000.0);
        for frequency_hz in [100.0, 1_000.0, 5_000.0, 12_000.0, 24_000.0] {
            let z1 = Complex64::from_polar(1.0, -core::f64::consts::TAU * frequency_hz / 48_000.0);
            let z2 = z1 * z1;
            let expected = (c.b0 + z1 * c.b1 + z2 * c.b2) / (1.0 + z1 * c.a1 + z2 * c.a2);
            let measured = c.response(frequency_hz, 48_000.0);
            assert!((measured - expected).norm() < 100.0 * ROUNDING);
        }
    }

    #[test]
    fn reciprocal_undoes_the_section() {
        let bell = bell(2_000.0, 9.0, 1.4, 44_100.0);
        let (mut z, mut undo) = ([0.0; 2], [0.0; 2]);
        for n in 0..500 {
            let x = libm::sin(f64::from(n * n));
            let y = bell.reciprocal().tick(&mut undo, bell.tick(&mut z, x));
            assert!((y - x).abs() < 100.0 * ROUNDING);
        }
    }
}
